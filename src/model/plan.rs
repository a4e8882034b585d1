//! The plan: everything that one run decided, and what it would remember.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::model::account::AccountId;
use crate::model::add_on::AddOn;
use crate::model::decision::{Decision, Verdict};
use crate::model::entitlement::KnownPerson;
use crate::model::finding::Finding;
use crate::model::holding::{Change, SeatKey, SourceSize};
use crate::model::person::{PersonKey, SourceName};
use crate::model::purchase::{Instance, Purchase};
use crate::model::rule::RuleName;
use crate::model::snapshot::{Coverage, SourceKind};

/// All verdicts of one run. What may be applied is an [`crate::planning::guard::ApprovedPlan`].
#[derive(Debug)]
pub struct Plan {
    pub purpose: Purpose,
    pub made_at: Timestamp,
    pub instance: Instance,
    pub sources: Vec<SourceSummary>,
    pub add_ons: Vec<AddOnSummary>,
    /// Sorted by add-on, verdict, rank and account.
    pub decisions: Vec<Decision>,
    /// Entitled people without an account, sorted.
    pub unmatched: Vec<Unmatched>,
    pub findings: Vec<Finding>,
    /// Why this plan may not be applied unattended; empty where it may.
    pub refusals: Vec<Refusal>,
    /// Rules from which no revocation may follow, and why.
    pub frozen: BTreeMap<RuleName, String>,
    pub bookkeeping: Bookkeeping,
}

/// What a plan is made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// What the rules want.
    Rules,
    /// The reverse of what a run did.
    Undo { run: i64 },
    /// What the rules would want if things were otherwise, each assumption in words. It is never applied.
    WhatIf { assumptions: Vec<String> },
}

impl Purpose {
    /// The run that is undone, if one is.
    pub fn undoes(&self) -> Option<i64> {
        match self {
            Purpose::Rules | Purpose::WhatIf { .. } => None,
            Purpose::Undo { run } => Some(*run),
        }
    }
}

/// What one source brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceSummary {
    pub source: SourceName,
    pub kind: SourceKind,
    pub people: usize,
    pub groups: usize,
    pub coverage: Coverage,
    /// Where only changes were read: when the source was last read whole.
    pub read_whole_at: Option<Timestamp>,
}

/// The seats of one add-on before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddOnSummary {
    pub add_on: AddOn,
    /// `None` where there are rules but no active purchase.
    pub purchase: Option<Purchase>,
    pub reserve: u32,
    pub held_before: u32,
    pub held_after: u32,
    /// Why nobody may lose a seat of this add-on in this run.
    pub frozen: Option<String>,
}

/// An entitled person who has no account, or none that could be told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmatched {
    pub person: KnownPerson,
    pub because: UnmatchedReason,
    pub rule: RuleName,
}

/// See [`Unmatched`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum UnmatchedReason {
    NoAccount,
    /// Several people or several accounts answer to the same key: nobody is guessed.
    Ambiguous,
}

impl UnmatchedReason {
    pub fn key(self) -> &'static str {
        match self {
            UnmatchedReason::NoAccount => "no_account",
            UnmatchedReason::Ambiguous => "ambiguous",
        }
    }
}

/// One limit that the plan goes beyond.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    TooManyRevocations {
        limit: u32,
        actual: u32,
    },
    /// `actual` is rounded up to a whole percent.
    TooManyRevocationsPercent {
        add_on: AddOn,
        limit: u32,
        actual: u32,
    },
    /// `actual` is rounded up to a whole percent.
    SourceShrank {
        source: SourceName,
        /// The group that was emptied; `None` where it is the source as a whole.
        group: Option<String>,
        limit: u32,
        actual: u32,
        before: u64,
        now: u64,
    },
}

/// What an apply writes down besides the changes themselves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bookkeeping {
    /// The GitLab that was observed, as [`Instance::home`] calls it.
    pub home: Option<String>,
    /// Holders that become ours.
    pub adopt: BTreeMap<SeatKey, Option<PersonKey>>,
    /// Whom the seats that are ours belong to, where that is new or was different.
    pub persons: BTreeMap<SeatKey, PersonKey>,
    /// Seats that were ours and are no longer held: somebody else took them back.
    pub forget: Vec<SeatKey>,
    pub grace_started: Vec<SeatKey>,
    pub grace_cancelled: Vec<SeatKey>,
    /// Seats taken back in this plan because they were not used.
    pub reclaimed: Vec<SeatKey>,
    pub reclaimed_cancelled: Vec<SeatKey>,
    /// Add-ons whose purchase has become another add-on's: what is remembered of their seats moves along.
    pub moved: Vec<(AddOn, AddOn)>,
    /// Add-ons of which another purchase is active: what is remembered of the seats of the old one is forgotten.
    pub replaced: Vec<AddOn>,
    /// The purchases that were seen.
    pub purchases: Vec<Purchase>,
    /// The sizes of the sources that were read whole.
    pub sizes: BTreeMap<SourceName, SourceSize>,
}

impl Bookkeeping {
    /// Sorts what was gathered, so that the same plan is always the same.
    pub fn sort(&mut self) {
        self.purchases.sort_by_key(|purchase| purchase.add_on);
        for seats in [
            &mut self.forget,
            &mut self.grace_started,
            &mut self.grace_cancelled,
            &mut self.reclaimed,
            &mut self.reclaimed_cancelled,
        ] {
            seats.sort_unstable();
        }
    }
}

impl Plan {
    /// The changes to GitLab, sorted: revocations first, then assignments.
    pub fn changes(&self) -> Vec<(Change, SeatKey)> {
        let mut changes: Vec<(Change, SeatKey)> = self
            .decisions
            .iter()
            .filter_map(|decision| {
                let seat = SeatKey { add_on: decision.add_on, account: decision.account.id };
                decision.verdict.change().map(|change| (change, seat))
            })
            .collect();
        changes.sort_unstable();
        changes
    }

    /// The usernames of the accounts that this plan decides about.
    pub fn usernames(&self) -> HashMap<SeatKey, &str> {
        let seat = |decision: &Decision| SeatKey { add_on: decision.add_on, account: decision.account.id };
        self.decisions.iter().map(|decision| (seat(decision), decision.account.username())).collect()
    }

    /// What was decided of one seat.
    pub fn decision(&self, seat: &SeatKey) -> Option<&Decision> {
        self.decisions
            .iter()
            .find(|decision| decision.add_on == seat.add_on && decision.account.id == seat.account)
    }

    /// The digest of the changes alone, so that an approval outlives unrelated news.
    pub fn digest(&self) -> Digest {
        Digest::of(self.changes())
    }
}

impl Verdict {
    /// The change to GitLab that this verdict is, if it is one.
    pub fn change(&self) -> Option<Change> {
        match self {
            Verdict::Assign { .. } => Some(Change::Assign),
            Verdict::Revoke { .. } => Some(Change::Revoke),
            Verdict::Keep { .. } | Verdict::Leave { .. } | Verdict::Wait { .. } => None,
        }
    }
}

/// `sha256:` and 64 hexadecimal digits over the sorted lines `add_on verdict account-id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest(String);

impl Digest {
    /// The digest of a set of changes; their order does not matter.
    pub fn of(changes: impl IntoIterator<Item = (Change, SeatKey)>) -> Digest {
        let mut lines: Vec<(&'static str, &'static str, AccountId)> = changes
            .into_iter()
            .map(|(change, seat)| (seat.add_on.key(), change.key(), seat.account))
            .collect();
        lines.sort_unstable();
        lines.dedup();
        let mut hasher = Sha256::new();
        for (add_on, change, account) in lines {
            hasher.update(format!("{add_on} {change} {account}\n"));
        }
        Digest(format!("sha256:{}", data_encoding::HEXLOWER.encode(&hasher.finalize())))
    }

    /// Reads a digest as it is shown to a person: whole, with or without `sha256:`.
    pub fn parse(written: &str) -> Option<Digest> {
        let written = written.trim().to_ascii_lowercase();
        let digits = written.strip_prefix("sha256:").unwrap_or(&written);
        let is_whole = digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        is_whole.then(|| Digest(format!("sha256:{digits}")))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first six digits, for people.
    pub fn short(&self) -> &str {
        &self.0["sha256:".len()..][..6]
    }
}
