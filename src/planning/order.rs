//! The orders in which people and usernames come, worked out once, so that ties cost a comparison of numbers.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::account::Account;
use crate::model::person::SourceName;
use crate::model::snapshot::Snapshot;

/// For each source the places of its people in the order of all sources and ids, by the person's place in the snapshot.
pub fn of_people(snapshots: &[Snapshot]) -> BTreeMap<&SourceName, Vec<u32>> {
    let mut orders: BTreeMap<&SourceName, Vec<u32>> = BTreeMap::new();
    let mut sources: Vec<&Snapshot> = snapshots.iter().collect();
    sources.sort_by(|a, b| a.source.cmp(&b.source));
    let mut next = 0;
    for snapshot in sources {
        let mut order = vec![0; snapshot.people.len()];
        let mut before = None;
        for text in sorted(snapshot.people.iter().map(|person| person.id())) {
            // People of one id are one to whoever compares them.
            next += u32::from(before.is_some_and(|before| before != text.text));
            order[text.place as usize] = next;
            before = Some(text.text);
        }
        next += 1;
        orders.insert(&snapshot.source, order);
    }
    orders
}

/// The place of each account in the order of usernames, then numbers. The accounts are sorted by number.
pub fn of_usernames(accounts: &[Arc<Account>]) -> Vec<u32> {
    let mut order = vec![0; accounts.len()];
    for (text, next) in sorted(accounts.iter().map(|account| account.username())).iter().zip(0..) {
        order[text.place as usize] = next;
    }
    order
}

struct Text<'a> {
    /// The first bytes as one number: most texts differ there, and need not be fetched.
    head: u128,
    text: &'a str,
    place: u32,
}

fn sorted<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<Text<'a>> {
    let mut texts: Vec<Text<'a>> =
        texts.zip(0..).map(|(text, place)| Text { head: head(text), text, place }).collect();
    texts.sort_unstable_by(|a, b| {
        a.head.cmp(&b.head).then_with(|| a.text.cmp(b.text)).then(a.place.cmp(&b.place))
    });
    texts
}

fn head(text: &str) -> u128 {
    let mut head = [0; size_of::<u128>()];
    let length = text.len().min(head.len());
    head[..length].copy_from_slice(&text.as_bytes()[..length]);
    u128::from_be_bytes(head)
}
