//! What came of the changes of a plan.

use crate::model::add_on::AddOn;
use crate::model::approval::Signer;
use crate::model::holding::{Change, SeatKey};

/// What came of one change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeOutcome {
    pub seat: SeatKey,
    pub change: Change,
    pub outcome: Outcome,
}

/// There is no "unknown": what a lost answer left open is read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Applied,
    /// GitLab already was as the plan wanted it.
    AlreadySo,
    /// GitLab said no; asking again would not help.
    Refused {
        because: String,
    },
    /// Not done in this run; the next one tries again.
    Deferred {
        because: String,
    },
}

impl Outcome {
    pub fn key(&self) -> &'static str {
        match self {
            Outcome::Applied => "applied",
            Outcome::AlreadySo => "already_so",
            Outcome::Refused { .. } => "refused",
            Outcome::Deferred { .. } => "deferred",
        }
    }

    /// Whether GitLab now is as the plan wanted it.
    pub fn is_done(&self) -> bool {
        match self {
            Outcome::Applied | Outcome::AlreadySo => true,
            Outcome::Refused { .. } | Outcome::Deferred { .. } => false,
        }
    }
}

/// What came of a whole apply, sorted as [`crate::model::plan::Plan::changes`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcomes {
    pub changes: Vec<ChangeOutcome>,
    /// Approved changes that no longer hold and were left out.
    pub lapsed: Vec<Lapsed>,
    /// Who had signed, where signatures were asked for.
    pub signers: Vec<Signer>,
}

/// An approved change that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lapsed {
    pub change: Change,
    pub seat: SeatKey,
    /// As the approved file says, where it says so.
    pub username: Option<Box<str>>,
    pub because: LapsedReason,
}

/// Why an approved change was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LapsedReason {
    /// It was carried out under the same approval, by this run.
    DoneBefore { run: i64 },
    /// The account holds the seat already, or holds it no more.
    AlreadySo,
    /// The plan of now decides otherwise, and says why.
    DecidedOtherwise,
    /// No rule speaks of the account any more.
    NotEntitled,
    /// Its seat was to come from a revocation that is not part of this.
    NoSeat,
    /// It is one half of a move between two add-ons, and the other half is not part of this.
    HalfAMove,
}

impl Outcomes {
    /// Whether any change failed or was left for later.
    pub fn is_partial(&self) -> bool {
        self.changes.iter().any(|change| !change.outcome.is_done())
    }

    /// How many changes of one kind are done for an add-on.
    pub fn done(&self, add_on: AddOn, change: Change) -> usize {
        self.changes
            .iter()
            .filter(|entry| entry.seat.add_on == add_on && entry.change == change && entry.outcome.is_done())
            .count()
    }
}
