//! Who gets the seats of one add-on: holders keep theirs, free ones go by rank, quotas and reservations.

use std::cmp::Reverse;

use jiff::Timestamp;

use crate::model::add_on::AddOn;
use crate::model::decision::WaitReason;
use crate::model::policy::Contention;
use crate::model::rule::RuleName;
use crate::model::seat_pool::{Seat, SeatPool};
use crate::planning::claims::Ground;
use crate::planning::rules::RuleReading;

/// An account that a rule entitles, and that nothing but a lack of seats could keep from one.
#[derive(Debug)]
pub struct Contender<'a> {
    /// The place of the account among those that are decided, in the order of their numbers.
    pub account: u32,
    /// Best rank first; never empty.
    pub grounds: &'a [Ground<'a>],
    /// For ties: the person's place in the order of sources and ids.
    pub person: u32,
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
pub enum Award<'a> {
    Seat {
        seat: Seat,
        ground: &'a Ground<'a>,
    },
    /// Keeps the seat it has.
    Keeps {
        ground: &'a Ground<'a>,
        over_quota: bool,
    },
    /// A better-ranked claimant takes its seat.
    Outranked {
        ground: &'a Ground<'a>,
    },
    Waits {
        because: WaitReason,
        ground: &'a Ground<'a>,
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

/// Gives each contender's account its award, in no order. The order of `contenders` does not matter. `rules` are those
/// of the add-on that have not ended.
pub fn allocate<'a>(
    supply: &Supply,
    rules: &[&'a RuleReading<'a>],
    contenders: Vec<Contender<'a>>,
) -> Vec<(u32, Award<'a>)> {
    let (mut holders, mut claimants): (Vec<_>, Vec<_>) =
        contenders.into_iter().partition(|contender| contender.held.is_some());
    holders.sort_unstable_by_key(|holder| (holder.person, holder.account));
    claimants.sort_unstable_by_key(|claimant| (claimant.person, claimant.account));

    let places = rules.iter().map(|reading| reading.place + 1).max().unwrap_or(0);
    let mut quotas = Quotas { rules: rules.to_vec(), used: vec![0; places] };
    let mut seated = seat_holders(supply, &holders, &mut quotas);
    let held = u32::try_from(seated.len()).unwrap_or(u32::MAX);
    let free = supply.seats.saturating_sub(held);
    let mut pool = SeatPool::new(supply.add_on, free, quotas.unfilled_reservations());

    let mut awards = Vec::with_capacity(holders.len() + claimants.len());
    let mut served = vec![false; claimants.len()];
    serve(&claimants, &mut pool, &mut quotas, &mut served, &mut awards);
    match supply.contention {
        Contention::ByRank if held <= supply.seats => {
            outrank(&claimants, &mut seated, &mut pool, &mut quotas, &mut served, &mut awards);
        }
        // While more seats are held than there are, one given up is nobody's.
        Contention::ByRank | Contention::KeepHolders => {}
    }
    for holder in seated {
        let ground = holder.ground;
        let award = if holder.outranked {
            Award::Outranked { ground }
        } else {
            Award::Keeps { ground, over_quota: holder.over_quota }
        };
        awards.push((holder.account, award));
    }
    let mut waiting: Vec<&Contender<'_>> =
        claimants.iter().zip(served).filter(|(_, served)| !served).map(|(claimant, _)| claimant).collect();
    waiting.sort_by_key(|claimant| claimant.grounds[0].rule().rank);
    let mut place = 0;
    for claimant in waiting {
        let because = match quotas.full(claimant.grounds) {
            Some(max_seats) => WaitReason::RuleQuota { max_seats },
            None => {
                place += 1;
                if pool.is_empty() { WaitReason::NoSeat { place } } else { WaitReason::Reserved { place } }
            }
        };
        awards.push((claimant.account, Award::Waits { because, ground: &claimant.grounds[0] }));
    }
    awards
}

/// A holder in the seat it keeps unless it is outranked.
struct Seated<'a> {
    account: u32,
    ground: &'a Ground<'a>,
    held: Held,
    person: u32,
    in_reserved_seat: bool,
    over_quota: bool,
    outranked: bool,
}

/// Every claim of these contenders in the order in which they are heard, and by which of their grounds: those who held
/// longest first, then the best rank, then the order of the contenders. Whoever is refused comes back with the next.
fn line<'a>(contenders: &[Contender<'a>]) -> Vec<Turn<'a>> {
    let turns = contenders.iter().enumerate().flat_map(|(index, contender)| {
        let held = contender.held.map(Held::order);
        contender.grounds.iter().map(move |ground| Turn { held, rank: ground.rule().rank, index, ground })
    });
    let mut line: Vec<Turn<'_>> = turns.collect();
    line.sort_by_key(|turn| (turn.held, turn.rank));
    line
}

/// One claim of the contender at `index`.
struct Turn<'a> {
    held: Option<(Option<Timestamp>, bool)>,
    rank: i64,
    index: usize,
    ground: &'a Ground<'a>,
}

/// Seats holders as they came, as if all of them were served anew: otherwise those served by one plan would sit by other
/// rules in the next, and leave room that is not there. Whoever finds no room keeps the seat all the same: a quota that
/// was lowered takes nothing from anybody.
fn seat_holders<'a>(supply: &Supply, holders: &[Contender<'a>], quotas: &mut Quotas<'a>) -> Vec<Seated<'a>> {
    let mut pool = SeatPool::new(supply.add_on, supply.seats, quotas.unfilled_reservations());
    let mut seats: Vec<Option<Seated<'a>>> = holders.iter().map(|_| None).collect();
    for Turn { index, ground, .. } in line(holders) {
        if seats[index].is_none() && quotas.has_room(ground) && pool.take(&ground.rule().name).is_ok() {
            let in_reserved_seat = quotas.unfilled(ground.reading) > 0;
            seats[index] = Some(quotas.seat(&holders[index], ground, in_reserved_seat));
        }
    }
    let seats = seats.into_iter().zip(holders).map(|(seat, holder)| {
        seat.unwrap_or_else(|| {
            let with_room = holder.grounds.iter().find(|ground| quotas.has_room(ground));
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
    served: &mut [bool],
    awards: &mut Vec<(u32, Award<'a>)>,
) {
    for Turn { index, ground, .. } in line(claimants) {
        if pool.is_empty() {
            return;
        }
        if served[index] || !quotas.has_room(ground) {
            continue;
        }
        if let Ok(seat) = pool.take(&ground.rule().name) {
            quotas.fill(ground);
            served[index] = true;
            awards.push((claimants[index].account, Award::Seat { seat, ground }));
        }
    }
}

/// Lets those who wait for want of a seat take one from the worst-ranked holder, if that is ranked strictly worse.
fn outrank<'a>(
    claimants: &[Contender<'a>],
    seated: &mut [Seated<'a>],
    pool: &mut SeatPool,
    quotas: &mut Quotas<'a>,
    served: &mut [bool],
    awards: &mut Vec<(u32, Award<'a>)>,
) {
    // The first to go: worst rank, then held for the shortest time, then the last person.
    let mut order: Vec<usize> = (0..seated.len())
        .filter(|index| seated[*index].held.takeable && !seated[*index].in_reserved_seat)
        .collect();
    order.sort_by_key(|index| {
        let holder = &seated[*index];
        Reverse((holder.ground.rule().rank, holder.held.order(), holder.person, holder.account))
    });
    let mut order = order.into_iter().peekable();
    for Turn { index, ground, rank, .. } in line(claimants) {
        if served[index] || !quotas.has_room(ground) {
            continue;
        }
        let Some(victim) = order.next_if(|victim| seated[*victim].ground.rule().rank > rank) else {
            continue;
        };
        seated[victim].outranked = true;
        quotas.give_up(seated[victim].ground);
        pool.add_common();
        let seat = pool.take(&ground.rule().name).expect("the holder just gave one up");
        quotas.fill(ground);
        served[index] = true;
        awards.push((claimants[index].account, Award::Seat { seat, ground }));
    }
}

/// How many seats each rule has filled.
struct Quotas<'a> {
    rules: Vec<&'a RuleReading<'a>>,
    /// By the place of the rule.
    used: Vec<u32>,
}

impl<'a> Quotas<'a> {
    fn has_room(&self, ground: &Ground<'_>) -> bool {
        ground.rule().max_seats.is_none_or(|max_seats| self.used[ground.reading.place] < max_seats)
    }

    /// The best rule's quota, where none of these rules has room.
    fn full(&self, grounds: &[Ground<'_>]) -> Option<u32> {
        let full = grounds.iter().all(|ground| !self.has_room(ground));
        grounds[0].rule().max_seats.filter(|_| full)
    }

    fn seat(&mut self, holder: &Contender<'a>, ground: &'a Ground<'a>, in_reserved_seat: bool) -> Seated<'a> {
        self.fill(ground);
        Seated {
            account: holder.account,
            ground,
            held: holder.held.expect("a holder has a seat"),
            person: holder.person,
            in_reserved_seat,
            over_quota: false,
            outranked: false,
        }
    }

    fn fill(&mut self, ground: &Ground<'_>) {
        self.used[ground.reading.place] += 1;
    }

    fn give_up(&mut self, ground: &Ground<'_>) {
        self.used[ground.reading.place] -= 1;
    }

    /// What is left of a rule's reservation; it never goes beyond its quota, for nobody could sit there.
    fn unfilled(&self, reading: &RuleReading<'_>) -> u32 {
        let rule = reading.rule;
        let reserved = rule.reserved_seats.min(rule.max_seats.unwrap_or(u32::MAX));
        reserved.saturating_sub(self.used[reading.place])
    }

    /// What is left of each reservation, best rank first.
    fn unfilled_reservations(&self) -> Vec<(RuleName, u32)> {
        let mut rules = self.rules.clone();
        rules.sort_by_key(|reading| (reading.rule.rank, &reading.rule.name));
        let unfilled = rules.into_iter().map(|reading| (reading.rule.name.clone(), self.unfilled(reading)));
        unfilled.filter(|(_, unfilled)| *unfilled > 0).collect()
    }
}
