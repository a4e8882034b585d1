//! Explaining: where somebody was seen, what each rule says of them, how their account was found, and what would have to
//! change for a seat.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::account::{Account, AccountId};
use crate::model::add_on::AddOn;
use crate::model::entitlement::KnownPerson;
use crate::model::explanation::{
    AccountExplained, Explanation, MatchExplained, PersonExplained, RuleExplained, SeatExplained,
    SourceExplained,
};
use crate::model::holding::SeatKey;
use crate::model::person::{ExternUid, Person, SourceName};
use crate::model::plan::Plan;
use crate::model::remedy::{Outlook, Subject};
use crate::model::snapshot::{Coverage, Snapshot, SourceKind};
use crate::planning::accounts::Accounts;
use crate::planning::hands::Hands;
use crate::planning::hearing::{concerns, says, way};
use crate::planning::input::PlanningInput;
use crate::planning::matching::{PersonMatch, match_people};
use crate::planning::remedies::outlook;
use crate::planning::rules::{RuleReading, read};

/// Everyone and every account that answers to `asked`: a username, an address, a distinguished name, an id or a number.
/// `plan` is asked what would be decided if things were otherwise.
pub fn explain(input: &PlanningInput, asked: &str, plan: &dyn Fn(&PlanningInput) -> Plan) -> Explanation {
    let rules = read(input);
    let accounts = Accounts::of(input);
    let matches = match_people(Hands::One, input, &accounts, &rules);
    let mut wanted: BTreeSet<u32> = accounts
        .iter()
        .zip(0..)
        .filter(|(account, _)| is_account(account, asked))
        .map(|(_, at)| at)
        .collect();
    let (mut sources, mut people, mut subjects) = (Vec::new(), Vec::new(), Vec::new());
    for snapshot in &input.snapshots {
        let found = matches.in_source(&snapshot.source);
        let before = people.len();
        for (person, at) in snapshot.people.iter().zip(0_u32..) {
            let result = found.get(at as usize).copied().flatten();
            let account = match result {
                Some(PersonMatch::Account { place, .. }) => Some(place),
                Some(PersonMatch::None { .. }) | None => None,
            };
            if person.answers_to(asked) || account.is_some_and(|place| wanted.contains(&place)) {
                wanted.extend(account);
                let explained = person_explained(input, snapshot, at, &rules, result, &accounts);
                subjects.push((account, explained.known.key()));
                people.push(explained);
            }
        }
        sources.push(SourceExplained {
            source: snapshot.source.clone(),
            kind: snapshot.kind,
            coverage: snapshot.coverage(),
            knows: people.len() > before,
        });
    }
    for (person, (account, key)) in people.iter_mut().zip(&subjects) {
        // Of somebody whom no rule speaks of, whoever answers to the same name in GitLab may be the account.
        let has_account =
            account.is_some() || (person.matched == MatchExplained::NotSought && !wanted.is_empty());
        if !has_account {
            let subject = Subject { account: None, people: vec![key.clone()] };
            let outlooks = add_ons(input).into_iter();
            person.outlooks =
                outlooks.map(|add_on| (add_on, outlook(input, plan, &subject, add_on))).collect();
        }
    }
    let explained = wanted.into_iter().map(|place| {
        let account = accounts.at(place);
        let own = subjects.iter().filter(|(owned, _)| *owned == Some(place));
        let subject =
            Subject { account: Some(account.id), people: own.map(|(_, key)| key.clone()).collect() };
        account_explained(input, account, &subject, plan)
    });
    let accounts = explained.collect();
    Explanation { sources, people, accounts }
}

/// Enters somebody whom no group that rules name holds among the people of a source.
pub fn acquaint(input: &mut PlanningInput, source: &SourceName, kind: SourceKind, person: Arc<Person>) {
    if input.snapshot(source).is_none() {
        let nothing_wanted = Snapshot::unread(source.clone(), kind, &[], "");
        input.snapshots.push(Snapshot { reading: Coverage::Complete, ..nothing_wanted });
    }
    let snapshots = input.snapshots.iter_mut();
    for snapshot in snapshots.filter(|snapshot| snapshot.source == *source) {
        if snapshot.people.iter().all(|known| known.id() != person.id()) {
            snapshot.people.push(Arc::clone(&person));
        }
    }
}

/// The add-ons that rules are about.
fn add_ons(input: &PlanningInput) -> BTreeSet<AddOn> {
    input.rules.iter().map(|rule| rule.add_on).collect()
}

fn account_explained(
    input: &PlanningInput,
    account: &Arc<Account>,
    subject: &Subject,
    plan: &dyn Fn(&PlanningInput) -> Plan,
) -> AccountExplained {
    let ruled = add_ons(input);
    let seats = AddOn::ALL.into_iter().filter_map(|add_on| {
        let holds = holds(input, add_on, account.id);
        let outlook = match (ruled.contains(&add_on), holds) {
            (true, _) => outlook(input, plan, subject, add_on),
            (false, true) => Outlook::Seated,
            (false, false) => return None,
        };
        let holding = input.memory.holdings.get(&SeatKey { add_on, account: account.id });
        Some(SeatExplained { add_on, holds, ours_since: holding.map(|holding| holding.since), outlook })
    });
    AccountExplained { account: Arc::clone(account), seats: seats.collect() }
}

fn holds(input: &PlanningInput, add_on: AddOn, account: AccountId) -> bool {
    let mut readings = input.seats.purchases.iter().filter(|reading| reading.purchase.add_on == add_on);
    readings.any(|reading| reading.holders.contains(&account))
}

fn is_account(account: &Account, asked: &str) -> bool {
    let lower = asked.trim().to_lowercase();
    let uid = ExternUid::new(asked);
    account.username().to_lowercase() == lower
        || account.id.to_string() == lower
        || account.emails().any(|email| email.to_lowercase() == lower)
        || account.identities().any(|(_, held)| held == uid.as_str())
}

fn person_explained(
    input: &PlanningInput,
    snapshot: &Snapshot,
    place: u32,
    rules: &[RuleReading<'_>],
    result: Option<PersonMatch>,
    accounts: &Accounts<'_>,
) -> PersonExplained {
    let person = Arc::clone(&snapshot.people[place as usize]);
    let matched = match result {
        None => MatchExplained::NotSought,
        Some(PersonMatch::None { because }) => MatchExplained::None { because },
        Some(PersonMatch::Account { place, by }) => {
            MatchExplained::Account { username: accounts.at(place).username().into(), by }
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
            .filter(|reading| concerns(input, reading, snapshot, place))
            .map(|reading| RuleExplained {
                rule: reading.rule.name.clone(),
                add_on: reading.rule.add_on,
                rank: reading.rule.rank,
                groups: reading.rule.groups.clone(),
                says: says(input, reading, snapshot, place),
                frozen: reading.frozen.first().filter(|_| !reading.ended).map(|frozen| frozen.reason()),
            })
            .collect(),
        outlooks: Vec::new(),
    }
}
