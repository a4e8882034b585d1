//! What an identity provider said of one person at one time.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::model::person::Profile;

/// A signed word about one person. It holds from when it was said, and for as long as the source lets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Testimony {
    pub said_at: Timestamp,
    pub person: Profile<'static>,
    /// How the identity provider names the person; by this it can be asked about them again.
    pub subject: Option<Subject>,
    pub groups: ProvenGroups,
}

/// A NameID that lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub format: Option<String>,
    pub value: String,
}

/// A testimony that may be taken in, once it is seen that it was not brought before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Believed {
    pub testimony: Testimony,
    /// The ID of the assertion.
    pub assertion: String,
    /// As long as it could be brought again.
    pub remember_until: Timestamp,
    /// The request that it answers, which must be one of ours that still waits.
    pub answers: Option<String>,
}

/// The groups that somebody is in, as far as was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProvenGroups {
    /// All of them.
    Known(BTreeSet<String>),
    /// Nothing was said, which is not to say that there are none.
    Unknown(Unsaid),
}

/// Why nothing was said of somebody's groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unsaid {
    /// The attribute was not sent, or not in a form that is understood.
    NotSent,
    /// There are more than the identity provider sends (150 with Entra ID).
    TooMany,
}

impl Unsaid {
    pub fn from_key(key: &str) -> Option<Unsaid> {
        [Unsaid::NotSent, Unsaid::TooMany].into_iter().find(|unsaid| unsaid.key() == key)
    }

    pub fn key(self) -> &'static str {
        match self {
            Unsaid::NotSent => "not_sent",
            Unsaid::TooMany => "too_many",
        }
    }
}

/// All that is known of one person of a source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Heard {
    /// The last that named their groups.
    pub known: Option<Testimony>,
    /// The last that did not.
    pub unknown: Option<Testimony>,
}

/// What a source has been told, and since when it could be told anything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hearing {
    /// Since when everybody could be heard without a longer break; `None` where nobody ever could.
    pub open_since: Option<Timestamp>,
    /// Sorted by the key of the person.
    pub people: Vec<Heard>,
}
