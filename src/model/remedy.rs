//! What would have to change for somebody to have a seat, each way seen to lead there by planning again.

use jiff::civil::Date;

use crate::model::account::{AccountId, Standing};
use crate::model::add_on::AddOn;
use crate::model::group::GroupRef;
use crate::model::person::PersonKey;
use crate::model::rule::RuleName;

/// Whom it is about: an account and the people it belongs to, or people without an account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subject {
    pub account: Option<AccountId>,
    pub people: Vec<PersonKey>,
}

/// What can be said of somebody and one add-on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outlook {
    /// They have a seat once the plan is applied, of this or of a better tier, and nothing is about to take it.
    Seated,
    /// Each of these would do; none where no way was found.
    Remedies(Vec<Remedy>),
    /// Nobody can say before this is known.
    Unknown { because: String },
}

/// One way to a seat. All of its needs would have to be met; there is at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    pub needs: Vec<Need>,
}

/// One thing that is not so today. Numbers are the nearest to today's with which it is enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// So many more seats are purchased.
    MoreSeats { more: u32 },
    /// The `reserve` of the add-on is no more than this.
    SmallerReserve { reserve: u32 },
    /// The `rank` of the rule is no more than this.
    BetterRank { rule: RuleName, rank: i64 },
    /// The `max_seats` of the rule are as many.
    LargerQuota { rule: RuleName, max_seats: u32 },
    /// The `reserved_seats` of another rule are no more than this.
    SmallerReservation { rule: RuleName, reserved_seats: u32 },
    /// `contention` is `by_rank`.
    ByRank,
    /// `contention` is `keep_holders`.
    KeepHolders,
    /// The account is not under `protect`.
    Unprotected,
    /// GitLab would give the account a seat; it is what `standing` says today.
    Eligible { standing: Standing },
    /// The account has no seat of this other tier.
    OtherSeatGone { held: AddOn },
    /// The account used Duo lately.
    Used,
    /// That an unused seat was reclaimed is forgotten.
    ReclaimForgotten,
    /// It is forgotten that somebody else undid the same assignment twice.
    ContestForgotten,
    /// They are in this group of the rule.
    InGroup { rule: RuleName, group: GroupRef },
    /// They are in none of the groups that the rule excepts.
    NotExcepted { rule: RuleName },
    /// The `where` of the rule holds for them.
    ConditionMet { rule: RuleName, condition: String },
    /// The rule lasts until this day at least.
    Lasting { rule: RuleName, until: Date },
    /// They have an account that can be matched.
    AnAccount,
}

impl Need {
    /// The word of JSON.
    pub fn key(&self) -> &'static str {
        match self {
            Need::MoreSeats { .. } => "more_seats",
            Need::SmallerReserve { .. } => "smaller_reserve",
            Need::BetterRank { .. } => "better_rank",
            Need::LargerQuota { .. } => "larger_quota",
            Need::SmallerReservation { .. } => "smaller_reservation",
            Need::ByRank => "by_rank",
            Need::KeepHolders => "keep_holders",
            Need::Unprotected => "unprotected",
            Need::Eligible { .. } => "eligible",
            Need::OtherSeatGone { .. } => "other_seat_gone",
            Need::Used => "used",
            Need::ReclaimForgotten => "reclaim_forgotten",
            Need::ContestForgotten => "contest_forgotten",
            Need::InGroup { .. } => "in_group",
            Need::NotExcepted { .. } => "not_excepted",
            Need::ConditionMet { .. } => "condition_met",
            Need::Lasting { .. } => "lasting",
            Need::AnAccount => "an_account",
        }
    }
}
