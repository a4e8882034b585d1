//! GitLab says no, or says nothing: seats that ran out, one bad account, rate limits, tokens that die, lost answers.

use simulator::http::faults::Failure;
use simulator::http::requests::counts;
use simulator::world::account::AccountState;
use simulator::world::incident::Incident;
use simulator::world::settings::RateLimit;
use simulator::world::token::TokenState;

use crate::support::stage::{ASSIGN, ENTERPRISE, REVOKE, Stage, TOKEN, names};

/// A stage where these people are entitled and nobody has a seat yet.
fn newcomers(count: usize, seats: u32) -> (Stage, Vec<String>) {
    let uids = names("p", count);
    let stage = Stage::new(&refs(&uids), seats);
    stage.company(&refs(&uids), &refs(&uids));
    (stage, uids)
}

fn refs(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

/// 13: seats ran out, and the tool reported success.
#[test]
fn who_waits_is_named() {
    let (stage, _) = newcomers(3, 2);

    let ended = stage.run("apply --yes").exits(0);

    ended.says(". p0002").says("waits: no seat is free, 1st in line").says("1 waiting");
    assert_eq!(stage.holders(), ["p0000", "p0001"]);
}

/// 13: the last seats go to somebody else while we apply.
#[test]
fn seats_that_run_out_midway_are_counted_again() {
    let (stage, _) = newcomers(3, 3);
    let somebody = Incident::AccountGetsSeat { purchase: ENTERPRISE, account: stage.account("root") };
    stage.before_mutation(1, somebody);

    let ended = stage.run("apply --yes").exits(4);

    let words = "deferred: seat for p0002 of Duo Enterprise: NOT_ENOUGH_SEATS: no seat was left when GitLab was asked";
    ended.says(words).says("2 assigned, 0 revoked, 0 refused, 1 deferred");
    assert_eq!(stage.holders(), ["p0000", "p0001", "root"]);
    stage.run("plan").exits(0).says(". p0002").says("waits: no seat is free");
}

/// 13: the purchase shrank between two runs: nobody is handed a seat that is not there.
#[test]
fn more_holders_than_seats_are_told_of() {
    let stage = Stage::seated(&["ada", "bob"], 2);
    assert!(Incident::ResizePurchase { purchase: ENTERPRISE, quantity: 1 }.strike(&mut stage.gitlab.world()));
    stage
        .run("apply --yes")
        .exits(0)
        .says("warning[over_assigned]: 2 seats of Duo Enterprise are held, but 1 were purchased");
    assert!(stage.writes().is_empty());
}

/// 14: one blocked account failed a batch of 100, every night.
#[test]
fn one_bad_account_costs_ninety_nine_others_nothing() {
    let (stage, _) = newcomers(100, 200);
    let account = stage.account("p0041");
    stage.before_mutation(1, Incident::AccountChangesState { account, state: AccountState::Blocked });

    let ended = stage.run("apply --yes").exits(4);

    let ended = ended.says("refused: seat for p0041 of Duo Enterprise: INVALID_USER_ID_PRESENT");
    ended.says("99 assigned, 0 revoked, 1 refused, 0 deferred");
    assert_eq!(stage.holders().len(), 99);
    assert!(!stage.holders().contains(&"p0041".to_owned()));
    // The halving of 100 down to one takes 15 calls at most.
    let calls = stage.writes().len();
    assert!(calls <= 15, "{calls} calls");

    stage.run("apply --yes").exits(0).says(". p0041").says("waits: the account is blocked in GitLab");
    assert!(stage.writes().is_empty(), "the next night asks for nobody");
}

/// 15: GitLab wants forty minutes of pause.
#[test]
fn a_pause_beyond_the_deadline_defers_the_rest() {
    let (stage, uids) = newcomers(150, 200);
    stage.fails(ASSIGN, 1, 1, Failure::Throttled { retry_after: 2400 });

    let ended = stage.run("apply --yes").exits(4);

    let ended = ended.says("GitLab's rate limit wants 2400 seconds of pause before `Assign`");
    ended.says("100 assigned, 0 revoked, 0 refused, 50 deferred");
    assert_eq!(stage.holders(), uids[..100]);
    assert_eq!(stage.writes(), [ASSIGN, ASSIGN], "no storm");

    stage.run("apply --yes").exits(0).says("50 assigned");
    assert_eq!(stage.holders(), uids);
    assert_eq!(stage.writes(), [ASSIGN]);
}

/// 15: a short pause is waited for, and nobody asks meanwhile.
#[test]
fn a_short_pause_is_obeyed() {
    let (stage, uids) = newcomers(3, 5);
    stage.fails(ASSIGN, 0, 1, Failure::Throttled { retry_after: 1 });
    stage.fails(ASSIGN, 1, 2, Failure::Limited { retry_after: None });

    stage.run("apply --yes").exits(0).says("3 assigned");

    assert_eq!(stage.holders(), uids);
    assert_eq!(stage.writes().len(), 4);
}

/// 15: a storm of 429 is not answered with a storm.
#[test]
fn a_storm_of_refusals_is_met_with_patience() {
    let (stage, _) = newcomers(3, 5);
    stage.fails(ASSIGN, 0, 1_000_000, Failure::Limited { retry_after: None });

    stage.run("apply --yes").exits(4).says("3 deferred").says("rate limit");

    let calls = stage.writes().len();
    assert!(calls < 20, "{calls} calls within two seconds");
    assert!(stage.holders().is_empty());
}

/// 15: the token dies on the way.
#[test]
fn a_token_that_dies_midway_defers_the_rest() {
    let (stage, uids) = newcomers(150, 200);
    let dies = |state| Incident::TokenChangesState { token: TOKEN.to_owned(), state };
    stage.before_mutation(2, dies(TokenState::Revoked));

    let ended = stage.run("apply --yes").exits(4);

    let ended = ended.says("GitLab does not accept the token").says("100 assigned");
    assert!(!ended.stdout.contains(TOKEN));
    assert_eq!(stage.holders(), uids[..100]);

    assert!(dies(TokenState::Valid).strike(&mut stage.gitlab.world()));
    stage.run("apply --yes").exits(0).says("50 assigned");
    assert_eq!(stage.holders(), uids);
}

/// 15: a limit that is reached while we read ends the run before anything is changed.
#[test]
fn a_limit_that_is_reached_while_reading_changes_nothing() {
    let (stage, _) = newcomers(3, 5);
    stage.gitlab.world().settings.throttle = Some(RateLimit { requests: 1, period_seconds: 3600 });
    stage
        .run("apply --yes")
        .exits(1)
        .complains("GitLab's rate limit wants")
        .complains("hint: run again later");
    let asked = stage.gitlab.requests();
    assert!(asked.len() <= 5, "{:?}", counts(&asked));
    assert!(stage.holders().is_empty());

    stage.gitlab.world().settings.throttle = None;
    stage.run("apply --yes").exits(0);
}

/// 15: the purchase ends on the way: what GitLab says of it has many causes, and the right one is told.
#[test]
fn a_purchase_that_ends_midway_defers_the_rest() {
    let (stage, uids) = newcomers(150, 200);
    stage.before_mutation(2, Incident::ExpirePurchase { purchase: ENTERPRISE });

    let ended = stage.run("apply --yes").exits(4);

    ended
        .says("of Duo Enterprise is no longer active")
        .says("hint: renew it")
        .says("100 assigned")
        .says("50 deferred");
    assert_eq!(stage.holders(), uids[..100]);
    stage.run("apply --yes").exits(0).says("not purchased").says("warning[purchase_absent]");
    assert_eq!(stage.holders(), uids[..100], "and what it had is not forgotten");
}

/// 25: at full licence joiners failed, although leavers freed seats in the same run.
#[test]
fn joiners_take_the_seats_of_leavers_in_one_run() {
    let stage = Stage::new(&["ada", "bob", "cyd", "dan"], 2);
    stage.company(&["ada", "bob", "cyd", "dan"], &["ada", "bob"]).run("apply --yes").exits(0);
    assert_eq!(stage.holders(), ["ada", "bob"]);
    stage.gitlab.forget_requests();

    stage.company(&["ada", "bob", "cyd", "dan"], &["cyd", "dan"]);
    stage.run("apply --yes").exits(0).says("2 held -> 2").says("2 assigned, 2 revoked");

    assert_eq!(stage.holders(), ["cyd", "dan"]);
    assert_eq!(stage.writes(), [REVOKE, ASSIGN]);
}

/// 26: a response was lost after GitLab had committed it.
#[test]
fn a_lost_answer_is_asked_for_again() {
    let stage = Stage::new(&["ada", "bob", "cyd"], 2);
    stage.company(&["ada", "bob", "cyd"], &["ada", "bob"]).run("apply --yes").exits(0);
    stage.company(&["ada", "bob", "cyd"], &["bob", "cyd"]);
    stage.fails(REVOKE, 0, 1, Failure::LoseResponse);
    stage.fails(ASSIGN, 0, 1, Failure::LoseResponse);

    stage.run("apply --yes").exits(0).says("1 assigned, 1 revoked, 0 refused, 0 deferred");

    assert_eq!(stage.holders(), ["bob", "cyd"]);
    assert_eq!(stage.state("SELECT CAST(account AS TEXT) FROM holdings ORDER BY account"), ["8", "9"]);
}

/// 26: the answer never arrives: the outcome is read back.
#[test]
fn an_answer_that_never_arrives_is_read_back() {
    let (stage, uids) = newcomers(3, 5);
    stage.fails(ASSIGN, 0, 1000, Failure::LoseResponse);

    stage.run("apply --yes").exits(0).says("3 assigned, 0 revoked, 0 refused, 0 deferred");

    assert_eq!(stage.holders(), uids);
    assert_eq!(stage.state("SELECT outcome FROM changes GROUP BY outcome"), ["applied"]);
}

/// 26: an error that hides whether anything was done.
#[test]
fn a_failure_that_hides_the_outcome_is_read_back() {
    let (stage, uids) = newcomers(150, 200);
    stage.fails(ASSIGN, 1, 1000, Failure::InternalError);

    let ended = stage.run("apply --yes").exits(4).says("100 assigned, 0 revoked, 0 refused, 50 deferred");

    assert!(ended.stdout.contains("GitLab failed"), "{ended}");
    assert_eq!(stage.holders(), uids[..100]);
    assert_eq!(stage.state("SELECT CAST(count(*) AS TEXT) FROM holdings"), ["100"]);
    stage.gitlab.faults().clear();
    stage.run("apply --yes").exits(0).says("50 assigned");
    assert_eq!(stage.holders(), uids);
}
