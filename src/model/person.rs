//! People as a directory knows them, followed by the key that never changes.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::model::distinguished_name::DistinguishedName;
use crate::model::texts::{Texts, lower};

/// The name of a source, as its section in the configuration says: `corp` of `[ldap.corp]`. One word wide: it stands
/// beside every person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceName(Arc<Box<str>>);

impl SourceName {
    pub fn new(name: &str) -> SourceName {
        SourceName(Arc::new(name.into()))
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

/// One person, as one source described them; made from a [`Profile`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The id, the username, the identity as it is spelt, as it is compared where that differs, the name, the addresses.
    texts: Texts,
    attributes: Box<[Attribute]>,
}

/// What a source tells of a person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profile<'a> {
    /// The directory's unchanging key.
    pub id: Cow<'a, str>,
    pub username: Option<Cow<'a, str>>,
    pub name: Option<Cow<'a, str>>,
    /// The first is the one reports show; all of them are tried when accounts are matched by `email`.
    pub emails: Vec<Cow<'a, str>>,
    /// What GitLab may hold as `extern_uid`: the DN, or the value of `identity_attribute`; spelt as the source spells it.
    pub identity: Option<Cow<'a, str>>,
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
    pub fn id(&self) -> &str {
        self.texts.at(0).unwrap_or_default()
    }

    pub fn username(&self) -> Option<&str> {
        self.texts.at(1)
    }

    /// See [`Profile::identity`].
    pub fn identity(&self) -> Option<&str> {
        self.texts.at(2)
    }

    /// The identity in the spelling in which it is compared: that of [`ExternUid`].
    pub fn extern_uid(&self) -> Option<&str> {
        let mut row = self.texts.iter().skip(2);
        let (spelt, compared) = (row.next()?, row.next()?);
        compared.or(spelt)
    }

    pub fn name(&self) -> Option<&str> {
        self.texts.at(4)
    }

    /// See [`Profile::emails`].
    pub fn emails(&self) -> impl Iterator<Item = &str> + Clone {
        self.texts.iter().skip(5).flatten()
    }

    /// The address reports show.
    pub fn email(&self) -> Option<&str> {
        self.texts.at(5)
    }

    /// The name reports show: the display name, else the username, else the id.
    pub fn label(&self) -> &str {
        self.name().or(self.username()).unwrap_or(self.id())
    }

    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// The values of an extra attribute, empty where the person has none.
    pub fn attribute(&self, name: &str) -> &[Box<str>] {
        self.attributes
            .iter()
            .find(|attribute| &*attribute.name == name)
            .map_or(&[], |attribute| &attribute.values)
    }

    /// Whether this is a name of theirs: the id, the username, the display name or an address, without regard to case, or the
    /// identity as it is compared.
    pub fn answers_to(&self, asked: &str) -> bool {
        let lower = asked.trim().to_lowercase();
        let is = |text: &str| text.to_lowercase() == lower;
        is(self.id())
            || self.username().is_some_and(is)
            || self.name().is_some_and(is)
            || self.emails().any(is)
            || self.extern_uid() == Some(ExternUid::new(asked).as_str())
    }

    /// What the source told.
    pub fn profile(&self) -> Profile<'_> {
        Profile {
            id: self.id().into(),
            username: self.username().map(Cow::from),
            name: self.name().map(Cow::from),
            emails: self.emails().map(Cow::from).collect(),
            identity: self.identity().map(Cow::from),
            attributes: self.attributes.to_vec(),
        }
    }
}

impl From<Profile<'_>> for Person {
    fn from(profile: Profile<'_>) -> Person {
        let Profile { id, username, name, emails, identity, attributes } = profile;
        let identity = identity.as_deref();
        let compared = identity.map(ExternUid::folded);
        let compared = compared.as_deref().filter(|compared| Some(*compared) != identity);
        let texts = [Some(&*id), username.as_deref(), identity, compared, name.as_deref()];
        let emails = emails.iter().map(|email| Some(&**email));
        Person { texts: Texts::new(texts.into_iter().chain(emails)), attributes: attributes.into() }
    }
}

/// An `extern_uid` in the spelling in which it is compared: as a distinguished name where it is one, otherwise without
/// regard to case, as GitLab does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExternUid(Box<str>);

impl ExternUid {
    pub fn new(text: &str) -> ExternUid {
        ExternUid(ExternUid::folded(text).into())
    }

    /// The spelling alone.
    pub fn folded(text: &str) -> Cow<'_, str> {
        DistinguishedName::folded(text).unwrap_or_else(|| lower(text.trim()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}
