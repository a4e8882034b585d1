//! Opinions: what can be said of each account before seats are counted.

use std::ops::Range;

use crate::model::account::Standing;
use crate::model::decision::{LeaveReason, Verdict, WaitReason};
use crate::model::holding::{Change, Origin};
use crate::planning::accounts::as_place;
use crate::planning::allocation::{Contender, Held, Holder};
use crate::planning::books::{self, Noted};
use crate::planning::claims::{Ground, claimant};
use crate::planning::decisions::Decided;
use crate::planning::desk::{Desk, Tiers};
use crate::planning::dossiers::{Clerk, Dossier};
use crate::planning::hands::Hands;
use crate::planning::holders::Fate;

/// Of accounts in the order of their numbers.
pub struct Opinions<'a> {
    /// Without a verdict where it depends on seats.
    pub decided: Vec<Decided<'a>>,
    /// Those who contend for seats, by their places in `decided`.
    pub holders: Vec<Holder<'a>>,
    pub claimants: Vec<Contender<'a>>,
    /// How many keep a seat without contending for it.
    pub staying: u32,
    pub noted: Noted,
}

/// Those of all accounts; each hand judges a part of them.
pub fn of_all<'a>(hands: Hands, desk: &Desk<'a>, worse: &[&Desk<'a>], tiers: &Tiers) -> Opinions<'a> {
    let parts = hands.parts(desk.archive.accounts.len());
    let parts = hands.each(&parts, |places| Opinions::of(desk, worse, tiers, places.clone()));
    parts.into_iter().reduce(Opinions::and).expect("there is a part, if of nobody")
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

impl<'a> Opinions<'a> {
    fn of(desk: &Desk<'a>, worse: &[&Desk<'a>], tiers: &Tiers, places: Range<u32>) -> Opinions<'a> {
        // Room for every account, of which only what is used is ever there; growing would leave holes behind.
        let decided = Vec::with_capacity(desk.archive.accounts.len());
        let mut opinions = Opinions {
            decided,
            holders: Vec::with_capacity(desk.archive.holders.len()),
            claimants: Vec::new(),
            staying: 0,
            noted: Noted::default(),
        };
        let mut worse: Vec<Beside<'_, '_>> =
            worse.iter().map(|desk| Beside { desk, clerk: desk.archive.clerk() }).collect();
        for dossier in desk.archive.each(places) {
            let opinion = desk.opinion(&dossier, &mut worse, tiers);
            opinions.add(desk, &dossier, opinion);
        }
        opinions
    }

    fn add(&mut self, desk: &Desk<'a>, dossier: &Dossier<'a>, opinion: Opinion<'a>) {
        let (verdict, ground) = match opinion {
            Opinion::Settled => return,
            Opinion::Verdict(verdict, ground) => (Some(verdict), ground),
            Opinion::Contends(held) => {
                let contender = contender(self.decided.len(), dossier);
                match held {
                    Some(held) => self.holders.push(Holder { contender, held }),
                    None => self.claimants.push(contender),
                }
                (None, None)
            }
        };
        books::note(&desk.holders, dossier, verdict.as_ref(), &mut self.noted);
        self.staying += u32::from(dossier.holds && matches!(verdict, Some(Verdict::Leave { .. })));
        self.decided.push(Decided {
            account: dossier.account,
            place: dossier.place,
            holds: dossier.holds,
            claimant: claimant(dossier.certain).or_else(|| claimant(dossier.doubtful)),
            managed: dossier.holds && desk.holders.managed(dossier),
            verdict,
            ground,
        });
    }

    /// Those of the accounts after these as well.
    fn and(mut self, mut next: Opinions<'a>) -> Opinions<'a> {
        let before = as_place(self.decided.len());
        let holders = next.holders.iter_mut().map(|holder| &mut holder.contender);
        for contender in holders.chain(&mut next.claimants) {
            contender.account += before;
        }
        self.decided.append(&mut next.decided);
        self.holders.append(&mut next.holders);
        self.claimants.append(&mut next.claimants);
        self.staying += next.staying;
        self.noted.append(next.noted);
        self
    }
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
}

/// `place` is that among the accounts that are decided.
fn contender<'a>(place: usize, dossier: &Dossier<'a>) -> Contender<'a> {
    let person = claimant(dossier.certain).expect("only the entitled contend").person_order;
    Contender { account: as_place(place), grounds: dossier.certain, person }
}
