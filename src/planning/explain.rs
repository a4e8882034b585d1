//! Explaining: what each rule says of one person, and how their account was found.

use std::sync::Arc;

use crate::model::account::Account;
use crate::model::entitlement::KnownPerson;
use crate::model::explanation::{Explanation, MatchExplained, PersonExplained, RuleExplained, RuleSays};
use crate::model::group::{GroupRef, NestingPath};
use crate::model::person::{ExternUid, Person};
use crate::model::snapshot::{GroupState, Snapshot};
use crate::model::stranger::Guest;
use crate::planning::accounts::accounts;
use crate::planning::input::PlanningInput;
use crate::planning::matching::{PersonMatch, match_people};
use crate::planning::rules::{Named, RuleReading, read};

/// Everything about whoever answers to `asked`: a username, an address, a distinguished name, an id or a number.
pub fn explain(input: &PlanningInput, asked: &str) -> Explanation {
    let rules = read(input);
    let accounts = accounts(input);
    let matches = match_people(input, &accounts, &rules);
    let mut explanation = Explanation::default();
    let mut wanted: Vec<u32> = accounts
        .iter()
        .zip(0..)
        .filter(|(account, _)| is_account(account, asked))
        .map(|(_, at)| at)
        .collect();
    for snapshot in &input.snapshots {
        let found = matches.in_source(&snapshot.source);
        for (person, at) in snapshot.people.iter().zip(0_u32..) {
            let result = found.get(at as usize).copied().flatten();
            let account = match result {
                Some(PersonMatch::Account { place, .. }) => Some(place),
                Some(PersonMatch::None { .. }) | None => None,
            };
            if is_person(person, asked) || account.is_some_and(|place| wanted.contains(&place)) {
                wanted.extend(account);
                explanation.people.push(person_explained(input, snapshot, at, &rules, result, &accounts));
            }
        }
    }
    wanted.sort_unstable();
    wanted.dedup();
    explanation.accounts = wanted.iter().map(|place| Arc::clone(&accounts[*place as usize])).collect();
    explanation
}

fn is_account(account: &Account, asked: &str) -> bool {
    let asked = asked.trim().to_lowercase();
    account.username().to_lowercase() == asked
        || account.id.to_string() == asked
        || account.emails().any(|email| email.to_lowercase() == asked)
}

fn is_person(person: &Person, asked: &str) -> bool {
    let lower = asked.trim().to_lowercase();
    let is = |text: &str| text.to_lowercase() == lower;
    is(person.id())
        || person.username().is_some_and(is)
        || person.name().is_some_and(is)
        || person.emails().any(is)
        || person.extern_uid() == Some(ExternUid::new(asked).as_str())
}

fn person_explained(
    input: &PlanningInput,
    snapshot: &Snapshot,
    place: u32,
    rules: &[RuleReading<'_>],
    result: Option<PersonMatch>,
    accounts: &[Arc<Account>],
) -> PersonExplained {
    let person = Arc::clone(&snapshot.people[place as usize]);
    let matched = match result {
        None => MatchExplained::NotSought,
        Some(PersonMatch::None { because }) => MatchExplained::None { because },
        Some(PersonMatch::Account { place, by }) => {
            MatchExplained::Account { username: accounts[place as usize].username().into(), by }
        }
    };
    PersonExplained {
        known: KnownPerson { source: snapshot.source.clone(), person },
        groups: input
            .snapshots
            .iter()
            .flat_map(|there| there.groups.iter().map(move |reading| (there, &reading.reference)))
            .filter_map(|(there, group)| way(there, group, snapshot, place))
            .collect(),
        matched,
        rules: rules
            .iter()
            .filter(|reading| {
                let there = input.snapshot(&reading.rule.source);
                reading.rule.source == snapshot.source
                    || there.is_some_and(|there| {
                        there.guests.iter().any(|guest| is_guest(guest, snapshot, place))
                    })
            })
            .map(|reading| RuleExplained {
                rule: reading.rule.name.clone(),
                add_on: reading.rule.add_on,
                says: says(input, snapshot, reading, place),
            })
            .collect(),
    }
}

fn says(input: &PlanningInput, snapshot: &Snapshot, reading: &RuleReading<'_>, place: u32) -> RuleSays {
    let rule = reading.rule;
    let find = |people: &[Named<'_>]| {
        people.iter().find(|named| named.is(snapshot, place)).map(|named| named.member.path.clone())
    };
    let there = input.snapshot(&rule.source);
    let is_in = |group: &GroupRef| there.and_then(|there| way(there, group, snapshot, place)).is_some();
    let in_any = |groups: &[GroupRef]| groups.iter().any(is_in);
    let unknown = || RuleSays::Unknown {
        because: reading.frozen.first().map_or_else(|| "it is frozen".to_owned(), |frozen| frozen.reason()),
    };
    if let Some(path) = find(&reading.people) {
        match rule.until.filter(|_| reading.ended) {
            Some(until) => RuleSays::Ended { until },
            None => RuleSays::Entitled { rank: rule.rank, path },
        }
    } else if find(&reading.doubtful).is_some() {
        unknown()
    } else if in_any(&rule.except_groups) {
        RuleSays::Excepted
    } else if in_any(&rule.groups) {
        RuleSays::ConditionFails
    } else if reading.frozen.is_empty() {
        RuleSays::NotInGroups
    } else {
        unknown()
    }
}

/// How a group of a source holds a person of a source, if it does.
fn way(source: &Snapshot, group: &GroupRef, home: &Snapshot, place: u32) -> Option<NestingPath> {
    let guest = source.guests_of(group).find(|guest| is_guest(guest, home, place)).map(|guest| &guest.member);
    let member = match source.group(group)? {
        GroupState::Found { members, .. } if source.source == home.source => {
            members.iter().find(|member| member.person == place)
        }
        GroupState::Found { .. }
        | GroupState::Missing
        | GroupState::Ambiguous { .. }
        | GroupState::Unread { .. } => None,
    };
    member.or(guest).map(|member| member.path.clone())
}

fn is_guest(guest: &Guest, home: &Snapshot, place: u32) -> bool {
    guest.home == home.source && guest.member.person == place
}
