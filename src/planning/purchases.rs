//! Purchases over time: one that vanished, shrank or became another add-on is news about a purchase, not about people.

use crate::model::add_on::AddOn;
use crate::model::finding::{Finding, FindingCode, Level};
use crate::model::holding::{Memory, PastPurchase, SeatKey};
use crate::model::purchase::{Purchase, SeatReading};
use crate::planning::input::PlanningInput;

/// The memory as it stands after purchases have become other add-ons: GitLab keeps the id of a purchase that is turned
/// from Duo Pro into Duo Enterprise, and all its seats, so what was ours still is.
pub fn follow(mut memory: Memory, seats: &SeatReading) -> Memory {
    let moved: Vec<(AddOn, AddOn)> = memory
        .purchases
        .iter()
        .filter_map(|(from, past)| {
            let now = seats.purchases.iter().find(|reading| reading.purchase.id == past.id)?.purchase.add_on;
            (now != *from).then_some((*from, now))
        })
        .collect();
    if moved.is_empty() {
        return memory;
    }
    let called = |add_on: AddOn| moved.iter().find(|(from, _)| *from == add_on).map_or(add_on, |(_, to)| *to);
    let seat = |seat: SeatKey| SeatKey { add_on: called(seat.add_on), ..seat };
    memory.holdings = memory.holdings.into_iter().map(|(key, holding)| (seat(key), holding)).collect();
    memory.grace = memory.grace.into_iter().map(|(key, since)| (seat(key), since)).collect();
    memory.reclaimed = memory.reclaimed.into_iter().map(|(key, at)| (seat(key), at)).collect();
    memory.moved = moved;
    memory
}

/// What became of the purchases that an earlier run saw.
pub fn findings(input: &PlanningInput) -> Vec<Finding> {
    let shown = |add_on: AddOn| {
        input.seats.purchases.iter().map(|reading| &reading.purchase).find(|shown| shown.add_on == add_on)
    };
    let is_moved = |add_on: AddOn| input.memory.moved.iter().find(|(from, _)| *from == add_on);
    let message = |add_on: AddOn, past: &PastPurchase| match (is_moved(add_on), shown(add_on)) {
        (Some((_, to)), _) => Some(format!(
            "the purchase of {} has become one of {}: it is the same purchase, and the seats that seatsync had assigned stay its own; do the rules name {} already?",
            add_on.title(),
            to.title(),
            to.key()
        )),
        (None, None) => Some(format!(
            "{} seats of {} were purchased when seatsync last saw them, at {}, and now GitLab shows no active purchase",
            past.purchased,
            add_on.title(),
            past.seen_at
        )),
        (None, Some(now)) => shrunk(add_on, past, now),
    };
    let is_named = |add_on: AddOn| input.rules.iter().any(|rule| rule.add_on == add_on);
    input
        .memory
        .purchases
        .iter()
        .filter(|(add_on, _)| is_named(**add_on) || is_moved(**add_on).is_some())
        .filter_map(|(add_on, past)| message(*add_on, past))
        .map(|message| Finding {
            level: Level::Warning,
            code: FindingCode::PurchaseChanged,
            rule: None,
            message,
        })
        .collect()
}

fn shrunk(add_on: AddOn, past: &PastPurchase, now: &Purchase) -> Option<String> {
    (now.purchased < past.purchased).then(|| {
        format!(
            "{} seats of {} are purchased, {} fewer than the {} of {}",
            now.purchased,
            add_on.title(),
            past.purchased - now.purchased,
            past.purchased,
            past.seen_at
        )
    })
}
