//! From claims, holders and seats to one verdict for each account and add-on.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::model::account::{Account, AccountId, Standing};
use crate::model::add_on::AddOn;
use crate::model::decision::{
    AssignReason, Decision, KeepReason, LeaveReason, RevokeReason, Verdict, WaitReason,
};
use crate::model::entitlement::{Grounds, KnownPerson};
use crate::model::holding::{Change, SeatKey};
use crate::model::person::PersonKey;
use crate::model::plan::{AddOnSummary, Bookkeeping};
use crate::model::purchase::PurchaseReading;
use crate::model::rule::{Rule, RuleName};
use crate::planning::allocation::{Award, Contender, Held, Supply, allocate};
use crate::planning::claims::{Claim, Claims};
use crate::planning::holders::{Fate, Holders};

/// What one add-on is decided from.
pub struct Desk<'a> {
    pub holders: Holders<'a>,
    pub reading: Option<&'a PurchaseReading>,
    /// The rules of this add-on that have not ended.
    pub rules: BTreeMap<&'a RuleName, &'a Rule>,
    pub accounts: &'a HashMap<AccountId, Arc<Account>>,
    pub is_tier: bool,
}

/// Who holds a seat of which tier once the tiers before this one are decided.
#[derive(Debug)]
pub struct Tiers {
    /// Decided: has a seat of this better tier, and is entitled to it.
    settled: HashMap<AccountId, AddOn>,
    /// Keeps a seat of this tier without being entitled to it.
    lingering: HashMap<AccountId, AddOn>,
}

/// What was decided for one add-on.
pub struct Reconciled {
    pub summary: AddOnSummary,
    pub decisions: Vec<Decision>,
    /// Rules whose quota is smaller than the number of seats their people hold.
    pub over_quota: BTreeSet<RuleName>,
}

/// Decides one add-on. `worse` are the desks of the tiers below this one, whose seats its people may have to leave.
pub fn reconcile(
    desk: &Desk<'_>,
    worse: &[&Desk<'_>],
    tiers: &mut Tiers,
    books: &mut Bookkeeping,
) -> Reconciled {
    let add_on = desk.holders.add_on;
    let holding: BTreeSet<AccountId> = desk.holding().collect();
    let mut verdicts: BTreeMap<AccountId, (Verdict, Option<Grounds>)> = BTreeMap::new();
    let mut contenders = Vec::new();
    let mut staying = 0;

    for id in &holding {
        let account = desk.account(*id);
        let fate = match tiers.settled.get(id) {
            Some(better) if desk.is_tier => desk.holders.superseded(account, *better),
            Some(_) | None => desk.holders.fate(account),
        };
        match fate {
            Fate::Entitled { takeable } => {
                let claim = &desk.holders.claims.certain[id];
                let held = Held {
                    since: desk.holders.since(account),
                    assigned: desk.holders.assigned(*id),
                    takeable,
                };
                contenders.push(contender(*id, claim, Some(held)));
            }
            Fate::Leaves(because) => {
                staying += 1;
                verdicts.insert(*id, (Verdict::Leave { because }, None));
            }
            Fate::Goes(because) => {
                verdicts.insert(*id, (Verdict::Revoke { because }, None));
            }
        }
    }
    for (id, claim) in desk.holders.claims.certain.iter().filter(|(id, _)| !holding.contains(id)) {
        if desk.is_tier && tiers.settled.contains_key(id) {
            continue;
        }
        match desk.bar(*id, worse, tiers) {
            Some(Bar::Leave(because)) => {
                verdicts.insert(*id, (Verdict::Leave { because }, Some(claim.best().clone())));
            }
            Some(Bar::Wait(because)) => {
                verdicts.insert(*id, (Verdict::Wait { because }, Some(claim.best().clone())));
            }
            None => contenders.push(contender(*id, claim, None)),
        }
    }
    for (id, claim) in &desk.holders.claims.doubtful {
        let decided = holding.contains(id)
            || desk.holders.claims.certain.contains_key(id)
            || (desk.is_tier && tiers.settled.contains_key(id));
        if !decided {
            let because = format!("it cannot be said whether rule `{}` entitles them", claim.best().rule);
            verdicts.insert(
                *id,
                (Verdict::Wait { because: WaitReason::Frozen { because } }, Some(claim.best().clone())),
            );
        }
    }

    let supply = desk.supply(staying);
    let mut over_quota = BTreeSet::new();
    for (id, award) in allocate(&supply, &desk.rules, contenders) {
        let (verdict, grounds) = match award {
            Award::Seat { seat, grounds } => {
                (Verdict::Assign { seat, because: AssignReason::Entitled }, grounds)
            }
            Award::Keeps { grounds, over_quota: over } => {
                if over {
                    over_quota.insert(grounds.rule.clone());
                }
                (Verdict::Keep { because: KeepReason::Entitled }, grounds)
            }
            Award::Outranked { grounds } => (Verdict::Revoke { because: RevokeReason::Outranked }, grounds),
            Award::Waits { because, grounds } => (Verdict::Wait { because }, grounds),
        };
        verdicts.insert(id, (verdict, Some(grounds)));
    }

    if desk.is_tier {
        tiers.note(add_on, &verdicts, &holding);
    }
    let decisions: Vec<Decision> = verdicts
        .into_iter()
        .map(|(id, (verdict, grounds))| desk.decision(id, verdict, grounds, holding.contains(&id)))
        .collect();
    desk.keep_books(&decisions, &holding, books);
    Reconciled { summary: desk.summary(&decisions), decisions, over_quota }
}

/// What keeps an entitled account without a seat from contending for one.
enum Bar {
    Leave(LeaveReason),
    Wait(WaitReason),
}

impl<'a> Desk<'a> {
    fn account(&self, id: AccountId) -> &Arc<Account> {
        self.accounts.get(&id).expect("every holder and every matched account was read")
    }

    fn holding(&self) -> impl Iterator<Item = AccountId> {
        self.reading.into_iter().flat_map(|reading| reading.holders.iter().copied())
    }

    fn holds(&self, id: AccountId) -> bool {
        self.reading.is_some_and(|reading| reading.holders.binary_search(&id).is_ok())
    }

    fn bar(&self, id: AccountId, worse: &[&Desk<'_>], tiers: &Tiers) -> Option<Bar> {
        let account = self.account(id);
        if self.holders.protected(account) {
            return Some(Bar::Leave(LeaveReason::Protected));
        }
        if account.standing != Standing::Eligible {
            return Some(Bar::Wait(WaitReason::NotEligible { standing: account.standing.clone() }));
        }
        if self.holders.contested(id, Change::Assign) {
            return Some(Bar::Wait(WaitReason::Contested));
        }
        if let Some(since) = self.holders.memory.reclaimed.get(&self.holders.seat(id)) {
            return Some(Bar::Wait(WaitReason::Inactive { since: *since }));
        }
        if !self.is_tier {
            return None;
        }
        if let Some(held) = tiers.lingering.get(&id) {
            return Some(Bar::Wait(WaitReason::OtherTier { held: *held }));
        }
        let stuck = worse.iter().find(|desk| {
            desk.holds(id) && !matches!(desk.holders.superseded(account, self.holders.add_on), Fate::Goes(_))
        });
        stuck.map(|desk| Bar::Wait(WaitReason::OtherTier { held: desk.holders.add_on }))
    }

    /// The seats that contenders share. GitLab's own count is believed where it saw more holders than it showed us.
    fn supply(&self, staying: u32) -> Supply {
        let (purchased, hidden) = self.reading.map_or((0, 0), |reading| {
            let shown = u32::try_from(reading.holders.len()).unwrap_or(u32::MAX);
            (reading.purchase.purchased, reading.purchase.assigned.saturating_sub(shown))
        });
        let unavailable = self.holders.policy.reserve.saturating_add(hidden).saturating_add(staying);
        Supply {
            add_on: self.holders.add_on,
            seats: purchased.saturating_sub(unavailable),
            contention: self.holders.policy.contention,
        }
    }

    fn decision(&self, id: AccountId, verdict: Verdict, grounds: Option<Grounds>, holds: bool) -> Decision {
        let account = self.account(id);
        let claims: &Claims = self.holders.claims;
        let claim = claims.certain.get(&id).or_else(|| claims.doubtful.get(&id));
        let managed = match &verdict {
            Verdict::Assign { .. } => true,
            Verdict::Keep { .. } | Verdict::Leave { .. } | Verdict::Revoke { .. } => {
                holds && self.holders.managed(account)
            }
            Verdict::Wait { .. } => false,
        };
        Decision {
            add_on: self.holders.add_on,
            account: Arc::clone(account),
            verdict,
            person: claim.map(|claim| claim.person.clone()),
            matched_by: claim.map(|claim| claim.matched_by),
            grounds,
            managed,
        }
    }

    fn summary(&self, decisions: &[Decision]) -> AddOnSummary {
        let count =
            |change| decisions.iter().filter(|decision| decision.verdict.change() == Some(change)).count();
        let held_before = self.reading.map_or(0, |reading| {
            reading.purchase.assigned.max(u32::try_from(reading.holders.len()).unwrap_or(u32::MAX))
        });
        let assigned = u32::try_from(count(Change::Assign)).unwrap_or(u32::MAX);
        let revoked = u32::try_from(count(Change::Revoke)).unwrap_or(u32::MAX);
        AddOnSummary {
            add_on: self.holders.add_on,
            purchase: self.reading.map(|reading| reading.purchase.clone()),
            reserve: self.holders.policy.reserve,
            held_before,
            held_after: (held_before + assigned).saturating_sub(revoked),
            frozen: self.holders.frozen.clone(),
        }
    }

    /// What an apply of these decisions has to remember.
    fn keep_books(&self, decisions: &[Decision], holding: &BTreeSet<AccountId>, books: &mut Bookkeeping) {
        if self.reading.is_none() {
            // A purchase that has ended may be renewed: nothing is forgotten.
            return;
        }
        let memory = self.holders.memory;
        for decision in decisions {
            let id = decision.account.id;
            let seat = self.holders.seat(id);
            let entitled = self.holders.claims.certain.contains_key(&id);
            let person = decision
                .person
                .as_ref()
                .filter(|_| entitled)
                .map(|known| PersonKey { source: known.source.clone(), id: known.person.id.clone() });
            if holding.contains(&id) && self.holders.adopts(&decision.account) {
                books.adopt.insert(seat, person.clone());
            } else if let (Some(person), Some(held)) = (person, memory.holdings.get(&seat))
                && held.person.as_ref() != Some(&person)
                && !(self.holders.doubtful)(id)
            {
                books.persons.insert(seat, person);
            }
            match &decision.verdict {
                Verdict::Leave { because: LeaveReason::Grace { .. } | LeaveReason::MinimumTenure { .. } }
                    if !memory.grace.contains_key(&seat) =>
                {
                    books.grace_started.push(seat);
                }
                Verdict::Revoke { because: RevokeReason::Inactive { .. } } => books.reclaimed.push(seat),
                Verdict::Assign { .. }
                | Verdict::Keep { .. }
                | Verdict::Leave { .. }
                | Verdict::Revoke { .. }
                | Verdict::Wait { .. } => {}
            }
        }
        let mine = |seat: &&SeatKey| seat.add_on == self.holders.add_on;
        books
            .forget
            .extend(memory.holdings.keys().filter(mine).filter(|seat| !holding.contains(&seat.account)));
        books.grace_cancelled.extend(memory.grace.keys().filter(mine).filter(|seat| {
            !holding.contains(&seat.account) || self.holders.claims.certain.contains_key(&seat.account)
        }));
        let may_be_entitled = |id| {
            self.holders.claims.certain.contains_key(id) || self.holders.claims.doubtful.contains_key(id)
        };
        let reclaimed_again: BTreeSet<SeatKey> = books.reclaimed.iter().copied().collect();
        books.reclaimed_cancelled.extend(memory.reclaimed.keys().filter(mine).filter(|seat| {
            (holding.contains(&seat.account) && !reclaimed_again.contains(seat))
                || (self.holders.frozen.is_none() && !may_be_entitled(&seat.account))
        }));
    }
}

impl Tiers {
    /// Nothing is decided yet, save that the seats of tiers without rules are not touched: their holders stay there.
    pub fn beside<'a>(untouched: impl Iterator<Item = &'a PurchaseReading>) -> Tiers {
        let lingering = untouched
            .flat_map(|reading| reading.holders.iter().map(|holder| (*holder, reading.purchase.add_on)))
            .collect();
        Tiers { settled: HashMap::new(), lingering }
    }

    fn note(
        &mut self,
        add_on: AddOn,
        verdicts: &BTreeMap<AccountId, (Verdict, Option<Grounds>)>,
        holding: &BTreeSet<AccountId>,
    ) {
        for (id, (verdict, _)) in verdicts {
            match verdict {
                Verdict::Assign { .. } | Verdict::Keep { .. } => {
                    self.settled.insert(*id, add_on);
                }
                Verdict::Leave { .. } if holding.contains(id) => {
                    self.lingering.insert(*id, add_on);
                }
                Verdict::Leave { .. } | Verdict::Revoke { .. } | Verdict::Wait { .. } => {}
            }
        }
    }
}

fn contender<'a>(account: AccountId, claim: &'a Claim, held: Option<Held>) -> Contender<'a> {
    let KnownPerson { source, person } = &claim.person;
    Contender { account, grounds: &claim.grounds, person: (source, &person.id), held }
}
