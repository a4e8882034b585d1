//! Verdicts: what becomes of one account and one add-on, each with its reason.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::model::account::{Account, AccountId, MatchBy, Standing};
use crate::model::add_on::AddOn;
use crate::model::entitlement::{Grounds, KnownPerson};
use crate::model::seat_pool::Seat;

/// What was decided for one account and one add-on.
#[derive(Debug, PartialEq, Eq)]
pub struct Decision {
    pub add_on: AddOn,
    pub account: Arc<Account>,
    pub verdict: Verdict,
    /// Whom the account belongs to, where a source told.
    pub person: Option<KnownPerson>,
    pub matched_by: Option<MatchBy>,
    /// The rule that decided, where one did.
    pub grounds: Option<Grounds>,
    /// Whether the seat is ours once the plan is applied.
    pub managed: bool,
}

/// Exactly one for each account and add-on.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    Assign { seat: Seat, because: AssignReason },
    Keep { because: KeepReason },
    Leave { because: LeaveReason },
    Revoke { because: RevokeReason },
    Wait { because: WaitReason },
}

/// Why a seat is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssignReason {
    Entitled,
    /// This run took the seat, and a person wants that undone.
    Undone {
        run: i64,
    },
}

/// Why a seat is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepReason {
    Entitled,
}

/// Why nothing is done, though no rule backs the seat, or though one would give it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaveReason {
    Grace {
        since: Timestamp,
        until: Timestamp,
    },
    MinimumTenure {
        until: Timestamp,
    },
    NotManaged,
    Protected,
    /// It is not known whether a rule backs the seat.
    Frozen {
        because: String,
    },
    RevokeNever,
    /// Somebody else undid the same revocation twice.
    Contested,
}

/// Why a seat is taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RevokeReason {
    /// `since` is when an apply first saw it.
    NoLongerEntitled {
        since: Option<Timestamp>,
        grace: SignedDuration,
    },
    NotEligible {
        standing: Standing,
    },
    Outranked,
    Superseded {
        by: AddOn,
    },
    Inactive {
        last_activity: Option<Date>,
        after: SignedDuration,
    },
    UntilPassed {
        until: Date,
    },
    /// This run gave the seat, and a person wants that undone.
    Undone {
        run: i64,
    },
}

/// Why an entitled account has no seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitReason {
    /// `place` counts from 1.
    NoSeat {
        place: u32,
    },
    RuleQuota {
        max_seats: u32,
    },
    Reserved {
        place: u32,
    },
    NotEligible {
        standing: Standing,
    },
    /// It holds a seat of another tier that may not be taken from it now.
    OtherTier {
        held: AddOn,
    },
    /// Its seat was reclaimed because it was not used.
    Inactive {
        since: Timestamp,
    },
    /// Somebody else undid the same assignment twice.
    Contested,
    /// A group that would except it could not be read.
    Frozen {
        because: String,
    },
}

impl Decision {
    /// By what decisions are sorted: add-on, verdict, rank, place in line, username, account.
    pub fn order(&self) -> (AddOn, u8, i64, u32, &str, AccountId) {
        let (verdict, place) = self.verdict.order();
        let rank = self.grounds.as_ref().map_or(i64::MAX, |grounds| grounds.rank);
        (self.add_on, verdict, rank, place, self.account.username(), self.account.id)
    }
}

impl Verdict {
    /// By what verdicts are sorted, and the place in line of one who waits for a seat.
    pub fn order(&self) -> (u8, u32) {
        match self {
            Verdict::Assign { .. } => (0, 0),
            Verdict::Revoke { .. } => (1, 0),
            Verdict::Wait { because: WaitReason::NoSeat { place } | WaitReason::Reserved { place } } => {
                (2, *place)
            }
            Verdict::Wait { .. } => (2, 0),
            Verdict::Leave { .. } => (3, 0),
            Verdict::Keep { .. } => (4, 0),
        }
    }

    /// The word of the contract.
    pub fn key(&self) -> &'static str {
        match self {
            Verdict::Assign { .. } => "assign",
            Verdict::Keep { .. } => "keep",
            Verdict::Leave { .. } => "leave",
            Verdict::Revoke { .. } => "revoke",
            Verdict::Wait { .. } => "wait",
        }
    }

    /// The code of its reason.
    pub fn because(&self) -> &'static str {
        match self {
            Verdict::Assign { because, .. } => match because {
                AssignReason::Entitled => "entitled",
                AssignReason::Undone { .. } => "undone",
            },
            Verdict::Keep { because: KeepReason::Entitled } => "entitled",
            Verdict::Leave { because } => match because {
                LeaveReason::Grace { .. } => "grace",
                LeaveReason::MinimumTenure { .. } => "minimum_tenure",
                LeaveReason::NotManaged => "not_managed",
                LeaveReason::Protected => "protected",
                LeaveReason::Frozen { .. } => "frozen",
                LeaveReason::RevokeNever => "revoke_never",
                LeaveReason::Contested => "contested",
            },
            Verdict::Revoke { because } => match because {
                RevokeReason::NoLongerEntitled { .. } => "no_longer_entitled",
                RevokeReason::NotEligible { .. } => "not_eligible",
                RevokeReason::Outranked => "outranked",
                RevokeReason::Superseded { .. } => "superseded",
                RevokeReason::Inactive { .. } => "inactive",
                RevokeReason::UntilPassed { .. } => "until_passed",
                RevokeReason::Undone { .. } => "undone",
            },
            Verdict::Wait { because } => match because {
                WaitReason::NoSeat { .. } => "no_seat",
                WaitReason::RuleQuota { .. } => "rule_quota",
                WaitReason::Reserved { .. } => "reserved",
                WaitReason::NotEligible { .. } => "not_eligible",
                WaitReason::OtherTier { .. } => "other_tier",
                WaitReason::Inactive { .. } => "inactive",
                WaitReason::Contested => "contested",
                WaitReason::Frozen { .. } => "frozen",
            },
        }
    }
}
