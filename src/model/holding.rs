//! What earlier runs left behind: whose seats are ours and since when, running grace clocks, sizes, recent changes.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::account::AccountId;
use crate::model::add_on::AddOn;
use crate::model::person::{PersonKey, SourceName};
use crate::model::purchase::PurchaseId;

/// One account's seat of one add-on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeatKey {
    pub add_on: AddOn,
    pub account: AccountId,
}

/// A seat that is ours: seatsync assigned it, or took its holder into management.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    pub origin: Origin,
    /// When the assignment was sent, or the holder adopted.
    pub since: Timestamp,
    /// Whom the account belonged to when a rule last backed the seat.
    pub person: Option<PersonKey>,
}

/// How a seat became ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Assigned,
    Adopted,
}

/// A change to GitLab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    Revoke,
    Assign,
}

impl Change {
    pub fn key(self) -> &'static str {
        match self {
            Change::Assign => "assign",
            Change::Revoke => "revoke",
        }
    }
}

/// A change that GitLab carried out in an earlier run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PastChange {
    pub seat: SeatKey,
    pub change: Change,
    pub at: Timestamp,
}

/// How many people a source told of when it was last read whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceSize {
    pub people: u64,
    /// By the group as rules name it.
    pub groups: BTreeMap<String, u64>,
}

/// A purchase as an earlier run saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastPurchase {
    pub id: PurchaseId,
    pub purchased: u32,
    pub seen_at: Timestamp,
}

/// The state as planning needs it. Empty where there is none yet: that costs history, never a wrong seat.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Memory {
    /// The GitLab that it is about, as [`crate::model::purchase::Instance::home`] calls it. `None` before the first apply.
    pub home: Option<String>,
    pub holdings: BTreeMap<SeatKey, Holding>,
    /// Since when no rule has backed the seat of a holder.
    pub grace: BTreeMap<SeatKey, Timestamp>,
    /// When a seat was taken back because it was not used.
    pub reclaimed: BTreeMap<SeatKey, Timestamp>,
    pub sizes: BTreeMap<SourceName, SourceSize>,
    /// Applied changes of the last [`Memory::RECENT_DAYS`] days, oldest first.
    pub recent: Vec<PastChange>,
    pub last_run_at: Option<Timestamp>,
    /// What was sent, or about to be, when an earlier run was killed.
    pub in_flight: Vec<(Change, SeatKey)>,
    /// The purchases of each add-on, as an apply last saw them.
    pub purchases: BTreeMap<AddOn, PastPurchase>,
    /// Add-ons whose purchase has become another add-on's, which is what all of this memory calls it by now.
    pub moved: Vec<(AddOn, AddOn)>,
    /// Add-ons of which another purchase is active than the one whose seats were ours: of these nothing is remembered.
    pub replaced: Vec<AddOn>,
}

impl Memory {
    /// How far back flips of a seat are counted.
    pub const RECENT_DAYS: i64 = 30;
}
