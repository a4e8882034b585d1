//! Everything that is known about one person or account, and what was decided.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::model::account::{Account, MatchBy};
use crate::model::add_on::AddOn;
use crate::model::entitlement::KnownPerson;
use crate::model::group::{GroupRef, NestingPath};
use crate::model::person::SourceName;
use crate::model::plan::UnmatchedReason;
use crate::model::remedy::Outlook;
use crate::model::rule::RuleName;
use crate::model::snapshot::{Coverage, SourceKind};

/// Whatever answers to the name that was asked for: usually one person and their account.
#[derive(Debug, Default)]
pub struct Explanation {
    pub sources: Vec<SourceExplained>,
    pub people: Vec<PersonExplained>,
    /// Accounts asked for or matched, each once.
    pub accounts: Vec<AccountExplained>,
}

/// One source that was read, and whether it knows anybody of that name.
#[derive(Debug)]
pub struct SourceExplained {
    pub source: SourceName,
    pub kind: SourceKind,
    pub coverage: Coverage,
    pub knows: bool,
}

/// One person of one source.
#[derive(Debug)]
pub struct PersonExplained {
    pub known: KnownPerson,
    /// The groups that rules name and that hold the person, by the way there.
    pub groups: Vec<NestingPath>,
    pub matched: MatchExplained,
    pub rules: Vec<RuleExplained>,
    /// Of one without an account; otherwise the account has them.
    pub outlooks: Vec<(AddOn, Outlook)>,
}

/// One account of GitLab.
#[derive(Debug)]
pub struct AccountExplained {
    pub account: Arc<Account>,
    /// One for each add-on that rules are about, or of which it has a seat.
    pub seats: Vec<SeatExplained>,
}

/// One account and one add-on; the plan has the verdict, where there is one.
#[derive(Debug)]
pub struct SeatExplained {
    pub add_on: AddOn,
    /// Whether GitLab says that the account has a seat today.
    pub holds: bool,
    /// Since when the seat is ours.
    pub ours_since: Option<Timestamp>,
    pub outlook: Outlook,
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
    pub rank: i64,
    /// The groups that it names.
    pub groups: Vec<GroupRef>,
    pub says: RuleSays,
    /// Why no seat is taken because of it.
    pub frozen: Option<String>,
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
    Excepted {
        path: NestingPath,
    },
    /// Its `where` does not hold.
    ConditionFails {
        path: NestingPath,
        condition: String,
    },
    /// It would, but its last day has passed.
    Ended {
        until: Date,
    },
    /// It cannot be said.
    Unknown {
        because: String,
    },
}

impl RuleSays {
    /// The word of JSON.
    pub fn key(&self) -> &'static str {
        match self {
            RuleSays::Entitled { .. } => "entitled",
            RuleSays::NotInGroups => "not_in_groups",
            RuleSays::Excepted { .. } => "excepted",
            RuleSays::ConditionFails { .. } => "condition_fails",
            RuleSays::Ended { .. } => "ended",
            RuleSays::Unknown { .. } => "unknown",
        }
    }
}
