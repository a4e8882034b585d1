//! Things that happen to a GitLab while somebody works with it.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::world::account::{AccountId, AccountState, Membership};
use crate::world::gitlab::World;
use crate::world::purchase::PurchaseId;
use crate::world::token::TokenState;

/// One change of the world from outside the API. As JSON: `{"kind": "resize_purchase", "purchase": 3, …}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Incident {
    AccountChangesState { account: AccountId, state: AccountState },
    AccountChangesMembership { account: AccountId, membership: Membership },
    AccountIsDeleted { account: AccountId },
    AccountGetsSeat { purchase: PurchaseId, account: AccountId },
    AccountLosesSeat { purchase: PurchaseId, account: AccountId },
    ResizePurchase { purchase: PurchaseId, quantity: u32 },
    ExpirePurchase { purchase: PurchaseId },
    FlipPurchase { purchase: PurchaseId },
    TokenChangesState { token: String, state: TokenState },
    CleanUpSeats,
    DayBreaks { today: Date },
}

impl Incident {
    /// Lets it happen; says whether what it names exists.
    pub fn strike(&self, world: &mut World) -> bool {
        match *self {
            Incident::AccountChangesState { account, state } => {
                world.edit_account(account, |account| account.state = state)
            }
            Incident::AccountChangesMembership { account, membership } => {
                world.edit_account(account, |account| account.membership = membership)
            }
            Incident::AccountIsDeleted { account } => world.delete_account(account),
            Incident::AccountGetsSeat { purchase, account } => world.seat(purchase, account),
            Incident::AccountLosesSeat { purchase, account } => world.unseat(purchase, account),
            Incident::ResizePurchase { purchase, quantity } => {
                world.edit_purchase(purchase, |purchase| purchase.quantity = quantity)
            }
            Incident::ExpirePurchase { purchase } => {
                let today = world.today;
                world.edit_purchase(purchase, |purchase| purchase.expires_on = today)
            }
            Incident::FlipPurchase { purchase } => world.flip_purchase(purchase),
            Incident::TokenChangesState { ref token, state } => world.set_token_state(token, state),
            Incident::CleanUpSeats => {
                world.clean_up_seats();
                true
            }
            Incident::DayBreaks { today } => {
                world.today = today;
                true
            }
        }
    }
}
