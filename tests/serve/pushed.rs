//! From a push to a seat: what was pushed is believed once somebody says it is all, survives any end, and is missed loudly.

use std::time::Duration;

use serde_json::{Value, json};

use crate::provider::{Provider, configure, receiving, source};
use crate::sidecar::{SERVE, Sidecar, TOKEN};
use crate::support::explained::{is_explained, is_nobody};
use crate::support::postgres::Postgres;
use crate::support::stage::{PLATFORM, SMALL, Stage};

/// No waiting for what was taken away.
const AT_ONCE: &str = "settle_after = \"0s\"";

/// Runs once, and waits until so many runs were applied.
fn run(sidecar: &Sidecar, times: u32) {
    assert_eq!(sidecar.post("/runs", TOKEN).status, 202);
    sidecar.ran("applied", times);
}

fn plan(stage: &Stage) -> Value {
    serde_json::from_str(&stage.run("plan --format json").stdout).unwrap()
}

#[test]
fn whoever_is_pushed_gets_a_seat_and_whoever_goes_loses_it_once_all_is_there() {
    let (stage, sidecar) = receiving(&["ada", "bob", "eve"], AT_ONCE);
    let entra = Provider::of(&sidecar);
    let (ada, bob, eve) = (entra.person("ada"), entra.person("bob"), entra.person("eve"));
    let group = entra.group("platform", &[&ada, &bob, &eve]);
    run(&sidecar, 1);
    assert_eq!(stage.holders(), ["ada", "bob", "eve"]);

    let path = format!("/Groups/{group}");
    entra.patches(204, &path, &json!([{ "op": "Remove", "path": "members", "value": [{ "value": bob }] }]));
    run(&sidecar, 2);
    assert_eq!(stage.holders(), ["ada", "bob", "eve"], "nobody has said that this is all");
    let told = stage.run("roster");
    assert_eq!(told.code, 5);
    assert!(
        told.stdout.contains("partial: nobody has confirmed that its first cycle is over"),
        "{}",
        told.stdout
    );

    let confirmed = stage.run("roster entra --complete");
    assert!(
        confirmed.stdout.starts_with("entra: 3 people, 1 group, last heard of at "),
        "{}",
        confirmed.stdout
    );
    assert_eq!(confirmed.code, 0, "{}", confirmed.stderr);
    assert_eq!(plan(&stage)["sources"][0]["coverage"], "complete");
    run(&sidecar, 3);
    assert_eq!(stage.holders(), ["ada", "eve"]);

    entra.patches(
        200,
        &format!("/Users/{ada}"),
        &json!([{ "op": "Replace", "path": "active", "value": "False" }]),
    );
    entra.sends(204, "DELETE", &format!("/Users/{eve}"), &Value::Null);
    entra.patches(204, &path, &json!([{ "op": "Add", "path": "members", "value": [{ "value": bob }] }]));
    run(&sidecar, 4);
    assert_eq!(stage.holders(), ["bob"]);
    assert!(stage.run("audit verify").stdout.starts_with("the record holds"));
    assert!(stage.run("audit export").stdout.contains("\"kind\":\"roster\""));
    assert_eq!(sidecar.metric("seatsync_roster_people{source=\"entra\"}"), Some(2.0));
    assert_eq!(sidecar.metric("seatsync_roster_groups{source=\"entra\"}"), Some(1.0));
    let log = sidecar.log();
    assert!(!log.contains("ada") && !log.contains("example.test"), "no personal data is logged: {log}");
}

#[test]
fn a_group_whose_members_come_later_takes_nobody_a_seat() {
    let (stage, sidecar) = receiving(&["ada", "bob"], AT_ONCE);
    let entra = Provider::of(&sidecar);
    let (ada, bob) = (entra.person("ada"), entra.person("bob"));
    let group = entra.group("platform", &[&ada, &bob]);
    stage.run("roster entra --complete").exits(0);
    run(&sidecar, 1);
    let path = format!("/Groups/{group}");
    let moved = json!([
        { "op": "Remove", "path": "members", "value": [{ "value": bob }] },
        { "op": "Add", "path": "members", "value": [{ "value": "4a9f1f6e-0000-4000-8000-000000000000" }] },
    ]);
    entra.patches(204, &path, &moved);
    let because = plan(&stage)["sources"][0]["because"].as_str().unwrap().to_owned();
    assert!(
        because.contains("its member `4a9f1f6e-0000-4000-8000-000000000000` was not pushed yet"),
        "{because}"
    );
    run(&sidecar, 2);
    assert_eq!(stage.holders(), ["ada", "bob"]);
}

#[test]
fn an_empty_roster_is_no_empty_company() {
    let (stage, sidecar) = receiving(&["ada"], AT_ONCE);
    let entra = Provider::of(&sidecar);
    let ada = entra.person("ada");
    entra.group("platform", &[&ada]);
    stage.run("roster entra --complete").exits(0);
    run(&sidecar, 1);
    assert_eq!(stage.holders(), ["ada"]);
    drop(sidecar);
    for name in stage.files().keys().filter(|name| name.starts_with("state.db")) {
        std::fs::remove_file(stage.path(name)).unwrap();
    }
    let sidecar = Sidecar::start(&stage);
    sidecar.shows("seatsync_leader", 1.0);
    assert_eq!(plan(&stage)["sources"][0]["because"], "its provider has pushed nothing yet");
    run(&sidecar, 1);
    assert_eq!(stage.holders(), ["ada"]);
    // The provider goes on with what it knows, and has never heard that anything was lost.
    let entra = Provider::of(&sidecar);
    entra.sends(404, "GET", &format!("/Users/{ada}"), &Value::Null);
    entra.group("platform", &[&entra.person("bob")]);
    run(&sidecar, 2);
    assert_eq!(stage.holders(), ["ada"]);
}

#[test]
fn a_provider_that_knows_more_than_we_do_is_not_believed() {
    let (stage, sidecar) = receiving(&["ada"], AT_ONCE);
    let entra = Provider::of(&sidecar);
    let ada = entra.person("ada");
    let gone = entra.person("gone");
    entra.group("platform", &[&ada]);
    stage.run("roster entra --complete").exits(0);
    entra.sends(204, "DELETE", &format!("/Users/{gone}"), &Value::Null);
    entra.sends(404, "GET", &format!("/Users/{gone}"), &Value::Null);
    entra.sends(404, "GET", "/Users/no-id-of-ours", &Value::Null);
    stage.run("roster entra").exits(0);
    entra.sends(404, "GET", "/Users/4a9f1f6e-0000-4000-8000-000000000000", &Value::Null);
    let told = stage.run("roster entra");
    assert!(
        told.stdout.contains("for somebody who was never here, so something was lost"),
        "{}",
        told.stdout
    );
    stage.run("roster entra --complete").exits(0);
    stage.run("roster entra --incomplete").exits(5);
}

#[test]
fn a_provider_that_is_silent_or_takes_people_out_is_not_believed_for_a_while() {
    let (stage, sidecar) = receiving(&["ada", "bob"], "settle_after = \"1h\"\nstale_after = \"2s\"");
    let entra = Provider::of(&sidecar);
    let (ada, bob) = (entra.person("ada"), entra.person("bob"));
    let group = entra.group("platform", &[&ada, &bob]);
    stage.run("roster entra --complete").exits(0);
    sidecar.eventually("stale", |_| {
        stage.run("roster entra").stdout.contains("partial: nothing was heard of its provider since")
    });
    entra.sends(200, "GET", "/ServiceProviderConfig", &Value::Null);
    let removed = json!([{ "op": "Remove", "path": format!("members[value eq \"{bob}\"]") }]);
    entra.patches(204, &format!("/Groups/{group}"), &removed);
    let told = stage.run("roster entra").stdout;
    assert!(told.contains("partial: its provider is taking people out of it: the last time at"), "{told}");
}

#[test]
fn what_was_answered_survives_any_end() {
    let (stage, mut sidecar) = receiving(&["ada"], AT_ONCE);
    let mut pushed = Vec::new();
    for round in 0..5 {
        let entra = Provider::of(&sidecar);
        pushed.extend((0..4).map(|number| entra.person(&format!("p-{round}-{number}"))));
        sidecar.signal("KILL");
        sidecar.child.wait().unwrap();
        sidecar = Sidecar::start(&stage);
        sidecar.shows("seatsync_leader", 1.0);
        let entra = Provider::of(&sidecar);
        let all = entra.sends(200, "GET", "/Users?count=100", &Value::Null);
        let ids: Vec<String> = all["Resources"].as_array().unwrap().iter().map(crate::provider::id).collect();
        assert_eq!(ids, pushed);
    }
}

#[test]
fn somebody_who_was_pushed_and_is_in_no_group_is_found_by_every_name() {
    let (stage, sidecar) = receiving(&["ada", "hal"], AT_ONCE);
    let entra = Provider::of(&sidecar);
    let (ada, hal) = (entra.person("ada"), entra.person("hal"));
    entra.group("platform", &[&ada]);
    stage.run("roster entra --complete").exits(0);
    for name in ["hal", "HAL@example.test", "ext-hal", &hal] {
        is_explained(&stage, name, "hal", "entra");
    }
    is_nobody(&stage, "nobody");
    // Whoever is not active counts for nobody.
    let leaves = json!([{ "op": "Replace", "path": "active", "value": "False" }]);
    entra.patches(200, &format!("/Users/{hal}"), &leaves);
    is_nobody(&stage, "ext-hal");
}

#[test]
fn one_token_follows_another() {
    let (stage, sidecar) = receiving(&[], AT_ONCE);
    let made = stage.run("new-token");
    let token = made.stdout.lines().nth(1).unwrap().to_owned();
    let line = made.stdout.lines().last().unwrap().to_owned();
    assert!(line.starts_with("tokens = [{ sha256 = \""), "{line}");
    assert_eq!(Provider::showing(&sidecar, &token).get("/Users").0, 401);
    let both = line.replace("[{", "[{ file = \"push.token\" }, {");
    let schedule = "[[schedule]]\nname = \"nightly\"\ncron = \"0 4 1 1 *\"\n";
    let rest = format!("{PLATFORM}\n{SMALL}\n{SERVE}\n{schedule}");
    let reload = |tokens: &str, times: usize| {
        stage.configure(&format!("[scim_push.entra]\n{tokens}\n"), &rest);
        sidecar.signal("HUP");
        sidecar.eventually("read again", |sidecar| {
            sidecar.log().matches("the configuration was read again").count() == times
        });
    };
    reload(&both, 1);
    assert_eq!(
        [Provider::of(&sidecar).get("/Users").0, Provider::showing(&sidecar, &token).get("/Users").0],
        [200; 2]
    );
    reload(&line, 2);
    assert_eq!(
        [Provider::of(&sidecar).get("/Users").0, Provider::showing(&sidecar, &token).get("/Users").0],
        [401, 200]
    );
}

#[test]
fn any_replica_takes_what_is_pushed() {
    let server = Postgres::shared();
    let mut stage = Stage::new(&["ada", "bob"], 5);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    stage.remember_at(&runtime.block_on(server.database()));
    configure(&stage, AT_ONCE);
    let leader = Sidecar::start(&stage);
    leader.shows("seatsync_leader", 1.0);
    let standby = Sidecar::start(&stage);
    let (one, other) = (Provider::of(&leader), Provider::of(&standby));
    let (ada, bob) = (one.person("ada"), other.person("bob"));
    let group = other.group("platform", &[&ada]);
    let path = format!("/Groups/{group}");
    std::thread::scope(|scope| {
        for (provider, names) in [(&one, ["m-1", "m-2", "m-3"]), (&other, ["n-1", "n-2", "n-3"])] {
            let path = &path;
            scope.spawn(move || {
                for name in names {
                    provider.patches(
                        204,
                        path,
                        &json!([{ "op": "Add", "path": "members", "value": [name] }]),
                    );
                }
            });
        }
    });
    assert_eq!(one.members(&group).len(), 7);
    let put = json!({ "displayName": "platform", "members": [{ "value": ada }, { "value": bob }] });
    one.sends(200, "PUT", &path, &put);
    run(&leader, 1);
    assert_eq!(stage.holders(), ["ada", "bob"]);
}

#[test]
fn a_run_that_takes_its_time_keeps_nobody_from_pushing() {
    let (stage, sidecar) = receiving(&["ada"], AT_ONCE);
    let entra = Provider::of(&sidecar);
    entra.group("platform", &[&entra.person("ada")]);
    stage.gitlab.faults().latency = Duration::from_secs(1);
    assert_eq!(sidecar.post("/runs", TOKEN).status, 202);
    sidecar.logs("a run begins");
    entra.person("bob");
    assert_eq!(sidecar.metric("seatsync_runs_total{schedule=\"nightly\",ended=\"applied\"}"), None);
    sidecar.ran("applied", 1);
    assert_eq!(stage.holders(), ["ada"]);
}

#[test]
fn what_is_wrong_with_the_section_is_said() {
    let stage = Stage::new(&[], 1);
    let refused = |keys: &str, words: &str| {
        stage.configure(&format!("[scim_push.entra]\n{keys}\n"), PLATFORM);
        let ended = stage.run("plan");
        assert_eq!(ended.code, 2);
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
        ended.stderr
    };
    refused("tokens = []", "nobody could push: there is no token");
    let shown = refused("tokens = [{ sha256 = \"my-own-token\" }]", "this is no SHA-256 in hexadecimal");
    assert!(!shown.contains("my-own-token"), "{shown}");
    refused("tokens = [{ sha256 = \"00\", env = \"T\" }]", "a token needs exactly one of `sha256`");
    stage.write("short", "1234");
    refused(
        "tokens = [{ file = \"short\" }]",
        "this token has fewer than 20 characters: somebody could guess it",
    );
    refused("", "tokens");
    stage.configure(&source(""), PLATFORM);
    stage.write("push.token", crate::provider::PUSH);
    let unknown = stage.run("roster okta");
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("there is no source `[scim_push.okta]`"), "{}", unknown.stderr);
    let still = stage.run("roster entra --forget");
    assert!(still.stderr.contains("`entra` is still a source"), "{}", still.stderr);
    let empty = stage.run("roster entra --complete");
    assert!(empty.stderr.contains("nothing was ever pushed into `entra`"), "{}", empty.stderr);
}
