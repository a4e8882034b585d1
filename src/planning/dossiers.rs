//! Everything known about one account and one add-on, gathered for all accounts in one walk.

use std::collections::BTreeMap;
use std::collections::btree_map::Range;
use std::iter::Peekable;
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::account::{Account, AccountId};
use crate::model::add_on::AddOn;
use crate::model::holding::{Holding, Memory, SeatKey};
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
#[derive(Debug, Clone, Copy)]
pub struct Archive<'a> {
    pub add_on: AddOn,
    /// Sorted by number.
    pub accounts: &'a [Arc<Account>],
    /// Sorted, each once.
    pub holders: &'a [AccountId],
    pub claims: &'a Claims<'a>,
    pub memory: &'a Memory,
}

impl<'a> Archive<'a> {
    /// The dossiers of all accounts that hold a seat or that a rule speaks of, sorted by number.
    pub fn each(self) -> impl Iterator<Item = Dossier<'a>> {
        let mut holders = self.holders.iter().peekable();
        let mut holdings = Walk::along(&self.memory.holdings, self.add_on);
        let mut grace = Walk::along(&self.memory.grace, self.add_on);
        let mut reclaimed = Walk::along(&self.memory.reclaimed, self.add_on);
        self.accounts.iter().zip(0..).filter_map(move |(account, place)| {
            let holds = holders.next_if(|holder| **holder == account.id).is_some();
            let (certain, doubtful) = (self.claims.certain.of(place), self.claims.doubtful.of(place));
            (holds || !certain.is_empty() || !doubtful.is_empty()).then(|| Dossier {
                account,
                place,
                holds,
                certain,
                doubtful,
                holding: holdings.of(account.id),
                grace: grace.of(account.id).copied(),
                reclaimed: reclaimed.of(account.id).copied(),
            })
        })
    }

    /// The dossier of the account at this place, if it holds a seat.
    pub fn of_holder(&self, place: u32) -> Option<Dossier<'a>> {
        let account = &self.accounts[place as usize];
        self.holders.binary_search(&account.id).is_ok().then(|| {
            let seat = SeatKey { add_on: self.add_on, account: account.id };
            Dossier {
                account,
                place,
                holds: true,
                certain: self.claims.certain.of(place),
                doubtful: self.claims.doubtful.of(place),
                holding: self.memory.holdings.get(&seat),
                grace: self.memory.grace.get(&seat).copied(),
                reclaimed: self.memory.reclaimed.get(&seat).copied(),
            }
        })
    }
}

/// Looks up ascending accounts in a map of seats by going along with them.
struct Walk<'a, V> {
    rest: Peekable<Range<'a, SeatKey, V>>,
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

/// The part of a map of seats that is about one add-on.
pub fn of_add_on<V>(seats: &BTreeMap<SeatKey, V>, add_on: AddOn) -> Range<'_, SeatKey, V> {
    let seat = |account| SeatKey { add_on, account: AccountId(account) };
    seats.range(seat(0)..=seat(u64::MAX))
}
