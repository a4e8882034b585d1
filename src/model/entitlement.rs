//! Entitlements: a rule says that this person should have a seat.

use std::sync::Arc;

use crate::model::group::NestingPath;
use crate::model::person::{Person, PersonId, PersonKey, SourceName};
use crate::model::rule::RuleName;

/// A person together with the source that knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownPerson {
    pub source: SourceName,
    pub person: Arc<Person>,
}

impl KnownPerson {
    pub fn key(&self) -> PersonKey {
        PersonKey { source: self.source.clone(), id: PersonId::new(self.person.id()) }
    }
}

/// Why somebody is entitled: the rule, and the way through nested groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grounds {
    pub rule: RuleName,
    pub rank: i64,
    pub path: NestingPath,
}
