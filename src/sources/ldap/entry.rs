//! One entry of a directory as it arrived: attributes with their raw values, wherever it came from.

/// An entry; attribute names keep the spelling of the server, values their bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    pub dn: String,
    pub attributes: Vec<EntryAttribute>,
}

/// One attribute description, such as `cn`, `cn;lang-de` or `member;range=0-1499`, with its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryAttribute {
    pub description: String,
    pub values: Vec<Vec<u8>>,
}

/// A piece of a long attribute, as Active Directory hands it out: `member;range=0-1499`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    pub first: usize,
    /// `None` for `*`: it is the last piece.
    pub last: Option<usize>,
}

impl EntryAttribute {
    /// Whether this is `name`, with or without options.
    pub fn is(&self, name: &str) -> bool {
        let (held, name) = (self.description.as_bytes(), name.as_bytes());
        match held.get(name.len()) {
            None => held.eq_ignore_ascii_case(name),
            Some(b';') => held[..name.len()].eq_ignore_ascii_case(name),
            Some(_) => false,
        }
    }

    /// Which piece this is, where it is one.
    pub fn range(&self) -> Option<Range> {
        if !self.has_options() {
            return None;
        }
        let (first, last) = self.description.split(';').skip(1).find_map(|option| {
            let (key, value) = option.split_once('=')?;
            key.eq_ignore_ascii_case("range").then(|| value.split_once('-')).flatten()
        })?;
        let last = if last == "*" { None } else { Some(last.parse().ok()?) };
        Some(Range { first: first.parse().ok()?, last })
    }

    fn has_options(&self) -> bool {
        self.description.contains(';')
    }
}

impl Entry {
    /// The values of an attribute: those without options, else those with some (`cn;lang-de`, `jpegPhoto;binary`).
    /// A piece of a range is no value: see [`EntryAttribute::range`].
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let plain = self
            .attributes
            .iter()
            .any(|held| held.is(name) && !held.has_options() && !held.values.is_empty());
        self.attributes
            .iter()
            .filter(move |held| held.is(name) && held.has_options() != plain && held.range().is_none())
            .flat_map(|held| held.values.iter().map(Vec::as_slice))
    }

    /// How many bytes of memory it takes, more or less.
    pub fn size(&self) -> usize {
        const EACH: usize = size_of::<Vec<u8>>();
        let attributes = self.attributes.iter();
        attributes.fold(EACH + self.dn.len(), |size, attribute| {
            let values: usize = attribute.values.iter().map(|value| EACH + value.len()).sum();
            size + 2 * EACH + attribute.description.len() + values
        })
    }

    /// The values that are text.
    pub fn texts<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.values(name).filter_map(|value| std::str::from_utf8(value).ok())
    }

    /// The first value that is text and not blank.
    pub fn text<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.texts(name).find(|text| !text.trim().is_empty())
    }

    /// Whether an attribute has this value, compared without regard to case.
    pub fn says(&self, name: &str, value: &str) -> bool {
        self.texts(name).any(|text| text.eq_ignore_ascii_case(value))
    }
}

#[cfg(test)]
mod tests {
    use crate::sources::ldap::entry::{Entry, EntryAttribute, Range};

    fn entry(attributes: &[(&str, &[&str])]) -> Entry {
        Entry {
            dn: "cn=x".to_owned(),
            attributes: attributes
                .iter()
                .map(|(description, values)| EntryAttribute {
                    description: (*description).to_owned(),
                    values: values.iter().map(|value| value.as_bytes().to_vec()).collect(),
                })
                .collect(),
        }
    }

    #[test]
    fn names_are_compared_without_regard_to_case() {
        assert_eq!(entry(&[("MAIL", &["a@x"])]).text("mail"), Some("a@x"));
    }

    #[test]
    fn the_same_attribute_twice_loses_no_value() {
        let twice = entry(&[("member", &["a"]), ("Member", &["b"])]);
        assert_eq!(twice.texts("member").collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn a_language_stands_in_where_there_is_no_plain_value() {
        assert_eq!(entry(&[("cn;lang-de", &["Gruppe"]), ("cn", &["group"])]).text("cn"), Some("group"));
        assert_eq!(entry(&[("cn;lang-de", &["Gruppe"])]).text("cn"), Some("Gruppe"));
    }

    #[test]
    fn a_piece_of_a_range_is_not_the_whole_attribute() {
        let pieces =
            entry(&[("member", &[]), ("member;Range=0-1499", &["a"]), ("member;range=1500-*", &["b"])]);
        assert_eq!(pieces.values("member").count(), 0);
        assert_eq!(pieces.attributes[1].range(), Some(Range { first: 0, last: Some(1499) }));
        assert_eq!(pieces.attributes[2].range(), Some(Range { first: 1500, last: None }));
    }
}
