//! The seats of one purchase that nobody holds yet: the only place a [`Seat`] comes from.

use std::collections::BTreeMap;

use crate::model::add_on::AddOn;
use crate::model::rule::RuleName;

/// One purchased seat that nobody holds yet. Only [`SeatPool::take`] makes one, so none is handed out twice.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a seat that is taken and dropped is lost to this plan"]
pub struct Seat {
    add_on: AddOn,
}

impl Seat {
    pub fn add_on(&self) -> AddOn {
        self.add_on
    }
}

/// Why the pool gave no seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoSeat {
    /// None is left for anybody.
    Exhausted,
    /// What is left is reserved for other rules.
    Reserved,
}

/// The free seats of one purchase, less the reserve; some of them kept for particular rules.
#[derive(Debug)]
pub struct SeatPool {
    add_on: AddOn,
    common: u32,
    reserved: BTreeMap<RuleName, u32>,
    /// The sum of `reserved`.
    kept: u32,
}

impl SeatPool {
    /// A pool of `free` seats, of which each rule of `reserved` may fill that many alone. Where there are too few, the
    /// first rules named get theirs.
    pub fn new(add_on: AddOn, free: u32, reserved: impl IntoIterator<Item = (RuleName, u32)>) -> SeatPool {
        let mut common = free;
        let reserved = reserved
            .into_iter()
            .map(|(rule, wanted)| {
                let kept = wanted.min(common);
                common -= kept;
                (rule, kept)
            })
            .collect();
        SeatPool { add_on, common, reserved, kept: free - common }
    }

    /// Takes a seat for a claimant of `rule`: one reserved for it first, then a common one.
    pub fn take(&mut self, rule: &RuleName) -> Result<Seat, NoSeat> {
        let own = if self.kept > 0 { self.reserved.get_mut(rule).filter(|left| **left > 0) } else { None };
        if let Some(left) = own {
            *left -= 1;
            self.kept -= 1;
        } else if self.common > 0 {
            self.common -= 1;
        } else if self.kept > 0 {
            return Err(NoSeat::Reserved);
        } else {
            return Err(NoSeat::Exhausted);
        }
        Ok(Seat { add_on: self.add_on })
    }

    /// Takes a seat that is reserved for no rule.
    pub fn take_common(&mut self) -> Result<Seat, NoSeat> {
        if self.common == 0 {
            return Err(if self.kept > 0 { NoSeat::Reserved } else { NoSeat::Exhausted });
        }
        self.common -= 1;
        Ok(Seat { add_on: self.add_on })
    }

    /// Whether no seat is left, not even a reserved one.
    pub fn is_empty(&self) -> bool {
        self.common == 0 && self.kept == 0
    }

    /// Puts back a common seat that a holder gives up in this plan.
    pub fn add_common(&mut self) {
        self.common += 1;
    }
}

#[cfg(test)]
mod tests {
    use crate::model::add_on::AddOn;
    use crate::model::rule::RuleName;
    use crate::model::seat_pool::{NoSeat, SeatPool};

    #[test]
    fn reserved_seats_are_for_their_rule_alone() {
        let (vip, all) = (RuleName::new("vip"), RuleName::new("all"));
        let mut pool = SeatPool::new(AddOn::DuoPro, 2, [(vip.clone(), 1)]);
        assert!(pool.take(&all).is_ok());
        assert_eq!(pool.take(&all), Err(NoSeat::Reserved));
        assert!(pool.take(&vip).is_ok());
        assert_eq!(pool.take(&vip), Err(NoSeat::Exhausted));
    }

    #[test]
    fn never_more_seats_than_are_free() {
        let (a, b) = (RuleName::new("a"), RuleName::new("b"));
        let mut pool = SeatPool::new(AddOn::DuoPro, 3, [(a.clone(), 2), (b.clone(), 5)]);
        let taken = [&a, &a, &a, &b, &b].into_iter().filter(|rule| pool.take(rule).is_ok()).count();
        assert_eq!(taken, 3);
    }
}
