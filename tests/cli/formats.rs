//! Reports as JSON and in files, as the contract shows them.

use serde_json::Value;
use serde_json::json;
use simulator::world::account::AccountState;
use simulator::world::incident::Incident;

use crate::support::stage::{Ended, LDIF, PLATFORM, SMALL};
use crate::{change_pending, change_refused};

/// The keys of a JSON object, in their order.
#[expect(clippy::unwrap_used, reason = "a test may panic")]
fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn the_plan_has_the_shape_of_the_contract() {
    let stage = change_refused();
    stage.company(&["ada", "bob", "cyd", "new"], &["ada", "cyd", "new"]);
    let ended = stage.run("plan --format json").exits(0);
    let plan = ended.json();
    assert!(
        ended.stdout.starts_with("{\n  \"format\": \"seatsync.plan/1\",\n  \"digest\": \"sha256:"),
        "{ended}"
    );

    let shape = |value: &Value, wanted: &[&str]| {
        for key in wanted {
            assert!(value.as_object().unwrap().contains_key(*key), "`{key}` is missing in {value}");
        }
    };
    shape(
        &plan,
        &[
            "format",
            "digest",
            "made_at",
            "gitlab",
            "sources",
            "add_ons",
            "decisions",
            "unmatched",
            "findings",
            "guard",
        ],
    );
    assert_eq!(plan["digest"].as_str().unwrap().len(), "sha256:".len() + 64);
    let made_at = plan["made_at"].as_str().unwrap();
    assert!(
        made_at.len() == 20 && made_at.ends_with('Z') && made_at.parse::<jiff::Timestamp>().is_ok(),
        "{made_at}"
    );
    assert_eq!(
        plan["gitlab"],
        json!({ "url": stage.gitlab.url(), "version": "18.9.0-ee", "scope": "instance" })
    );
    assert_eq!(
        plan["sources"],
        json!([{ "name": "corp", "kind": "ldif", "people": 3, "groups": 1, "coverage": "complete" }])
    );
    assert_eq!(
        plan["add_ons"],
        json!([{ "add_on": "duo_enterprise", "purchase": "gid://gitlab/GitlabSubscriptions::AddOnPurchase/3",
                 "purchased": 2, "reserve": 0, "held_before": 2, "held_after": 2,
                 "tally": { "assign": 1, "keep": 1, "leave": 0, "revoke": 1, "wait": 0 } }])
    );
    let cyd = plan["decisions"].as_array().unwrap().iter().find(|one| one["verdict"] == "assign").unwrap();
    shape(
        cyd,
        &[
            "add_on",
            "verdict",
            "because",
            "account",
            "person",
            "managed",
            "matched_by",
            "rule",
            "rank",
            "path",
        ],
    );
    assert_eq!(cyd["because"], "entitled");
    assert_eq!(cyd["account"], json!({ "id": 9, "username": "cyd" }));
    let id = crate::support::company::uuid(&crate::support::company::person_dn("cyd"));
    assert_eq!(
        cyd["person"],
        json!({ "source": "corp", "id": id, "name": "The cyd", "email": "cyd@example.test" })
    );
    assert_eq!((&cyd["managed"], &cyd["matched_by"]), (&json!(true), &json!("identity")));
    assert_eq!(
        (&cyd["rule"], &cyd["rank"], &cyd["path"]),
        (&json!("platform"), &json!(100), &json!(["platform"]))
    );
    assert_eq!(keys(&plan["unmatched"][0]), ["person", "because", "rule"]);
    assert_eq!(plan["unmatched"][0]["because"], "no_account");
    assert_eq!(plan["guard"]["verdict"], "refuse");
    let refusal = &plan["guard"]["refusals"][0];
    assert_eq!(
        (&refusal["code"], &refusal["limit"], &refusal["actual"]),
        (&json!("too_many_revocations"), &json!(0), &json!(1))
    );

    let lost = "[[rule]]\nname = \"lost\"\nadd_on = \"duo_enterprise\"\ngroups = [\"lost\"]\n";
    stage.configure(LDIF, &format!("{PLATFORM}\n{SMALL}\n{lost}"));
    let plan = stage.run("plan --format json").exits(5).json();
    assert_eq!(plan["guard"], json!({ "verdict": "pass", "refusals": [] }));
    let finding = &plan["findings"][0];
    shape(finding, &["code", "level", "rule", "message"]);
    assert_eq!(
        (&finding["code"], &finding["level"], &finding["rule"]),
        (&json!("group_missing"), &json!("error"), &json!("lost"))
    );
    assert_eq!(
        plan["decisions"].as_array().unwrap().iter().filter(|one| one["because"] == "frozen").count(),
        1
    );

    std::fs::remove_file(stage.path("corp.ldif")).unwrap();
    let plan = stage.run("plan --format json").exits(5).json();
    assert_eq!(plan["sources"][0]["coverage"], "partial");
    assert!(plan["sources"][0]["because"].is_string());
}

#[test]
fn the_outcome_has_the_shape_of_the_contract() {
    let stage = change_pending();
    let account = stage.account("cyd");
    stage.before_mutation(2, Incident::AccountChangesState { account, state: AccountState::Blocked });

    let outcome = stage.run("apply --yes --format json").exits(4).json();

    assert_eq!(&keys(&outcome)[..3], ["format", "plan", "outcomes"]);
    assert_eq!(outcome["format"], "seatsync.outcome/1");
    assert_eq!(outcome["plan"]["format"], "seatsync.plan/1");
    let refused = "INVALID_USER_ID_PRESENT: GitLab gives this account no seat (blocked, a bot, or no member)";
    assert_eq!(
        outcome["outcomes"],
        json!([
            { "add_on": "duo_enterprise", "account": { "id": 8, "username": "bob" }, "change": "revoke",
              "outcome": "applied", "because": null },
            { "add_on": "duo_enterprise", "account": { "id": 9, "username": "cyd" }, "change": "assign",
              "outcome": "refused", "because": refused },
        ])
    );
}

#[test]
fn a_file_holds_the_same_report() {
    let stage = change_pending();
    let shown = stage.run("plan --format json --out plan.json").exits(0).json();
    let mut written: Value =
        serde_json::from_slice(&std::fs::read(stage.path("plan.json")).unwrap()).unwrap();
    assert_eq!(written, shown);

    stage.run("plan --out plan.json").exits(0).says("Plan ");
    written = serde_json::from_slice(&std::fs::read(stage.path("plan.json")).unwrap()).unwrap();
    assert_eq!(written["digest"], shown["digest"]);

    let ended = stage.run("plan --out report.txt").exits(0);
    assert_eq!(
        std::fs::read_to_string(stage.path("report.txt")).unwrap().lines().count(),
        ended.stdout.lines().count()
    );
    stage
        .run("plan --out nowhere/plan.json")
        .exits(1)
        .complains("failed to write the report to `nowhere/plan.json`");
}

/// The name of the file says what is in it, unless it says nothing.
#[test]
fn a_file_is_written_as_its_name_ends() {
    let stage = change_pending();
    let written = |name: &str, arguments: &str| {
        stage.run(&format!("plan {arguments} --out {name}")).exits(0);
        std::fs::read_to_string(stage.path(name)).unwrap()
    };
    for (name, arguments, beginning) in [
        ("r.json", "--format html", "{\n  \"format\": \"seatsync.plan/1\""),
        ("r.txt", "", "http://127.0.0.1"),
        ("r.md", "", "# Seats: 1 to assign, 1 to revoke\n"),
        ("r.csv", "", "\"add_on\",\"verdict\",\"because\",\"username\",\"account_id\""),
        ("r.html", "", "<!DOCTYPE html>"),
        ("r.report", "", "{\n  \"format\""),
        ("r.report", "--format csv", "\"add_on\""),
    ] {
        let report = written(name, arguments);
        assert!(report.trim_start().starts_with(beginning), "{name} {arguments}: {report}");
    }
    let shown = stage.run("plan --format markdown").exits(0).stdout;
    let digest = stage.run("plan --format json").json()["digest"].as_str().unwrap().to_owned();
    assert!(shown.contains(&format!("seatsync apply --digest {digest}\n")), "{shown}");
}

#[test]
fn an_apply_tells_in_every_format_what_came_of_it() {
    let words = [
        ("markdown", "# Seats: 0 assigned, 1 revoked, 1 refused, 0 deferred"),
        ("csv", "\"refused\",\"INVALID_USER_ID_PRESENT"),
        ("html", "Applied in part"),
    ];
    for (format, words) in words {
        let stage = change_pending();
        let account = stage.account("cyd");
        stage.before_mutation(2, Incident::AccountChangesState { account, state: AccountState::Blocked });
        stage.run(&format!("apply --yes --format {format}")).exits(4).says(words);
    }
}

#[test]
fn a_plan_tells_what_changed_since_another() {
    let stage = change_pending();
    stage.run("plan --out before.json").exits(0);
    stage.run("plan --since before.json").exits(0).says("  nothing changed\n");
    stage.run("apply --yes --out outcome.json").exits(0);
    let ended = stage.run("plan --since outcome.json").exits(0);
    ended.says("~ gets a seat -> keeps the seat").says("~ loses the seat -> not in the plan");
    let markdown = stage.run("plan --since outcome.json --format markdown").exits(0);
    markdown.says("| Duo Enterprise | gets a seat | keeps the seat | 1 | cyd |");

    stage.write("other.json", "{}");
    stage.run("plan --since other.json").exits(2).complains("`other.json` is no plan");
    let elsewhere = std::fs::read_to_string(stage.path("before.json")).unwrap();
    stage.write("other.json", &elsewhere.replace(&stage.gitlab.url(), "https://gitlab.other.test"));
    stage.run("plan --since other.json").exits(2).complains("a plan for `https://gitlab.other.test`");
}

/// Exit 1 says that nothing was changed: so a report that cannot be written ends an apply before it begins.
#[test]
fn an_apply_whose_report_has_nowhere_to_go_changes_nothing() {
    let stage = change_pending();
    let ended = stage.run("apply --yes --out nowhere/outcome.json").exits(1);
    ended.complains("failed to write the report to `nowhere/outcome.json`");
    assert_eq!(stage.holders(), ["ada", "bob"]);
    assert!(stage.writes().is_empty());
}

/// What was done was done, though its report got lost.
#[test]
fn an_apply_whose_report_gets_lost_is_no_failure() {
    let stage = change_pending();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = stage.command("apply --yes");
    let ended = Ended::of(command.stdout(full).output().unwrap());
    ended.exits(0).complains("failed to write the report to standard output");
    assert_eq!(stage.holders(), ["ada", "cyd"]);
}

#[test]
fn an_apply_without_a_state_to_write_to_changes_nothing() {
    let stage = change_pending();
    let config = std::fs::read_to_string(stage.path("seatsync.toml")).unwrap();
    stage.write("seatsync.toml", &config.replace("sqlite:state.db", "sqlite:nowhere/state.db"));
    stage.run("plan").exits(0);
    stage
        .run("apply --yes")
        .exits(1)
        .complains("nowhere/state.db")
        .complains("caused by: No such file or directory");
    assert_eq!(stage.holders(), ["ada", "bob"]);
}

#[test]
fn the_same_world_gives_the_same_plan() {
    let stage = change_pending();
    let plans: Vec<String> = (0..3)
        .map(|_| {
            let plan = stage.run("plan --format json").exits(0).stdout;
            let lines = plan.lines().filter(|line| !line.trim_start().starts_with("\"made_at\""));
            lines.collect::<Vec<_>>().join("\n")
        })
        .collect();
    assert!(plans.windows(2).all(|pair| pair[0] == pair[1]));
}
