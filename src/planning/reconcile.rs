//! From claims, holders and seats to one verdict for each account and add-on.

use std::collections::BTreeSet;

use crate::model::decision::{AssignReason, KeepReason, RevokeReason, Verdict};
use crate::model::holding::Change;
use crate::model::plan::{AddOnSummary, Bookkeeping};
use crate::model::rule::RuleName;
use crate::planning::allocation::{Award, Supply, allocate};
use crate::planning::books;
use crate::planning::decisions::Decided;
use crate::planning::desk::{Desk, Tiers};
use crate::planning::hands::Hands;
use crate::planning::opinions::{Opinions, of_all};

/// What came of one add-on, besides what was decided of each account.
pub struct Reconciled {
    pub summary: AddOnSummary,
    /// Rules whose quota is smaller than the number of seats their people hold.
    pub over_quota: BTreeSet<RuleName>,
}

/// Decides one add-on, account by account in the order of their numbers. `worse` are the desks of the tiers below this one,
/// whose seats its people may have to leave.
pub fn reconcile<'a>(
    hands: Hands,
    desk: &Desk<'a>,
    worse: &[&Desk<'a>],
    tiers: &mut Tiers,
    books: &mut Bookkeeping,
) -> (Reconciled, Vec<Decided<'a>>) {
    let Opinions { mut decided, holders, claimants, staying, noted } = of_all(hands, desk, worse, tiers);
    // A purchase that has ended may be renewed: nothing is noted, and nothing forgotten.
    let keeps_books = desk.reading.is_some();
    if keeps_books {
        noted.enter(books);
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

impl Desk<'_> {
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
