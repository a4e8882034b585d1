//! Chance in tests.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

/// Chance that can be had again: `SEATSYNC_SEED` in the environment repeats a run of a test.
pub struct Chance(u64);

impl Chance {
    #[expect(clippy::disallowed_methods, reason = "whoever repeats a failure says so in the environment")]
    #[expect(clippy::print_stderr, reason = "shown if the test fails, to be repeated")]
    pub fn new() -> Chance {
        let given = std::env::var("SEATSYNC_SEED").ok().map(|seed| seed.parse().unwrap());
        let seed = given.unwrap_or_else(|| RandomState::new().build_hasher().finish()) | 1;
        eprintln!("SEATSYNC_SEED={seed}");
        Chance(seed)
    }

    /// Once in so many times.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// One of these, all equally likely.
    pub fn of<'a, T>(&mut self, these: &'a [T]) -> &'a T {
        &these[usize::try_from(self.below(these.len() as u64)).unwrap()]
    }

    /// Below `bound`; xorshift64.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}
