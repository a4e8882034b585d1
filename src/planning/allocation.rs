//! Who gets the seats of one add-on: holders keep theirs, free ones go by rank, quotas and reservations.

use std::cmp::Reverse;

use jiff::Timestamp;

use crate::model::add_on::AddOn;
use crate::model::decision::WaitReason;
use crate::model::policy::Contention;
use crate::model::rule::{Rule, RuleName};
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
}

/// A contender who has a seat already.
#[derive(Debug)]
pub struct Holder<'a> {
    pub contender: Contender<'a>,
    pub held: Held,
}

/// The seat that a contender has.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    /// Since when it is ours; `None` where it is not.
    pub since: Option<Timestamp>,
    /// Whether we assigned it; whoever was adopted at the same instant held it before.
    pub assigned: bool,
    /// Whether a better-ranked claimant may take it.
    pub takeable: bool,
}

impl Contender<'_> {
    fn order(&self) -> (u32, u32) {
        (self.person, self.account)
    }
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

/// Gives each contender's account its award, in no order. The order of holders and claimants does not matter. `rules` are
/// those of the add-on that have not ended.
pub fn allocate<'a>(
    supply: &Supply,
    rules: &[&'a RuleReading<'a>],
    mut holders: Vec<Holder<'a>>,
    mut claimants: Vec<Contender<'a>>,
    mut give: impl FnMut(u32, Award<'a>),
) {
    holders.sort_unstable_by_key(|holder| holder.contender.order());
    claimants.sort_unstable_by_key(Contender::order);

    let mut quotas = Quotas::new(rules);
    let mut seated = seat_holders(supply, &holders, &mut quotas);
    let held = u32::try_from(seated.len()).unwrap_or(u32::MAX);
    let free = supply.seats.saturating_sub(held);
    let mut pool = SeatPool::new(supply.add_on, free, quotas.unfilled_reservations());

    let mut served = vec![false; claimants.len()];
    let line = line(claimants.iter().map(|claimant| (0, claimant.grounds)), &quotas);
    serve(&claimants, &line, &mut pool, &mut quotas, &mut served, &mut give);
    match supply.contention {
        Contention::ByRank if held <= supply.seats => {
            outrank(&claimants, &line, &mut seated, &mut pool, &mut quotas, &mut served, &mut give);
        }
        // While more seats are held than there are, one given up is nobody's.
        Contention::ByRank | Contention::KeepHolders => {}
    }
    for Seated { holder, ground, over_quota, outranked, .. } in seated {
        let award = if outranked { Award::Outranked { ground } } else { Award::Keeps { ground, over_quota } };
        give(holder.contender.account, award);
    }
    let mut place = 0;
    for turn in line.iter().filter(|turn| turn.nth == 0 && !served[turn.contender as usize]) {
        let claimant = &claimants[turn.contender as usize];
        let because = match quotas.full(claimant.grounds) {
            Some(max_seats) => WaitReason::RuleQuota { max_seats },
            None => {
                place += 1;
                if pool.is_empty() { WaitReason::NoSeat { place } } else { WaitReason::Reserved { place } }
            }
        };
        give(claimant.account, Award::Waits { because, ground: &claimant.grounds[0] });
    }
}

/// A holder in the seat it keeps unless it is outranked.
struct Seated<'h, 'a> {
    holder: &'h Holder<'a>,
    ground: &'a Ground<'a>,
    in_reserved_seat: bool,
    over_quota: bool,
    outranked: bool,
}

impl<'h, 'a> Seated<'h, 'a> {
    fn by(ground: &'a Ground<'a>, holder: &'h Holder<'a>, in_reserved_seat: bool) -> Seated<'h, 'a> {
        Seated { holder, ground, in_reserved_seat, over_quota: false, outranked: false }
    }
}

/// One claim of a contender. Small, since a large company has millions of them.
#[derive(Debug, Clone, Copy)]
struct Turn {
    /// How many lengths of time are longer than that for which the contender has held.
    held: u32,
    /// The place of the rule's rank among the ranks of all rules.
    rank: u32,
    /// The place of the rule by which it is.
    rule: u32,
    contender: u32,
    /// Which of the contender's grounds it is.
    nth: u32,
}

/// Every claim of contenders, who come in their order, each behind how long it held: in the order in which claims are heard.
/// Those who held longest come first, then the best rank. Whoever is refused comes back with the next.
fn line<'a>(contenders: impl Iterator<Item = (u32, &'a [Ground<'a>])>, quotas: &Quotas<'_>) -> Vec<Turn> {
    let mut line = Vec::with_capacity(contenders.size_hint().0);
    for ((held, grounds), contender) in contenders.zip(0..) {
        let rules = grounds.iter().map(|ground| ground.reading.place);
        let turn = |(rule, nth)| Turn { held, rank: quotas.of(rule).rank, rule, contender, nth };
        line.extend(rules.zip(0..).map(turn));
    }
    let by_rank = arranged(line, |turn| turn.rank);
    arranged(by_rank, |turn| turn.held)
}

/// In the order of a place that each turn has; those of one place stay as they came. There are no more places than rules or
/// contenders, so counting is quicker than comparing.
fn arranged(turns: Vec<Turn>, place: impl Fn(&Turn) -> u32) -> Vec<Turn> {
    let places = turns.iter().map(&place).max().map_or(0, |last| last as usize + 1);
    let mut next = vec![0; places];
    for turn in &turns {
        next[place(turn) as usize] += 1;
    }
    let mut before = 0;
    for count in &mut next {
        before += std::mem::replace(count, before);
    }
    let mut arranged = turns.clone();
    for turn in turns {
        let next: &mut usize = &mut next[place(&turn) as usize];
        arranged[*next] = turn;
        *next += 1;
    }
    arranged
}

/// Seats holders as they came, as if all of them were served anew: otherwise those served by one plan would sit by other
/// rules in the next, and leave room that is not there. Whoever finds no room keeps the seat all the same: a quota that
/// was lowered takes nothing from anybody.
fn seat_holders<'h, 'a>(
    supply: &Supply,
    holders: &'h [Holder<'a>],
    quotas: &mut Quotas<'a>,
) -> Vec<Seated<'h, 'a>> {
    let mut pool = SeatPool::new(supply.add_on, supply.seats, quotas.unfilled_reservations());
    let mut lengths: Vec<_> = holders.iter().map(|holder| holder.held.order()).collect();
    lengths.sort_unstable();
    lengths.dedup();
    let longer = |holder: &Holder<'_>| lengths.partition_point(|length| *length < holder.held.order()) as u32;
    let line = line(holders.iter().map(|holder| (longer(holder), holder.contender.grounds)), quotas);

    let mut seats: Vec<Option<Seated<'_, '_>>> = holders.iter().map(|_| None).collect();
    for Turn { rule, contender, nth, .. } in line {
        let (seat, quota) = (&mut seats[contender as usize], quotas.of_mut(rule));
        if seat.is_none() && quota.has_room() && pool.take(&quota.rule.name).is_ok() {
            let holder = &holders[contender as usize];
            let in_reserved_seat = quota.unfilled() > 0;
            quota.used += 1;
            *seat = Some(Seated::by(&holder.contender.grounds[nth as usize], holder, in_reserved_seat));
        }
    }
    let seats = seats.into_iter().zip(holders).map(|(seat, holder)| {
        seat.unwrap_or_else(|| {
            let grounds = holder.contender.grounds;
            let with_room = grounds.iter().find(|ground| quotas.of(ground.reading.place).has_room());
            let ground = with_room.unwrap_or(&grounds[0]);
            quotas.of_mut(ground.reading.place).used += 1;
            Seated { over_quota: with_room.is_none(), ..Seated::by(ground, holder, false) }
        })
    });
    seats.collect()
}

/// Serves free seats.
fn serve<'a>(
    claimants: &[Contender<'a>],
    line: &[Turn],
    pool: &mut SeatPool,
    quotas: &mut Quotas<'a>,
    served: &mut [bool],
    give: &mut impl FnMut(u32, Award<'a>),
) {
    for Turn { rule, contender, nth, .. } in line {
        if pool.is_empty() {
            return;
        }
        let (served, quota) = (&mut served[*contender as usize], quotas.of_mut(*rule));
        if *served || !quota.has_room() {
            continue;
        }
        if let Ok(seat) = pool.take(&quota.rule.name) {
            let claimant = &claimants[*contender as usize];
            quota.used += 1;
            *served = true;
            give(claimant.account, Award::Seat { seat, ground: &claimant.grounds[*nth as usize] });
        }
    }
}

/// Lets those who wait for want of a seat take one from the worst-ranked holder, if that is ranked strictly worse.
fn outrank<'a>(
    claimants: &[Contender<'a>],
    line: &[Turn],
    seated: &mut [Seated<'_, 'a>],
    pool: &mut SeatPool,
    quotas: &mut Quotas<'a>,
    served: &mut [bool],
    give: &mut impl FnMut(u32, Award<'a>),
) {
    // The first to go: worst rank, then held for the shortest time, then the last person.
    let mut order: Vec<usize> = (0..seated.len())
        .filter(|index| seated[*index].holder.held.takeable && !seated[*index].in_reserved_seat)
        .collect();
    order.sort_by_key(|index| {
        let Seated { holder, ground, .. } = &seated[*index];
        Reverse((ground.rule().rank, holder.held.order(), holder.contender.order()))
    });
    let mut order = order.into_iter().peekable();
    for Turn { rule, contender, nth, .. } in line {
        let (served, quota) = (&mut served[*contender as usize], quotas.of(*rule));
        if *served || !quota.has_room() {
            continue;
        }
        let worse = |victim: &usize| seated[*victim].ground.rule().rank > quota.rule.rank;
        let Some(victim) = order.next_if(worse) else {
            continue;
        };
        seated[victim].outranked = true;
        quotas.of_mut(seated[victim].ground.reading.place).used -= 1;
        pool.add_common();
        let quota = quotas.of_mut(*rule);
        let seat = pool.take(&quota.rule.name).expect("the holder just gave one up");
        let claimant = &claimants[*contender as usize];
        quota.used += 1;
        *served = true;
        give(claimant.account, Award::Seat { seat, ground: &claimant.grounds[*nth as usize] });
    }
}

/// How many seats each rule has filled.
struct Quotas<'a> {
    /// By the place of the rule; nothing for those of other add-ons.
    rules: Vec<Option<Quota<'a>>>,
}

/// How many seats one rule has filled.
#[derive(Clone)]
struct Quota<'a> {
    rule: &'a Rule,
    /// The place of its rank among the ranks of all rules.
    rank: u32,
    used: u32,
}

impl<'a> Quotas<'a> {
    fn new(rules: &[&RuleReading<'a>]) -> Quotas<'a> {
        let places = rules.iter().map(|reading| reading.place as usize + 1).max().unwrap_or(0);
        let mut ranks: Vec<i64> = rules.iter().map(|reading| reading.rule.rank).collect();
        ranks.sort_unstable();
        let mut quotas = Quotas { rules: vec![None; places] };
        for RuleReading { place, rule, .. } in rules {
            let rank = ranks.partition_point(|better| *better < rule.rank) as u32;
            quotas.rules[*place as usize] = Some(Quota { rule, rank, used: 0 });
        }
        quotas
    }

    fn of(&self, rule: u32) -> &Quota<'a> {
        self.rules[rule as usize].as_ref().expect("whoever contends does so by a rule of this add-on")
    }

    fn of_mut(&mut self, rule: u32) -> &mut Quota<'a> {
        self.rules[rule as usize].as_mut().expect("whoever contends does so by a rule of this add-on")
    }

    /// The best rule's quota, where none of these rules has room.
    fn full(&self, grounds: &[Ground<'_>]) -> Option<u32> {
        let full = grounds.iter().all(|ground| !self.of(ground.reading.place).has_room());
        grounds[0].rule().max_seats.filter(|_| full)
    }

    /// What is left of each reservation, best rank first.
    fn unfilled_reservations(&self) -> Vec<(RuleName, u32)> {
        let mut quotas: Vec<&Quota<'_>> = self.rules.iter().flatten().collect();
        quotas.sort_by_key(|quota| (quota.rank, &quota.rule.name));
        let unfilled = quotas.into_iter().map(|quota| (quota.rule.name.clone(), quota.unfilled()));
        unfilled.filter(|(_, unfilled)| *unfilled > 0).collect()
    }
}

impl Quota<'_> {
    fn has_room(&self) -> bool {
        self.rule.max_seats.is_none_or(|max_seats| self.used < max_seats)
    }

    /// What is left of the rule's reservation; it never goes beyond its quota, for nobody could sit there.
    fn unfilled(&self) -> u32 {
        let reserved = self.rule.reserved_seats.min(self.rule.max_seats.unwrap_or(u32::MAX));
        reserved.saturating_sub(self.used)
    }
}
