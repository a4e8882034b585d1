//! Everything that is known about one person or account, and what was decided.

use std::sync::Arc;

use jiff::civil::Date;

use crate::model::account::{Account, MatchBy};
use crate::model::add_on::AddOn;
use crate::model::entitlement::KnownPerson;
use crate::model::group::NestingPath;
use crate::model::plan::UnmatchedReason;
use crate::model::rule::RuleName;

/// Whatever answers to the name that was asked for: usually one person and their account.
#[derive(Debug, Default)]
pub struct Explanation {
    pub people: Vec<PersonExplained>,
    /// Accounts asked for or matched, each once.
    pub accounts: Vec<Arc<Account>>,
}

/// One person of one source.
#[derive(Debug)]
pub struct PersonExplained {
    pub known: KnownPerson,
    /// The groups that rules name and that hold the person, by the way there.
    pub groups: Vec<NestingPath>,
    pub matched: MatchExplained,
    pub rules: Vec<RuleExplained>,
}

/// How the person's account was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MatchExplained {
    Account {
        username: Box<str>,
        by: MatchBy,
    },
    None {
        because: UnmatchedReason,
    },
    /// No rule speaks of this person, so nobody looked.
    NotSought,
}

/// What one rule says of the person.
#[derive(Debug)]
pub struct RuleExplained {
    pub rule: RuleName,
    pub add_on: AddOn,
    pub says: RuleSays,
}

/// See [`RuleExplained`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleSays {
    Entitled {
        rank: i64,
        path: NestingPath,
    },
    /// In none of its groups.
    NotInGroups,
    /// In one of its `except_groups`.
    Excepted,
    /// Its `where` does not hold.
    ConditionFails,
    /// It would, but its last day has passed.
    Ended {
        until: Date,
    },
    /// It cannot be said.
    Unknown {
        because: String,
    },
}
