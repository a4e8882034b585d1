//! The orders in which people and usernames come, worked out once, so that ties cost a comparison of numbers.

use crate::model::snapshot::Snapshot;
use crate::planning::accounts::{Accounts, as_place};

/// The people of one source in the order of all sources and ids.
#[derive(Debug)]
pub struct InOrder<'a> {
    pub snapshot: &'a Snapshot,
    /// For each of its people the place in that order.
    pub order: Vec<u32>,
}

/// All sources, by their names.
pub fn of_people(snapshots: &[Snapshot]) -> Vec<InOrder<'_>> {
    let mut sources: Vec<&Snapshot> = snapshots.iter().collect();
    sources.sort_by(|a, b| a.source.cmp(&b.source));
    let mut next = 0;
    let in_order = sources.into_iter().map(|snapshot| {
        let order = order(snapshot, next);
        next = order.iter().max().map_or(next, |last| last + 1);
        InOrder { snapshot, order }
    });
    in_order.collect()
}

/// Beginning with `next`. People of one id are one to whoever compares them.
fn order(snapshot: &Snapshot, mut next: u32) -> Vec<u32> {
    let people = &snapshot.people;
    let count = u32::try_from(people.len()).expect("people are counted in 32 bits");
    // Most sources tell of people in this order: then there is nothing to sort.
    if people.is_sorted_by(|a, b| a.id() < b.id()) {
        return (next..next + count).collect();
    }
    let id = |place: u32| people[place as usize].id();
    let mut order = vec![0; people.len()];
    let mut before = None;
    for place in sorted(count, id) {
        next += u32::from(before.is_some_and(|before| before != id(place)));
        before = Some(id(place));
        order[place as usize] = next;
    }
    order
}

/// The place of each account in the order of usernames, then numbers.
pub fn of_usernames(accounts: &Accounts<'_>) -> Vec<u32> {
    let mut order = vec![0; accounts.len()];
    for (place, next) in sorted(as_place(accounts.len()), |place| accounts.at(place).username()).zip(0..) {
        order[place as usize] = next;
    }
    order
}

/// The places of texts in their order, then in that of their places.
fn sorted<'a>(count: u32, text: impl Fn(u32) -> &'a str) -> impl Iterator<Item = u32> {
    let mut places: Vec<u128> = (0..count).map(|place| head(text(place)) | u128::from(place)).collect();
    places.sort_unstable();
    for alike in places.chunk_by_mut(|a, b| a >> PLACE == b >> PLACE) {
        alike.sort_by_key(|place| text(*place as u32));
    }
    places.into_iter().map(|place| place as u32)
}

/// How many bits the place takes beside the head of its text.
const PLACE: u32 = u32::BITS;

/// The first bytes of a text, above a place, as one number: most texts differ there, and numbers are sorted quickly.
fn head(text: &str) -> u128 {
    let mut head = [0; size_of::<u128>()];
    let length = text.len().min(head.len() - size_of::<u32>());
    head[..length].copy_from_slice(&text.as_bytes()[..length]);
    u128::from_be_bytes(head)
}
