//! Everything known about one account and one add-on, gathered for all accounts in one walk.

use std::collections::BTreeMap;
use std::collections::btree_map;
use std::iter::Peekable;
use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::account::{Account, AccountId};
use crate::model::add_on::AddOn;
use crate::model::holding::{Holding, Memory, SeatKey};
use crate::planning::accounts::Accounts;
use crate::planning::claims::{Claims, Ground};

/// What is known when one account and one add-on are judged.
#[derive(Debug, Clone, Copy)]
pub struct Dossier<'a> {
    pub account: &'a Arc<Account>,
    /// The place of the account among all accounts.
    pub place: u32,
    pub holds: bool,
    pub certain: &'a [Ground<'a>],
    pub doubtful: &'a [Ground<'a>],
    /// What memory says of this seat.
    pub holding: Option<&'a Holding>,
    pub grace: Option<Timestamp>,
    pub reclaimed: Option<Timestamp>,
}

/// Where dossiers of one add-on are gathered from.
#[derive(Debug)]
pub struct Archive<'a> {
    pub add_on: AddOn,
    pub accounts: &'a Accounts<'a>,
    /// Sorted, each once.
    pub holders: &'a [AccountId],
    /// For each account, whether it is one of these.
    pub holds: Vec<bool>,
    pub claims: &'a Claims<'a>,
    pub memory: &'a Memory,
}

impl<'a> Archive<'a> {
    /// The dossiers of all accounts at these places that hold a seat or that a rule speaks of, sorted by number.
    pub fn each(&self, places: Range<u32>) -> impl Iterator<Item = Dossier<'a>> {
        let mut clerk = self.clerk();
        places.filter_map(move |place| {
            let is_spoken_of =
                !self.claims.certain.of(place).is_empty() || !self.claims.doubtful.of(place).is_empty();
            (self.holds[place as usize] || is_spoken_of).then(|| clerk.dossier(place))
        })
    }

    /// Gathers dossiers of accounts in the order of their places.
    pub fn clerk(&self) -> Clerk<'_, 'a> {
        Clerk {
            archive: self,
            holdings: Walk::along(&self.memory.holdings, self.add_on),
            grace: Walk::along(&self.memory.grace, self.add_on),
            reclaimed: Walk::along(&self.memory.reclaimed, self.add_on),
        }
    }
}

/// Goes along with ascending accounts, so that nothing that is remembered is searched for.
pub struct Clerk<'d, 'a> {
    archive: &'d Archive<'a>,
    holdings: Walk<'a, Holding>,
    grace: Walk<'a, Timestamp>,
    reclaimed: Walk<'a, Timestamp>,
}

impl<'a> Clerk<'_, 'a> {
    /// The dossier of the account at this place, if it holds a seat.
    pub fn of_holder(&mut self, place: u32) -> Option<Dossier<'a>> {
        self.archive.holds[place as usize].then(|| self.dossier(place))
    }

    fn dossier(&mut self, place: u32) -> Dossier<'a> {
        let Archive { accounts, holds, claims, .. } = self.archive;
        let account = accounts.at(place);
        Dossier {
            account,
            place,
            holds: holds[place as usize],
            certain: claims.certain.of(place),
            doubtful: claims.doubtful.of(place),
            holding: self.holdings.of(account.id),
            grace: self.grace.of(account.id).copied(),
            reclaimed: self.reclaimed.of(account.id).copied(),
        }
    }
}

/// Looks up ascending accounts in a map of seats by going along with them.
struct Walk<'a, V> {
    rest: Peekable<btree_map::Range<'a, SeatKey, V>>,
}

impl<'a, V> Walk<'a, V> {
    fn along(seats: &'a BTreeMap<SeatKey, V>, add_on: AddOn) -> Walk<'a, V> {
        Walk { rest: of_add_on(seats, add_on).peekable() }
    }

    fn of(&mut self, account: AccountId) -> Option<&'a V> {
        while self.rest.next_if(|(seat, _)| seat.account < account).is_some() {}
        self.rest.next_if(|(seat, _)| seat.account == account).map(|(_, value)| value)
    }
}

/// The part of these seats of one add-on, which are sorted, that none of `holders` has, which are sorted too.
pub fn not_held<'a>(
    seats: impl Iterator<Item = &'a SeatKey>,
    holders: &[AccountId],
) -> impl Iterator<Item = &'a SeatKey> {
    let mut holders = holders.iter().peekable();
    seats.filter(move |seat| {
        while holders.next_if(|holder| **holder < seat.account).is_some() {}
        holders.peek() != Some(&&seat.account)
    })
}

/// The part of a map of seats that is about one add-on.
pub fn of_add_on<V>(seats: &BTreeMap<SeatKey, V>, add_on: AddOn) -> btree_map::Range<'_, SeatKey, V> {
    let seat = |account| SeatKey { add_on, account: AccountId(account) };
    seats.range(seat(0)..=seat(u64::MAX))
}
