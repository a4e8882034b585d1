//! What GitLab does to seats on its own: background jobs and changes of a purchase.

use std::cmp::Reverse;

use crate::world::account::AccountId;
use crate::world::gitlab::World;
use crate::world::purchase::{Purchase, PurchaseId};

impl World {
    /// Runs GitLab's periodic jobs once: frees the seats of ineligible accounts, then takes back what exceeds the
    /// purchased quantity. Answers whose seats went.
    pub fn clean_up_seats(&mut self) -> Vec<(PurchaseId, AccountId)> {
        let mut freed = Vec::new();
        for purchase in self.purchases() {
            let eligible =
                |id: &AccountId| self.account(*id).is_some_and(|account| self.is_eligible(account));
            let (stay, go): (Vec<AccountId>, Vec<AccountId>) =
                purchase.holders.keys().partition(|id| eligible(id));
            freed.extend(go.into_iter().map(|account| (purchase.id, account)));
            freed.extend(self.overage(purchase, stay).into_iter().map(|account| (purchase.id, account)));
        }
        for &(purchase, account) in &freed {
            self.unseat(purchase, account);
        }
        freed
    }

    /// Turns Duo Pro into Duo Enterprise or back. The purchase keeps its id and its holders.
    ///
    /// Says whether the purchase exists and is one of the two.
    pub fn flip_purchase(&mut self, purchase: PurchaseId) -> bool {
        let mut flipped = false;
        self.edit_purchase(purchase, |purchase| {
            let other = match purchase.add_on.as_str() {
                "CODE_SUGGESTIONS" => "DUO_ENTERPRISE",
                "DUO_ENTERPRISE" => "CODE_SUGGESTIONS",
                _ => return,
            };
            purchase.add_on = other.to_owned();
            flipped = true;
        });
        flipped
    }

    /// The holders beyond the quantity, in the order GitLab lets them go: whoever never used the add-on first, of
    /// those the most recently assigned first; then whoever used it longest ago.
    fn overage(&self, purchase: &Purchase, mut holders: Vec<AccountId>) -> Vec<AccountId> {
        let excess = holders.len().saturating_sub(usize::try_from(purchase.quantity).unwrap_or(usize::MAX));
        holders.sort_by_key(|id| {
            let last_use = self.account(*id).and_then(|account| account.last_duo_activity_on);
            let sequence = purchase.holders.get(id).map(|assignment| assignment.sequence);
            (last_use.is_some(), last_use, Reverse(sequence))
        });
        holders.truncate(excess);
        holders
    }
}
