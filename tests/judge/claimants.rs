//! What must become of those without a seat, and whether each who waits has to.

use seatsync::model::account::{Account, AccountId};
use seatsync::model::decision::{Verdict, WaitReason};
use seatsync::model::holding::Change;
use seatsync::model::policy::{AdoptPolicy, RevokePolicy};
use seatsync::model::rule::Rule;

use crate::judge::bench::Bench;
use crate::judge::entitlement::eligible;

impl Bench<'_> {
    /// Those without a seat: who may get one, and whether each who waits has to.
    pub(crate) fn claimants(&self, faults: &mut Vec<String>) {
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
}
