//! What must become of each holder.

use seatsync::model::account::Account;
use seatsync::model::decision::{RevokeReason, Verdict};
use seatsync::model::holding::Change;
use seatsync::model::policy::{AdoptPolicy, Contention, RevokePolicy};

use crate::judge::bench::Bench;
use crate::judge::entitlement::eligible;

impl Bench<'_> {
    /// What must become of each holder, from the contract's words.
    pub(crate) fn holders(&self, faults: &mut Vec<String>) {
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

    pub(crate) fn expected_of_holder(&self, account: &Account) -> Vec<(&'static str, &'static str)> {
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
}
