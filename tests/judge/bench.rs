//! One add-on on trial: what was there, what was decided, and the counts of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::tz::TimeZone;
use seatsync::model::account::{Account, AccountId, DuoActivity};
use seatsync::model::add_on::AddOn;
use seatsync::model::decision::{Decision, Verdict};
use seatsync::model::holding::{Change, SeatKey};
use seatsync::model::plan::Plan;
use seatsync::model::policy::AddOnPolicy;
use seatsync::model::purchase::PurchaseReading;
use seatsync::model::rule::{Rule, RuleName};
use seatsync::planning::input::PlanningInput;

use crate::judge::entitlement::{Entitled, accounts, ended, entitled, uncertain_accounts};

/// One add-on on trial.
pub(crate) struct Bench<'a> {
    pub(crate) input: &'a PlanningInput,
    pub(crate) plan: &'a Plan,
    pub(crate) add_on: AddOn,
    pub(crate) policy: AddOnPolicy,
    pub(crate) entitled: Entitled,
    pub(crate) uncertain: BTreeSet<AccountId>,
    pub(crate) accounts: BTreeMap<AccountId, Arc<Account>>,
    pub(crate) reading: Option<&'a PurchaseReading>,
    pub(crate) decisions: BTreeMap<AccountId, &'a Decision>,
}

impl<'a> Bench<'a> {
    pub(crate) fn new(input: &'a PlanningInput, plan: &'a Plan, add_on: AddOn) -> Bench<'a> {
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

    pub(crate) fn holds(&self, id: AccountId) -> bool {
        self.reading.is_some_and(|reading| reading.holders.contains(&id))
    }

    pub(crate) fn seat(&self, account: AccountId) -> SeatKey {
        SeatKey { add_on: self.add_on, account }
    }

    pub(crate) fn rule(&self, name: &RuleName) -> &'a Rule {
        self.input.rules.iter().find(|rule| rule.name == *name).unwrap()
    }

    pub(crate) fn protected(&self, account: &Account) -> bool {
        self.policy.protect.iter().any(|name| account.username().eq_ignore_ascii_case(name))
    }

    pub(crate) fn count(&self, wanted: impl Fn(&Decision) -> bool) -> u32 {
        u32::try_from(self.decisions.values().filter(|decision| wanted(decision)).count()).unwrap()
    }

    /// How many sit by a rule once the plan is applied; and how many of them are new.
    pub(crate) fn seated_by(&self, rule: &RuleName) -> (u32, u32) {
        let by = |decision: &Decision| decision.grounds.as_ref().is_some_and(|grounds| grounds.rule == *rule);
        let new = self.count(|decision| by(decision) && matches!(decision.verdict, Verdict::Assign { .. }));
        let kept = self.count(|decision| by(decision) && matches!(decision.verdict, Verdict::Keep { .. }));
        (new + kept, new)
    }

    pub(crate) fn has_room(&self, rule: &RuleName) -> bool {
        self.rule(rule).max_seats.is_none_or(|max_seats| self.seated_by(rule).0 < max_seats)
    }

    pub(crate) fn reserved(&self, rule: &Rule) -> u32 {
        rule.reserved_seats.min(rule.max_seats.unwrap_or(u32::MAX))
    }

    pub(crate) fn unfilled(&self, rule: &Rule) -> u32 {
        if ended(self.input, rule) {
            0
        } else {
            self.reserved(rule).saturating_sub(self.seated_by(&rule.name).0)
        }
    }

    pub(crate) fn held_before(&self) -> u32 {
        self.reading
            .map_or(0, |reading| reading.purchase.assigned.max(u32::try_from(reading.holders.len()).unwrap()))
    }

    pub(crate) fn to_hand_out(&self) -> u32 {
        self.reading.map_or(0, |reading| reading.purchase.purchased.saturating_sub(self.policy.reserve))
    }

    pub(crate) fn held_after(&self) -> u32 {
        let assigned = self.count(|decision| decision.verdict.key() == "assign");
        (self.held_before() + assigned)
            .saturating_sub(self.count(|decision| decision.verdict.key() == "revoke"))
    }

    pub(crate) fn seated_in_better_tier(&self, id: AccountId) -> bool {
        self.better_tiers().any(|better| {
            self.plan.decisions.iter().any(|decision| {
                decision.add_on == better
                    && decision.account.id == id
                    && ["assign", "keep"].contains(&decision.verdict.key())
            })
        })
    }

    pub(crate) fn better_tiers(&self) -> impl Iterator<Item = AddOn> {
        let place = self.input.policy.tiers.iter().position(|tier| *tier == self.add_on).unwrap_or(0);
        self.input.policy.tiers.iter().take(place).copied()
    }

    pub(crate) fn contested(&self, id: AccountId, change: Change) -> bool {
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

    pub(crate) fn idle(&self, account: &Account, since: Option<jiff::Timestamp>) -> bool {
        let (Some(after), Some(since)) = (self.policy.reclaim_inactive_after, since) else { return false };
        let used = match account.last_duo_activity {
            DuoActivity::NotTold => return false,
            DuoActivity::Never => since,
            DuoActivity::On(date) => date.to_zoned(TimeZone::UTC).unwrap().timestamp(),
        };
        used + after < self.input.now && since + after < self.input.now
    }

    /// How many of those newly served by a rule cannot sit in the seats reserved for it.
    pub(crate) fn new_from_common(&self, rule: &Rule) -> u32 {
        let (seated, new) = self.seated_by(&rule.name);
        seated.saturating_sub((seated - new).max(self.reserved(rule)))
    }
}
