//! Drafts of accounts and of the seats that they hold.

use std::sync::Arc;

use jiff::civil::date;
use proptest::collection::vec;
use proptest::prelude::*;
use seatsync::model::account::{Account, AccountId, DuoActivity, Identity, Listing, Standing};
use seatsync::model::add_on::AddOn;
use seatsync::model::person::ExternUid;
use seatsync::model::purchase::{Purchase, PurchaseId, PurchaseReading};

use crate::judge::drafts::keys::{HUMANS, TODAY, account_id, key, of_whom};

#[derive(Debug, Clone)]
pub(crate) struct AccountDraft {
    renamed: bool,
    email: Option<usize>,
    identity: Option<usize>,
    standing: Standing,
    activity: DuoActivity,
    pub(crate) listed: bool,
}

pub(crate) fn account() -> impl Strategy<Value = AccountDraft> {
    let standing = prop_oneof![
        12 => Just(Standing::Eligible),
        1 => Just(Standing::Inactive { state: "blocked".into() }),
        1 => Just(Standing::Bot),
        1 => Just(Standing::NotAMember),
    ];
    let activity = prop_oneof![
        3 => Just(DuoActivity::NotTold),
        1 => Just(DuoActivity::Never),
        1 => Just(DuoActivity::On(date(2026, 8, 1))),
        1 => Just(DuoActivity::On(TODAY)),
    ];
    (proptest::bool::weighted(0.1), key(), key(), standing, activity, proptest::bool::weighted(0.95))
        .prop_map(|(renamed, email, identity, standing, activity, listed)| AccountDraft {
            renamed,
            email,
            identity,
            standing,
            activity,
            listed,
        })
}

impl AccountDraft {
    pub(crate) fn build(&self, human: usize) -> Account {
        let username = if self.renamed { format!("renamed{human}") } else { format!("p{human}") };
        Account::from(Listing {
            id: account_id(human),
            username: username.into(),
            emails: of_whom(human, self.email)
                .map(|of| format!("p{of}@corp.example").into())
                .into_iter()
                .collect(),
            identities: of_whom(human, self.identity)
                .map(|of| Identity {
                    provider: "ldapmain".into(),
                    extern_uid: ExternUid::new(&format!("uid=P{of},dc=corp")),
                })
                .into_iter()
                .collect(),
            standing: self.standing.clone(),
            last_duo_activity: self.activity,
        })
    }
}

/// What GitLab's listing of holders tells of an account.
pub(crate) fn bare(account: &Account) -> Account {
    Account::from(Listing { emails: Vec::new(), identities: Vec::new(), ..account.listing() })
}

#[derive(Debug, Clone)]
pub(crate) struct SeatsDraft {
    purchased: u32,
    hidden: u32,
    holds: Vec<bool>,
}

pub(crate) fn seats() -> impl Strategy<Value = SeatsDraft> {
    let hidden = prop_oneof![6 => Just(0_u32), 1 => 1_u32..3];
    (0_u32..7, hidden, vec(proptest::bool::weighted(0.4), HUMANS))
        .prop_map(|(purchased, hidden, holds)| SeatsDraft { purchased, hidden, holds })
}

impl SeatsDraft {
    pub(crate) fn build(&self, add_on: AddOn, accounts: &[Option<(Arc<Account>, bool)>]) -> PurchaseReading {
        let mut holders: Vec<AccountId> = accounts
            .iter()
            .zip(&self.holds)
            .filter_map(|(account, holds)| account.as_ref().filter(|_| *holds).map(|(account, _)| account.id))
            .collect();
        holders.sort_unstable();
        let assigned = u32::try_from(holders.len()).unwrap() + self.hidden;
        let id =
            PurchaseId(format!("gid://gitlab/GitlabSubscriptions::AddOnPurchase/{}", add_on.key()).into());
        PurchaseReading { purchase: Purchase { id, add_on, purchased: self.purchased, assigned }, holders }
    }
}
