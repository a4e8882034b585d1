//! Who is entitled to what, worked out the slow way: every person against every account and every rule.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::tz::TimeZone;
use seatsync::model::account::{Account, AccountId, MatchBy, Standing};
use seatsync::model::add_on::AddOn;
use seatsync::model::group::GroupRef;
use seatsync::model::person::{Person, PersonId, PersonKey, SourceName};
use seatsync::model::purchase::PurchaseReading;
use seatsync::model::rule::{Rule, RuleName};
use seatsync::model::snapshot::{Coverage, GroupState, Snapshot};
use seatsync::planning::input::PlanningInput;

/// What the rules of one add-on come to.
#[derive(Debug, Default)]
pub(crate) struct Entitled {
    /// The rules that entitle each account, and the first of the people it belongs to.
    pub(crate) certain: BTreeMap<AccountId, (Vec<RuleName>, (SourceName, PersonId))>,
    pub(crate) doubtful: BTreeSet<AccountId>,
    pub(crate) lapsed: BTreeSet<AccountId>,
    pub(crate) frozen: bool,
    /// Entitled people without an account, and whether they are ambiguous.
    pub(crate) unmatched: BTreeMap<(SourceName, PersonId), bool>,
}

/// Every account that was seen; holders are known by name, standing and activity at least.
pub(crate) fn accounts(input: &PlanningInput) -> BTreeMap<AccountId, Arc<Account>> {
    let holders = input.seats.holders.iter();
    holders.chain(&input.accounts).map(|account| (account.id, Arc::clone(account))).collect()
}

/// Whether a rule's last day has passed.
pub(crate) fn ended(input: &PlanningInput, rule: &Rule) -> bool {
    let midnight_after = |date: jiff::civil::Date| date.tomorrow().unwrap().to_zoned(TimeZone::UTC).unwrap();
    rule.until.is_some_and(|until| input.now >= midnight_after(until).timestamp())
}

/// Works out one add-on; the accounts returned beside it are those of which it cannot be said whose they are.
pub(crate) fn entitled(input: &PlanningInput, add_on: AddOn) -> Entitled {
    let mut result = Entitled { frozen: clock_is_wrong(input), ..Entitled::default() };
    for rule in input.rules.iter().filter(|rule| rule.add_on == add_on) {
        let snapshot = input.snapshots.iter().find(|snapshot| snapshot.source == rule.source).unwrap();
        let owners = owners(input, snapshot);
        result.frozen |= !ended(input, rule) && frozen(input, snapshot, rule);
        for (place, person) in snapshot.people.iter().enumerate() {
            let answer = entitles(snapshot, rule, place, person);
            let key = (snapshot.source.clone(), PersonId::new(person.id()));
            match (&owners.of[place], answer) {
                (_, Answer::No) => {}
                (Owner::Account(id), Answer::Yes) if ended(input, rule) => {
                    result.lapsed.insert(*id);
                }
                (Owner::Account(id), Answer::Yes) => {
                    let entry = result.certain.entry(*id).or_insert_with(|| (Vec::new(), key.clone()));
                    entry.0.push(rule.name.clone());
                    entry.1 = entry.1.clone().min(key);
                }
                (Owner::Account(id), Answer::Unknown) if !ended(input, rule) => {
                    result.doubtful.insert(*id);
                }
                (Owner::Nobody { ambiguous }, Answer::Yes) if !ended(input, rule) => {
                    result.unmatched.insert(key, *ambiguous);
                }
                (Owner::Account(_) | Owner::Nobody { .. }, Answer::Yes | Answer::Unknown) => {}
            }
        }
    }
    result
}

/// Accounts that somebody of whom a rule speaks may own.
pub(crate) fn uncertain_accounts(input: &PlanningInput) -> BTreeSet<AccountId> {
    input.snapshots.iter().flat_map(|snapshot| owners(input, snapshot).uncertain).collect()
}

pub(crate) fn clock_is_wrong(input: &PlanningInput) -> bool {
    input.memory.last_run_at.is_some_and(|last| last > input.now)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Yes,
    No,
    Unknown,
}

fn state<'a>(snapshot: &'a Snapshot, group: &GroupRef) -> &'a GroupState {
    &snapshot.groups.iter().find(|reading| reading.reference == *group).unwrap().state
}

fn holds_member(state: &GroupState, place: usize) -> bool {
    matches!(state, GroupState::Found { members, .. } if members.iter().any(|member| member.person as usize == place))
}

fn whole(state: &GroupState) -> bool {
    matches!(state, GroupState::Found { coverage: Coverage::Complete, .. })
}

fn entitles(snapshot: &Snapshot, rule: &Rule, place: usize, person: &Person) -> Answer {
    let member = rule.groups.iter().any(|group| holds_member(state(snapshot, group), place));
    let excepted = rule.except_groups.iter().any(|group| holds_member(state(snapshot, group), place));
    if !member || excepted {
        return Answer::No;
    }
    match condition(snapshot, rule, person) {
        Answer::Yes if !rule.except_groups.iter().all(|group| whole(state(snapshot, group))) => {
            Answer::Unknown
        }
        answer @ (Answer::Yes | Answer::No | Answer::Unknown) => answer,
    }
}

/// The three conditions that are ever drawn, in Rust.
fn condition(snapshot: &Snapshot, rule: &Rule, person: &Person) -> Answer {
    let Some(text) = rule.condition.as_deref() else { return Answer::Yes };
    let departments = |person: &Person| {
        person.attributes().first().map(|attribute| attribute.values.clone()).unwrap_or_default()
    };
    if text.contains("title") || !snapshot.people.iter().any(|person| !departments(person).is_empty()) {
        return Answer::Unknown;
    }
    let wanted = if text.contains("all") { 1 } else { 0 };
    match departments(person).get(wanted) {
        Some(department) if &**department == "R&D" => Answer::Yes,
        Some(_) => Answer::No,
        None if wanted == 0 => Answer::No,
        None => Answer::Unknown,
    }
}

fn frozen(input: &PlanningInput, snapshot: &Snapshot, rule: &Rule) -> bool {
    let unread = snapshot.reading != Coverage::Complete;
    let readable = |groups: &[GroupRef]| groups.iter().all(|group| whole(state(snapshot, group)));
    let members = (0..snapshot.people.len())
        .filter(|place| rule.groups.iter().any(|group| holds_member(state(snapshot, group), *place)))
        .count();
    let unknown = snapshot.people.iter().enumerate().any(|(place, person)| {
        let excepted = rule.except_groups.iter().any(|group| holds_member(state(snapshot, group), place));
        let member = rule.groups.iter().any(|group| holds_member(state(snapshot, group), place));
        member && !excepted && condition(snapshot, rule, person) == Answer::Unknown
    });
    unread
        || !readable(&rule.groups)
        || !readable(&rule.except_groups)
        || members < input.policy.limits.min_group_members as usize
        || unknown
}

enum Owner {
    Account(AccountId),
    Nobody { ambiguous: bool },
}

struct Owners {
    of: Vec<Owner>,
    uncertain: BTreeSet<AccountId>,
}

/// Whose account is whose, for one source. People of whom no rule speaks are no rivals.
fn owners(input: &PlanningInput, snapshot: &Snapshot) -> Owners {
    let accounts = accounts(input);
    let mut uncertain = BTreeSet::new();
    let mut found: Vec<Option<(AccountId, MatchBy)>> = Vec::new();
    let mut ambiguous = vec![false; snapshot.people.len()];
    for (place, person) in snapshot.people.iter().enumerate() {
        let spoken_of = input
            .rules
            .iter()
            .filter(|rule| rule.source == snapshot.source)
            .any(|rule| entitles(snapshot, rule, place, person) != Answer::No);
        let (step, candidates) = first_step(input, snapshot, &accounts, place, person);
        let sole = match (candidates.len(), &step) {
            (1, Some((by, false))) => {
                let sole = *candidates.first().unwrap();
                let known = remembered(input, &accounts, snapshot, person);
                let moved = *by != MatchBy::Identity && !known.is_empty() && !known.contains(&sole);
                ambiguous[place] |= moved;
                if moved && spoken_of {
                    uncertain.extend(known.into_iter().chain([sole]));
                }
                Some((sole, *by)).filter(|_| !moved)
            }
            (0, _) => match remembered(input, &accounts, snapshot, person) {
                several if several.len() > 1 => {
                    ambiguous[place] = true;
                    if spoken_of {
                        uncertain.extend(several);
                    }
                    None
                }
                one => one.first().map(|id| (*id, MatchBy::Remembered)),
            },
            _ => {
                ambiguous[place] = true;
                if spoken_of {
                    uncertain.extend(candidates);
                }
                None
            }
        };
        found.push(sole.filter(|_| spoken_of));
    }
    for id in accounts.keys() {
        let rivals: Vec<(usize, MatchBy)> = found
            .iter()
            .enumerate()
            .filter_map(|(place, owner)| owner.filter(|(owned, _)| owned == id).map(|(_, by)| (place, by)))
            .collect();
        if rivals.len() < 2 {
            continue;
        }
        let best = [MatchBy::Identity, MatchBy::Remembered]
            .into_iter()
            .map(|by| rivals.iter().filter(|rival| rival.1 == by).collect::<Vec<_>>())
            .find(|those| !those.is_empty())
            .unwrap_or_default();
        let winner = if let [one] = best.as_slice() { Some(one.0) } else { None };
        if winner.is_none() {
            uncertain.insert(*id);
        }
        for (place, _) in rivals.iter().filter(|(place, _)| Some(*place) != winner) {
            found[*place] = None;
            ambiguous[*place] = true;
        }
    }
    let of = found
        .into_iter()
        .zip(ambiguous)
        .map(|(owner, ambiguous)| owner.map_or(Owner::Nobody { ambiguous }, |(id, _)| Owner::Account(id)))
        .collect();
    Owners { of, uncertain }
}

/// The accounts that the first step with an answer names, and whether another person answers to the same key.
fn first_step(
    input: &PlanningInput,
    snapshot: &Snapshot,
    accounts: &BTreeMap<AccountId, Arc<Account>>,
    place: usize,
    person: &Person,
) -> (Option<(MatchBy, bool)>, BTreeSet<AccountId>) {
    let how = &input.policy.matching[&snapshot.source];
    let same = |a: &str, b: &str| a.replace(", ", ",").eq_ignore_ascii_case(&b.replace(", ", ","));
    for step in &how.match_by {
        let keys = |person: &Person| -> Vec<String> {
            match step {
                MatchBy::Identity => person.identity().iter().map(ToString::to_string).collect(),
                MatchBy::Email => person.emails().map(str::to_owned).collect(),
                MatchBy::Username => person.username().iter().map(ToString::to_string).collect(),
                MatchBy::Remembered => Vec::new(),
            }
        };
        let of_account = |account: &Account| -> Vec<String> {
            match step {
                MatchBy::Identity => account
                    .identities()
                    .filter(|(provider, _)| how.identity_provider.as_deref() == Some(provider))
                    .map(|(_, uid)| uid.to_owned())
                    .collect(),
                MatchBy::Email => account.emails().map(str::to_owned).collect(),
                MatchBy::Username => vec![account.username().to_owned()],
                MatchBy::Remembered => Vec::new(),
            }
        };
        let mine = keys(person);
        let meets = |theirs: Vec<String>| theirs.iter().any(|key| mine.iter().any(|own| same(own, key)));
        let candidates: BTreeSet<AccountId> = accounts
            .values()
            .filter(|account| meets(of_account(account)))
            .map(|account| account.id)
            .collect();
        if !candidates.is_empty() {
            // A key that names no account matters to nobody.
            let naming: Vec<&String> = mine
                .iter()
                .filter(|key| {
                    accounts.values().any(|account| of_account(account).iter().any(|own| same(own, key)))
                })
                .collect();
            let others = snapshot.people.iter().enumerate().filter(|(other, _)| *other != place);
            let shared = others
                .flat_map(|(_, other)| keys(other))
                .any(|theirs| naming.iter().any(|key| same(key, &theirs)));
            return (Some((*step, shared)), candidates);
        }
    }
    (None, BTreeSet::new())
}

fn remembered(
    input: &PlanningInput,
    accounts: &BTreeMap<AccountId, Arc<Account>>,
    snapshot: &Snapshot,
    person: &Person,
) -> BTreeSet<AccountId> {
    let key = PersonKey { source: snapshot.source.clone(), id: PersonId::new(person.id()) };
    input
        .memory
        .holdings
        .iter()
        .filter(|(_, holding)| holding.person.as_ref() == Some(&key))
        .filter(|(seat, _)| {
            let lost = |reading: &PurchaseReading| {
                reading.purchase.add_on == seat.add_on && !reading.holders.contains(&seat.account)
            };
            !input.seats.purchases.iter().any(lost)
        })
        .map(|(seat, _)| seat.account)
        .filter(|account| accounts.get(account).is_some_and(|account| eligible(account)))
        .collect()
}

/// Whether GitLab would give the account a seat.
pub(crate) fn eligible(account: &Account) -> bool {
    account.standing == Standing::Eligible
}
