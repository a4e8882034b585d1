//! Groups: how rules name them, and what reading one brought.

use std::fmt;
use std::sync::Arc;

use crate::model::distinguished_name::DistinguishedName;

/// A group as a rule names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupRef {
    Name(Box<str>),
    Dn(Box<str>),
    Id(Box<str>),
}

impl GroupRef {
    /// Reads a group of the configuration: `name:`, `dn:` and `id:` say which it is; without them, what parses as a
    /// distinguished name is one, and anything else is a name.
    pub fn parse(text: &str) -> GroupRef {
        let text = text.trim();
        if let Some(name) = text.strip_prefix("name:") {
            GroupRef::Name(name.trim().into())
        } else if let Some(dn) = text.strip_prefix("dn:") {
            GroupRef::Dn(dn.trim().into())
        } else if let Some(id) = text.strip_prefix("id:") {
            GroupRef::Id(id.trim().into())
        } else if DistinguishedName::parse(text).is_some() {
            GroupRef::Dn(text.into())
        } else {
            GroupRef::Name(text.into())
        }
    }
}

impl fmt::Display for GroupRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GroupRef::Name(text) | GroupRef::Dn(text) => f.write_str(text),
            GroupRef::Id(text) => write!(f, "id:{text}"),
        }
    }
}

/// A group that was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// The directory's unchanging key.
    pub id: Box<str>,
    pub name: Box<str>,
}

/// The names of the groups from the one a rule names down to the one that holds the person; shared by its members.
/// One word wide: every member has one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NestingPath(Arc<Box<[Box<str>]>>);

impl NestingPath {
    pub fn new(names: impl Into<Box<[Box<str>]>>) -> NestingPath {
        NestingPath(Arc::new(names.into()))
    }

    pub fn names(&self) -> &[Box<str>] {
        &self.0
    }
}

/// One person in a group, directly or through nested groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The person's place in [`crate::model::snapshot::Snapshot::people`].
    pub person: u32,
    /// The shortest way there.
    pub path: NestingPath,
}
