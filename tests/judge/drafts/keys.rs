//! The names and numbers that the drafts of a world have in common.

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use seatsync::model::account::AccountId;
use seatsync::model::group::GroupRef;
use seatsync::model::person::PersonId;

pub(crate) const HUMANS: usize = 8;
pub(crate) const GROUPS: usize = 4;
pub(crate) const SOURCES: [&str; 2] = ["corp", "hr"];
pub(crate) const TODAY: Date = date(2026, 11, 22);

/// One key in nine is another's, one is absent.
pub(crate) fn key() -> impl Strategy<Value = Option<usize>> {
    prop_oneof![14 => Just(Some(0)), 1 => Just(None), 1 => (1..HUMANS).prop_map(Some)]
}

pub(crate) fn of_whom(human: usize, key: Option<usize>) -> Option<usize> {
    key.map(|offset| (human + offset) % HUMANS)
}

pub(crate) fn days_ago(days: i64) -> Timestamp {
    "2026-11-22T00:00:00Z".parse::<Timestamp>().unwrap() - SignedDuration::from_hours(24 * days)
}

/// People, accounts and their names sort differently, so that no order is right by accident.
pub(crate) fn account_id(human: usize) -> AccountId {
    AccountId(90 - human as u64)
}

pub(crate) fn person_id(human: usize) -> PersonId {
    PersonId::new(&format!("{}", (human * 5) % HUMANS))
}

pub(crate) fn group_ref(index: usize) -> GroupRef {
    GroupRef::Name(format!("g{index}").into())
}
