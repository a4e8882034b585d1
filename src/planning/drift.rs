//! Drift: seats that GitLab or somebody else changed since seatsync changed them last.

use std::collections::{BTreeMap, HashSet};

use crate::model::add_on::AddOn;
use crate::model::finding::{Finding, FindingCode, Level};
use crate::model::holding::{Change, SeatKey};
use crate::planning::accounts::Accounts;
use crate::planning::dossiers::{not_held, of_add_on};
use crate::planning::input::PlanningInput;

/// How many are named; the others are counted.
const NAMED: usize = 5;

/// One finding for each add-on and direction. A seat whose change was in flight when a run was killed is none of it.
pub fn findings(input: &PlanningInput, accounts: &Accounts<'_>) -> Vec<Finding> {
    let in_flight: HashSet<SeatKey> = input.memory.in_flight.iter().map(|(_, seat)| *seat).collect();
    let mut last: BTreeMap<SeatKey, Change> = BTreeMap::new();
    last.extend(input.memory.recent.iter().map(|past| (past.seat, past.change)));
    let mut findings = Vec::new();
    for reading in &input.seats.purchases {
        let add_on = reading.purchase.add_on;
        if !input.rules.iter().any(|rule| rule.add_on == add_on) {
            continue;
        }
        let holds = |seat: &SeatKey| reading.holders.binary_search(&seat.account).is_ok();
        let settled = |seat: &&SeatKey| !in_flight.contains(*seat);
        let taken = of_add_on(&input.memory.holdings, add_on).map(|(seat, _)| seat);
        let taken = not_held(taken, &reading.holders).filter(settled);
        let given = of_add_on(&last, add_on)
            .filter(|(seat, change)| **change == Change::Revoke && !input.memory.holdings.contains_key(seat))
            .map(|(seat, _)| seat)
            .filter(settled)
            .filter(|seat| holds(seat));
        findings.extend(finding(add_on, FindingCode::SeatsTaken, &names(taken, accounts)));
        findings.extend(finding(add_on, FindingCode::SeatsGiven, &names(given, accounts)));
    }
    findings
}

fn names<'a>(seats: impl Iterator<Item = &'a SeatKey>, accounts: &Accounts<'_>) -> Vec<String> {
    let name = |seat: &SeatKey| match accounts.place(seat.account) {
        Some(place) => accounts.at(place).username().to_owned(),
        None => format!("account {}", seat.account),
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
