//! The judge: every fault of a plan, found by counting, without any of the planner's own logic.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::tz::TimeZone;
use seatsync::model::account::{Account, AccountId, DuoActivity};
use seatsync::model::add_on::AddOn;
use seatsync::model::decision::{Decision, RevokeReason, Verdict, WaitReason};
use seatsync::model::holding::{Change, SeatKey};
use seatsync::model::person::{PersonId, SourceName};
use seatsync::model::plan::{Plan, UnmatchedReason};
use seatsync::model::policy::{AddOnPolicy, AdoptPolicy, Contention, RevokePolicy};
use seatsync::model::purchase::PurchaseReading;
use seatsync::model::rule::{Rule, RuleName};
use seatsync::planning::input::PlanningInput;

use crate::judge::entitlement::{
    Entitled, accounts, clock_is_wrong, eligible, ended, entitled, uncertain_accounts,
};

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

/// One add-on on trial.
struct Bench<'a> {
    input: &'a PlanningInput,
    plan: &'a Plan,
    add_on: AddOn,
    policy: AddOnPolicy,
    entitled: Entitled,
    uncertain: BTreeSet<AccountId>,
    accounts: BTreeMap<AccountId, Arc<Account>>,
    reading: Option<&'a PurchaseReading>,
    decisions: BTreeMap<AccountId, &'a Decision>,
}

impl<'a> Bench<'a> {
    fn new(input: &'a PlanningInput, plan: &'a Plan, add_on: AddOn) -> Bench<'a> {
        let decisions = plan.decisions.iter().filter(|decision| decision.add_on == add_on);
        Bench {
            input,
            plan,
            add_on,
            policy: input.policy.add_ons.get(&add_on).cloned().unwrap_or_default(),
            entitled: entitled(input, add_on),
            uncertain: uncertain_accounts(input),
            accounts: accounts(input),
            reading: input.seats.purchases.iter().find(|reading| reading.purchase.add_on == add_on),
            decisions: decisions.map(|decision| (decision.account.id, decision)).collect(),
        }
    }

    fn holds(&self, id: AccountId) -> bool {
        self.reading.is_some_and(|reading| reading.holders.contains(&id))
    }

    fn seat(&self, account: AccountId) -> SeatKey {
        SeatKey { add_on: self.add_on, account }
    }

    fn rule(&self, name: &RuleName) -> &'a Rule {
        self.input.rules.iter().find(|rule| rule.name == *name).unwrap()
    }

    fn protected(&self, account: &Account) -> bool {
        self.policy.protect.iter().any(|name| account.username.eq_ignore_ascii_case(name))
    }

    fn count(&self, wanted: impl Fn(&Decision) -> bool) -> u32 {
        u32::try_from(self.decisions.values().filter(|decision| wanted(decision)).count()).unwrap()
    }

    /// How many sit by a rule once the plan is applied; and how many of them are new.
    fn seated_by(&self, rule: &RuleName) -> (u32, u32) {
        let by = |decision: &Decision| decision.grounds.as_ref().is_some_and(|grounds| grounds.rule == *rule);
        let new = self.count(|decision| by(decision) && matches!(decision.verdict, Verdict::Assign { .. }));
        let kept = self.count(|decision| by(decision) && matches!(decision.verdict, Verdict::Keep { .. }));
        (new + kept, new)
    }

    fn has_room(&self, rule: &RuleName) -> bool {
        self.rule(rule).max_seats.is_none_or(|max_seats| self.seated_by(rule).0 < max_seats)
    }

    fn reserved(&self, rule: &Rule) -> u32 {
        rule.reserved_seats.min(rule.max_seats.unwrap_or(u32::MAX))
    }

    fn unfilled(&self, rule: &Rule) -> u32 {
        if ended(self.input, rule) {
            0
        } else {
            self.reserved(rule).saturating_sub(self.seated_by(&rule.name).0)
        }
    }

    fn held_before(&self) -> u32 {
        self.reading
            .map_or(0, |reading| reading.purchase.assigned.max(u32::try_from(reading.holders.len()).unwrap()))
    }

    fn to_hand_out(&self) -> u32 {
        self.reading.map_or(0, |reading| reading.purchase.purchased.saturating_sub(self.policy.reserve))
    }

    fn held_after(&self) -> u32 {
        let assigned = self.count(|decision| decision.verdict.key() == "assign");
        (self.held_before() + assigned)
            .saturating_sub(self.count(|decision| decision.verdict.key() == "revoke"))
    }

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

    fn seated_in_better_tier(&self, id: AccountId) -> bool {
        self.better_tiers().any(|better| {
            self.plan.decisions.iter().any(|decision| {
                decision.add_on == better
                    && decision.account.id == id
                    && ["assign", "keep"].contains(&decision.verdict.key())
            })
        })
    }

    fn better_tiers(&self) -> impl Iterator<Item = AddOn> {
        let place = self.input.policy.tiers.iter().position(|tier| *tier == self.add_on).unwrap_or(0);
        self.input.policy.tiers.iter().take(place).copied()
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

    /// What must become of each holder, from the contract's words.
    fn holders(&self, faults: &mut Vec<String>) {
        for (id, decision) in self.decisions.iter().filter(|(id, _)| self.holds(**id)) {
            let expected = self.expected_of_holder(&self.accounts[id]);
            let found = (decision.verdict.key(), decision.verdict.because());
            if !expected.contains(&found) {
                faults.push(format!("{}: holder {id}: {found:?} instead of {expected:?}", self.add_on));
            }
            if let Verdict::Revoke { because: RevokeReason::Outranked } = &decision.verdict {
                let rank = decision.grounds.as_ref().unwrap().rank;
                let better = self.decisions.values().any(|other| {
                    matches!(other.verdict, Verdict::Assign { .. })
                        && other.grounds.as_ref().unwrap().rank < rank
                });
                if !better {
                    faults.push(format!("{}: {id} is outranked by nobody", self.add_on));
                }
            }
        }
    }

    fn expected_of_holder(&self, account: &Account) -> Vec<(&'static str, &'static str)> {
        let id = account.id;
        let entitled = self.entitled.certain.contains_key(&id);
        let keep = ("keep", "entitled");
        if self.protected(account) {
            return vec![("leave", "protected")];
        }
        let superseded = self.seated_in_better_tier(id) && self.input.policy.tiers.contains(&self.add_on);
        let stays = |because| if entitled && !superseded { vec![keep] } else { vec![("leave", because)] };
        let held = self.input.memory.holdings.get(&self.seat(id));
        let adopted = match self.policy.adopt {
            AdoptPolicy::All => true,
            AdoptPolicy::Entitled => entitled,
            AdoptPolicy::None => false,
        };
        match self.policy.revoke {
            RevokePolicy::Never => return stays("revoke_never"),
            RevokePolicy::Managed if held.is_none() && !adopted => return stays("not_managed"),
            RevokePolicy::Managed | RevokePolicy::All => {}
        }
        let contested = self.contested(id, Change::Revoke);
        let goes = |because| if contested { vec![("leave", "contested")] } else { vec![("revoke", because)] };
        if !eligible(account) && !superseded {
            return goes("not_eligible");
        }
        let now = self.input.now;
        let since = held.map(|held| held.since).or_else(|| adopted.then_some(now));
        let tenured = since.is_none_or(|since| now >= since + self.policy.minimum_tenure);
        if self.entitled.frozen || self.entitled.doubtful.contains(&id) || self.uncertain.contains(&id) {
            return stays("frozen");
        }
        if !tenured {
            return stays("minimum_tenure");
        }
        if superseded {
            return goes("superseded");
        }
        if entitled {
            return match (self.idle(account, since), self.policy.contention) {
                (true, _) => goes("inactive"),
                (false, Contention::ByRank) if !contested => vec![keep, ("revoke", "outranked")],
                (false, Contention::ByRank | Contention::KeepHolders) => vec![keep],
            };
        }
        let clock = self.input.memory.grace.get(&self.seat(id)).copied().unwrap_or(now);
        if now < clock + self.policy.grace {
            return vec![("leave", "grace")];
        }
        goes(if self.entitled.lapsed.contains(&id) { "until_passed" } else { "no_longer_entitled" })
    }

    fn contested(&self, id: AccountId, change: Change) -> bool {
        let own: Vec<Change> = self
            .input
            .memory
            .recent
            .iter()
            .filter(|past| past.seat == self.seat(id))
            .map(|past| past.change)
            .collect();
        own.ends_with(&[change, change])
    }

    fn idle(&self, account: &Account, since: Option<jiff::Timestamp>) -> bool {
        let (Some(after), Some(since)) = (self.policy.reclaim_inactive_after, since) else { return false };
        let used = match account.last_duo_activity {
            DuoActivity::NotTold => return false,
            DuoActivity::Never => since,
            DuoActivity::On(date) => date.to_zoned(TimeZone::UTC).unwrap().timestamp(),
        };
        used + after < self.input.now && since + after < self.input.now
    }

    /// Those without a seat: who may get one, and whether each who waits has to.
    fn claimants(&self, faults: &mut Vec<String>) {
        for (id, decision) in self.decisions.iter().filter(|(id, _)| !self.holds(**id)) {
            let expected = self.expected_of_claimant(&self.accounts[id]);
            let found = (decision.verdict.key(), decision.verdict.because());
            if !expected.contains(&found) {
                faults.push(format!("{}: claimant {id}: {found:?} instead of {expected:?}", self.add_on));
            }
            if let Verdict::Wait { because } = &decision.verdict {
                self.wait_is_proven(*id, because, faults);
            }
        }
    }

    fn expected_of_claimant(&self, account: &Account) -> Vec<(&'static str, &'static str)> {
        let id = account.id;
        if !self.entitled.certain.contains_key(&id) {
            return vec![("wait", "frozen")];
        }
        if self.protected(account) {
            return vec![("leave", "protected")];
        }
        if !eligible(account) {
            return vec![("wait", "not_eligible")];
        }
        if self.contested(id, Change::Assign) {
            return vec![("wait", "contested")];
        }
        if self.input.memory.reclaimed.contains_key(&self.seat(id)) {
            return vec![("wait", "inactive")];
        }
        if self.stuck_in_another_tier(id) {
            return vec![("wait", "other_tier")];
        }
        vec![("assign", "entitled"), ("wait", "no_seat"), ("wait", "rule_quota"), ("wait", "reserved")]
    }

    /// Whether a seat of another tier, held today, could not be taken for this one.
    fn stuck_in_another_tier(&self, id: AccountId) -> bool {
        let tiers = &self.input.policy.tiers;
        if !tiers.contains(&self.add_on) {
            return false;
        }
        tiers.iter().filter(|tier| **tier != self.add_on).any(|tier| {
            let other = Bench::new(self.input, self.plan, *tier);
            if !other.holds(id) {
                return false;
            }
            let Some(decision) = other.decisions.get(&id) else { return true };
            if self.better_tiers().any(|better| better == *tier) {
                return decision.verdict.key() == "leave";
            }
            // A worse one: it could be taken unless something stands in the way of taking it from anybody.
            let account = &self.accounts[&id];
            let managed = self.input.memory.holdings.get(&other.seat(id));
            let adopted = match other.policy.adopt {
                AdoptPolicy::All => true,
                AdoptPolicy::Entitled => other.entitled.certain.contains_key(&id),
                AdoptPolicy::None => false,
            };
            let ours = managed.is_some() || adopted;
            let since = managed.map(|held| held.since).or_else(|| adopted.then_some(self.input.now));
            other.protected(account)
                || other.policy.revoke == RevokePolicy::Never
                || (other.policy.revoke == RevokePolicy::Managed && !ours)
                || other.entitled.frozen
                || other.entitled.doubtful.contains(&id)
                || other.uncertain.contains(&id)
                || since.is_some_and(|since| self.input.now < since + other.policy.minimum_tenure)
                || other.contested(id, Change::Revoke)
        })
    }

    fn wait_is_proven(&self, id: AccountId, because: &WaitReason, faults: &mut Vec<String>) {
        let Some((rules, _)) = self.entitled.certain.get(&id) else { return };
        let with_room: Vec<&Rule> =
            rules.iter().filter(|rule| self.has_room(rule)).map(|rule| self.rule(rule)).collect();
        let free = self.to_hand_out().saturating_sub(self.held_after());
        let kept_for_others = |own: &Rule| -> u32 {
            let others =
                self.input.rules.iter().filter(|rule| rule.add_on == self.add_on && rule.name != own.name);
            let before =
                |rule: &&Rule| self.unfilled(own) == 0 || (rule.rank, &rule.name) < (own.rank, &own.name);
            others.filter(before).map(|rule| self.unfilled(rule)).sum()
        };
        let proven = match because {
            WaitReason::RuleQuota { .. } => with_room.is_empty(),
            WaitReason::NoSeat { .. } => !with_room.is_empty() && free == 0,
            WaitReason::Reserved { .. } => {
                !with_room.is_empty() && free > 0 && with_room.iter().all(|own| kept_for_others(own) >= free)
            }
            WaitReason::NotEligible { .. }
            | WaitReason::OtherTier { .. }
            | WaitReason::Inactive { .. }
            | WaitReason::Contested
            | WaitReason::Frozen { .. } => return,
        };
        if !proven {
            faults.push(format!("{}: {id} waits without need: {because:?}, {free} free", self.add_on));
        }
    }

    /// Nobody waits for want of a seat while one ranked worse is newly served, or (by rank) could be made to give way.
    fn priority(&self, faults: &mut Vec<String>) {
        for (id, decision) in &self.decisions {
            let Verdict::Wait { because: WaitReason::NoSeat { .. } | WaitReason::Reserved { .. } } =
                &decision.verdict
            else {
                continue;
            };
            let (rules, person) = &self.entitled.certain[id];
            for own in rules.iter().filter(|rule| self.has_room(rule)).map(|rule| self.rule(rule)) {
                if let Some(other) = self.served_before(own.rank, person) {
                    faults.push(format!("{}: {other} is served before {id}", self.add_on));
                }
                if self.policy.contention == Contention::ByRank
                    && self.held_after() <= self.to_hand_out()
                    && let Some(other) = self.could_give_way(own.rank)
                {
                    faults.push(format!("{}: {other} should give way to {id}", self.add_on));
                }
            }
        }
    }

    /// Somebody newly served, not from a reserved seat, whose claim is worse.
    fn served_before(&self, rank: i64, person: &(SourceName, PersonId)) -> Option<AccountId> {
        for rule in self.input.rules.iter().filter(|rule| rule.add_on == self.add_on && rule.rank >= rank) {
            let from_common = self.new_from_common(rule);
            let mut served: Vec<_> = self
                .decisions
                .values()
                .filter(|decision| matches!(decision.verdict, Verdict::Assign { .. }))
                .filter(|decision| decision.grounds.as_ref().is_some_and(|grounds| grounds.rule == rule.name))
                .map(|decision| (&self.entitled.certain[&decision.account.id].1, decision.account.id))
                .collect();
            served.sort_unstable();
            let worse = served
                .into_iter()
                .rev()
                .take(from_common as usize)
                .find(|(other, _)| rule.rank > rank || *other > person);
            if let Some((_, id)) = worse {
                return Some(id);
            }
        }
        None
    }

    /// How many of those newly served by a rule cannot sit in the seats reserved for it.
    fn new_from_common(&self, rule: &Rule) -> u32 {
        let (seated, new) = self.seated_by(&rule.name);
        seated.saturating_sub((seated - new).max(self.reserved(rule)))
    }

    /// Free seats that are reserved stay free for their rules; only a seat that a holder just gave up may be taken.
    fn reservations(&self, faults: &mut Vec<String>) {
        let rules = || self.input.rules.iter().filter(|rule| rule.add_on == self.add_on);
        let from_common: u32 = rules().map(|rule| self.new_from_common(rule)).sum();
        let given_up = self.count(|decision| decision.verdict.because() == "outranked");
        let free = self.to_hand_out().saturating_sub(self.held_after());
        if from_common > given_up && rules().map(|rule| self.unfilled(rule)).sum::<u32>() > free {
            faults.push(format!("{}: a reserved seat is given to another rule", self.add_on));
        }
    }

    /// A holder who keeps an unreserved seat by a rule ranked worse, though it might be taken.
    fn could_give_way(&self, rank: i64) -> Option<AccountId> {
        for rule in self.input.rules.iter().filter(|rule| rule.add_on == self.add_on && rule.rank > rank) {
            if self.seated_by(&rule.name).0 <= self.reserved(rule) {
                continue;
            }
            let kept: Vec<&&Decision> = self
                .decisions
                .values()
                .filter(|decision| matches!(decision.verdict, Verdict::Keep { .. }))
                .filter(|decision| decision.grounds.as_ref().is_some_and(|grounds| grounds.rule == rule.name))
                .collect();
            let takeable = |decision: &&&Decision| {
                self.expected_of_holder(&self.accounts[&decision.account.id])
                    .contains(&("revoke", "outranked"))
            };
            // Which of them sit in the reserved seats is the planner's choice.
            if kept.iter().all(|decision| takeable(decision)) {
                return kept.first().map(|decision| decision.account.id);
            }
        }
        None
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
            let key = (unmatched.person.source.clone(), unmatched.person.person.id.clone());
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
