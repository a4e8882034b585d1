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
    holder.username != known.username
        || holder.emails.iter().any(|email| !known.emails.contains(email))
        || (known.identities.is_empty() && !holder.identities.is_empty())
        || (known.standing == Standing::Eligible && holder.standing != Standing::Eligible)
        || (holder.last_duo_activity != DuoActivity::NotTold
            && holder.last_duo_activity != known.last_duo_activity)
}

fn join(known: &Account, holder: &Account) -> Account {
    Account {
        id: known.id,
        // Identities of former members of a top-level group come with a number alone.
        username: holder.username.clone(),
        emails: known
            .emails
            .iter()
            .chain(holder.emails.iter().filter(|email| !known.emails.contains(email)))
            .cloned()
            .collect(),
        identities: if known.identities.is_empty() {
            holder.identities.clone()
        } else {
            known.identities.clone()
        },
        standing: match &known.standing {
            Standing::Eligible => holder.standing.clone(),
            ineligible @ (Standing::Inactive { .. } | Standing::Bot | Standing::NotAMember) => {
                ineligible.clone()
            }
        },
        last_duo_activity: match holder.last_duo_activity {
            DuoActivity::NotTold => known.last_duo_activity,
            told @ (DuoActivity::Never | DuoActivity::On(_)) => told,
        },
    }
}
