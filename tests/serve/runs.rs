//! When runs begin, how far they go, and how they are asked for.

use std::time::Duration;

use serde_json::Value;
use simulator::http::faults::Failure;

use crate::sidecar::{SERVE, Sidecar, TOKEN, schedule, schedule_with};
use crate::support::stage::{LDIF, PLATFORM, SMALL, Stage, names};

fn company() -> Stage {
    let stage = Stage::new(&["ada", "bob", "cyd"], 2);
    stage.company(&["ada", "bob", "cyd"], &["ada", "bob", "cyd"]);
    stage
}

#[test]
fn auto_applies_within_the_limits_and_tells_what_it_did() {
    let stage = company();
    schedule(&stage, "every = \"1h\"\nmode = \"auto\"");
    let sidecar = Sidecar::start(&stage);

    sidecar.ran("applied", 1);

    assert_eq!(stage.holders().len(), 2);
    for (metric, value) in [
        ("seatsync_leader", 1.0),
        ("seatsync_seats_purchased{add_on=\"duo_enterprise\"}", 2.0),
        ("seatsync_seats_held{add_on=\"duo_enterprise\"}", 2.0),
        ("seatsync_seats_waiting{add_on=\"duo_enterprise\"}", 1.0),
        ("seatsync_seats_reserved{add_on=\"duo_enterprise\"}", 0.0),
        ("seatsync_source_people{source=\"corp\"}", 3.0),
        ("seatsync_source_complete{source=\"corp\"}", 1.0),
        ("seatsync_verdicts{add_on=\"duo_enterprise\",verdict=\"assign\"}", 2.0),
        ("seatsync_changes_total{add_on=\"duo_enterprise\",change=\"assign\",outcome=\"applied\"}", 2.0),
        ("seatsync_run_duration_seconds_count", 1.0),
        ("seatsync_awaiting_approval_changes", 0.0),
        ("seatsync_config_last_reload_successful", 1.0),
    ] {
        assert_eq!(sidecar.metric(metric), Some(value), "{metric}\n{}", sidecar.get("/metrics").body);
    }
    assert!(sidecar.metric("seatsync_gitlab_requests_total").unwrap() > 3.0);
    assert!(sidecar.metric("seatsync_last_success_timestamp_seconds").unwrap() > 1e9);
    assert_eq!(sidecar.get("/readyz").body, "ready: leader\n");
    let (code, log) = sidecar.stop();
    assert_eq!(code, Some(0), "{log}");
    for personal in ["ada", "bob", "cyd", "example.test"] {
        assert!(!log.contains(personal), "{personal} is in the log:\n{log}");
    }
}

#[test]
fn report_publishes_the_plan_and_changes_nothing() {
    let stage = company();
    schedule(&stage, "every = \"1h\"");
    let sidecar = Sidecar::start(&stage);

    sidecar.ran("reported", 1);

    assert!(stage.holders().is_empty());
    assert!(stage.writes().is_empty());
    let plan: Value = serde_json::from_str(&sidecar.get_as("/plans/latest", TOKEN).body).unwrap();
    assert_eq!(plan["format"], "seatsync.plan/1");
    assert_eq!(plan["add_ons"][0]["tally"]["assign"], 2);
}

#[test]
fn approve_waits_for_a_person_who_may_apply_by_hand_meanwhile() {
    let stage = company();
    schedule(&stage, "every = \"1h\"\nmode = \"approve\"");
    let sidecar = Sidecar::start(&stage);
    sidecar.ran("awaiting_approval", 1);
    assert_eq!(sidecar.metric("seatsync_awaiting_approval_changes"), Some(2.0));
    assert!(stage.holders().is_empty());

    stage.write("plan.json", &sidecar.get_as("/plans/latest", TOKEN).body);
    stage.run("apply plan.json").exits(0);
    assert_eq!(stage.holders().len(), 2);

    sidecar.signal("USR1");
    sidecar.ran("applied", 1);
    assert_eq!(
        sidecar.metric("seatsync_awaiting_approval_changes"),
        Some(0.0),
        "there is nothing left to do"
    );
}

#[test]
fn auto_beyond_the_limits_waits_for_a_person() {
    let stage = Stage::seated(&["ada", "bob"], 2);
    stage.company(&["ada", "bob"], &["ada"]);
    schedule_with(&stage, "every = \"1h\"\nmode = \"auto\"", "max_revocations = 0\n");
    let sidecar = Sidecar::start(&stage);

    sidecar.ran("awaiting_approval", 1);

    assert_eq!(stage.holders(), ["ada", "bob"]);
    assert_eq!(sidecar.metric("seatsync_refusals_total{code=\"too_many_revocations\"}"), Some(1.0));
    assert_eq!(sidecar.metric("seatsync_awaiting_approval_changes"), Some(1.0));
    let runs: Value = serde_json::from_str(&sidecar.get_as("/runs", TOKEN).body).unwrap();
    assert_eq!(runs["last"]["ended"], "awaiting_approval");
    let digest = runs["last"]["digest"].as_str().unwrap();
    stage.run(&format!("apply --digest {digest}")).exits(0);
    assert_eq!(stage.holders(), ["ada"]);
}

#[test]
fn a_stranger_asks_in_vain() {
    let stage = company();
    schedule(&stage, "cron = \"0 4 * * *\"\nmode = \"auto\"");
    let sidecar = Sidecar::start(&stage);
    sidecar.shows("seatsync_leader", 1.0);

    for path in ["/runs", "/plans/latest"] {
        assert_eq!(sidecar.get(path).status, 401, "{path}");
        assert_eq!(sidecar.get_as(path, "wrong").status, 401, "{path}");
    }
    let refused = sidecar.post("/runs", "wrong");
    assert_eq!(refused.status, 401);
    assert!(refused.head.to_lowercase().contains("www-authenticate: bearer"), "{}", refused.head);
    assert_eq!(sidecar.post("/runs?schedule=weekly", TOKEN).status, 404);
    assert!(stage.gitlab.requests().is_empty(), "nothing has run");

    assert_eq!(sidecar.post("/runs?schedule=nightly", TOKEN).status, 202);
    sidecar.ran("applied", 1);
}

#[test]
fn without_a_token_nobody_may_ask() {
    let stage = company();
    let serve = SERVE.replace("token", "#token");
    stage.configure(LDIF, &format!("{PLATFORM}\n{SMALL}\n{serve}"));
    let sidecar = Sidecar::start(&stage);
    for token in ["", "anything"] {
        assert_eq!(sidecar.post("/runs", token).status, 403);
        assert_eq!(sidecar.get_as("/plans/latest", token).status, 403);
    }
}

#[test]
fn a_run_missed_while_down_is_caught_up_once() {
    let stage = company();
    schedule(&stage, "cron = \"0 4 * * *\"\ntime_zone = \"Europe/Zurich\"\nmode = \"auto\"");
    let sidecar = Sidecar::start(&stage);
    sidecar.shows("seatsync_leader", 1.0);
    assert!(sidecar.metric("seatsync_next_run_timestamp_seconds{schedule=\"nightly\"}").unwrap() > 1e9);
    sidecar.stop();
    assert!(stage.gitlab.requests().is_empty(), "it was not four o'clock");

    let days = 3 * 86_400_000_000_i64;
    stage.state(&format!("UPDATE schedules SET settled_until = settled_until - {days}"));
    let sidecar = Sidecar::start(&stage);
    sidecar.ran("applied", 1);
    sidecar.stop();

    stage.gitlab.forget_requests();
    let sidecar = Sidecar::start(&stage);
    sidecar.shows("seatsync_leader", 1.0);
    assert!(sidecar.metric("seatsync_last_success_timestamp_seconds").unwrap() > 1e9, "it remembers");
    sidecar.stop();
    assert!(stage.gitlab.requests().is_empty(), "once is enough");
}

#[test]
fn a_gitlab_that_is_down_fails_a_run_and_not_the_sidecar() {
    let stage = company();
    schedule(&stage, "every = \"1h\"\nmode = \"auto\"");
    stage.gitlab.faults().latency = Duration::ZERO;
    stage.fails("addOnPurchases", 0, 1000, Failure::DropConnection);
    let sidecar = Sidecar::start(&stage);
    sidecar.ran("failed", 1);
    sidecar.logs("the run failed; nothing was changed");
    assert_eq!(sidecar.get("/healthz").status, 200);

    stage.gitlab.faults().clear();
    sidecar.signal("USR1");
    sidecar.ran("applied", 1);
    assert_eq!(stage.holders().len(), 2);
}

#[test]
fn runs_and_applies_by_hand_wait_for_each_other() {
    let stage = company();
    schedule(&stage, "cron = \"0 4 * * *\"\nmode = \"auto\"");
    let sidecar = Sidecar::start(&stage);
    sidecar.shows("seatsync_leader", 1.0);
    stage.gitlab.faults().latency = Duration::from_secs(600);
    let mut by_hand = stage.start("apply --yes");
    sidecar.eventually("a request", |_| !stage.gitlab.requests().is_empty());

    sidecar.signal("USR1");
    sidecar.logs("a run that is due has to wait");
    sidecar.logs("another run has the state");
    by_hand.kill().unwrap();
    by_hand.wait().unwrap();
    stage.gitlab.forget_requests();
    sidecar.eventually("a request", |_| !stage.gitlab.requests().is_empty());

    stage.run("apply --yes").exits(1).complains("another run has the state");
}

#[test]
fn a_good_configuration_is_taken_and_a_bad_one_refused_whole() {
    let stage = company();
    schedule(&stage, "every = \"1h\"");
    let sidecar = Sidecar::start(&stage);
    sidecar.ran("reported", 1);

    schedule(&stage, "every = \"1h\"\nmode = \"autoo\"");
    sidecar.signal("HUP");
    sidecar.shows("seatsync_config_last_reload_successful", 0.0);
    sidecar.logs("the configuration was refused; the one before stays in force");
    sidecar.logs("`autoo` is no value of");
    sidecar.signal("USR1");
    sidecar.ran("reported", 2);

    schedule(&stage, "every = \"1h\"\nmode = \"auto\"");
    sidecar.signal("HUP");
    sidecar.shows("seatsync_config_last_reload_successful", 1.0);
    sidecar.signal("USR1");
    sidecar.ran("applied", 1);
    assert_eq!(stage.holders().len(), 2);

    let elsewhere = SERVE.replace(":0", ":1");
    stage.configure(LDIF, &format!("{PLATFORM}\n{SMALL}\n{elsewhere}"));
    sidecar.signal("HUP");
    sidecar.logs("change with a restart");
    assert_eq!(sidecar.get("/healthz").status, 200, "it is still there");
}

#[test]
fn who_is_asked_to_stop_finishes_the_batch_in_hand_and_defers_the_rest() {
    let people = names("p", 250);
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    let stage = Stage::new(&people, 250);
    stage.company(&people, &people);
    schedule(&stage, "every = \"1h\"\nmode = \"auto\"");
    stage.gitlab.faults().latency = Duration::from_millis(200);
    let sidecar = Sidecar::start(&stage);
    let requests = || stage.gitlab.requests();
    sidecar.eventually("a change", |_| {
        requests()
            .iter()
            .flat_map(|request| request.root_fields.clone())
            .any(|field| field.contains("Assignment"))
    });

    let (code, log) = sidecar.stop();

    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("applied_in_part"), "{log}");
    let outcome =
        |outcome: &str| stage.state(&format!("SELECT change FROM changes WHERE outcome = '{outcome}'")).len();
    let (applied, deferred) = (outcome("applied"), outcome("deferred"));
    assert_eq!((applied, deferred), (stage.holders().len(), 250 - applied));
    assert!(applied > 0 && deferred > 0, "{applied} applied, {deferred} deferred");
    assert_eq!(
        stage.state("SELECT DISTINCT outcome_because FROM changes WHERE outcome = 'deferred'"),
        ["seatsync was asked to stop"]
    );
    stage.gitlab.faults().latency = Duration::ZERO;
    let next = Sidecar::start(&stage);
    next.ran("applied", 1);
    assert_eq!(stage.holders().len(), 250, "whoever leads next takes up the rest at once");
}

#[test]
fn who_is_asked_to_stop_while_observing_stops_at_once() {
    let stage = company();
    schedule(&stage, "every = \"1h\"\nmode = \"auto\"");
    stage.gitlab.faults().latency = Duration::from_secs(600);
    let sidecar = Sidecar::start(&stage);
    sidecar.eventually("a request", |_| !stage.gitlab.requests().is_empty());
    let (code, log) = sidecar.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("ended=\"stopped\""), "{log}");
}
