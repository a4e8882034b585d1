//! Search filters (RFC 4515), with every value escaped.

use std::fmt::Write as _;

/// `(attribute=value)`, whatever the value holds.
pub fn equals(attribute: &str, value: &[u8]) -> String {
    let mut filter = String::with_capacity(attribute.len() + value.len() + 3);
    filter.push('(');
    filter.push_str(attribute);
    filter.push('=');
    for &byte in value {
        match byte {
            b'0'..=b'9'
            | b'a'..=b'z'
            | b'A'..=b'Z'
            | b' '
            | b','
            | b'-'
            | b'.'
            | b'='
            | b'@'
            | b'_'
            | b':' => {
                filter.push(char::from(byte));
            }
            other => write!(filter, "\\{other:02x}").expect("writing to a String cannot fail"),
        }
    }
    filter.push(')');
    filter
}

/// One of these.
pub fn any(filters: impl IntoIterator<Item = String>) -> String {
    format!("(|{})", filters.into_iter().collect::<String>())
}

/// All of these.
pub fn all(filters: impl IntoIterator<Item = String>) -> String {
    format!("(&{})", filters.into_iter().collect::<String>())
}

/// A filter of the configuration, in parentheses whether it was written so or not.
pub fn enclosed(filter: &str) -> String {
    let filter = filter.trim();
    if filter.starts_with('(') { filter.to_owned() } else { format!("({filter})") }
}

#[cfg(test)]
mod tests {
    use crate::sources::ldap::filter::{all, any, enclosed, equals};

    #[test]
    fn what_a_value_holds_cannot_change_the_filter() {
        assert_eq!(equals("cn", b"a)(uid=*"), "(cn=a\\29\\28uid=\\2a)");
        assert_eq!(equals("entryDN", "cn=a\\, Ü".as_bytes()), "(entryDN=cn=a\\5c, \\c3\\9c)");
        assert_eq!(equals("objectGUID", &[0, 255]), "(objectGUID=\\00\\ff)");
    }

    #[test]
    fn filters_combine() {
        assert_eq!(any([equals("a", b"1"), equals("b", b"2")]), "(|(a=1)(b=2))");
        assert_eq!(all([enclosed("a=1"), enclosed("(b=2)")]), "(&(a=1)(b=2))");
    }
}
