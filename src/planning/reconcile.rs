//! From claims, holders and seats to one verdict for each account and add-on.

use std::collections::BTreeSet;

use crate::model::account::Standing;
use crate::model::add_on::AddOn;
use crate::model::decision::{AssignReason, KeepReason, LeaveReason, RevokeReason, Verdict, WaitReason};
use crate::model::holding::{Change, Origin};
use crate::model::plan::{AddOnSummary, Bookkeeping};
use crate::model::purchase::PurchaseReading;
use crate::model::rule::RuleName;
use crate::planning::accounts::Accounts;
use crate::planning::allocation::{Award, Contender, Held, Holder, Supply, allocate};
use crate::planning::books;
use crate::planning::claims::{Ground, claimant};
use crate::planning::decisions::Decided;
use crate::planning::dossiers::{Archive, Clerk, Dossier};
use crate::planning::holders::{Fate, Holders};
use crate::planning::rules::RuleReading;

/// What one add-on is decided from.
pub struct Desk<'a> {
    pub holders: Holders<'a>,
    pub archive: Archive<'a>,
    pub reading: Option<&'a PurchaseReading>,
    /// The rules of this add-on that have not ended.
    pub rules: Vec<&'a RuleReading<'a>>,
    pub is_tier: bool,
}

/// Who holds a seat of which tier once the tiers before this one are decided; by the places of accounts.
#[derive(Debug)]
pub struct Tiers {
    /// Decided: has a seat of this better tier, and is entitled to it.
    settled: Vec<Option<AddOn>>,
    /// Keeps a seat of this tier without being entitled to it.
    lingering: Vec<Option<AddOn>>,
}

/// What came of one add-on, besides what was decided of each account.
pub struct Reconciled {
    pub summary: AddOnSummary,
    /// Rules whose quota is smaller than the number of seats their people hold.
    pub over_quota: BTreeSet<RuleName>,
}

/// Decides one add-on, account by account in the order of their numbers. `worse` are the desks of the tiers below this one, whose seats its people may have to leave.
pub fn reconcile<'a>(
    desk: &Desk<'a>,
    worse: &[&Desk<'a>],
    tiers: &mut Tiers,
    books: &mut Bookkeeping,
) -> (Reconciled, Vec<Decided<'a>>) {
    // Room for every account, of which only what is used is ever there; growing would leave holes behind.
    let mut decided: Vec<Decided<'a>> = Vec::with_capacity(desk.archive.accounts.len());
    let (mut holders, mut claimants) = (Vec::with_capacity(desk.archive.holders.len()), Vec::new());
    let mut staying = 0;
    // A purchase that has ended may be renewed: nothing is noted, and nothing forgotten.
    let keeps_books = desk.reading.is_some();

    let mut worse: Vec<Beside<'_, '_>> =
        worse.iter().map(|desk| Beside { desk, clerk: desk.archive.clerk() }).collect();
    for dossier in desk.archive.each() {
        let (verdict, ground) = match desk.opinion(&dossier, &mut worse, tiers) {
            Opinion::Settled => continue,
            Opinion::Verdict(verdict, ground) => (Some(verdict), ground),
            Opinion::Contends(held) => {
                let place = u32::try_from(decided.len()).expect("accounts are counted in 32 bits");
                let contender = contender(place, &dossier);
                match held {
                    Some(held) => holders.push(Holder { contender, held }),
                    None => claimants.push(contender),
                }
                (None, None)
            }
        };
        if keeps_books {
            books::note(&desk.holders, &dossier, verdict.as_ref(), books);
        }
        staying += u32::from(dossier.holds && matches!(verdict, Some(Verdict::Leave { .. })));
        decided.push(Decided {
            account: dossier.account,
            place: dossier.place,
            holds: dossier.holds,
            claimant: claimant(dossier.certain).or_else(|| claimant(dossier.doubtful)),
            managed: dossier.holds && desk.holders.managed(&dossier),
            verdict,
            ground,
        });
    }

    let supply = desk.supply(staying);
    let mut over_quota = BTreeSet::new();
    allocate(&supply, &desk.rules, holders, claimants, |place, award| {
        let (verdict, ground) = match award {
            Award::Seat { seat, ground } => {
                (Verdict::Assign { seat, because: AssignReason::Entitled }, ground)
            }
            Award::Keeps { ground, over_quota: over } => {
                if over {
                    over_quota.insert(ground.rule().name.clone());
                }
                (Verdict::Keep { because: KeepReason::Entitled }, ground)
            }
            Award::Outranked { ground } => (Verdict::Revoke { because: RevokeReason::Outranked }, ground),
            Award::Waits { because, ground } => (Verdict::Wait { because }, ground),
        };
        let decided = &mut decided[place as usize];
        decided.managed |= verdict.change() == Some(Change::Assign);
        (decided.verdict, decided.ground) = (Some(verdict), Some(ground));
    });

    if keeps_books {
        books::close(&desk.archive, desk.holders.frozen.is_some(), books);
    }
    if desk.is_tier {
        tiers.note(desk.holders.add_on, &decided);
    }
    (Reconciled { summary: desk.summary(&decided), over_quota }, decided)
}

/// The desk of a worse tier, and whoever fetches dossiers from there.
struct Beside<'d, 'a> {
    desk: &'d Desk<'a>,
    clerk: Clerk<'d, 'a>,
}

/// What can be said of one account before seats are counted.
enum Opinion<'a> {
    /// A better tier has settled it: there is nothing to decide.
    Settled,
    Verdict(Verdict, Option<&'a Ground<'a>>),
    Contends(Option<Held>),
}

impl<'a> Desk<'a> {
    fn opinion(&self, dossier: &Dossier<'a>, worse: &mut [Beside<'_, '_>], tiers: &Tiers) -> Opinion<'a> {
        let better = tiers.settled[dossier.place as usize].filter(|_| self.is_tier);
        if dossier.holds {
            let fate = match better {
                Some(better) => self.holders.superseded(dossier, better),
                None => self.holders.fate(dossier),
            };
            return match fate {
                Fate::Entitled { takeable } => Opinion::Contends(Some(Held {
                    since: self.holders.since(dossier),
                    assigned: dossier.holding.is_some_and(|holding| holding.origin == Origin::Assigned),
                    takeable,
                })),
                Fate::Leaves(because) => Opinion::Verdict(Verdict::Leave { because }, None),
                Fate::Goes(because) => Opinion::Verdict(Verdict::Revoke { because }, None),
            };
        }
        if better.is_some() {
            return Opinion::Settled;
        }
        match dossier.certain.first() {
            Some(best) => match self.bar(dossier, worse, tiers) {
                Some(verdict) => Opinion::Verdict(verdict, Some(best)),
                None => Opinion::Contends(None),
            },
            None => {
                let best = dossier.doubtful.first();
                let rule = best.map_or("?", |best| best.rule().name.as_str());
                let because = format!("it cannot be said whether rule `{rule}` entitles them");
                Opinion::Verdict(Verdict::Wait { because: WaitReason::Frozen { because } }, best)
            }
        }
    }

    /// What keeps an entitled account without a seat from contending for one.
    fn bar(&self, dossier: &Dossier<'_>, worse: &mut [Beside<'_, '_>], tiers: &Tiers) -> Option<Verdict> {
        let account = dossier.account;
        if self.holders.protected(account) {
            return Some(Verdict::Leave { because: LeaveReason::Protected });
        }
        let waits = |because| Some(Verdict::Wait { because });
        if account.standing != Standing::Eligible {
            return waits(WaitReason::NotEligible { standing: account.standing.clone() });
        }
        if self.holders.contested(account.id, Change::Assign) {
            return waits(WaitReason::Contested);
        }
        if let Some(since) = dossier.reclaimed {
            return waits(WaitReason::Inactive { since });
        }
        if !self.is_tier {
            return None;
        }
        if let Some(held) = tiers.lingering[dossier.place as usize] {
            return waits(WaitReason::OtherTier { held });
        }
        let stuck = worse.iter_mut().find_map(|Beside { desk, clerk }| {
            let held = clerk.of_holder(dossier.place)?;
            let goes = matches!(desk.holders.superseded(&held, self.holders.add_on), Fate::Goes(_));
            (!goes).then_some(desk.holders.add_on)
        });
        stuck.and_then(|held| waits(WaitReason::OtherTier { held }))
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

    fn summary(&self, decided: &[Decided<'_>]) -> AddOnSummary {
        let (mut assigned, mut revoked) = (0, 0);
        for change in decided.iter().filter_map(|decided| decided.verdict.as_ref()?.change()) {
            match change {
                Change::Assign => assigned += 1,
                Change::Revoke => revoked += 1,
            }
        }
        let held_before = self.reading.map_or(0, |reading| {
            reading.purchase.assigned.max(u32::try_from(reading.holders.len()).unwrap_or(u32::MAX))
        });
        AddOnSummary {
            add_on: self.holders.add_on,
            purchase: self.reading.map(|reading| reading.purchase.clone()),
            reserve: self.holders.policy.reserve,
            held_before,
            held_after: (held_before + assigned).saturating_sub(revoked),
            frozen: self.holders.frozen.clone(),
        }
    }
}

impl Tiers {
    /// Nothing is decided yet, save that the seats of tiers without rules are not touched: their holders stay there.
    pub fn beside<'a>(
        accounts: &Accounts<'_>,
        untouched: impl Iterator<Item = &'a PurchaseReading>,
    ) -> Tiers {
        let (settled, mut lingering) = (vec![None; accounts.len()], vec![None; accounts.len()]);
        for reading in untouched {
            for holder in &reading.holders {
                if let Some(place) = accounts.place(*holder) {
                    lingering[place as usize] = Some(reading.purchase.add_on);
                }
            }
        }
        Tiers { settled, lingering }
    }

    fn note(&mut self, add_on: AddOn, decided: &[Decided<'_>]) {
        for decided in decided {
            let place = decided.place as usize;
            match &decided.verdict {
                Some(Verdict::Assign { .. } | Verdict::Keep { .. }) => self.settled[place] = Some(add_on),
                Some(Verdict::Leave { .. }) if decided.holds => self.lingering[place] = Some(add_on),
                Some(Verdict::Leave { .. } | Verdict::Revoke { .. } | Verdict::Wait { .. }) | None => {}
            }
        }
    }
}

/// `place` is that among the accounts that are decided.
fn contender<'a>(place: u32, dossier: &Dossier<'a>) -> Contender<'a> {
    let person = claimant(dossier.certain).expect("only the entitled contend").person_order;
    Contender { account: place, grounds: dossier.certain, person }
}
