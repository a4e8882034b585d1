//! Two parts of a plan, worked out beside each other where there are enough people for that. What comes of them is the same.

use std::ops::Range;
use std::panic::resume_unwind;
use std::thread::scope;

/// How many hands work on a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hands {
    One,
    Two,
}

/// What fewer people take is over before anybody would notice, and a thread wants memory of its own.
const WORTH_A_THREAD: usize = 200_000;

impl Hands {
    pub fn worth(people: usize) -> Hands {
        if people < WORTH_A_THREAD { Hands::One } else { Hands::Two }
    }

    /// Does both; with two hands the first on a thread that ends before this returns.
    pub fn both<A: Send, B>(self, beside: impl FnOnce() -> A + Send, here: impl FnOnce() -> B) -> (A, B) {
        match self {
            Hands::One => (beside(), here()),
            Hands::Two => scope(|scope| {
                let beside = scope.spawn(beside);
                let here = here();
                (beside.join().unwrap_or_else(|panic| resume_unwind(panic)), here)
            }),
        }
    }

    /// The places below `count`, a part for each hand; empty for one that is not there.
    pub fn parts(self, count: usize) -> [Range<u32>; 2] {
        let count = u32::try_from(count).expect("what a plan is about is counted in 32 bits");
        let first = match self {
            Hands::One => count,
            Hands::Two => count / 2,
        };
        [0..first, first..count]
    }

    /// What comes of each, in their order; each hand does half of them.
    pub fn each<T: Sync, R: Send>(self, items: &[T], of: impl Fn(&T) -> R + Sync) -> Vec<R> {
        let (first, second) = items.split_at(items.len() / 2);
        let half = |items: &[T]| -> Vec<R> { items.iter().map(&of).collect() };
        let (mut results, rest) = self.both(|| half(first), || half(second));
        results.extend(rest);
        results
    }
}

#[cfg(test)]
mod tests {
    use crate::planning::hands::Hands;

    #[test]
    fn what_comes_of_it_is_the_same_with_one_hand_and_with_two() {
        for hands in [Hands::One, Hands::Two] {
            assert_eq!(hands.both(|| "beside", || "here"), ("beside", "here"));
            assert_eq!(hands.each(&[1, 2, 3, 4, 5], |number| number * number), [1, 4, 9, 16, 25]);
            assert_eq!(hands.each(&[], |number: &u8| *number), [0; 0]);
            assert!(hands.parts(5).into_iter().flatten().eq(0..5));
        }
    }
}
