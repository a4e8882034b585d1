//! What GitLab's accounts answer to one step of matching, for everyone of a source.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::model::account::{Account, MatchBy};
use crate::model::person::Person;
use crate::model::policy::Matching;
use crate::model::snapshot::Snapshot;
use crate::model::texts::lower;
use crate::planning::accounts::{Accounts, as_place};
use crate::planning::fingerprint::{Fingerprint, Table};
use crate::planning::hands::Hands;

/// A key that several people share answers to none of them.
pub struct Answers {
    /// Of all accounts, one after the other.
    keys: Vec<Key>,
    /// The accounts that bear the key of another account as well, by that key.
    others: BTreeMap<u32, Vec<u32>>,
    hits: Hits,
}

/// The keys of people that name an account.
struct Hits {
    /// By the first account that bears it, one person after the other.
    keys: Vec<u32>,
    /// Where those of each person end.
    ends: Vec<u32>,
}

/// A key of an account. People are counted under that of the first account that bears it.
struct Key {
    account: u32,
    /// Which of that account's keys it is.
    nth: u32,
    people: u32,
}

/// So many fit into the nearest cache, with what is looked up of them.
const PEOPLE_AT_A_TIME: usize = 64;

impl Answers {
    /// Each hand asks for half of the accounts, then of the people.
    pub fn to(
        hands: Hands,
        step: MatchBy,
        how: &Matching,
        accounts: &Accounts<'_>,
        snapshot: &Snapshot,
    ) -> Answers {
        let mut table = Table::with_room_for(accounts.len());
        let keys = |places: &Range<u32>| {
            let mut keys = Vec::with_capacity(places.len());
            for account in places.clone() {
                for (text, nth) in account_keys(accounts.at(account), step, how).zip(0..) {
                    keys.push((Key { account, nth, people: 0 }, table.fingerprint(&text)));
                }
            }
            keys
        };
        let (mut keys, fingerprints): (Vec<Key>, Vec<Fingerprint>) =
            hands.each(&hands.parts(accounts.len()), keys).into_iter().flatten().unzip();
        let text = |key: &Key| account_keys(accounts.at(key.account), step, how).nth(key.nth as usize);
        let mut others = BTreeMap::new();
        for (fingerprint, number) in fingerprints.into_iter().zip(0..) {
            let own = &keys[number as usize];
            let is = |known: u32| text(&keys[known as usize]) == text(own);
            let known = table.find_or_insert(fingerprint, number, is);
            if known != number {
                others.entry(known).or_insert_with(Vec::new).push(own.account);
            }
        }
        let asked = |person| person_keys(person, step, how);
        let is = |key: u32, asked: &str| text(&keys[key as usize]).as_deref() == Some(asked);
        let halves = snapshot.people.split_at(snapshot.people.len() / 2);
        let halves = hands.each(&[halves.0, halves.1], |people| Hits::of(people, asked, &table, is));
        let hits = Hits::joined(halves);
        for key in &hits.keys {
            keys[*key as usize].people += 1;
        }
        Answers { keys, others, hits }
    }

    /// The accounts that bear a key of the person at this place, and whether other people have one of these keys too.
    pub fn of(&self, place: usize) -> (impl Iterator<Item = u32> + Clone, bool) {
        let hits = self.hits.at(place);
        let is_shared = hits.iter().any(|hit| self.keys[*hit as usize].people > 1);
        let accounts = hits.iter().flat_map(|hit| {
            let others = self.others.get(hit).into_iter().flatten().copied();
            std::iter::once(self.keys[*hit as usize].account).chain(others)
        });
        (accounts, is_shared)
    }
}

impl Hits {
    /// What is `asked` for these people, as far as an account bears it.
    fn of<'a, K: Iterator<Item = Cow<'a, str>>>(
        people: &'a [Arc<Person>],
        asked: impl Fn(&'a Person) -> K,
        table: &Table,
        is: impl Fn(u32, &str) -> bool,
    ) -> Hits {
        let (mut keys, mut ends) = (Vec::with_capacity(people.len()), Vec::with_capacity(people.len()));
        for people in people.chunks(PEOPLE_AT_A_TIME) {
            let mut texts = Vec::with_capacity(people.len());
            for (person, at) in people.iter().zip(0..) {
                texts.extend(asked(person).map(|text| (at, table.fingerprint(&text), text)));
            }
            let firsts: Vec<Option<u32>> =
                texts.iter().map(|(_, fingerprint, _)| table.first(*fingerprint)).collect();
            let mut texts = texts.iter().zip(firsts).peekable();
            for at in 0..people.len() {
                let begin = keys.len();
                while let Some(((_, fingerprint, text), first)) = texts.next_if(|((of, ..), _)| *of == at) {
                    let is = |key| is(key, text);
                    let key = first
                        .and_then(|first| if is(first) { Some(first) } else { table.find(*fingerprint, is) });
                    keys.extend(key.filter(|key| !keys[begin..].contains(key)));
                }
                ends.push(as_place(keys.len()));
            }
        }
        Hits { keys, ends }
    }

    /// Those of people who come one part after the other.
    fn joined(parts: Vec<Hits>) -> Hits {
        let mut joined = Hits { keys: Vec::new(), ends: Vec::new() };
        for mut part in parts {
            let before = as_place(joined.keys.len());
            joined.keys.append(&mut part.keys);
            joined.ends.extend(part.ends.into_iter().map(|end| before + end));
        }
        joined
    }

    /// Those of the person at this place.
    fn at(&self, place: usize) -> &[u32] {
        let begin = if place == 0 { 0 } else { self.ends[place - 1] };
        &self.keys[begin as usize..self.ends[place] as usize]
    }
}

fn account_keys<'a>(
    account: &'a Account,
    step: MatchBy,
    how: &'a Matching,
) -> impl Iterator<Item = Cow<'a, str>> {
    let provider = how.identity_provider.as_deref();
    let identities = (step == MatchBy::Identity).then(|| account.identities()).into_iter().flatten();
    let identities = identities.filter(move |(held_by, _)| provider == Some(*held_by));
    let emails = (step == MatchBy::Email).then(|| account.emails()).into_iter().flatten();
    let username = (step == MatchBy::Username).then(|| account.username());
    identities.map(|(_, uid)| Cow::Borrowed(uid)).chain(emails.chain(username).map(lower))
}

fn person_keys<'a>(person: &'a Person, step: MatchBy, how: &Matching) -> impl Iterator<Item = Cow<'a, str>> {
    let has_provider = how.identity_provider.is_some();
    let asks_identity = step == MatchBy::Identity && has_provider;
    let identity = asks_identity.then(|| person.extern_uid()).flatten();
    let emails = (step == MatchBy::Email).then(|| person.emails()).into_iter().flatten();
    let username = (step == MatchBy::Username).then(|| person.username()).flatten();
    identity.map(Cow::Borrowed).into_iter().chain(emails.chain(username).map(lower))
}
