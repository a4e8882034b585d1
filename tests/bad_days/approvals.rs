//! Who answers for what: limits, approvals, dry runs, clocks, and codes that tell a disaster from a success.

use std::collections::BTreeMap;

use serde_json::Value;
use simulator::http::faults::{Failure, Fault, Target};

use crate::support::stage::{LDIF, PLATFORM, Stage, names};

fn refs(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

/// 11: the limit counted absent people, not seats.
#[test]
fn limits_count_seats() {
    let uids = names("p", 100);
    let uids = refs(&uids);
    let stage = Stage::new(&uids, 40);
    let limits =
        "[limits]\nmax_revocations = 5\nmax_revocations_percent = 100\nmax_source_shrink_percent = 60\n";
    stage.configure(LDIF, &format!("{PLATFORM}\n{limits}"));
    stage.company(&uids, &uids).run("apply --yes").exits(0);
    let served = stage.holders();
    let served: Vec<&str> = served.iter().map(String::as_str).collect();
    assert_eq!(served.len(), 40);

    // Sixty people who only waited are gone: no seat is lost.
    stage.company(&uids, &served).run("apply --yes").exits(0);
    assert_eq!(stage.holders(), served);

    // Six people with seats are gone.
    stage.company(&uids, &served[..34]);
    let ended = stage.run("apply --yes").exits(3);
    ended.complains("plan would revoke 6 seats, and at most 5 may go in one run (`max_revocations`)");
    assert_eq!(stage.holders(), served);

    // Five are within the limit: it is inclusive.
    stage.company(&uids, &served[..35]).run("apply --yes").exits(0);
    assert_eq!(stage.holders(), served[..35]);
}

/// 12: the limit was raised for one reorganisation and stayed.
#[test]
fn one_approval_of_one_digest_leaves_the_limits_as_they_are() {
    let uids = names("p", 90);
    let uids = refs(&uids);
    let stage = Stage::new(&uids, 100);
    stage.configure(LDIF, PLATFORM);
    stage.company(&uids, &uids).run("apply --yes").exits(0);

    stage.company(&uids, &uids[..60]);
    stage.run("apply --yes").exits(3);
    let plan = stage.run("plan --format json").exits(0).json();
    assert_eq!(plan["guard"]["verdict"], "refuse");
    let digest = plan["digest"].as_str().unwrap();
    stage.run(&format!("apply --digest {digest}")).exits(0);
    assert_eq!(stage.holders(), uids[..60]);

    // The same digest approves nothing else, and the next reorganisation is refused like the first.
    stage.company(&uids, &uids[..30]);
    stage
        .run(&format!("apply --digest {digest}"))
        .exits(3)
        .complains("the plan has moved since it was approved");
    stage
        .run("apply --yes")
        .exits(3)
        .complains("plan would revoke 30 seats, and at most 20 may go in one run");
    assert_eq!(stage.holders(), uids[..60]);
}

/// 17: "overwrite everything" emptied an organisation.
#[test]
fn there_is_no_option_to_overwrite_everything() {
    let stage = Stage::seated(&["ada"], 5);
    let dangerous =
        ["force", "overwrite", "purge", "delete", "prune", "ignore-", "no-guard", "skip-", "all-users"];
    let mut said = stage.run("config-schema").exits(0).stdout;
    for command in ["", "plan", "apply", "explain", "runs", "check", "demo"] {
        said.push_str(&stage.run(&format!("{command} --help")).exits(0).stdout);
    }
    for word in dangerous {
        assert!(!said.to_lowercase().contains(&format!("--{word}")), "--{word}");
        assert!(!said.contains(&format!("\"{}", word.replace('-', "_"))), "{word}");
        stage.run(&format!("apply --yes --{word}")).exits(2);
    }
    let config = std::fs::read_to_string(stage.path("seatsync.toml")).unwrap();
    stage.write("seatsync.toml", &config.replace("[limits]", "[limits]\nforce = true"));
    stage.run("apply --yes").exits(2).complains("force");
    assert_eq!(stage.holders(), ["ada"]);
}

/// 19: a wrong clock expired everything.
#[test]
fn a_clock_that_ran_backwards_takes_no_seat() {
    let stage = Stage::seated(&["ada", "bob"], 5);
    stage.company(&["ada", "bob"], &["bob"]);
    stage.days_pass(-3);

    let ended = stage.run("apply --yes").exits(5);

    ended.says("error[clock_backwards]").says("no seat is taken until it is right");
    assert_eq!(stage.holders(), ["ada", "bob"]);

    stage.days_pass(4);
    stage.run("apply --yes").exits(0);
    assert_eq!(stage.holders(), ["bob"], "once the clock is right again, things take their way");
}

/// 19: the zone of the machine changes no decision: days are those of UTC, and the last day counts.
#[test]
fn the_time_zone_of_the_machine_decides_nothing() {
    let stage = Stage::seated(&["ada"], 5);
    let today = stage.run("plan --format json").json()["made_at"].as_str().unwrap()[..10].to_owned();
    let until = |day: &str| {
        let rule = PLATFORM.replace("groups =", &format!("until = {day}\ngroups ="));
        stage.configure(LDIF, &rule);
    };
    until(&today);
    for zone in ["UTC", "Pacific/Kiritimati", "Pacific/Niue"] {
        let mut command = stage.command("plan --exit-code");
        assert!(command.env("TZ", zone).status().unwrap().success(), "{zone}");
    }
    until("2020-01-31");
    stage.run("plan").exits(0).says("- ada").says("entitled until 2020-01-31");
}

/// 21: the dry run called the API to "test" its writes.
#[test]
fn planning_changes_nothing_anywhere() {
    let stage = Stage::seated(&["ada", "bob"], 5);
    stage.company(&["ada", "bob"], &["bob"]);
    stage.take_seat("bob");
    let before = stage.files();

    stage.run("plan").exits(0).says("1 to assign, 1 to revoke");
    stage.run("plan --exit-code --format json").exits(10);
    stage.run("explain ada").exits(0);
    stage.run("runs").exits(0);

    assert!(stage.files() == before, "a file has changed: {:?}", changed(&before, &stage.files()));
    assert!(stage.writes().is_empty());
    assert_eq!(stage.holders(), ["ada"]);
}

/// 21: where there is no state, planning makes none.
#[test]
fn planning_makes_no_state() {
    let stage = Stage::new(&["ada"], 5);
    stage.company(&["ada"], &["ada"]);
    let before = stage.files();

    stage.run("plan --exit-code").exits(10);

    assert!(stage.files() == before, "{:?}", changed(&before, &stage.files()));
    stage.run("plan --out plan.json").exits(0);
    assert_eq!(changed(&before, &stage.files()), ["plan.json"]);
    assert!(stage.writes().is_empty());
}

/// 21: what is applied is what was planned: the same path, the same changes.
#[test]
fn what_is_applied_is_what_was_planned() {
    let stage = Stage::seated(&["ada", "bob", "cyd"], 5);
    stage.company(&["ada", "bob", "cyd"], &["bob"]);
    stage.take_seat("bob");

    let plan = stage.run("plan --format json").exits(0).json();
    let outcome = stage.run("apply --yes --format json").exits(0).json();

    for key in ["digest", "decisions", "add_ons", "findings", "sources"] {
        assert_eq!(outcome["plan"][key], plan[key], "{key}");
    }
    let changes = |of: &Value, key: &str| -> Vec<(String, u64)> {
        let all = of
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| ["assign", "revoke"].contains(&one[key].as_str().unwrap()));
        let mut all: Vec<_> =
            all.map(|one| (one[key].to_string(), one["account"]["id"].as_u64().unwrap())).collect();
        all.sort();
        all
    };
    assert_eq!(changes(&outcome["outcomes"], "change"), changes(&plan["decisions"], "verdict"));
    assert_eq!(stage.holders(), ["bob"]);
}

/// 22: a disaster ended with exit 0 and "completed successfully".
#[test]
fn a_disaster_is_no_success() {
    let stage = Stage::seated(&["ada", "bob"], 5);

    // The directory is gone.
    std::fs::rename(stage.path("corp.ldif"), stage.path("elsewhere.ldif")).unwrap();
    stage.run("plan").exits(5);
    stage.run("apply --yes").exits(5);
    std::fs::rename(stage.path("elsewhere.ldif"), stage.path("corp.ldif")).unwrap();

    // GitLab is down.
    let fault = Fault { target: Target::Any, after: 0, times: 1000, failure: Failure::BadGateway };
    stage.gitlab.faults().add(fault);
    stage.run("plan").exits(1).complains("error: GitLab failed").complains("hint: ");
    stage.run("apply --yes").exits(1);
    stage.gitlab.faults().clear();

    // The state is no state.
    let state = std::fs::read(stage.path("state.db")).unwrap();
    std::fs::write(
        stage.path("state.db"),
        "not a database, but long enough to be taken for one by its name".repeat(99),
    )
    .unwrap();
    stage.run("plan").exits(1).complains("state.db");
    stage.run("apply --yes").exits(1).complains("state.db");
    std::fs::write(stage.path("state.db"), state).unwrap();

    assert_eq!(stage.holders(), ["ada", "bob"]);
    stage.run("apply --yes").exits(0);
}

/// The names of files that came, went or changed.
fn changed(before: &BTreeMap<String, Vec<u8>>, after: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let all = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
    all.filter(|name| before.get(*name) != after.get(*name)).cloned().collect()
}
