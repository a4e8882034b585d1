//! Names and sentences of others inside Markdown: they break no table, hold no markup, link nothing and call nobody.
//!
//! GitLab makes links of far more than Markdown does: `@name`, `#1`, `!1`, `~label`, `ABC-123`, commit hashes, bare
//! addresses, `:emoji:`. None of it is done within code, so every word that is not plainly a word stands in code. Code
//! itself cannot hold a `|` in a table; that stands beside it, as a character reference.

use std::borrow::Cow;

use crate::report::shown::shortened;

/// Longer names are cut: nobody reads them.
const LONGEST_NAME: usize = 120;
const LONGEST_SENTENCE: usize = 2000;

/// A name as it is, backticks included.
pub fn name(text: &str) -> String {
    let text = shortened(text, LONGEST_NAME);
    let mut inert = Inert::default();
    inert.words(&text);
    inert.done()
}

/// One of our sentences, in which backticks stand round names. Whoever smuggles a backtick into a name gets code where a
/// word should be, or a word where code should be, and nothing else.
pub fn sentence(text: &str) -> String {
    let text: Cow<'_, str> = shortened(text, LONGEST_SENTENCE);
    let pieces: Vec<&str> = text.split('`').collect();
    let mut inert = Inert::default();
    for (place, piece) in pieces.iter().enumerate() {
        let closes = place + 1 < pieces.len();
        if place % 2 == 1 && closes {
            inert.code(piece);
        } else {
            inert.words(piece);
        }
    }
    inert.done()
}

#[derive(Default)]
struct Inert {
    markdown: String,
    /// Words that wait to be put in code together.
    pending: String,
}

impl Inert {
    /// Plain words as they are, the others in code; the blanks between them stay.
    fn words(&mut self, text: &str) {
        for word in text.split_inclusive(char::is_whitespace) {
            let bare = word.trim_end_matches(char::is_whitespace);
            let blank = if bare.len() < word.len() { " " } else { "" };
            if bare.is_empty() {
                self.pending.push_str(blank);
            } else if bare == ">" || is_plain(bare) {
                self.flush();
                // The way through nested groups; as a character reference it quotes nothing.
                self.markdown.push_str(if bare == ">" { "&gt;" } else { bare });
                self.pending.push_str(blank);
            } else {
                self.pending.push_str(bare);
                self.pending.push_str(blank);
            }
        }
        self.flush();
    }

    /// Everything that waits goes into code, the blanks round it do not.
    fn flush(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        let bare = pending.trim();
        if pending.starts_with(' ') && !self.markdown.ends_with(' ') {
            self.markdown.push(' ');
        }
        if !bare.is_empty() {
            self.code(bare);
            if pending.ends_with(' ') {
                self.markdown.push(' ');
            }
        }
    }

    fn code(&mut self, text: &str) {
        // Two fences side by side would be one longer fence.
        if self.markdown.ends_with('`') {
            self.markdown.push(' ');
        }
        self.markdown.push_str(&code(text));
    }

    fn done(self) -> String {
        self.markdown.trim().to_owned()
    }
}

/// Code in a fence longer than any run of backticks in it (CommonMark 6.1), and the bars outside.
fn code(text: &str) -> String {
    let spans = text.split('|').map(|piece| {
        let longest = piece.split(|char| char != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest + 1);
        // A blank is stripped from both ends where there is one at both; code of blanks alone is left as it is.
        let pad = if piece.starts_with(['`', ' ']) || piece.ends_with(['`', ' ']) { " " } else { "" };
        if piece.is_empty() { String::new() } else { format!("{fence}{pad}{piece}{pad}{fence}") }
    });
    spans.collect::<Vec<_>>().join("&#124;")
}

/// Whether neither Markdown nor GitLab can see more in a word than a word or a number.
fn is_plain(word: &str) -> bool {
    let bare = word.trim_start_matches('(').trim_end_matches([',', '.', ';', ':', ')', '?']);
    let digits = ["st", "nd", "rd", "th"].iter().find_map(|end| bare.strip_suffix(end)).unwrap_or(bare);
    let is_number =
        !digits.is_empty() && digits.len() < 7 && digits.chars().all(|char| char.is_ascii_digit());
    // Letters, with `-` and `'` between letters: `Anne-Marie`, `O'Neil`.
    let is_word =
        bare.split(['-', '\'', '’']).all(|part| !part.is_empty() && part.chars().all(char::is_alphabetic));
    let is_day = bare.len() == 10 && bare.parse::<jiff::civil::Date>().is_ok();
    // GitLab links what may be the hash of a commit.
    let is_hash = bare.len() >= 7 && bare.chars().all(|char| char.is_ascii_hexdigit());
    // Alone, between blanks or beside code, these are signs of a sentence and nothing else.
    let is_sign = matches!(word, "%" | "-" | "/" | "=") || bare.is_empty();
    (is_number || is_word || is_day || is_sign) && !is_hash
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

    use crate::report::inert::{name, sentence};

    #[test]
    fn words_stay_words_and_everything_else_is_code() {
        assert_eq!(name("Ada Byron"), "Ada Byron");
        assert_eq!(name("Zoë O'Neil-Müller Jr."), "Zoë O'Neil-Müller Jr.");
        assert_eq!(name("@root"), "`@root`");
        assert_eq!(name("ada@corp.example.com"), "`ada@corp.example.com`");
        assert_eq!(name("www.evil.example"), "`www.evil.example`");
        assert_eq!(name("[click](http://evil) now"), "`[click](http://evil)` now");
        assert_eq!(name("a|b`c"), "`a`&#124;``b`c``");
        assert_eq!(name("deadbeef ABC-123 :bomb:"), "`deadbeef ABC-123 :bomb:`");
        assert_eq!(name("<img src=x onerror=alert(1)>"), "`<img src=x onerror=alert(1)>`");
        assert_eq!(name("x\n\n# heading"), "`x��#` heading");
    }

    #[test]
    fn our_own_sentences_read_as_they_are_meant() {
        assert_eq!(
            sentence(
                "group `SRE|1` does not exist in source `corp`: rule `x` is frozen; 25 % (see above), 2026-11-22 (`y`)."
            ),
            "group `SRE`&#124;`1` does not exist in source `corp`: rule `x` is frozen; 25 % (see above), 2026-11-22 (`y`)."
        );
        assert_eq!(sentence("an odd ` tick @all"), "an odd tick `@all`");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// A judge that knows of Markdown only what code is: outside of code there is nothing that could be markup.
        #[test]
        fn no_name_is_more_than_text(text in any::<String>(), odd in "[`|\\\\a @<\\n]{0,12}") {
            for text in [text, odd] {
                for inert in [name(&text), sentence(&text)] {
                    prop_assert!(!inert.contains(['\n', '\r']));
                    prop_assert_eq!(inert.contains('|'), false);
                    let outside = outside_of_code(&inert).replace("&#124;", "").replace("&gt;", "");
                    let harmless = |char: char| char.is_alphanumeric() || " -'’,.;:()?…%/=".contains(char);
                    prop_assert!(outside.chars().all(harmless), "{outside:?} of {inert:?}");
                    prop_assert!(!outside.contains("www.") && !outside.contains("://"));
                }
            }
        }
    }

    /// What stands outside of code: a run of backticks closes only a run of the same length.
    fn outside_of_code(markdown: &str) -> String {
        let (mut outside, mut rest) = (String::new(), markdown);
        while let Some(start) = rest.find('`') {
            outside.push_str(&rest[..start]);
            let run = rest[start..].chars().take_while(|char| *char == '`').count();
            let inside = &rest[start + run..];
            let close = closing(inside, run).unwrap_or_else(|| panic!("open code in {markdown:?}"));
            rest = &inside[close + run..];
        }
        outside + rest
    }

    fn closing(text: &str, run: usize) -> Option<usize> {
        let mut at = 0;
        while let Some(start) = text[at..].find('`') {
            let found = text[at + start..].chars().take_while(|char| *char == '`').count();
            if found == run {
                return Some(at + start);
            }
            at += start + found;
        }
        None
    }
}
