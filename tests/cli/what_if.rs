//! What would be decided if things were otherwise; nothing of it can be applied.

use crate::support::stage::{LDIF, PLATFORM, SMALL, Stage};

/// Two hold the two seats there are, and the third waits.
fn full() -> Stage {
    let stage = Stage::new(&["ada", "bob", "cyd"], 2);
    stage.company(&["ada", "bob", "cyd"], &["ada", "bob", "cyd"]);
    stage.run("apply --yes").exits(0);
    stage.gitlab.forget_requests();
    stage
}

#[test]
fn more_seats_would_serve_who_waits() {
    let stage = full();
    let before = stage.files();
    let waiting =
        ["ada", "bob", "cyd"].into_iter().find(|name| !stage.holders().contains(&(*name).to_owned()));
    let waiting = waiting.unwrap();
    let ended = stage.run("plan --purchased duo_enterprise=3").exits(0);
    ended
        .says("What if 3 seats of Duo Enterprise were purchased? Nothing of this can be applied.")
        .says("Since the plan ")
        .says(&format!("Duo Enterprise  {waiting}"));
    let told = stage.run("plan --purchased duo_enterprise=3 --format json --out what.json").exits(0).json();
    assert_eq!(told["format"], "seatsync.what_if/1");
    assert_eq!(told["differences"][0]["account"]["username"], waiting);
    assert_eq!(told["differences"][0]["then"]["verdict"], "assign");
    assert_eq!(told["add_ons"][0]["purchased"], 3);

    for arguments in ["apply what.json", "apply what.json --only-approved", "approve what.json --key none"] {
        stage.run(arguments).exits(2).complains("has the format `seatsync.what_if/1`");
    }
    std::fs::remove_file(stage.path("what.json")).unwrap();
    assert!(stage.files() == before);
    assert!(stage.writes().is_empty());
    stage
        .run("plan --purchased platinum=3")
        .exits(2)
        .complains("`platinum=3` says of no add-on")
        .complains("hint: ");
}

#[test]
fn other_rules_and_another_day_show_what_they_would_change() {
    let stage = full();
    let before = stage.holders();
    let rules = PLATFORM.replace("groups =", "until = 2026-12-31\ngroups =");
    let config = std::fs::read_to_string(stage.path("seatsync.toml")).unwrap();
    stage.configure(LDIF, &format!("{rules}\n{SMALL}"));
    std::fs::rename(stage.path("seatsync.toml"), stage.path("other.toml")).unwrap();
    stage.write("seatsync.toml", &config);

    stage.run("plan --rules other.toml").exits(0).says("  nothing changed");
    let ended = stage.run("plan --rules other.toml --as-of 2099-01-01 --exit-code").exits(10);
    ended
        .says("What if the rules of other.toml were in force, and it were 2099-01-01T00:00:00Z?")
        .says(&stage.holders().join(", "));
    // Groups that only the other rules name are read too, and today's plan does not mind them.
    let other = std::fs::read_to_string(stage.path("other.toml")).unwrap();
    stage.write("other.toml", &other.replace("groups = [\"platform\"]", "groups = [\"nowhere\"]"));
    let ended = stage.run("plan --rules other.toml").exits(5);
    ended.says("frozen").says("group_missing");
    stage.write("other.toml", &other.replace("ldif.corp", "ldif.else"));
    stage.run("plan --rules other.toml").exits(2).complains("names the source `else`");
    assert_eq!(stage.holders(), before);
}
