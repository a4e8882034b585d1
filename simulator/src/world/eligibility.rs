//! Who may have a seat, and the lists of accounts that GitLab shows for assigning.

use std::cmp::Reverse;
use std::sync::Arc;

use crate::world::account::{Account, AccountId, AccountKind, Membership};
use crate::world::gitlab::World;
use crate::world::purchase::PurchaseId;
use crate::world::settings::Scope;

/// What a caller asks of an eligible-users list.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// `filterByAssignedSeat`: holders only, or everybody but holders.
    pub assigned: Option<bool>,
    /// The first of `addOnPurchaseIds`: the only one the filter looks at.
    pub purchase: Option<PurchaseId>,
    pub search: Option<String>,
    pub sort: Option<Sort>,
}

/// `GitlabSubscriptionsUserSort`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    IdAsc,
    IdDesc,
    NameAsc,
    NameDesc,
    LastActivityOnAsc,
    LastActivityOnDesc,
}

impl Sort {
    /// The order behind a name of the schema's enum.
    pub fn of_name(name: &str) -> Option<Sort> {
        match name {
            "ID_ASC" => Some(Sort::IdAsc),
            "ID_DESC" => Some(Sort::IdDesc),
            "NAME_ASC" => Some(Sort::NameAsc),
            "NAME_DESC" => Some(Sort::NameDesc),
            "LAST_ACTIVITY_ON_ASC" => Some(Sort::LastActivityOnAsc),
            "LAST_ACTIVITY_ON_DESC" => Some(Sort::LastActivityOnDesc),
            _ => None,
        }
    }
}

/// Whether GitLab would give this account a seat.
///
/// On an instance: `User.active.without_bots.without_ghosts`. On GitLab.com: an active human member of the
/// hierarchy, guests included, who is neither invited only, nor at Minimal Access, nor banned from the namespace.
pub fn is_eligible(scope: &Scope, account: &Account) -> bool {
    let person = match account.kind {
        AccountKind::Human => true,
        AccountKind::ProjectBot | AccountKind::ServiceAccount | AccountKind::Ghost => false,
    };
    let belongs = match scope {
        Scope::Instance => true,
        Scope::TopLevelGroup(_) => match account.membership {
            Membership::Owner | Membership::Member => true,
            Membership::MinimalAccess
            | Membership::PendingInvite
            | Membership::NamespaceBanned
            | Membership::NotMember => false,
        },
    };
    person && belongs && account.is_active()
}

/// The accounts of a listing, in its order.
///
/// Asked for holders, GitLab lists *all* holders of an active purchase, eligible or not; the list without a
/// filter leaves out holders who have become ineligible.
pub fn list(world: &World, listing: &Listing) -> Arc<[AccountId]> {
    let purchase = listing.purchase.and_then(|id| world.purchase(id));
    let active = purchase.filter(|purchase| purchase.is_active(world.today));
    let listed: Arc<[AccountId]> = match (listing.assigned, active) {
        (None, _) | (Some(false), None) => world.eligible_accounts(),
        (Some(true), purchase) => {
            purchase.map_or_else(|| Arc::from([]), |purchase| purchase.holders.keys().copied().collect())
        }
        (Some(false), Some(purchase)) => {
            let eligible = world.eligible_accounts();
            eligible.iter().copied().filter(|id| !purchase.holders.contains_key(id)).collect()
        }
    };
    match (&listing.search, listing.sort) {
        (Some(search), _) => searched(world, &listed, search),
        // Without an order GitLab's list comes as the database gives it, most often by id.
        (None, None | Some(Sort::IdAsc)) => listed,
        (None, Some(sort)) => sorted(world, &listed, sort),
    }
}

/// Whether `search` finds this account by its name or username: in part from three letters on, else whole.
pub fn is_found_by(account: &Account, search: &str) -> bool {
    let search = search.to_lowercase();
    let finds = |text: &str| {
        let text = text.to_lowercase();
        if search.chars().count() < 3 { text == search } else { text.contains(&search) }
    };
    finds(&account.name) || finds(&account.username)
}

/// The search looks at name, username and public address, and ignores the order asked for.
fn searched(world: &World, listed: &[AccountId], search: &str) -> Arc<[AccountId]> {
    let found = |account: &Account| {
        let public_email = account.public_email.as_ref();
        is_found_by(account, search) || public_email.is_some_and(|email| email.eq_ignore_ascii_case(search))
    };
    let hits = listed.iter().filter(|&&id| world.account(id).is_some_and(|account| found(account)));
    hits.copied().collect()
}

fn sorted(world: &World, listed: &[AccountId], sort: Sort) -> Arc<[AccountId]> {
    let mut accounts: Vec<&Account> =
        listed.iter().filter_map(|&id| world.account(id)).map(Arc::as_ref).collect();
    match sort {
        Sort::IdAsc => accounts.sort_by_key(|account| account.id),
        Sort::IdDesc => accounts.sort_by_key(|account| Reverse(account.id)),
        Sort::NameAsc => accounts.sort_by_key(|account| (&account.name, account.id)),
        Sort::NameDesc => accounts.sort_by_key(|account| (Reverse(&account.name), Reverse(account.id))),
        // Accounts that were never active come last both ways.
        Sort::LastActivityOnAsc => accounts.sort_by_key(|account| {
            (account.last_activity_on.is_none(), account.last_activity_on, account.id)
        }),
        Sort::LastActivityOnDesc => {
            accounts.sort_by_key(|account| (Reverse(account.last_activity_on), Reverse(account.id)));
        }
    }
    accounts.into_iter().map(|account| account.id).collect()
}
