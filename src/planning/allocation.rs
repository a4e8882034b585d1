//! Who gets the seats of one add-on: holders keep theirs, free ones go by rank, quotas and reservations.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use jiff::Timestamp;

use crate::model::account::AccountId;
use crate::model::add_on::AddOn;
use crate::model::decision::WaitReason;
use crate::model::entitlement::Grounds;
use crate::model::person::{PersonId, SourceName};
use crate::model::policy::Contention;
use crate::model::rule::{Rule, RuleName};
use crate::model::seat_pool::{NoSeat, Seat, SeatPool};

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
    /// Since when; `None` where that was before our time.
    pub since: Option<Timestamp>,
    /// Whether a better-ranked claimant may take it.
    pub takeable: bool,
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
    holders.sort_by_key(|holder| {
        (holder.grounds[0].rank, holder.held.and_then(|held| held.since), holder.person, holder.account)
    });
    claimants.sort_by_key(|claimant| (claimant.grounds[0].rank, claimant.person, claimant.account));

    let mut quotas = Quotas { rules, used: BTreeMap::new() };
    let mut seated: Vec<Seated<'_>> = holders.into_iter().map(|holder| quotas.seat_holder(holder)).collect();
    let free = supply.seats.saturating_sub(u32::try_from(seated.len()).unwrap_or(u32::MAX));
    let mut pool = SeatPool::new(supply.add_on, free, quotas.unfilled_reservations());

    let (mut awards, mut waiting) = serve(&claimants, &mut pool, &mut quotas);
    match supply.contention {
        Contention::KeepHolders => {}
        Contention::ByRank => {
            outrank(&claimants, &mut waiting, &mut seated, &mut pool, &mut quotas, &mut awards)
        }
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
    let mut place = 0;
    for (index, refusal) in waiting {
        let claimant = &claimants[index];
        let because = match refusal {
            Refused::Quota { max_seats } => WaitReason::RuleQuota { max_seats },
            Refused::NoSeat => {
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

/// Why a claimant got nothing.
#[derive(Debug, Clone, Copy)]
enum Refused {
    Quota { max_seats: u32 },
    NoSeat,
}

/// How many seats each rule has filled.
struct Quotas<'a> {
    rules: &'a BTreeMap<&'a RuleName, &'a Rule>,
    used: BTreeMap<&'a RuleName, u32>,
}

impl<'a> Quotas<'a> {
    fn has_room(&self, rule: &RuleName) -> Result<(), u32> {
        match self.rules.get(rule).and_then(|rule| rule.max_seats) {
            Some(max_seats) if self.used(rule) >= max_seats => Err(max_seats),
            Some(_) | None => Ok(()),
        }
    }

    fn used(&self, rule: &RuleName) -> u32 {
        self.used.get(rule).copied().unwrap_or(0)
    }

    fn fill(&mut self, rule: &'a RuleName) {
        *self.used.entry(rule).or_default() += 1;
    }

    fn reserved(&self, rule: &RuleName) -> u32 {
        self.rules.get(rule).map_or(0, |rule| rule.reserved_seats)
    }

    /// A holder sits by its best rule that has room; where none has, it keeps its seat all the same: a quota that was
    /// lowered takes nothing from anybody.
    fn seat_holder(&mut self, holder: Contender<'a>) -> Seated<'a> {
        let with_room = holder.grounds.iter().find(|grounds| self.has_room(&grounds.rule).is_ok());
        let grounds = with_room.unwrap_or(&holder.grounds[0]);
        let in_reserved_seat = self.used(&grounds.rule) < self.reserved(&grounds.rule);
        self.fill(&grounds.rule);
        Seated {
            account: holder.account,
            grounds,
            held: holder.held.expect("a holder has a seat"),
            person: holder.person,
            in_reserved_seat,
            over_quota: with_room.is_none(),
            outranked: false,
        }
    }

    /// What is left of each reservation, best rank first.
    fn unfilled_reservations(&self) -> Vec<(RuleName, u32)> {
        let mut rules: Vec<&Rule> =
            self.rules.values().copied().filter(|rule| rule.reserved_seats > 0).collect();
        rules.sort_by_key(|rule| (rule.rank, &rule.name));
        rules
            .into_iter()
            .map(|rule| (rule.name.clone(), rule.reserved_seats.saturating_sub(self.used(&rule.name))))
            .collect()
    }
}

/// Serves free seats: each claimant asks by its best rule first, and comes back in its turn with the next.
fn serve<'a>(
    claimants: &[Contender<'a>],
    pool: &mut SeatPool,
    quotas: &mut Quotas<'a>,
) -> (BTreeMap<AccountId, Award>, Vec<(usize, Refused)>) {
    let mut awards = BTreeMap::new();
    let mut refused: BTreeMap<usize, Refused> = BTreeMap::new();
    let mut line: BinaryHeap<Reverse<(i64, usize, usize)>> = claimants
        .iter()
        .enumerate()
        .map(|(index, claimant)| Reverse((claimant.grounds[0].rank, index, 0)))
        .collect();
    while let Some(Reverse((_, index, nth))) = line.pop() {
        let claimant = &claimants[index];
        let grounds = &claimant.grounds[nth];
        let refusal = match quotas.has_room(&grounds.rule) {
            Err(max_seats) => Refused::Quota { max_seats },
            Ok(()) => match pool.take(&grounds.rule) {
                Ok(seat) => {
                    quotas.fill(&grounds.rule);
                    refused.remove(&index);
                    awards.insert(claimant.account, Award::Seat { seat, grounds: grounds.clone() });
                    continue;
                }
                Err(NoSeat::Exhausted | NoSeat::Reserved) => Refused::NoSeat,
            },
        };
        // Having been refused for want of a seat says more than a full quota.
        let worst = match (refused.get(&index), refusal) {
            (Some(Refused::NoSeat), _) | (_, Refused::NoSeat) => Refused::NoSeat,
            (Some(Refused::Quota { .. }) | None, Refused::Quota { .. }) => refusal,
        };
        refused.insert(index, worst);
        if let Some(next) = claimant.grounds.get(nth + 1) {
            line.push(Reverse((next.rank, index, nth + 1)));
        }
    }
    (awards, refused.into_iter().collect())
}

/// Lets those who wait for want of a seat take one from the worst-ranked holder, if that is ranked strictly worse.
fn outrank<'a>(
    claimants: &[Contender<'a>],
    waiting: &mut Vec<(usize, Refused)>,
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
        Reverse((holder.grounds.rank, holder.held.since, holder.person, holder.account))
    });
    let mut order = order.into_iter().peekable();
    waiting.retain(|(index, refusal)| {
        if let Refused::Quota { .. } = refusal {
            return true;
        }
        let claimant = &claimants[*index];
        for grounds in claimant.grounds {
            if quotas.has_room(&grounds.rule).is_err() {
                continue;
            }
            let Some(victim) = order.next_if(|victim| seated[*victim].grounds.rank > grounds.rank) else {
                continue;
            };
            seated[victim].outranked = true;
            pool.add_common();
            let seat = pool.take(&grounds.rule).expect("the holder just gave one up");
            quotas.fill(&grounds.rule);
            awards.insert(claimant.account, Award::Seat { seat, grounds: grounds.clone() });
            return false;
        }
        true
    });
}
