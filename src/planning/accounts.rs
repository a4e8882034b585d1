//! The accounts that a plan is made from, each once, whichever listings showed it.

use std::borrow::Cow;
use std::iter::Peekable;
use std::sync::Arc;

use crate::model::account::{Account, AccountId, DuoActivity, Standing};
use crate::planning::input::PlanningInput;

/// Every account seen, sorted by its number: what is known of it as a holder and what is known of it otherwise, joined.
/// Planning calls each by its place here.
#[derive(Debug)]
pub struct Accounts<'a> {
    /// Borrowed where one listing told everything: there are many, and few of them need more.
    known: Vec<Cow<'a, Arc<Account>>>,
    /// The number of each, so that nobody needs to go to an account to look for another.
    numbers: Vec<AccountId>,
}

impl<'a> Accounts<'a> {
    pub fn of(input: &'a PlanningInput) -> Accounts<'a> {
        let listed = by_number(&input.accounts);
        let mut holders = by_number(&input.seats.holders).into_iter().peekable();
        let most = listed.len() + holders.len();
        let mut accounts = Accounts { known: Vec::with_capacity(most), numbers: Vec::with_capacity(most) };
        for (at, account) in listed.iter().enumerate() {
            while let Some(unlisted) = holders.next_if(|holder| holder.id < account.id) {
                accounts.push(unlisted, &mut holders);
            }
            // What was told last counts.
            if listed.get(at + 1).is_none_or(|next| next.id != account.id) {
                accounts.push(account, &mut holders);
            }
        }
        while let Some(unlisted) = holders.next() {
            accounts.push(unlisted, &mut holders);
        }
        accounts
    }

    /// Takes up an account with what is told of it as a holder.
    fn push(
        &mut self,
        account: &'a Arc<Account>,
        holders: &mut Peekable<impl Iterator<Item = &'a Arc<Account>>>,
    ) {
        let mut known = Cow::Borrowed(account);
        while let Some(holder) = holders.next_if(|holder| holder.id == account.id) {
            if adds(&known, holder) {
                known = Cow::Owned(Arc::new(join(&known, holder)));
            }
        }
        self.known.push(known);
        self.numbers.push(account.id);
    }

    pub fn len(&self) -> usize {
        self.known.len()
    }

    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    pub fn at(&self, place: u32) -> &Arc<Account> {
        &self.known[place as usize]
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<Account>> {
        self.known.iter().map(Cow::as_ref)
    }

    /// The place of the account with this number.
    pub fn place(&self, number: AccountId) -> Option<u32> {
        let place = self.numbers.binary_search(&number).ok()?;
        Some(as_place(place))
    }

    /// For each account, whether its number is one of these, which are sorted.
    pub fn are_among(&self, numbers: &[AccountId]) -> Vec<bool> {
        let mut rest = numbers.iter().peekable();
        let is_among = |number: &AccountId| {
            while rest.next_if(|other| *other < number).is_some() {}
            rest.next_if(|other| *other == number).is_some()
        };
        self.numbers.iter().map(is_among).collect()
    }
}

/// A place among accounts, as it is noted beside each of them.
pub fn as_place(place: usize) -> u32 {
    u32::try_from(place).expect("accounts are counted in 32 bits")
}

/// In the order of their numbers; those of one number stay as they came.
fn by_number(accounts: &[Arc<Account>]) -> Vec<&Arc<Account>> {
    let mut accounts: Vec<&Arc<Account>> = accounts.iter().collect();
    accounts.sort_by_key(|account| account.id);
    accounts
}

/// Makes one account of what two listings tell of it, where they were read: a large company's holders would be in memory
/// three times otherwise, as each listing shows them and joined.
pub fn share(accounts: &mut [Arc<Account>], holders: &mut [Arc<Account>]) {
    accounts.sort_by_key(|account| account.id);
    for holder in holders {
        // What was told last counts.
        let known = accounts.partition_point(|account| account.id <= holder.id);
        if let Some(known) = accounts[..known].last_mut().filter(|known| known.id == holder.id) {
            if adds(known, holder) {
                *known = Arc::new(join(known, holder));
            }
            *holder = Arc::clone(known);
        }
    }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::model::account::{Account, AccountId, DuoActivity, Listing, Standing};
    use crate::planning::accounts::share;

    #[test]
    fn what_two_listings_tell_is_one_account() {
        let ada = Listing {
            id: AccountId(7),
            username: "ada".into(),
            emails: vec!["ada@corp.example".into()],
            identities: Vec::new(),
            standing: Standing::Eligible,
            last_duo_activity: DuoActivity::NotTold,
        };
        let as_holder = Listing { emails: Vec::new(), last_duo_activity: DuoActivity::Never, ..ada.clone() };
        let zoe = Listing { id: AccountId(9), username: "zoe".into(), ..as_holder.clone() };
        let listed = |listing: Listing| Arc::new(Account::from(listing));
        let mut accounts = [listed(ada.clone())];
        let mut holders = [listed(as_holder), listed(zoe.clone())];
        share(&mut accounts, &mut holders);
        let joined = Listing { last_duo_activity: DuoActivity::Never, ..ada };
        assert_eq!(accounts[0].listing(), joined);
        assert!(Arc::ptr_eq(&accounts[0], &holders[0]));
        assert_eq!(holders[1].listing(), zoe, "whom no other listing shows stays as told");
    }
}
