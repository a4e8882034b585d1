//! Undoing: the plan that reverses what one run did, as far as that still stands and there are seats for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::account::{Account, AccountId, Standing};
use crate::model::add_on::AddOn;
use crate::model::decision::{
    AssignReason, Decision, KeepReason, LeaveReason, RevokeReason, Verdict, WaitReason,
};
use crate::model::finding::{Finding, FindingCode, Level};
use crate::model::holding::{Change, SeatKey};
use crate::model::plan::{Bookkeeping, Plan, Purpose};
use crate::model::policy::RevokePolicy;
use crate::model::purchase::PurchaseReading;
use crate::model::seat_pool::SeatPool;
use crate::planning::accounts::Accounts;
use crate::planning::guard;
use crate::planning::input::PlanningInput;

/// Turns today's plan into the reverse of a run: only the accounts that the run changed are decided about. `done` is what
/// GitLab carried out for it. A person asks for this, so neither grace nor minimum tenure stands against it; protection,
/// foreign seats, frozen add-ons and the number of seats do.
pub fn undo(today: Plan, input: &PlanningInput, run: i64, done: &BTreeSet<(Change, SeatKey)>) -> Plan {
    let accounts = Accounts::of(input);
    let reversal = Reversal { today: &today, input, run, accounts: &accounts };
    let mut stuck = BTreeSet::new();
    let decisions = loop {
        let decisions = reversal.decide(done, &stuck);
        let more = half_moved(&decisions);
        if more.is_subset(&stuck) {
            break decisions;
        }
        stuck.extend(more);
    };
    let mut findings: Vec<Finding> =
        [redone(&today, &decisions, run), incomplete(done, &decisions, run)].into_iter().flatten().collect();
    findings.extend(today.findings.iter().cloned());
    findings.sort();
    let mut plan = Plan {
        purpose: Purpose::Undo { run },
        decisions,
        findings,
        unmatched: Vec::new(),
        refusals: Vec::new(),
        bookkeeping: Bookkeeping::default(),
        ..today
    };
    for summary in &mut plan.add_ons {
        let changes = plan.decisions.iter().filter(|decision| decision.add_on == summary.add_on);
        summary.held_after = changes.fold(summary.held_before, |held, one| match one.verdict.change() {
            Some(Change::Assign) => held + 1,
            Some(Change::Revoke) => held.saturating_sub(1),
            None => held,
        });
    }
    plan.refusals = guard::refusals(&plan, input);
    plan
}

struct Reversal<'a> {
    today: &'a Plan,
    input: &'a PlanningInput,
    run: i64,
    accounts: &'a Accounts<'a>,
}

impl Reversal<'_> {
    /// Seats are freed before they are handed out; `stuck` accounts keep what they have.
    fn decide(&self, done: &BTreeSet<(Change, SeatKey)>, stuck: &BTreeSet<AccountId>) -> Vec<Decision> {
        let mut decisions = Vec::new();
        let mut freed: BTreeMap<AddOn, u32> = BTreeMap::new();
        for (_, seat) in done.iter().filter(|(change, _)| *change == Change::Assign) {
            let Some((account, reading)) = self.known(seat) else { continue };
            if !holds(reading, account.id) {
                continue;
            }
            let verdict = self.taken_back(seat, account, stuck);
            if verdict.change().is_some() {
                *freed.entry(seat.add_on).or_default() += 1;
            }
            decisions.push(self.decision(seat, account, verdict));
        }
        let leaving: BTreeSet<SeatKey> = changed(&decisions, Change::Revoke).collect();
        let mut pools: BTreeMap<AddOn, (SeatPool, u32)> = BTreeMap::new();
        for (_, seat) in done.iter().filter(|(change, _)| *change == Change::Revoke) {
            let Some((account, reading)) = self.known(seat) else { continue };
            if holds(reading, account.id) {
                continue;
            }
            let (pool, line) = pools.entry(seat.add_on).or_insert_with(|| {
                let freed = freed.get(&seat.add_on).copied().unwrap_or(0);
                (self.pool(reading, freed), 0)
            });
            let verdict = self.given_back(seat, account, pool, line, &leaving);
            decisions.push(self.decision(seat, account, verdict));
        }
        decisions.sort_by(|a, b| a.order().cmp(&b.order()));
        decisions
    }

    /// An account that GitLab still has, and a purchase of an add-on that rules still name.
    fn known(&self, seat: &SeatKey) -> Option<(&Arc<Account>, &PurchaseReading)> {
        let account = self.accounts.at(self.accounts.place(seat.account)?);
        self.today.add_ons.iter().find(|summary| summary.add_on == seat.add_on)?;
        let mut readings = self.input.seats.purchases.iter();
        Some((account, readings.find(|reading| reading.purchase.add_on == seat.add_on)?))
    }

    fn taken_back(&self, seat: &SeatKey, account: &Account, stuck: &BTreeSet<AccountId>) -> Verdict {
        let policy = self.input.policy.add_on(seat.add_on);
        let frozen = self.today.add_ons.iter().find(|one| one.add_on == seat.add_on);
        let because = if policy.protect.contains(&account.username().to_lowercase()) {
            LeaveReason::Protected
        } else if policy.revoke == RevokePolicy::Never {
            LeaveReason::RevokeNever
        } else if !self.input.memory.holdings.contains_key(seat) {
            LeaveReason::NotManaged
        } else if let Some(because) = frozen.and_then(|one| one.frozen.clone()) {
            LeaveReason::Frozen { because }
        } else if stuck.contains(&account.id) {
            return Verdict::Keep { because: KeepReason::Entitled };
        } else {
            return Verdict::Revoke { because: RevokeReason::Undone { run: self.run } };
        };
        Verdict::Leave { because }
    }

    fn given_back(
        &self,
        seat: &SeatKey,
        account: &Account,
        pool: &mut SeatPool,
        line: &mut u32,
        leaving: &BTreeSet<SeatKey>,
    ) -> Verdict {
        let policy = self.input.policy.add_on(seat.add_on);
        if policy.protect.contains(&account.username().to_lowercase()) {
            return Verdict::Leave { because: LeaveReason::Protected };
        }
        if account.standing != Standing::Eligible {
            return Verdict::Wait { because: WaitReason::NotEligible { standing: account.standing.clone() } };
        }
        if let Some(held) = self.other_tier(seat, leaving) {
            return Verdict::Wait { because: WaitReason::OtherTier { held } };
        }
        match pool.take_common() {
            Ok(seat) => Verdict::Assign { seat, because: AssignReason::Undone { run: self.run } },
            Err(_) => {
                *line += 1;
                Verdict::Wait { because: WaitReason::NoSeat { place: *line } }
            }
        }
    }

    /// An account holds one tier at most.
    fn other_tier(&self, seat: &SeatKey, leaving: &BTreeSet<SeatKey>) -> Option<AddOn> {
        let tiers = &self.input.policy.tiers;
        let others =
            tiers.iter().copied().filter(|other| *other != seat.add_on && tiers.contains(&seat.add_on));
        others.into_iter().find(|other| {
            let held = SeatKey { add_on: *other, account: seat.account };
            let mut readings = self.input.seats.purchases.iter();
            readings.any(|reading| reading.purchase.add_on == *other && holds(reading, seat.account))
                && !leaving.contains(&held)
        })
    }

    fn pool(&self, reading: &PurchaseReading, freed: u32) -> SeatPool {
        let purchase = &reading.purchase;
        let reserve = self.input.policy.add_on(purchase.add_on).reserve;
        let held = purchase.assigned.max(u32::try_from(reading.holders.len()).unwrap_or(u32::MAX));
        let free = purchase.purchased.saturating_sub(reserve).saturating_sub(held.saturating_sub(freed));
        SeatPool::new(purchase.add_on, free, [])
    }

    fn decision(&self, seat: &SeatKey, account: &Arc<Account>, verdict: Verdict) -> Decision {
        let today = self.today.decision(seat);
        Decision {
            add_on: seat.add_on,
            account: Arc::clone(account),
            managed: match &verdict {
                Verdict::Assign { .. } => true,
                Verdict::Revoke { .. } | Verdict::Wait { .. } => false,
                Verdict::Keep { .. } | Verdict::Leave { .. } => self.input.memory.holdings.contains_key(seat),
            },
            verdict,
            person: today.and_then(|decision| decision.person.clone()),
            matched_by: today.and_then(|decision| decision.matched_by),
            grounds: today.and_then(|decision| decision.grounds.clone()),
        }
    }
}

fn holds(reading: &PurchaseReading, account: AccountId) -> bool {
    reading.holders.binary_search(&account).is_ok()
}

fn changed(decisions: &[Decision], change: Change) -> impl Iterator<Item = SeatKey> {
    decisions
        .iter()
        .filter(move |decision| decision.verdict.change() == Some(change))
        .map(|decision| SeatKey { add_on: decision.add_on, account: decision.account.id })
}

/// Whoever would lose the seat of one tier without getting back that of the other: they keep what they have.
fn half_moved(decisions: &[Decision]) -> BTreeSet<AccountId> {
    let waiting = |account: AccountId| {
        decisions.iter().any(|one| one.account.id == account && matches!(one.verdict, Verdict::Wait { .. }))
    };
    changed(decisions, Change::Revoke).map(|seat| seat.account).filter(|account| waiting(*account)).collect()
}

/// What the next run does again, and how to keep it from that.
fn redone(today: &Plan, decisions: &[Decision], run: i64) -> Option<Finding> {
    let entitled = |seat: &SeatKey| {
        today.decision(seat).is_some_and(|decision| match decision.verdict {
            Verdict::Keep { .. } | Verdict::Assign { .. } | Verdict::Wait { .. } => true,
            Verdict::Leave { .. } | Verdict::Revoke { .. } => false,
        })
    };
    let regained = changed(decisions, Change::Revoke).filter(entitled).count();
    let lost = changed(decisions, Change::Assign).filter(|seat| !entitled(seat)).count();
    if regained + lost == 0 {
        return None;
    }
    let message = format!(
        "the next run does what run {run} did again, unless the rules change before it: {regained} that lose their seat are \
         entitled to it and get it back, {lost} that get theirs back are not and lose it once grace is over; change the rule \
         or the group, or name them in `protect`"
    );
    Some(Finding { level: Level::Warning, code: FindingCode::UndoRedone, rule: None, message })
}

/// Changes of the run that are not reversed.
fn incomplete(done: &BTreeSet<(Change, SeatKey)>, decisions: &[Decision], run: i64) -> Option<Finding> {
    let reversed = decisions.iter().filter(|decision| decision.verdict.change().is_some()).count();
    let left = done.len() - reversed;
    let decided = decisions.len() - reversed;
    (left > 0).then(|| Finding {
        level: Level::Info,
        code: FindingCode::UndoIncomplete,
        rule: None,
        message: format!(
            "{left} of the {} changes of run {run} are not reversed: {decided} for the reasons below, {} because they no longer \
             stand, or GitLab or the rules know their account or add-on no more",
            done.len(),
            left - decided
        ),
    })
}
