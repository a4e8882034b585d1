//! Drift: seats that GitLab or somebody else changed since seatsync changed them last.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use crate::model::account::{Account, AccountId};
use crate::model::add_on::AddOn;
use crate::model::finding::{Finding, FindingCode, Level};
use crate::model::holding::{Change, SeatKey};
use crate::planning::input::PlanningInput;

/// How many are named; the others are counted.
const NAMED: usize = 5;

/// One finding for each add-on and direction. `accounts` are sorted by number. A seat whose change was in flight when a run was killed is none of it.
pub fn findings(input: &PlanningInput, accounts: &[Arc<Account>]) -> Vec<Finding> {
    let in_flight: HashSet<SeatKey> = input.memory.in_flight.iter().map(|(_, seat)| *seat).collect();
    let mut last: BTreeMap<SeatKey, Change> = BTreeMap::new();
    last.extend(input.memory.recent.iter().map(|past| (past.seat, past.change)));
    let mut findings = Vec::new();
    for reading in &input.seats.purchases {
        let add_on = reading.purchase.add_on;
        if !input.rules.iter().any(|rule| rule.add_on == add_on) {
            continue;
        }
        let holders: BTreeSet<AccountId> = reading.holders.iter().copied().collect();
        let settled = |seat: &&SeatKey| seat.add_on == add_on && !in_flight.contains(*seat);
        let taken =
            input.memory.holdings.keys().filter(settled).filter(|seat| !holders.contains(&seat.account));
        let given = last
            .iter()
            .filter(|(seat, change)| **change == Change::Revoke && !input.memory.holdings.contains_key(seat))
            .map(|(seat, _)| seat)
            .filter(settled)
            .filter(|seat| holders.contains(&seat.account));
        findings.extend(finding(add_on, FindingCode::SeatsTaken, &names(taken, accounts)));
        findings.extend(finding(add_on, FindingCode::SeatsGiven, &names(given, accounts)));
    }
    findings
}

fn names<'a>(seats: impl Iterator<Item = &'a SeatKey>, accounts: &[Arc<Account>]) -> Vec<String> {
    let name = |seat: &SeatKey| match accounts.binary_search_by_key(&seat.account, |account| account.id) {
        Ok(place) => accounts[place].username().to_string(),
        Err(_) => format!("account {}", seat.account),
    };
    seats.map(name).collect()
}

fn finding(add_on: AddOn, code: FindingCode, names: &[String]) -> Option<Finding> {
    let first = names.first()?;
    let who = match names.len() {
        1 => first.clone(),
        count if count <= NAMED => names.join(", "),
        count => format!("{} and {} more", names[..NAMED].join(", "), count - NAMED),
    };
    let (title, did) =
        (add_on.title(), if code == FindingCode::SeatsTaken { "took back" } else { "assigned again" });
    let whose = if code == FindingCode::SeatsTaken {
        "that are seatsync's own"
    } else {
        "that seatsync had taken back"
    };
    let message = format!("GitLab or somebody else {did} seats of {title} {whose}: {who}");
    Some(Finding { level: Level::Info, code, rule: None, message })
}
