//! Claims: the entitlements of all rules and sources, joined into one claimant for each account and add-on.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use crate::model::account::{AccountId, MatchBy};
use crate::model::add_on::AddOn;
use crate::model::entitlement::{Grounds, KnownPerson};
use crate::model::group::Member;
use crate::model::plan::{Unmatched, UnmatchedReason};
use crate::planning::matching::{Matches, PersonMatch};
use crate::planning::rules::RuleReading;

/// All that rules say about the accounts of one add-on.
#[derive(Debug, Default)]
pub struct Claims {
    /// Accounts that a rule entitles.
    pub certain: BTreeMap<AccountId, Claim>,
    /// Accounts of which no rule could say whether it entitles them.
    pub doubtful: BTreeMap<AccountId, Claim>,
    /// Accounts that a rule entitled until its last day.
    pub lapsed: BTreeMap<AccountId, Date>,
}

/// Somebody's claim to a seat.
#[derive(Debug, Clone)]
pub struct Claim {
    pub person: KnownPerson,
    pub matched_by: MatchBy,
    /// Best rank first; never empty.
    pub grounds: Vec<Grounds>,
}

impl Claim {
    /// By the best rule.
    pub fn best(&self) -> &Grounds {
        self.grounds.first().expect("a claim has grounds")
    }
}

/// Everyone's claims, by add-on; and the entitled people who have no account.
pub fn gather(rules: &[RuleReading<'_>], matches: &Matches) -> (BTreeMap<AddOn, Claims>, Vec<Unmatched>) {
    let mut by_add_on: BTreeMap<AddOn, Claims> = BTreeMap::new();
    let mut unmatched: BTreeMap<(String, String), (Grounds, Unmatched)> = BTreeMap::new();
    for reading in rules {
        let claims = by_add_on.entry(reading.rule.add_on).or_default();
        let Some(snapshot) = reading.snapshot else { continue };
        let add = |map: &mut BTreeMap<AccountId, Claim>, member: &Member, id, by| {
            let person = KnownPerson {
                source: snapshot.source.clone(),
                person: Arc::clone(&snapshot.people[member.person as usize]),
            };
            let grounds = Grounds {
                rule: reading.rule.name.clone(),
                rank: reading.rule.rank,
                path: member.path.clone(),
            };
            map.entry(id)
                .and_modify(|claim| {
                    claim.grounds.push(grounds.clone());
                    if (&person.source, &person.person.id) < (&claim.person.source, &claim.person.person.id) {
                        claim.person = person.clone();
                        claim.matched_by = by;
                    }
                })
                .or_insert_with(|| Claim {
                    person: person.clone(),
                    matched_by: by,
                    grounds: vec![grounds.clone()],
                });
        };
        for member in &reading.people {
            match matches.of(&snapshot.source, member.person) {
                Some(PersonMatch::Account { id, by: _ }) if reading.ended => {
                    let until = reading.rule.until.expect("a rule that has ended has a last day");
                    let last = claims.lapsed.entry(id).or_insert(until);
                    *last = until.max(*last);
                }
                Some(PersonMatch::Account { id, by }) => add(&mut claims.certain, member, id, by),
                Some(PersonMatch::None { because }) if !reading.ended => {
                    note_unmatched(reading, member, because, &mut unmatched);
                }
                Some(PersonMatch::None { .. }) | None => {}
            }
        }
        for member in reading.doubtful.iter().filter(|_| !reading.ended) {
            if let Some(PersonMatch::Account { id, by }) = matches.of(&snapshot.source, member.person) {
                add(&mut claims.doubtful, member, id, by);
            }
        }
    }
    for claims in by_add_on.values_mut() {
        for claim in claims.certain.values_mut().chain(claims.doubtful.values_mut()) {
            claim.grounds.sort_by(|a, b| (a.rank, &a.rule).cmp(&(b.rank, &b.rule)));
        }
    }
    (by_add_on, unmatched.into_values().map(|(_, unmatched)| unmatched).collect())
}

/// Each person once, under the best rule that entitles them.
fn note_unmatched(
    reading: &RuleReading<'_>,
    member: &Member,
    because: UnmatchedReason,
    unmatched: &mut BTreeMap<(String, String), (Grounds, Unmatched)>,
) {
    let Some(snapshot) = reading.snapshot else { return };
    let person = KnownPerson {
        source: snapshot.source.clone(),
        person: Arc::clone(&snapshot.people[member.person as usize]),
    };
    let grounds =
        Grounds { rule: reading.rule.name.clone(), rank: reading.rule.rank, path: member.path.clone() };
    let key = (person.source.as_str().to_owned(), person.person.id.as_str().to_owned());
    let entry = Unmatched { person, because, rule: grounds.rule.clone() };
    match unmatched.get(&key) {
        Some((best, _)) if (best.rank, &best.rule) <= (grounds.rank, &grounds.rule) => {}
        Some(_) | None => {
            unmatched.insert(key, (grounds, entry));
        }
    }
}
