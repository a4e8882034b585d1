//! Which of the approved changes may be carried out when the plan has moved, and why the others may not.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::decision::{RevokeReason, Verdict};
use crate::model::holding::{Change, SeatKey};
use crate::model::outcome::{Lapsed, LapsedReason};
use crate::model::plan::{AddOnSummary, Plan};

/// What is left of an approval.
#[derive(Debug)]
pub struct InPart {
    pub changes: BTreeSet<(Change, SeatKey)>,
    /// Sorted as the changes.
    pub lapsed: Vec<Lapsed>,
}

/// Takes the approved changes that the plan still wants, less those that were `done` under this approval before.
pub fn still_true(
    plan: &Plan,
    approved: &BTreeSet<(Change, SeatKey)>,
    done: &BTreeMap<(Change, SeatKey), i64>,
    usernames: &BTreeMap<SeatKey, Box<str>>,
) -> InPart {
    let planned: BTreeSet<(Change, SeatKey)> = plan.changes().into_iter().collect();
    let mut changes: BTreeSet<_> = planned.intersection(approved).copied().collect();
    changes.retain(|change| !done.contains_key(change));
    let fell_away = within_supply(plan, &mut changes);
    let lapsed = approved.difference(&changes).map(|&(change, seat)| {
        let before = done.get(&(change, seat)).map(|run| LapsedReason::DoneBefore { run: *run });
        let because = before
            .or_else(|| fell_away.get(&(change, seat)).copied())
            .unwrap_or_else(|| moved(plan, change, seat));
        Lapsed { change, seat, username: usernames.get(&seat).cloned(), because }
    });
    InPart { lapsed: lapsed.collect(), changes }
}

/// Why a plan no longer wants a change.
fn moved(plan: &Plan, change: Change, seat: SeatKey) -> LapsedReason {
    match (plan.decision(&seat).map(|decision| &decision.verdict), change) {
        (Some(Verdict::Keep { .. }), Change::Assign) => LapsedReason::AlreadySo,
        (Some(Verdict::Wait { .. }), Change::Revoke) => LapsedReason::AlreadySo,
        (Some(_), _) => LapsedReason::DecidedOtherwise,
        // Whoever holds a seat of an add-on that rules name is decided about.
        (None, Change::Revoke) if plan.add_ons.iter().any(|one| one.add_on == seat.add_on) => {
            LapsedReason::AlreadySo
        }
        (None, _) => LapsedReason::NotEntitled,
    }
}

/// Leaves out assignments whose seats were to come from revocations that were not approved, worst rank first, and moves
/// between tiers of which only half was approved; until nothing more falls away. Returns what fell away.
fn within_supply(
    plan: &Plan,
    changes: &mut BTreeSet<(Change, SeatKey)>,
) -> BTreeMap<(Change, SeatKey), LapsedReason> {
    let mut fell_away = BTreeMap::new();
    loop {
        let mut beyond: Vec<_> =
            half_moves(plan, changes).into_iter().map(|half| (half, LapsedReason::HalfAMove)).collect();
        for summary in &plan.add_ons {
            let waiting = beyond_supply(plan, summary, changes).into_iter();
            beyond.extend(waiting.map(|change| (change, LapsedReason::NoSeat)));
        }
        if beyond.is_empty() {
            return fell_away;
        }
        for (change, because) in beyond {
            changes.remove(&change);
            fell_away.entry(change).or_insert(because);
        }
    }
}

/// Whoever moves to another tier gives up one seat and gains one: never only one of both.
fn half_moves(plan: &Plan, changes: &BTreeSet<(Change, SeatKey)>) -> Vec<(Change, SeatKey)> {
    let planned: BTreeSet<(Change, SeatKey)> = plan.changes().into_iter().collect();
    let mut halves = Vec::new();
    for decision in &plan.decisions {
        if let Verdict::Revoke { because: RevokeReason::Superseded { by } } = &decision.verdict {
            let account = decision.account.id;
            let leave = (Change::Revoke, SeatKey { add_on: decision.add_on, account });
            let arrive = (Change::Assign, SeatKey { add_on: *by, account });
            if planned.contains(&arrive) && changes.contains(&leave) != changes.contains(&arrive) {
                halves.extend([leave, arrive].into_iter().filter(|half| changes.contains(half)));
            }
        }
    }
    halves
}

fn beyond_supply(
    plan: &Plan,
    summary: &AddOnSummary,
    changes: &BTreeSet<(Change, SeatKey)>,
) -> Vec<(Change, SeatKey)> {
    let revoked = changes
        .iter()
        .filter(|(change, seat)| *change == Change::Revoke && seat.add_on == summary.add_on)
        .count();
    let held = summary.held_before.saturating_sub(u32::try_from(revoked).unwrap_or(u32::MAX));
    let purchased = summary.purchase.as_ref().map_or(0, |purchase| purchase.purchased);
    let free = purchased.saturating_sub(summary.reserve).saturating_sub(held) as usize;
    plan.decisions
        .iter()
        .filter(|decision| decision.add_on == summary.add_on)
        .filter(|decision| matches!(decision.verdict, Verdict::Assign { .. }))
        .map(|decision| (Change::Assign, SeatKey { add_on: decision.add_on, account: decision.account.id }))
        .filter(|change| changes.contains(change))
        .skip(free)
        .collect()
}
