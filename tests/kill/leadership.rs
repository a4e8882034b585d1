//! Several runs that share a state on a server: one leads, and whoever was taken over does nothing more.

use std::process::{Child, Command};
use std::time::Duration;

use crate::reorganisation::Reorganisation;
use crate::support::postgres::Postgres;
use crate::support::stage::{Ended, Stage, until};

/// An apply that has sent its first batch and waits for the answer.
fn apply_under_way(stage: &Stage) -> Child {
    stage.gitlab.forget_requests();
    let child = stage.start("apply --yes");
    until(|| stage.has_written());
    child
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

#[test]
fn two_runs_do_not_get_in_each_others_way() {
    let server = Postgres::shared();
    let mut reorganisation = Reorganisation::remembered_at(&server.empty_database(), 10);
    reorganisation.reorganise();
    let stage = &reorganisation.stage;
    stage.gitlab.faults().latency = Duration::from_secs(5);
    let first = apply_under_way(stage);
    stage.run("apply --yes").exits(1).complains("another run has the state `postgres://postgres@127.0.0.1:");
    stage.gitlab.faults().latency = Duration::ZERO;
    Ended::of(first.wait_with_output().unwrap()).exits(0);
    reorganisation.complete();
}

/// The server misses its heartbeat, another takes over, and it wakes in the middle of its run.
#[test]
fn a_leader_that_was_stopped_does_nothing_more_once_it_wakes() {
    let server = Postgres::shared();
    let mut reorganisation = Reorganisation::remembered_at(&server.empty_database(), 300);
    reorganisation.reorganise();
    let stage = &reorganisation.stage;
    stage.gitlab.faults().latency = Duration::from_millis(500);
    let first = apply_under_way(stage);
    signal(&first, "STOP");
    stage.gitlab.faults().latency = Duration::ZERO;

    until(|| {
        let ended = stage.run("apply --yes");
        assert!(ended.code == 0 || ended.stderr.contains("another run has the state"), "{ended}");
        ended.code == 0
    });
    assert_eq!(stage.holders(), reorganisation.entitled());
    let journal = "SELECT CAST(id AS TEXT) || coalesce(outcome, '') FROM changes ORDER BY id";
    let written = stage.state(journal);
    stage.gitlab.forget_requests();

    signal(&first, "CONT");
    let ended = Ended::of(first.wait_with_output().unwrap()).exits(4);
    assert!(ended.stdout.contains("the state could not be written: "), "{ended}");
    assert!(stage.writes().is_empty(), "nothing was sent");
    assert_eq!(stage.state(journal), written, "nothing was written down");
    reorganisation.complete();
}

#[test]
fn a_server_that_goes_away_ends_the_run_and_the_next_continues() {
    let server = Postgres::start();
    let mut reorganisation = Reorganisation::remembered_at(&server.empty_database(), 300);
    reorganisation.reorganise();
    let stage = &reorganisation.stage;
    stage.gitlab.faults().latency = Duration::from_millis(500);
    let child = apply_under_way(stage);
    server.kill();
    let ended = Ended::of(child.wait_with_output().unwrap()).exits(4);
    assert!(ended.stdout.contains("the state could not be written: "), "{ended}");
    assert_eq!(stage.writes().len(), 1, "nothing more was sent");
    stage
        .run("apply --yes")
        .exits(1)
        .complains("failed to open the state `postgres://postgres@127.0.0.1:")
        .complains("hint: the server must run and be reachable from here");

    server.restart();
    stage.gitlab.faults().latency = Duration::ZERO;
    reorganisation.check_halfway();
    reorganisation.complete();
}

/// Whether applied or planned, what is shown of a state on a server has no password in it, at any level of logging.
#[test]
fn a_password_is_never_shown() {
    let server = Postgres::shared();
    let database = server.empty_database();
    let mut stage = Stage::seated(&["ada"], 2);
    for url in
        [database.replace("postgres@", "postgres:pw123@"), "postgres://me:pw123@127.0.0.1:1/x".to_owned()]
    {
        stage.remember_at(&url);
        stage.configure(crate::support::stage::LDIF, crate::support::stage::PLATFORM);
        for command in ["check -vv", "plan -vv", "apply --yes -vv", "explain ada -vv", "runs -vv"] {
            let ended = stage.run(command);
            assert!(!format!("{ended}").contains("pw123"), "{command}: {ended}");
        }
    }
}
