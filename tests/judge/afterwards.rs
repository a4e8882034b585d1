//! What GitLab and the state are once a plan was applied, and the same world told in another order.

use std::sync::Arc;

use seatsync::model::decision::{Decision, Verdict};
use seatsync::model::entitlement::KnownPerson;
use seatsync::model::group::Member;
use seatsync::model::holding::{Change, Holding, Origin, PastChange, SeatKey};
use seatsync::model::plan::Plan;
use seatsync::model::snapshot::GroupState;
use seatsync::planning::input::PlanningInput;

/// Carries out all of a plan, as GitLab and the journal would.
pub(crate) fn applied(input: PlanningInput, plan: &Plan) -> PlanningInput {
    let mut after = input;
    remember(&mut after, plan);
    for decision in &plan.decisions {
        let seat = SeatKey { add_on: decision.add_on, account: decision.account.id };
        let Some(change) = decision.verdict.change() else { continue };
        let reading = after.seats.purchases.iter_mut().find(|reading| reading.purchase.add_on == seat.add_on);
        let reading = reading.expect("seats change only where there is a purchase");
        match change {
            Change::Assign => {
                reading.holders.push(seat.account);
                reading.holders.sort_unstable();
                reading.purchase.assigned += 1;
                if after.seats.holders.iter().all(|holder| holder.id != seat.account) {
                    after.seats.holders.push(Arc::clone(&decision.account));
                }
                let person = decision.person.as_ref().map(KnownPerson::key);
                let holding = Holding { origin: Origin::Assigned, since: after.now, person };
                after.memory.holdings.insert(seat, holding);
            }
            Change::Revoke => {
                reading.holders.retain(|holder| *holder != seat.account);
                reading.purchase.assigned -= 1;
                after.memory.holdings.remove(&seat);
                after.memory.grace.remove(&seat);
            }
        }
        after.memory.recent.push(PastChange { seat, change, at: after.now });
    }
    after
}

fn remember(after: &mut PlanningInput, plan: &Plan) {
    let books = plan.bookkeeping.clone();
    let memory = &mut after.memory;
    for (seat, person) in books.adopt {
        memory.holdings.insert(seat, Holding { origin: Origin::Adopted, since: after.now, person });
    }
    for (seat, person) in books.persons {
        memory.holdings.get_mut(&seat).expect("a seat of ours").person = Some(person);
    }
    for seat in books.forget {
        memory.holdings.remove(&seat);
    }
    memory.grace.extend(books.grace_started.into_iter().map(|seat| (seat, after.now)));
    for seat in books.grace_cancelled {
        memory.grace.remove(&seat);
    }
    memory.reclaimed.extend(books.reclaimed.into_iter().map(|seat| (seat, after.now)));
    for seat in books.reclaimed_cancelled {
        memory.reclaimed.remove(&seat);
    }
    memory.sizes.extend(books.sizes);
    memory.last_run_at = Some(memory.last_run_at.map_or(after.now, |last| last.max(after.now)));
}

/// The same world, every list of it in another order.
pub(crate) fn told_differently(input: PlanningInput, order: u64) -> PlanningInput {
    let mut other = input;
    let mut chance = Chance(order);
    chance.shuffle(&mut other.rules);
    for rule in &mut other.rules {
        chance.shuffle(&mut rule.groups);
        chance.shuffle(&mut rule.except_groups);
    }
    chance.shuffle(&mut other.snapshots);
    chance.shuffle(&mut other.accounts);
    chance.shuffle(&mut other.seats.holders);
    chance.shuffle(&mut other.seats.purchases);
    for snapshot in &mut other.snapshots {
        chance.shuffle(&mut snapshot.groups);
        let mut places: Vec<usize> = (0..snapshot.people.len()).collect();
        chance.shuffle(&mut places);
        snapshot.people = places.iter().map(|old| Arc::clone(&snapshot.people[*old])).collect();
        for reading in &mut snapshot.groups {
            let GroupState::Found { members, .. } = &mut reading.state else { continue };
            for Member { person, .. } in members.iter_mut() {
                let place = places.iter().position(|old| *old == *person as usize).unwrap();
                *person = u32::try_from(place).unwrap();
            }
            chance.shuffle(members);
        }
    }
    other
}

/// Everything of a plan that readers see and that is remembered, as text.
pub(crate) fn as_told(plan: &Plan) -> String {
    let mut told = format!("{}\n", plan.digest().as_str());
    for decision in &plan.decisions {
        let Decision { add_on, account, verdict, person, matched_by, grounds, managed } = decision;
        let person = person.as_ref().map(|known| (&known.source, known.person.id()));
        told += &format!(
            "{add_on} {} {verdict:?} {person:?} {matched_by:?} {grounds:?} {managed}\n",
            account.username()
        );
    }
    for unmatched in &plan.unmatched {
        let KnownPerson { source, person } = &unmatched.person;
        told += &format!("unmatched {source} {} {:?} {}\n", person.id(), unmatched.because, unmatched.rule);
    }
    let Plan { add_ons, findings, refusals, frozen, sources, bookkeeping, .. } = plan;
    told + &format!("{add_ons:?}\n{findings:?}\n{refusals:?}\n{frozen:?}\n{sources:?}\n{bookkeeping:?}\n")
}

/// Whether a verdict alters nothing in GitLab.
pub(crate) fn changes_nothing(plan: &Plan) -> bool {
    !plan
        .decisions
        .iter()
        .any(|decision| matches!(decision.verdict, Verdict::Assign { .. } | Verdict::Revoke { .. }))
}

/// A small generator of orders (SplitMix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = usize::try_from(self.next() % (last as u64 + 1)).unwrap();
            items.swap(last, other);
        }
    }
}
