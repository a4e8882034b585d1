//! A run may be killed at any instant: no seat is lost or doubled, and the next run takes up what was left.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::{Duration, Instant};

use simulator::http::faults::Failure;
use support::stage::{ASSIGN, Ended, LDIF, PLATFORM, REVOKE, Stage, names, until};

/// Whoever is killed and what is left of it is up to these.
struct Reorganisation {
    stage: Stage,
    /// Two departments that take turns in having seats, and some people who always have one.
    departments: [Vec<String>; 2],
    staff: Vec<String>,
    /// The department that has the seats now.
    seated: usize,
}

impl Reorganisation {
    /// The first department has its seats; there is none to spare.
    fn new(size: usize) -> Reorganisation {
        let departments = [names("a", size), names("b", size)];
        let staff = names("s", 20);
        let everyone: Vec<&str> = departments.iter().flatten().chain(&staff).map(String::as_str).collect();
        let stage = Stage::new(&everyone, u32::try_from(size + staff.len()).unwrap());
        let limits = "[limits]\nmax_revocations = 10000\nmax_revocations_percent = 100\nmax_source_shrink_percent = 100\n";
        stage.configure(LDIF, &format!("{PLATFORM}\n{limits}"));
        let reorganisation = Reorganisation { stage, departments, staff, seated: 0 };
        reorganisation.publish();
        reorganisation.stage.run("apply --yes").exits(0);
        reorganisation
    }

    /// The department that has the seats and the staff, as the directory and as GitLab ought to show them.
    fn entitled(&self) -> Vec<String> {
        let mut entitled = [&self.departments[self.seated][..], &self.staff].concat();
        entitled.sort_unstable();
        entitled
    }

    fn publish(&self) {
        let everyone: Vec<&str> =
            self.departments.iter().flatten().chain(&self.staff).map(String::as_str).collect();
        let entitled = self.entitled();
        self.stage.company(&everyone, &entitled.iter().map(String::as_str).collect::<Vec<_>>());
    }

    /// The seats go to the other department.
    fn reorganise(&mut self) {
        self.seated = 1 - self.seated;
        self.publish();
    }

    /// What holds even of a run that was killed.
    fn check_halfway(&self) {
        let holders: BTreeSet<String> = self.stage.holders().into_iter().collect();
        assert!(
            self.staff.iter().all(|member| holders.contains(member)),
            "nobody loses what they ought to keep"
        );
        assert!(holders.len() <= self.departments[0].len() + self.staff.len(), "no seat is held twice");
    }

    /// One more run completes what was left; the one after it has nothing to do.
    fn complete(&self) {
        let stage = &self.stage;
        stage.run("apply --yes").exits(0).says("0 refused, 0 deferred");
        assert_eq!(stage.holders(), self.entitled());

        let ours: BTreeSet<String> =
            stage.state("SELECT CAST(account AS TEXT) FROM holdings").into_iter().collect();
        let held = self.entitled().into_iter().map(|username| stage.account(&username).0.to_string());
        assert_eq!(ours, held.collect(), "the state knows every seat, and no other");
        assert!(
            stage.state("SELECT change FROM changes WHERE outcome IS NULL").is_empty(),
            "nothing is in flight"
        );

        stage.gitlab.forget_requests();
        stage.run("plan --exit-code").exits(0);
        stage.run("apply --yes").exits(0);
        assert!(stage.writes().is_empty(), "there is nothing left to do");
    }
}

/// Chance that can be had again: `SEATSYNC_SEED` in the environment repeats a run of a test.
struct Chance(u64);

impl Chance {
    #[expect(clippy::disallowed_methods, reason = "whoever repeats a failure says so in the environment")]
    #[expect(clippy::print_stderr, reason = "shown if the test fails, to be repeated")]
    fn new() -> Chance {
        let given = std::env::var("SEATSYNC_SEED").ok().map(|seed| seed.parse().unwrap());
        let seed = given.unwrap_or_else(|| RandomState::new().build_hasher().finish()) | 1;
        eprintln!("SEATSYNC_SEED={seed}");
        Chance(seed)
    }

    /// Below `bound`; xorshift64.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// Starts an apply and kills it after so many writes and a while, unless it ends before.
fn kill_after(stage: &Stage, writes: usize, a_while: Duration) {
    stage.gitlab.forget_requests();
    let child = std::cell::RefCell::new(stage.start("apply --yes"));
    let ended = || child.borrow_mut().try_wait().unwrap().is_some();
    let sent = || {
        let requests = stage.gitlab.requests();
        requests
            .iter()
            .filter(|request| request.root_fields.iter().any(|field| field == ASSIGN || field == REVOKE))
            .count()
    };
    until(|| sent() >= writes || ended());
    let then = Instant::now();
    until(|| then.elapsed() >= a_while || ended());
    let mut child = child.into_inner();
    // One that has ended already is not there to be killed.
    drop(child.kill());
    child.wait().unwrap();
}

fn killed_and_completed(size: usize, times: usize, latency: Duration) {
    let mut chance = Chance::new();
    let mut reorganisation = Reorganisation::new(size);
    // Each department takes as many batches to free as to seat.
    let batches = 2 * size.div_ceil(100);
    for _ in 0..times {
        reorganisation.reorganise();
        reorganisation.stage.gitlab.faults().latency = latency;
        let writes = usize::try_from(chance.below(batches as u64 + 1)).unwrap();
        let a_while = Duration::from_micros(chance.below(2 * u64::try_from(latency.as_micros()).unwrap()));
        kill_after(&reorganisation.stage, writes, a_while);
        reorganisation.stage.gitlab.faults().latency = Duration::ZERO;
        reorganisation.check_halfway();
        reorganisation.complete();
    }
}

#[test]
fn a_run_that_is_killed_at_any_instant_loses_nothing() {
    killed_and_completed(300, 10, Duration::from_millis(30));
}

#[test]
fn a_run_of_thousands_of_changes_that_is_killed_loses_nothing() {
    killed_and_completed(2500, 2, Duration::from_millis(30));
}

/// Killed after GitLab had carried out a batch, and before its answer was read: the seats are ours all the same.
#[test]
fn a_kill_between_the_change_and_its_answer_loses_no_seat() {
    let mut reorganisation = Reorganisation::new(10);
    reorganisation.reorganise();
    let stage = &reorganisation.stage;
    stage.fails(ASSIGN, 0, 1000, Failure::LoseResponse);
    let mut child = stage.start("apply --yes");
    until(|| stage.holders() == reorganisation.entitled());
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(
        stage.state("SELECT change FROM changes WHERE outcome IS NULL").len(),
        10,
        "ten are in flight"
    );
    stage.gitlab.faults().clear();
    stage.gitlab.forget_requests();

    stage.run("apply --yes").exits(0);

    assert!(stage.writes().is_empty(), "it was done: nothing is sent again");
    assert_eq!(stage.state("SELECT DISTINCT outcome FROM changes WHERE outcome != 'applied'"), [""; 0]);
    reorganisation.complete();
}

/// Killed after a batch was written down, and before GitLab took it up.
#[test]
fn a_kill_between_the_intent_and_the_change_loses_no_seat() {
    let mut reorganisation = Reorganisation::new(10);
    for operation in [REVOKE, ASSIGN] {
        reorganisation.reorganise();
        let stage = &reorganisation.stage;
        stage.fails(operation, 0, 1000, Failure::DropConnection);
        let mut child = stage.start("apply --yes");
        until(|| {
            stage
                .gitlab
                .requests()
                .iter()
                .any(|request| request.root_fields.iter().any(|field| field == operation))
        });
        child.kill().unwrap();
        child.wait().unwrap();
        stage.gitlab.faults().clear();
        reorganisation.check_halfway();
        reorganisation.complete();
    }
}

/// The lock of a run dies with it.
#[test]
fn a_killed_run_leaves_no_lock_behind() {
    let mut reorganisation = Reorganisation::new(10);
    reorganisation.reorganise();
    let stage = &reorganisation.stage;
    stage.gitlab.faults().latency = Duration::from_secs(60);
    stage.gitlab.forget_requests();
    let mut child = stage.start("apply --yes");
    until(|| !stage.gitlab.requests().is_empty());
    child.kill().unwrap();
    assert_eq!(Ended::of(child.wait_with_output().unwrap()).code, -1, "it was killed");
    stage.gitlab.faults().latency = Duration::ZERO;

    reorganisation.complete();
}
