//! A purchase: seats of one add-on, and who holds them.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::world::account::AccountId;

/// The number inside `gid://gitlab/GitlabSubscriptions::AddOnPurchase/…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PurchaseId(pub u64);

/// Seats of one add-on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    pub id: PurchaseId,
    /// The add-on's name in upper case: an open set, `CODE_SUGGESTIONS`, `DUO_ENTERPRISE`, `DUO_CORE`, …
    pub add_on: String,
    pub quantity: u32,
    /// The first day; unset: since ever.
    pub started_on: Option<Date>,
    /// The first day without the add-on.
    pub expires_on: Date,
    /// Holders and when each got the seat. GitLab allows more holders than seats after a reduction.
    pub holders: BTreeMap<AccountId, Assignment>,
}

/// One seat somebody holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assignment {
    /// Rises with every assignment of the world: the greater, the more recent.
    pub sequence: u64,
}

impl Purchase {
    /// A purchase that lasts from ever to the end of 2099, with nobody on its seats.
    pub fn new(id: u64, add_on: &str, quantity: u32) -> Purchase {
        Purchase {
            id: PurchaseId(id),
            add_on: add_on.to_owned(),
            quantity,
            started_on: None,
            expires_on: Date::constant(2099, 12, 31),
            holders: BTreeMap::new(),
        }
    }

    pub fn starting_on(mut self, day: Date) -> Purchase {
        self.started_on = Some(day);
        self
    }

    pub fn expiring_on(mut self, day: Date) -> Purchase {
        self.expires_on = day;
        self
    }

    /// Whether GitLab counts it on `today`; the day of expiry itself is not covered any more.
    pub fn is_active(&self, today: Date) -> bool {
        self.started_on.is_none_or(|start| start <= today) && today < self.expires_on
    }

    /// Whether the single mutation may hand out its seats (GitLab: `SEAT_ASSIGNABLE_DUO_ADD_ONS`).
    pub fn is_seat_assignable(&self) -> bool {
        matches!(self.add_on.as_str(), "CODE_SUGGESTIONS" | "DUO_ENTERPRISE")
    }

    /// Whether the bulk mutation lets it through its first check (GitLab: `DUO_ADD_ONS`).
    pub fn is_duo(&self) -> bool {
        self.is_seat_assignable()
            || matches!(self.add_on.as_str(), "DUO_AMAZON_Q" | "DUO_CORE" | "SELF_HOSTED_DAP")
    }

    /// Holders, as GitLab counts them in `assignedQuantity`.
    pub fn assigned(&self) -> usize {
        self.holders.len()
    }

    /// Seats that nobody holds; negative when over-assigned.
    pub fn free(&self) -> i64 {
        i64::from(self.quantity) - i64::try_from(self.assigned()).unwrap_or(i64::MAX)
    }
}
