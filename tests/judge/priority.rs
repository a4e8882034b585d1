//! Who is served before whom, and who sits in reserved seats.

use seatsync::model::account::AccountId;
use seatsync::model::decision::{Decision, Verdict, WaitReason};
use seatsync::model::person::{PersonId, SourceName};
use seatsync::model::policy::Contention;

use crate::judge::bench::Bench;

impl Bench<'_> {
    /// Nobody waits for want of a seat while one ranked worse is newly served, or (by rank) could be made to give way.
    pub(crate) fn priority(&self, faults: &mut Vec<String>) {
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

    /// Free seats that are reserved stay free for their rules; only a seat that a holder just gave up may be taken.
    pub(crate) fn reservations(&self, faults: &mut Vec<String>) {
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
