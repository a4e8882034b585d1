//! A run may be killed at any instant: no seat is lost or doubled, and the next run takes up what was left.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod leadership;
mod reorganisation;
#[expect(dead_code, reason = "the tests of `serve` use more of it")]
#[path = "../serve/sidecar.rs"]
mod sidecar;
#[path = "../support/mod.rs"]
mod support;
mod takeover;

use std::time::{Duration, Instant};

use simulator::http::faults::Failure;

use crate::reorganisation::Reorganisation;
use crate::support::chance::Chance;
use crate::support::postgres::Postgres;
use crate::support::stage::{ASSIGN, Ended, REVOKE, Stage, until};

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

fn killed_and_completed(mut reorganisation: Reorganisation, times: usize, latency: Duration) {
    let mut chance = Chance::new();
    // Each department takes as many batches to free as to seat.
    let batches = 2 * reorganisation.size().div_ceil(100);
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
    killed_and_completed(Reorganisation::new(300), 10, Duration::from_millis(30));
}

#[test]
fn a_run_with_its_state_on_a_server_that_is_killed_at_any_instant_loses_nothing() {
    let server = Postgres::shared();
    let reorganisation = Reorganisation::remembered_at(&server.empty_database(), 300);
    killed_and_completed(reorganisation, 10, Duration::from_millis(30));
}

#[test]
fn a_run_of_thousands_of_changes_that_is_killed_loses_nothing() {
    killed_and_completed(Reorganisation::new(2500), 2, Duration::from_millis(30));
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
