//! Who gets the seats of one add-on: holders keep theirs, free ones go by rank, quotas and reservations.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::account::AccountId;
use crate::model::add_on::AddOn;
use crate::model::decision::WaitReason;
use crate::model::entitlement::Grounds;
use crate::model::person::{PersonId, SourceName};
use crate::model::policy::Contention;
use crate::model::rule::{Rule, RuleName};
use crate::model::seat_pool::{Seat, SeatPool};

/// An account that a rule entitles, and that nothing but a lack of seats could keep from one.
#[derive(Debug)]
pub struct Contender<'a> {
    pub account: AccountId,
    /// Best rank first; never empty.
    pub grounds: &'a [Grounds],
    /// For ties: the source and id of the person.
    pub person: (&'a SourceName, &'a PersonId),
    pub held: Option<Held>,
}

/// A seat that a contender has.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    /// Since when it is ours; `None` where it is not.
    pub since: Option<Timestamp>,
    /// Whether we assigned it; whoever was adopted at the same instant held it before.
    pub assigned: bool,
    /// Whether a better-ranked claimant may take it.
    pub takeable: bool,
}

impl Held {
    /// Who has held longest comes first.
    fn order(self) -> (Option<Timestamp>, bool) {
        (self.since, self.assigned)
    }
}

/// What a contender gets.
#[derive(Debug)]
pub enum Award {
    Seat {
        seat: Seat,
        grounds: Grounds,
    },
    /// Keeps the seat it has.
    Keeps {
        grounds: Grounds,
        over_quota: bool,
    },
    /// A better-ranked claimant takes its seat.
    Outranked {
        grounds: Grounds,
    },
    Waits {
        because: WaitReason,
        grounds: Grounds,
    },
}

/// The seats of one add-on.
#[derive(Debug)]
pub struct Supply {
    pub add_on: AddOn,
    /// Purchased, less the reserve, less all seats whose holders are no contenders and keep them.
    pub seats: u32,
    pub contention: Contention,
}

/// Gives each contender its award. The order of `contenders` does not matter.
pub fn allocate(
    supply: &Supply,
    rules: &BTreeMap<&RuleName, &Rule>,
    contenders: Vec<Contender<'_>>,
) -> BTreeMap<AccountId, Award> {
    let (mut holders, mut claimants): (Vec<_>, Vec<_>) =
        contenders.into_iter().partition(|contender| contender.held.is_some());
    holders.sort_by_key(|holder| (holder.person, holder.account));
    claimants.sort_by_key(|claimant| (claimant.person, claimant.account));

    let mut quotas = Quotas { rules, used: BTreeMap::new() };
    let mut seated = seat_holders(supply, &holders, &mut quotas);
    let held = u32::try_from(seated.len()).unwrap_or(u32::MAX);
    let free = supply.seats.saturating_sub(held);
    let mut pool = SeatPool::new(supply.add_on, free, quotas.unfilled_reservations());

    let mut awards = BTreeMap::new();
    serve(&claimants, &mut pool, &mut quotas, &mut awards);
    match supply.contention {
        Contention::ByRank if held <= supply.seats => {
            outrank(&claimants, &mut seated, &mut pool, &mut quotas, &mut awards);
        }
        // While more seats are held than there are, one given up is nobody's.
        Contention::ByRank | Contention::KeepHolders => {}
    }
    for holder in seated {
        let grounds = holder.grounds.clone();
        let award = if holder.outranked {
            Award::Outranked { grounds }
        } else {
            Award::Keeps { grounds, over_quota: holder.over_quota }
        };
        awards.insert(holder.account, award);
    }
    let mut waiting: Vec<&Contender<'_>> =
        claimants.iter().filter(|claimant| !awards.contains_key(&claimant.account)).collect();
    waiting.sort_by_key(|claimant| claimant.grounds[0].rank);
    let mut place = 0;
    for claimant in waiting {
        let because = match quotas.full(claimant.grounds) {
            Some(max_seats) => WaitReason::RuleQuota { max_seats },
            None => {
                place += 1;
                if pool.is_empty() { WaitReason::NoSeat { place } } else { WaitReason::Reserved { place } }
            }
        };
        awards.insert(claimant.account, Award::Waits { because, grounds: claimant.grounds[0].clone() });
    }
    awards
}

/// A holder in the seat it keeps unless it is outranked.
struct Seated<'a> {
    account: AccountId,
    grounds: &'a Grounds,
    held: Held,
    person: (&'a SourceName, &'a PersonId),
    in_reserved_seat: bool,
    over_quota: bool,
    outranked: bool,
}

/// Every claim of these contenders in the order in which they are heard, and by which of their grounds: those who held
/// longest first, then the best rank, then the order of the contenders. Whoever is refused comes back with the next.
fn line<'a>(contenders: &[Contender<'a>]) -> Vec<(usize, &'a Grounds)> {
    let mut line: Vec<(usize, &Grounds)> = contenders
        .iter()
        .enumerate()
        .flat_map(|(index, contender)| contender.grounds.iter().map(move |grounds| (index, grounds)))
        .collect();
    line.sort_by_key(|(index, grounds)| (contenders[*index].held.map(Held::order), grounds.rank));
    line
}

/// Seats holders as they came, as if all of them were served anew: otherwise those served by one plan would sit by other
/// rules in the next, and leave room that is not there. Whoever finds no room keeps the seat all the same: a quota that
/// was lowered takes nothing from anybody.
fn seat_holders<'a>(supply: &Supply, holders: &[Contender<'a>], quotas: &mut Quotas<'a>) -> Vec<Seated<'a>> {
    let mut pool = SeatPool::new(supply.add_on, supply.seats, quotas.unfilled_reservations());
    let mut seats: Vec<Option<Seated<'a>>> = holders.iter().map(|_| None).collect();
    for (index, grounds) in line(holders) {
        if seats[index].is_none() && quotas.has_room(&grounds.rule) && pool.take(&grounds.rule).is_ok() {
            let in_reserved_seat = quotas.unfilled(&grounds.rule) > 0;
            seats[index] = Some(quotas.seat(&holders[index], grounds, in_reserved_seat));
        }
    }
    let seats = seats.into_iter().zip(holders).map(|(seat, holder)| {
        seat.unwrap_or_else(|| {
            let with_room = holder.grounds.iter().find(|grounds| quotas.has_room(&grounds.rule));
            let seated = quotas.seat(holder, with_room.unwrap_or(&holder.grounds[0]), false);
            Seated { over_quota: with_room.is_none(), ..seated }
        })
    });
    seats.collect()
}

/// Serves free seats.
fn serve<'a>(
    claimants: &[Contender<'a>],
    pool: &mut SeatPool,
    quotas: &mut Quotas<'a>,
    awards: &mut BTreeMap<AccountId, Award>,
) {
    for (index, grounds) in line(claimants) {
        let account = claimants[index].account;
        if awards.contains_key(&account) || !quotas.has_room(&grounds.rule) {
            continue;
        }
        if let Ok(seat) = pool.take(&grounds.rule) {
            quotas.fill(&grounds.rule);
            awards.insert(account, Award::Seat { seat, grounds: grounds.clone() });
        }
    }
}

/// Lets those who wait for want of a seat take one from the worst-ranked holder, if that is ranked strictly worse.
fn outrank<'a>(
    claimants: &[Contender<'a>],
    seated: &mut [Seated<'a>],
    pool: &mut SeatPool,
    quotas: &mut Quotas<'a>,
    awards: &mut BTreeMap<AccountId, Award>,
) {
    // The first to go: worst rank, then held for the shortest time, then the last person.
    let mut order: Vec<usize> = (0..seated.len())
        .filter(|index| seated[*index].held.takeable && !seated[*index].in_reserved_seat)
        .collect();
    order.sort_by_key(|index| {
        let holder = &seated[*index];
        Reverse((holder.grounds.rank, holder.held.order(), holder.person, holder.account))
    });
    let mut order = order.into_iter().peekable();
    for (index, grounds) in line(claimants) {
        let account = claimants[index].account;
        if awards.contains_key(&account) || !quotas.has_room(&grounds.rule) {
            continue;
        }
        let Some(victim) = order.next_if(|victim| seated[*victim].grounds.rank > grounds.rank) else {
            continue;
        };
        seated[victim].outranked = true;
        quotas.give_up(&seated[victim].grounds.rule);
        pool.add_common();
        let seat = pool.take(&grounds.rule).expect("the holder just gave one up");
        quotas.fill(&grounds.rule);
        awards.insert(account, Award::Seat { seat, grounds: grounds.clone() });
    }
}

/// How many seats each rule has filled.
struct Quotas<'a> {
    rules: &'a BTreeMap<&'a RuleName, &'a Rule>,
    used: BTreeMap<&'a RuleName, u32>,
}

impl<'a> Quotas<'a> {
    fn has_room(&self, rule: &RuleName) -> bool {
        let max_seats = self.rules.get(rule).and_then(|rule| rule.max_seats);
        max_seats.is_none_or(|max_seats| self.used(rule) < max_seats)
    }

    /// The best rule's quota, where none of these rules has room.
    fn full(&self, grounds: &[Grounds]) -> Option<u32> {
        let full = grounds.iter().all(|grounds| !self.has_room(&grounds.rule));
        self.rules.get(&grounds[0].rule).and_then(|rule| rule.max_seats).filter(|_| full)
    }

    fn used(&self, rule: &RuleName) -> u32 {
        self.used.get(rule).copied().unwrap_or(0)
    }

    fn seat(&mut self, holder: &Contender<'a>, grounds: &'a Grounds, in_reserved_seat: bool) -> Seated<'a> {
        self.fill(&grounds.rule);
        Seated {
            account: holder.account,
            grounds,
            held: holder.held.expect("a holder has a seat"),
            person: holder.person,
            in_reserved_seat,
            over_quota: false,
            outranked: false,
        }
    }

    fn fill(&mut self, rule: &'a RuleName) {
        *self.used.entry(rule).or_default() += 1;
    }

    fn give_up(&mut self, rule: &'a RuleName) {
        *self.used.entry(rule).or_default() -= 1;
    }

    /// What is left of a rule's reservation; it never goes beyond its quota, for nobody could sit there.
    fn unfilled(&self, rule: &RuleName) -> u32 {
        let reserved = self
            .rules
            .get(rule)
            .map_or(0, |rule| rule.reserved_seats.min(rule.max_seats.unwrap_or(u32::MAX)));
        reserved.saturating_sub(self.used(rule))
    }

    /// What is left of each reservation, best rank first.
    fn unfilled_reservations(&self) -> Vec<(RuleName, u32)> {
        let mut rules: Vec<&Rule> = self.rules.values().copied().collect();
        rules.sort_by_key(|rule| (rule.rank, &rule.name));
        rules.into_iter().map(|rule| (rule.name.clone(), self.unfilled(&rule.name))).collect()
    }
}
