//! How seats are handed out and taken back: the `[add_on.*]`, `[tiers]` and `[limits]` sections, as meant.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use jiff::civil::Date;

use crate::model::account::MatchBy;
use crate::model::add_on::AddOn;
use crate::model::approval::ApprovalPolicy;
use crate::model::person::SourceName;

/// `[add_on.NAME]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddOnPolicy {
    /// Seats never handed out.
    pub reserve: u32,
    pub revoke: RevokePolicy,
    pub adopt: AdoptPolicy,
    pub contention: Contention,
    /// How long a holder keeps a seat that no rule backs any more.
    pub grace: SignedDuration,
    /// A seat is not taken back sooner than this after it was assigned.
    pub minimum_tenure: SignedDuration,
    pub reclaim_inactive_after: Option<SignedDuration>,
    pub trial_ends: Option<Date>,
    /// Usernames never touched, in lower case.
    pub protect: BTreeSet<String>,
}

impl Default for AddOnPolicy {
    fn default() -> AddOnPolicy {
        AddOnPolicy {
            reserve: 0,
            revoke: RevokePolicy::Managed,
            adopt: AdoptPolicy::Entitled,
            contention: Contention::KeepHolders,
            grace: SignedDuration::from_hours(7 * 24),
            minimum_tenure: SignedDuration::ZERO,
            reclaim_inactive_after: None,
            trial_ends: None,
            protect: BTreeSet::new(),
        }
    }
}

/// Whose seats may be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevokePolicy {
    /// Only seats that seatsync assigned or adopted.
    Managed,
    /// Of whoever no rule entitles.
    All,
    Never,
}

/// Which holders an apply takes into management.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdoptPolicy {
    /// Those whom a rule entitles.
    Entitled,
    All,
    None,
}

/// Who has a seat when there are more claimants than seats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contention {
    KeepHolders,
    /// A better-ranked claimant may take a managed seat.
    ByRank,
}

/// `[limits]`: the guard. All are inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub max_revocations: u32,
    /// Of the seats held, per add-on.
    pub max_revocations_percent: u32,
    /// Against the last complete snapshot of a source.
    pub max_source_shrink_percent: u32,
    pub min_group_members: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            max_revocations: 20,
            max_revocations_percent: 10,
            max_source_shrink_percent: 25,
            min_group_members: 1,
        }
    }
}

/// How the people of one source are matched with accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matching {
    /// Tried in this order; never [`MatchBy::Remembered`].
    pub match_by: Vec<MatchBy>,
    /// Whose `extern_uid` `identity` compares.
    pub identity_provider: Option<Box<str>>,
}

/// Everything of the configuration that deciding depends on, besides the rules.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    /// An add-on without an entry has the defaults.
    pub add_ons: BTreeMap<AddOn, AddOnPolicy>,
    /// An account holds at most one of these; the first is the best.
    pub tiers: Vec<AddOn>,
    pub limits: Limits,
    pub approval: ApprovalPolicy,
    pub matching: BTreeMap<SourceName, Matching>,
}

impl Policy {
    /// The policy of an add-on, its own or the default.
    pub fn add_on(&self, add_on: AddOn) -> AddOnPolicy {
        self.add_ons.get(&add_on).cloned().unwrap_or_default()
    }
}
