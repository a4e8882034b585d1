//! Names and sentences of others as a reader may safely see them: nothing in them steers a terminal or turns a line round.

use std::borrow::Cow;

/// The text with U+FFFD for whatever is no visible character: controls (a terminal obeys them), line and paragraph
/// separators, and the bidirectional controls by which a line shows another order than it has (UTS 55, 3.1).
pub fn shown(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_steering) {
        Cow::Owned(text.chars().map(|char| if is_steering(char) { '\u{fffd}' } else { char }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// The text, safe and no longer than so many characters.
pub fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => Cow::Owned(format!("{}…", shown(&text[..end]))),
        None => shown(text),
    }
}

fn is_steering(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use crate::report::shown::{shortened, shown};

    #[test]
    fn what_steers_is_seen_and_not_obeyed() {
        assert_eq!(shown("Zoë O'Neil 👩‍💻"), "Zoë O'Neil 👩‍💻");
        assert_eq!(shown("\u{1b}[2Jada\r\n\u{202e}nimda"), "�[2Jada���nimda");
        assert_eq!(shortened("abcdef", 3), "abc…");
        assert_eq!(shortened("abc", 3), "abc");
    }
}
