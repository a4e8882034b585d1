//! The desk at which one add-on is decided, and what better tiers leave to it.

use crate::model::add_on::AddOn;
use crate::model::decision::Verdict;
use crate::model::purchase::PurchaseReading;
use crate::planning::accounts::Accounts;
use crate::planning::decisions::Decided;
use crate::planning::dossiers::Archive;
use crate::planning::holders::Holders;
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
    pub settled: Vec<Option<AddOn>>,
    /// Keeps a seat of this tier without being entitled to it.
    pub lingering: Vec<Option<AddOn>>,
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

    pub fn note(&mut self, add_on: AddOn, decided: &[Decided<'_>]) {
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
