//! How fast a neighbour is asked, and what follows from how it took a request.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// How much a neighbour may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Our own budget, whatever the neighbour would allow; at least 1.
    pub requests_per_minute: u32,
    /// At least 1.
    pub max_concurrent_requests: u32,
    /// How long one request may wait and be retried altogether before it is given up.
    pub retry_deadline: Duration,
}

/// What came of sending a request once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// No connection came about: the neighbour has not seen the request.
    Unreached {
        /// A refused connection may be a restart; a wrong certificate stays wrong.
        curable: bool,
    },
    /// It went out and no whole answer came back: it may have been done.
    Lost,
    Answered {
        status: u16,
        /// The pause that is asked for: see [`crate::http::pause::pause`].
        pause: Option<Duration>,
    },
}

/// How a request has fared so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SoFar {
    /// Times sent; at least 1.
    pub attempts: u32,
    /// Since it was first wanted to be sent, without the waiting for our own budget.
    pub elapsed: Duration,
    /// Whether this host has answered anything in this run: then a refused connection is a restart rather than a
    /// wrong address.
    pub met: bool,
}

/// How much patience one request gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    pub deadline: Duration,
    pub first_pause: Duration,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The answer is final, good or bad.
    Take,
    Again {
        after: Duration,
    },
    GiveUp,
    /// A longer pause is wanted than the deadline leaves room for.
    TooLong {
        wait: Duration,
    },
}

/// A failing host gets this many attempts: with pauses that double from half a second, about a quarter of a minute.
const ATTEMPTS: u32 = 6;

/// A host that has never answered is more likely a wrong address than a restart.
const FIRST_ATTEMPTS: u32 = 3;

const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Decides what follows from one sending. Every request of ours may be repeated: reads change nothing, and what changes
/// GitLab is idempotent. `chance` is from 0 to below 1 and spreads the pauses of several clients.
pub fn next_step(sent: Sent, so_far: SoFar, patience: Patience, chance: f64) -> Step {
    let backoff = backoff(so_far.attempts, patience.first_pause);
    // Half of a pause of our own choice is left to chance, and nothing of a pause that GitLab demands.
    let jittered = backoff.mul_f64(0.5 + chance / 2.0);
    let again = |attempts: u32, after: Duration| {
        if so_far.attempts < attempts && so_far.elapsed + after <= patience.deadline {
            Step::Again { after }
        } else {
            Step::GiveUp
        }
    };
    match sent {
        Sent::Unreached { curable: false } => Step::GiveUp,
        Sent::Unreached { curable: true } => {
            again(if so_far.met { ATTEMPTS } else { FIRST_ATTEMPTS }, jittered)
        }
        Sent::Lost => again(ATTEMPTS, jittered),
        Sent::Answered { status: 429, pause } => {
            let wait = pause.unwrap_or_default().max(jittered);
            if so_far.elapsed + wait <= patience.deadline {
                Step::Again { after: wait + patience.first_pause.mul_f64(chance) }
            } else {
                Step::TooLong { wait }
            }
        }
        Sent::Answered { status: 408 | 500 | 502 | 503 | 504, pause } => {
            again(ATTEMPTS, pause.unwrap_or_default().max(jittered))
        }
        Sent::Answered { .. } => Step::Take,
    }
}

/// Doubles with each attempt.
fn backoff(attempts: u32, first_pause: Duration) -> Duration {
    let doublings = attempts.saturating_sub(1).min(16);
    first_pause.saturating_mul(1 << doublings).min(LONGEST_PAUSE)
}

/// Our budget, our number of connections, and the neighbour's own "not now".
pub struct Pace {
    budget: RateLimiter<NotKeyed, InMemoryState, MonotonicClock, NoOpMiddleware<std::time::Instant>>,
    slots: Semaphore,
    /// Set by a rate limit: until then every request would be refused, so none is sent.
    closed_until: Mutex<Option<Instant>>,
    pub patience: Patience,
}

/// The pause that is wanted ends after the deadline.
pub struct TooLong {
    pub wait: Duration,
}

impl Pace {
    pub fn new(limits: Limits) -> Pace {
        let half_a_second = Duration::from_millis(500);
        Pace {
            budget: RateLimiter::direct_with_clock(quota(limits.requests_per_minute), MonotonicClock),
            slots: Semaphore::new(usize::try_from(limits.max_concurrent_requests).unwrap_or(1).max(1)),
            closed_until: Mutex::new(None),
            patience: Patience {
                deadline: limits.retry_deadline,
                first_pause: (limits.retry_deadline / 64).min(half_a_second),
            },
        }
    }

    /// Waits until one request may be sent. Waiting for a slot and for our own budget is no failure; a pause demanded
    /// by the neighbour that ends beyond the deadline is, counted from `since`, or from now where that is `None`.
    pub async fn admit(&self, since: Option<Instant>) -> Result<SemaphorePermit<'_>, TooLong> {
        let permit = self.slots.acquire().await.expect("the semaphore is never closed");
        loop {
            if let Some(until) = self.closed_until() {
                let now = Instant::now();
                if until > since.unwrap_or(now) + self.patience.deadline {
                    return Err(TooLong { wait: until - now });
                }
                tokio::time::sleep_until(until).await;
            } else if let Err(early) = self.budget.check() {
                tokio::time::sleep(early.wait_time_from(MonotonicClock.now())).await;
            } else {
                return Ok(permit);
            }
        }
    }

    /// No request is wanted for so long.
    pub fn close_for(&self, pause: Duration) {
        let until = Instant::now() + pause;
        let mut closed = self.closed_until.lock().unwrap_or_else(PoisonError::into_inner);
        *closed = Some(closed.map_or(until, |other| other.max(until)));
    }

    fn closed_until(&self) -> Option<Instant> {
        let closed = *self.closed_until.lock().unwrap_or_else(PoisonError::into_inner);
        closed.filter(|&until| until > Instant::now())
    }
}

/// Never more than `per_minute` in any minute, not even in the first: a quarter may go at once, and the bucket fills
/// so slowly that the burst and what is added within a minute make up the whole.
fn quota(per_minute: u32) -> Quota {
    let per_minute = per_minute.max(1);
    let burst = (per_minute / 4).max(1);
    let every = Duration::from_secs(60) / (per_minute - burst + 1);
    Quota::with_period(every)
        .expect("the period is longer than zero")
        .allow_burst(NonZeroU32::new(burst).expect("the burst is at least one"))
}

/// From 0 to below 1, different for each client and each call: the standard library seeds its hashers at random.
pub fn chance() -> f64 {
    let bits = RandomState::new().build_hasher().finish() >> 11;
    // 53 bits fit a double exactly.
    bits as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::http::pace::{Patience, Sent, SoFar, Step, chance, next_step, quota};

    const PATIENCE: Patience =
        Patience { deadline: Duration::from_secs(60), first_pause: Duration::from_millis(500) };

    fn after(attempts: u32, elapsed: u64) -> SoFar {
        SoFar { attempts, elapsed: Duration::from_secs(elapsed), met: true }
    }

    fn answered(status: u16, pause: Option<u64>) -> Sent {
        Sent::Answered { status, pause: pause.map(Duration::from_secs) }
    }

    #[test]
    fn an_answer_is_taken_good_or_bad() {
        for status in [200, 400, 401, 403, 404, 422] {
            assert_eq!(next_step(answered(status, None), after(1, 0), PATIENCE, 0.0), Step::Take);
        }
    }

    #[test]
    fn retry_after_is_obeyed_up_to_the_deadline() {
        let step = next_step(answered(429, Some(20)), after(1, 0), PATIENCE, 0.0);
        assert_eq!(step, Step::Again { after: Duration::from_secs(20) });
        let forty_minutes = next_step(answered(429, Some(2400)), after(1, 0), PATIENCE, 0.0);
        assert_eq!(forty_minutes, Step::TooLong { wait: Duration::from_secs(2400) });
        let late = next_step(answered(429, Some(20)), after(2, 45), PATIENCE, 0.0);
        assert_eq!(late, Step::TooLong { wait: Duration::from_secs(20) });
    }

    #[test]
    fn a_storm_of_429_without_a_time_is_met_with_longer_and_longer_pauses() {
        let pauses: Vec<Step> =
            (1..=3).map(|n| next_step(answered(429, None), after(n, 0), PATIENCE, 0.0)).collect();
        let milliseconds = |n| Step::Again { after: Duration::from_millis(n) };
        assert_eq!(pauses, [milliseconds(250), milliseconds(500), milliseconds(1000)]);
    }

    #[test]
    fn a_failing_host_gets_six_attempts() {
        for sent in [Sent::Lost, answered(500, None), answered(503, None)] {
            assert!(matches!(next_step(sent, after(5, 10), PATIENCE, 0.9), Step::Again { .. }));
            assert_eq!(next_step(sent, after(6, 10), PATIENCE, 0.9), Step::GiveUp);
            assert_eq!(next_step(sent, after(2, 60), PATIENCE, 0.9), Step::GiveUp);
        }
    }

    #[test]
    fn a_host_that_never_answered_gets_three_attempts_and_a_wrong_certificate_one() {
        let stranger = |attempts| SoFar { met: false, ..after(attempts, 0) };
        let refused = Sent::Unreached { curable: true };
        assert!(matches!(next_step(refused, stranger(2), PATIENCE, 0.5), Step::Again { .. }));
        assert_eq!(next_step(refused, stranger(3), PATIENCE, 0.5), Step::GiveUp);
        assert_eq!(next_step(Sent::Unreached { curable: false }, after(1, 0), PATIENCE, 0.5), Step::GiveUp);
    }

    #[test]
    fn chance_spreads_a_pause_between_half_and_whole() {
        let pause = |chance| next_step(Sent::Lost, after(2, 0), PATIENCE, chance);
        assert_eq!(pause(0.0), Step::Again { after: Duration::from_millis(500) });
        assert_eq!(pause(0.5), Step::Again { after: Duration::from_millis(750) });
        assert!((0..100).all(|_| (0.0..1.0).contains(&chance())));
    }

    #[test]
    fn no_minute_sees_more_than_the_budget() {
        for budget in [1, 2, 3, 10, 60, 600, 100_000] {
            let quota = quota(budget);
            let refilled = Duration::from_millis(59_999).as_nanos() / quota.replenish_interval().as_nanos();
            assert!(u128::from(quota.burst_size().get()) + refilled <= u128::from(budget), "{budget}");
        }
    }
}
