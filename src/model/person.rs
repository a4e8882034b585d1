//! People as a directory knows them, followed by the key that never changes.

use std::fmt;
use std::sync::Arc;

use crate::model::distinguished_name::DistinguishedName;

/// The name of a source, as its section in the configuration says: `corp` of `[ldap.corp]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceName(Arc<str>);

impl SourceName {
    pub fn new(name: &str) -> SourceName {
        SourceName(name.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The directory's unchanging key of a person (objectGUID, entryUUID, SCIM `id`): it survives renames and moves.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonId(Box<str>);

impl PersonId {
    pub fn new(id: &str) -> PersonId {
        PersonId(id.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One person of one source: what memory keeps beside a seat.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonKey {
    pub source: SourceName,
    pub id: PersonId,
}

/// One person, as one source described them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub id: PersonId,
    pub username: Option<Box<str>>,
    pub name: Option<Box<str>>,
    /// The first is the one reports show; all of them are tried when accounts are matched by `email`.
    pub emails: Vec<Box<str>>,
    /// What GitLab may hold as `extern_uid`: the DN, or the value of `identity_attribute`; spelt as the source spells it.
    pub identity: Option<Box<str>>,
    /// The extra attributes that the configuration asks for, sorted by name; absent ones are left out.
    pub attributes: Vec<Attribute>,
}

/// An extra attribute of a person, for the `where` of rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    pub name: Arc<str>,
    /// Never empty.
    pub values: Vec<Box<str>>,
}

impl Person {
    /// The address reports show.
    pub fn email(&self) -> Option<&str> {
        self.emails.first().map(|email| &**email)
    }

    /// The name reports show: the display name, else the username, else the id.
    pub fn label(&self) -> &str {
        self.name.as_deref().or(self.username.as_deref()).unwrap_or(self.id.as_str())
    }

    /// The values of an extra attribute, empty where the person has none.
    pub fn attribute(&self, name: &str) -> &[Box<str>] {
        self.attributes
            .iter()
            .find(|attribute| &*attribute.name == name)
            .map_or(&[], |attribute| &attribute.values)
    }
}

/// An `extern_uid` in the spelling in which it is compared: as a distinguished name where it is one, otherwise without
/// regard to case, as GitLab does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExternUid(Box<str>);

impl ExternUid {
    pub fn new(text: &str) -> ExternUid {
        match DistinguishedName::parse(text) {
            Some(name) => ExternUid(name.into()),
            None => ExternUid(text.trim().to_lowercase().into()),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<ExternUid> for String {
    fn from(uid: ExternUid) -> String {
        uid.0.into()
    }
}
