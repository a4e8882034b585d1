//! Distinguished names compared as directories compare them (RFC 4514, RFC 4518), not as text.

use std::borrow::Cow;
use std::fmt;

/// A distinguished name in a canonical spelling: attribute types and values in lower case, white space folded,
/// escapes undone and redone one way, the parts of a multi-valued RDN sorted. Two spellings of one name are equal.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DistinguishedName(Box<str>);

impl DistinguishedName {
    /// Reads the text form of RFC 4514. `None` where the text is no distinguished name; the empty text is none either.
    pub fn parse(text: &str) -> Option<DistinguishedName> {
        DistinguishedName::folded(text).map(|name| DistinguishedName(name.into()))
    }

    /// The canonical spelling alone.
    pub fn folded(text: &str) -> Option<Cow<'_, str>> {
        if text.trim().is_empty() {
            return None;
        }
        plain(text).or_else(|| thoroughly(text).map(Cow::Owned))
    }

    /// The canonical spelling, fit for comparing and hashing.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name one step up; `None` at the top.
    pub fn parent(&self) -> Option<DistinguishedName> {
        let mut escaped = false;
        let comma = self.0.bytes().position(|byte| {
            let separates = byte == b',' && !escaped;
            escaped = byte == b'\\' && !escaped;
            separates
        })?;
        Some(DistinguishedName(self.0[comma + 1..].into()))
    }

    /// Whether this name is `base` or lies below it.
    pub fn is_within(&self, base: &DistinguishedName) -> bool {
        match self.0.strip_suffix(&*base.0) {
            Some(rest) => rest.is_empty() || rest.ends_with(','),
            None => false,
        }
    }
}

impl fmt::Debug for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// The canonical spelling of a name that has nothing to fold but its case, which is most of them, in one pass. `None`
/// where it takes more than that.
fn plain(text: &str) -> Option<Cow<'_, str>> {
    let (mut in_type, mut last, mut is_lower) = (true, b',', true);
    for byte in text.bytes() {
        is_lower &= !byte.is_ascii_uppercase();
        match byte {
            b'=' if in_type && last != b',' => in_type = false,
            b',' if !in_type => in_type = true,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => {}
            b'-' | b'.' if last != b',' => {}
            b'_' | b'@' | b'(' | b')' | b'/' | b'\'' | b'&' | b':' | b'!' | b'*' if !in_type => {}
            b' ' if !in_type && last != b' ' && last != b'=' => {}
            _ => return None,
        }
        if last == b' ' && byte == b',' {
            return None;
        }
        last = byte;
    }
    let folded = || if is_lower { text.into() } else { text.to_ascii_lowercase().into() };
    (!in_type && last != b' ').then(folded)
}

/// The canonical spelling of any name.
fn thoroughly(text: &str) -> Option<String> {
    let mut canonical = String::with_capacity(text.len());
    for rdn in split_unescaped(text, &[',', ';'])? {
        let mut parts =
            split_unescaped(rdn, &['+'])?.into_iter().map(canonical_part).collect::<Option<Vec<String>>>()?;
        parts.sort_unstable();
        if !canonical.is_empty() {
            canonical.push(',');
        }
        canonical.push_str(&parts.join("+"));
    }
    Some(canonical)
}

/// Splits at separators that no backslash and no quote protects. `None` where an escape or a quote is left open.
fn split_unescaped<'a>(text: &'a str, separators: &[char]) -> Option<Vec<&'a str>> {
    let mut parts = Vec::new();
    let (mut start, mut escaped, mut quoted) = (0, false, false);
    for (at, c) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == '"' {
            quoted = !quoted;
        } else if !quoted && separators.contains(&c) {
            parts.push(&text[start..at]);
            start = at + c.len_utf8();
        }
    }
    parts.push(&text[start..]);
    (!escaped && !quoted).then_some(parts)
}

/// `OU = Sales` becomes `ou=sales`.
fn canonical_part(part: &str) -> Option<String> {
    let (kind, value) = part.split_once('=')?;
    let kind = kind.trim();
    let named = kind.starts_with(|c: char| c.is_ascii_alphabetic() || c.is_ascii_digit())
        && kind.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
    if !named {
        return None;
    }
    let value = unescaped(trim_unescaped(value))?;
    let folded = value.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let mut canonical = kind.to_ascii_lowercase();
    canonical.push('=');
    for c in folded.chars() {
        if matches!(c, ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=') {
            canonical.push('\\');
        }
        canonical.push(c);
    }
    Some(canonical)
}

/// Drops surrounding spaces, but not one that a backslash protects.
fn trim_unescaped(value: &str) -> &str {
    let value = value.trim_start_matches(' ');
    let trimmed = value.trim_end_matches(' ');
    let backslashes = trimmed.chars().rev().take_while(|&c| c == '\\').count();
    if backslashes % 2 == 1 && trimmed.len() < value.len() { &value[..=trimmed.len()] } else { trimmed }
}

/// Undoes `\,`, `\2C` and quotes. `None` where the bytes are no UTF-8.
fn unescaped(value: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'"' => {}
            b'\\' => match (hex(rest.first()), hex(rest.get(1))) {
                (Some(high), Some(low)) => {
                    bytes.push(high * 16 + low);
                    rest = &rest[2..];
                }
                (Some(_) | None, Some(_) | None) => {
                    bytes.push(*rest.first()?);
                    rest = &rest[1..];
                }
            },
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).ok()
}

fn hex(byte: Option<&u8>) -> Option<u8> {
    byte.and_then(|&b| char::from(b).to_digit(16)).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use crate::model::distinguished_name::{DistinguishedName, plain, thoroughly};

    fn same(left: &str, right: &str) -> bool {
        DistinguishedName::parse(left).unwrap() == DistinguishedName::parse(right).unwrap()
    }

    #[test]
    fn spelling_does_not_matter() {
        assert!(same("CN=Ada Byron,OU=R\\26D,DC=corp", "cn=ada  byron, ou = r&d ,dc=CORP"));
        assert!(same("CN=Byron\\, Ada,DC=corp", "cn=byron\\2C ada,dc=corp"));
        assert!(same("CN=\"Byron, Ada\",DC=corp", "cn=byron\\, ada,dc=corp"));
        assert!(same("uid=ada+cn=Ada,dc=corp", "CN=ada+UID=ada,dc=corp"));
        assert!(same("CN=Zoë,DC=corp", "cn=ZO\\C3\\8B,dc=corp"));
    }

    #[test]
    fn the_quick_way_and_the_thorough_way_agree() {
        for text in [
            "uid=ada,dc=x",
            "CN=Ada Byron (x)-1,OU=R&D,DC=corp",
            "cn=a=b,dc=x",
            "cn=a ,dc=x",
            "cn= a,dc=x",
            "cn=a  b,dc=x",
            "cn=,dc=x",
            "cn=a,",
            "-n=a",
            "cn=-a",
            "a b=c",
            "2.5.4.3=a",
            "cn=a,=b",
            "cn=a+b=c",
            "cn=a;b=c",
        ] {
            let thorough = thoroughly(text);
            if let Some(quick) = plain(text) {
                assert_eq!(Some(&*quick), thorough.as_deref(), "{text:?}");
            }
        }
        assert!(plain("CN=Ada Byron,OU=People,DC=corp").is_some());
    }

    #[test]
    fn different_names_stay_different() {
        assert!(!same("cn=a\\,b,dc=c", "cn=a,cn=b,dc=c"));
        assert!(!same("cn=ab,dc=c", "cn=a b,dc=c"));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in ["", "Platform Engineers", "cn", "=x", "cn=a\\", "cn=\"a", "a b=c"] {
            assert!(DistinguishedName::parse(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn a_parent_is_one_step_up() {
        let name = DistinguishedName::parse("cn=Byron\\, Ada\\\\,ou=a,dc=corp").unwrap();
        let parent = name.parent().unwrap();
        assert_eq!(parent.as_str(), "ou=a,dc=corp");
        assert_eq!(parent.parent().unwrap().parent(), None);
    }

    #[test]
    fn a_name_is_within_its_base_only() {
        let base = DistinguishedName::parse("dc=corp").unwrap();
        assert!(DistinguishedName::parse("cn=a,dc=corp").unwrap().is_within(&base));
        assert!(base.is_within(&base));
        assert!(!DistinguishedName::parse("cn=a,xdc=corp").unwrap().is_within(&base));
    }
}
