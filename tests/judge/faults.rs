//! The judge: every fault of a plan, found by counting, without any of the planner's own logic.

use std::collections::{BTreeMap, BTreeSet};

use seatsync::model::account::AccountId;
use seatsync::model::add_on::AddOn;
use seatsync::model::decision::{RevokeReason, Verdict};
use seatsync::model::person::{PersonId, SourceName};
use seatsync::model::plan::{Plan, UnmatchedReason};
use seatsync::planning::input::PlanningInput;

use crate::judge::bench::Bench;
use crate::judge::entitlement::{accounts, clock_is_wrong};

/// Every fault found, in words; empty where the plan is right.
pub(crate) fn faults(input: &PlanningInput, plan: &Plan) -> Vec<String> {
    let mut faults = Vec::new();
    let ruled: BTreeSet<AddOn> = input.rules.iter().map(|rule| rule.add_on).collect();
    let summarised: Vec<AddOn> = plan.add_ons.iter().map(|summary| summary.add_on).collect();
    if summarised != ruled.iter().copied().collect::<Vec<_>>() {
        faults.push(format!("summaries of {summarised:?}, rules of {ruled:?}"));
    }
    if plan.decisions.iter().any(|decision| !ruled.contains(&decision.add_on)) {
        faults.push("an add-on without rules is touched".to_owned());
    }
    let benches: Vec<Bench<'_>> = ruled.iter().map(|add_on| Bench::new(input, plan, *add_on)).collect();
    for bench in &benches {
        bench.completeness(&mut faults);
        bench.counts(&mut faults);
        bench.holders(&mut faults);
        bench.claimants(&mut faults);
        bench.priority(&mut faults);
        bench.reservations(&mut faults);
    }
    tiers(input, plan, &mut faults);
    unmatched(plan, &benches, &mut faults);
    refusals(input, plan, &mut faults);
    faults
}

impl Bench<'_> {
    /// One verdict each, for everyone it concerns and nobody else.
    fn completeness(&self, faults: &mut Vec<String>) {
        let all = self.plan.decisions.iter().filter(|decision| decision.add_on == self.add_on).count();
        if all != self.decisions.len() {
            faults.push(format!("{}: some account has two verdicts", self.add_on));
        }
        for id in self.reading.into_iter().flat_map(|reading| &reading.holders) {
            if !self.decisions.contains_key(id) {
                faults.push(format!("{}: holder {id} has no verdict", self.add_on));
            }
        }
        let claimants = self.entitled.certain.keys().chain(&self.entitled.doubtful);
        for id in claimants.clone() {
            if !self.decisions.contains_key(id) && !self.seated_in_better_tier(*id) {
                faults.push(format!("{}: claimant {id} has no verdict", self.add_on));
            }
        }
        let concerned: BTreeSet<&AccountId> = claimants.collect();
        for id in self.decisions.keys().filter(|id| !self.holds(**id) && !concerned.contains(id)) {
            faults.push(format!("{}: {id} has a verdict but is no concern", self.add_on));
        }
    }

    fn counts(&self, faults: &mut Vec<String>) {
        let summary = self.plan.add_ons.iter().find(|summary| summary.add_on == self.add_on).unwrap();
        if (summary.held_before, summary.held_after) != (self.held_before(), self.held_after()) {
            faults.push(format!("{}: the counts do not add up: {summary:?}", self.add_on));
        }
        let assigned = self.count(|decision| decision.verdict.key() == "assign");
        if assigned > 0 && self.held_after() > self.to_hand_out() {
            faults.push(format!("{}: more seats than may be handed out", self.add_on));
        }
        for rule in self.input.rules.iter().filter(|rule| rule.add_on == self.add_on) {
            let (seated, new) = self.seated_by(&rule.name);
            if new > 0 && rule.max_seats.is_some_and(|max_seats| seated > max_seats) {
                faults.push(format!("{}: rule {} exceeds its quota", self.add_on, rule.name));
            }
        }
        for (id, decision) in &self.decisions {
            let by_a_rule_of_theirs = decision.grounds.as_ref().is_some_and(|grounds| {
                grounds.rank == self.rule(&grounds.rule).rank
                    && self.entitled.certain.get(id).is_some_and(|(rules, _)| rules.contains(&grounds.rule))
            });
            if ["assign", "keep"].contains(&decision.verdict.key()) && !by_a_rule_of_theirs {
                faults.push(format!("{}: {id} is seated by a rule that does not entitle them", self.add_on));
            }
        }
    }
}

fn tiers(input: &PlanningInput, plan: &Plan, faults: &mut Vec<String>) {
    let tiers = &input.policy.tiers;
    let verdict = |add_on: AddOn, id: AccountId| {
        plan.decisions
            .iter()
            .find(|decision| decision.add_on == add_on && decision.account.id == id)
            .map(|decision| &decision.verdict)
    };
    let held = |add_on: AddOn, id: AccountId| {
        input
            .seats
            .purchases
            .iter()
            .any(|reading| reading.purchase.add_on == add_on && reading.holders.contains(&id))
    };
    for id in accounts(input).keys() {
        let has_after = |tier: &&AddOn| match verdict(**tier, *id) {
            Some(Verdict::Assign { .. }) => true,
            Some(Verdict::Revoke { .. }) => false,
            Some(Verdict::Keep { .. } | Verdict::Leave { .. } | Verdict::Wait { .. }) | None => {
                held(**tier, *id)
            }
        };
        let gained =
            tiers.iter().filter(|tier| matches!(verdict(**tier, *id), Some(Verdict::Assign { .. }))).count();
        if gained > 0 && tiers.iter().filter(has_after).count() > 1 {
            faults.push(format!("{id} gains a second tier"));
        }
        for tier in AddOn::ALL {
            if let Some(Verdict::Revoke { because: RevokeReason::Superseded { by } }) = verdict(tier, *id)
                && !tiers.iter().filter(has_after).any(|has| has == by)
            {
                faults.push(format!("{id} moves to nowhere"));
            }
        }
    }
}

fn unmatched(plan: &Plan, benches: &[Bench<'_>], faults: &mut Vec<String>) {
    let expected: BTreeMap<(SourceName, PersonId), bool> =
        benches.iter().flat_map(|bench| bench.entitled.unmatched.clone()).collect();
    let found: Vec<((SourceName, PersonId), bool)> = plan
        .unmatched
        .iter()
        .map(|unmatched| {
            let key = (unmatched.person.source.clone(), PersonId::new(unmatched.person.person.id()));
            (key, unmatched.because == UnmatchedReason::Ambiguous)
        })
        .collect();
    if found != expected.into_iter().collect::<Vec<_>>() {
        faults.push(format!("unmatched people: {found:?}"));
    }
}

fn refusals(input: &PlanningInput, plan: &Plan, faults: &mut Vec<String>) {
    let limits = &input.policy.limits;
    let revoked = |wanted: Option<AddOn>| {
        plan.decisions
            .iter()
            .filter(|decision| wanted.is_none_or(|add_on| add_on == decision.add_on))
            .filter(|decision| decision.verdict.key() == "revoke")
            .count()
    };
    let too_many = revoked(None) > limits.max_revocations as usize;
    let too_large_a_part = plan.add_ons.iter().any(|summary| {
        let revoked = revoked(Some(summary.add_on));
        revoked > 3 && revoked * 100 > limits.max_revocations_percent as usize * summary.held_before as usize
    });
    let shrank = input.snapshots.iter().any(|snapshot| {
        let whole = snapshot.reading == seatsync::model::snapshot::Coverage::Complete
            && snapshot.coverage() == seatsync::model::snapshot::Coverage::Complete;
        let before = input.memory.sizes.get(&snapshot.source).filter(|before| !before.groups.is_empty());
        whole
            && before.is_some_and(|before| {
                let now = snapshot.people.len() as u64;
                before.people.saturating_sub(now) * 100
                    > u64::from(limits.max_source_shrink_percent) * before.people
            })
    });
    if plan.refusals.is_empty() == (too_many || too_large_a_part || shrank) {
        faults.push(format!("the guard says {:?}", plan.refusals));
    }
    if clock_is_wrong(input)
        && revoked(None) > plan.decisions.iter().filter(|d| d.verdict.because() == "not_eligible").count()
    {
        faults.push("a seat is taken though the clock is wrong".to_owned());
    }
}
