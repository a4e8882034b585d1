//! The accounts that a plan is made from, each once, whichever listings showed it.

use std::sync::Arc;

use crate::model::account::{Account, DuoActivity, Standing};
use crate::planning::input::PlanningInput;

/// Every account seen, sorted by its number: what is known of it as a holder and what is known of it otherwise, joined.
pub fn accounts(input: &PlanningInput) -> Vec<Arc<Account>> {
    let mut accounts = input.accounts.clone();
    accounts.sort_by_key(|account| account.id);
    accounts.dedup_by(|later, kept| {
        let is_same = later.id == kept.id;
        if is_same {
            std::mem::swap(later, kept);
        }
        is_same
    });
    accounts.extend(input.seats.holders.iter().cloned());
    accounts.sort_by_key(|account| account.id);
    accounts.dedup_by(|holder, known| {
        let is_same = holder.id == known.id;
        if is_same && adds(known, holder) {
            *known = Arc::new(join(known, holder));
        }
        is_same
    });
    accounts
}

/// Whether the listing of holders tells anything that is not known already.
fn adds(known: &Account, holder: &Account) -> bool {
    holder.username() != known.username()
        || new_emails(known, holder).next().is_some()
        || (known.identities().next().is_none() && holder.identities().next().is_some())
        || (known.standing == Standing::Eligible && holder.standing != Standing::Eligible)
        || (holder.last_duo_activity != DuoActivity::NotTold
            && holder.last_duo_activity != known.last_duo_activity)
}

fn new_emails<'a>(known: &Account, holder: &'a Account) -> impl Iterator<Item = &'a str> {
    holder.emails().filter(|email| known.emails().all(|held| held != *email))
}

fn join(known: &Account, holder: &Account) -> Account {
    let told = holder.listing();
    let mut joined = known.listing();
    // Identities of former members of a top-level group come with a number alone.
    joined.username = told.username;
    joined.emails.extend(new_emails(known, holder).map(Box::from));
    if joined.identities.is_empty() {
        joined.identities = told.identities;
    }
    if joined.standing == Standing::Eligible {
        joined.standing = told.standing;
    }
    if told.last_duo_activity != DuoActivity::NotTold {
        joined.last_duo_activity = told.last_duo_activity;
    }
    Account::from(joined)
}
