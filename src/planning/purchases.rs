//! Purchases over time: one that vanished, shrank, was replaced or became another add-on is news about a purchase, not
//! about people; and memory of the seats of one GitLab says nothing about another.

use crate::model::add_on::AddOn;
use crate::model::finding::{Finding, FindingCode, Level};
use crate::model::holding::{Memory, PastPurchase, SeatKey};
use crate::model::purchase::{Instance, Purchase, SeatReading, home};
use crate::planning::input::PlanningInput;

/// What is remembered of the accounts of one GitLab would take seats from strangers in another, who bear the same numbers.
#[derive(Debug, thiserror::Error)]
#[error("the state is about the GitLab at `{known}`, and the configuration names `{named}`")]
pub struct OtherGitLab {
    pub known: String,
    pub named: String,
}

impl OtherGitLab {
    /// The next step.
    pub fn hint(&self) -> String {
        format!(
            "give each GitLab a state of its own: `[state] url`; if it is the same GitLab under a new address, say so until \
             the next apply: `formerly = \"{}\"` under `[gitlab]`",
            self.known
        )
    }
}

/// Whether this memory is about this GitLab, which may have had another address.
pub fn recognise(memory: &Memory, instance: &Instance, formerly: Option<&str>) -> Result<(), OtherGitLab> {
    let named = instance.home();
    match &memory.home {
        Some(known) if *known != named && formerly.map(home).as_ref() != Some(known) => {
            Err(OtherGitLab { known: known.clone(), named })
        }
        Some(_) | None => Ok(()),
    }
}

/// The memory as it stands after purchases have changed. GitLab keeps the id of a purchase that is turned from Duo Pro into
/// Duo Enterprise, and all its seats, so what was ours still is. Of another purchase of the same add-on none is ours:
/// whoever holds one got it from somebody else.
pub fn follow(mut memory: Memory, seats: &SeatReading) -> Memory {
    let active = |add_on: AddOn| {
        seats.purchases.iter().map(|reading| &reading.purchase).find(|purchase| purchase.add_on == add_on)
    };
    let lives_on = |past: &PastPurchase| seats.purchases.iter().any(|now| now.purchase.id == past.id);
    let is_replaced =
        |(add_on, past): &(&AddOn, &PastPurchase)| active(**add_on).is_some() && !lives_on(past);
    memory.replaced = memory.purchases.iter().filter(is_replaced).map(|(add_on, _)| *add_on).collect();
    let replaced = &memory.replaced;
    memory.holdings.retain(|seat, _| !replaced.contains(&seat.add_on));
    memory.grace.retain(|seat, _| !replaced.contains(&seat.add_on));
    memory.reclaimed.retain(|seat, _| !replaced.contains(&seat.add_on));
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
        (None, Some(now)) if input.memory.replaced.contains(&add_on) => Some(format!(
            "the purchase of {} is another than at {}: `{}` instead of `{}`; none of its seats is seatsync's own until it assigns or adopts it",
            add_on.title(),
            past.seen_at,
            now.id,
            past.id
        )),
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
