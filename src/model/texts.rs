//! Several texts in one piece of memory: a large company has many of them, and each piece costs more than its text.

use std::borrow::Cow;
use std::fmt;

/// Texts in a row, any of which may be absent.
///
/// Before each stands its length and one more, zero for an absent one, in ASCII characters of six bits each, the lowest
/// first; all but the last have [`MORE`] set. So it is a text itself, and needs no second look when it is cut.
#[derive(Clone, PartialEq, Eq)]
pub struct Texts(Box<str>);

const MORE: u8 = 0x40;

impl Texts {
    pub fn new<'a>(texts: impl Iterator<Item = Option<&'a str>> + Clone) -> Texts {
        let length = |text: Option<&str>| text.map_or(0, |text| text.len() + 1);
        let digits = |length: usize| length.checked_ilog2().map_or(1, |bits| bits as usize / 6 + 1);
        let space = texts.clone().map(length).map(|length| digits(length) + length.saturating_sub(1)).sum();
        let mut row = String::with_capacity(space);
        for text in texts {
            let mut rest = length(text);
            while rest >= usize::from(MORE) {
                row.push(digit(rest, MORE));
                rest /= usize::from(MORE);
            }
            row.push(digit(rest, 0));
            row.push_str(text.unwrap_or_default());
        }
        Texts(row.into_boxed_str())
    }

    /// The texts, in the order in which they were given.
    pub fn iter(&self) -> Row<'_> {
        Row { rest: &self.0 }
    }

    /// The text at this place, if there is one.
    pub fn at(&self, place: usize) -> Option<&str> {
        self.iter().nth(place).flatten()
    }
}

/// In lower case; most texts that are compared so are already.
pub fn lower(text: &str) -> Cow<'_, str> {
    let is_lower = text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    if is_lower { Cow::Borrowed(text) } else { Cow::Owned(text.to_lowercase()) }
}

/// See [`Texts::iter`].
#[derive(Debug, Clone)]
pub struct Row<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Row<'a> {
    type Item = Option<&'a str>;

    fn next(&mut self) -> Option<Option<&'a str>> {
        let (mut length, mut digits) = (0, 0);
        for byte in self.rest.bytes() {
            length |= usize::from(byte & (MORE - 1)) << (6 * digits);
            digits += 1;
            if byte & MORE == 0 {
                break;
            }
        }
        if digits == 0 {
            return None;
        }
        let (text, rest) = self.rest[digits..].split_at(length.saturating_sub(1));
        self.rest = rest;
        Some((length > 0).then_some(text))
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

fn digit(length: usize, more: u8) -> char {
    char::from((length % usize::from(MORE)) as u8 | more)
}

#[cfg(test)]
mod tests {
    use crate::model::texts::Texts;

    #[test]
    fn what_goes_in_comes_out() {
        let long = ["é".repeat(30), "x".repeat(62), "x".repeat(63), "x".repeat(64), "ü".repeat(200_000)];
        let texts = [None, Some(""), Some("ada"), Some("\0@"), None];
        let texts: Vec<Option<&str>> =
            texts.into_iter().chain(long.iter().map(|text| Some(&**text))).collect();
        let row = Texts::new(texts.iter().copied());
        assert_eq!(row.iter().collect::<Vec<_>>(), texts);
        assert_eq!((row.at(2), row.at(0), row.at(99)), (Some("ada"), None, None));
        assert_eq!(Texts::new(std::iter::empty()).iter().count(), 0);
    }
}
