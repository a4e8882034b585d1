//! The command line as scripts know it: exit codes, approvals, formats, words, and what is never shown.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::io::{Read as _, Write as _};
use std::process::Stdio;

use serde_json::{Value, json};
use simulator::http::faults::Failure;
use simulator::world::account::AccountState;
use simulator::world::incident::Incident;
use simulator::world::token::Token;
use support::slapd::{Options, Slapd};
use support::stage::{ASSIGN, Ended, LDIF, PLATFORM, SMALL, Stage, TOKEN, company, ldap, names, until};

/// A stage on which bob is to lose a seat to cyd, of two.
fn change_pending() -> Stage {
    let stage = Stage::new(&["ada", "bob", "cyd"], 2);
    stage.company(&["ada", "bob", "cyd"], &["ada", "bob"]).run("apply --yes").exits(0);
    stage.company(&["ada", "bob", "cyd"], &["ada", "cyd"]);
    stage.gitlab.forget_requests();
    stage
}

/// The same, with a guard that refuses.
fn change_refused() -> Stage {
    let stage = change_pending();
    stage.configure(LDIF, &format!("{PLATFORM}\n{SMALL}max_revocations = 0\n"));
    stage
}

// Exit codes.

#[test]
fn plan_exits_with_0_whatever_it_plans_unless_asked() {
    change_pending().run("plan").exits(0);
    change_refused().run("plan").exits(0).says("refused: plan would revoke 1 seats");
}

#[test]
fn plan_tells_by_its_exit_code_if_asked() {
    let stage = change_pending();
    stage.run("plan --exit-code").exits(10);
    stage.run("apply --yes").exits(0);
    stage.run("plan --exit-code").exits(0);
    change_refused().run("plan --exit-code").exits(3);
}

#[test]
fn of_several_codes_the_graver_one_is_told() {
    // Changes are pending, and a source is partial: 5 before 10.
    let stage = change_pending();
    let rules = format!(
        "{PLATFORM}\n{SMALL}\n[[rule]]\nname = \"lost\"\nadd_on = \"duo_enterprise\"\ngroups = [\"lost\"]\n"
    );
    stage.configure(LDIF, &rules).take_seat("ada");
    stage.run("plan --exit-code").exits(5).says("1 to assign");
    // Some changes failed, and a source is partial: 4 before 5.
    let account = stage.account("ada");
    stage.before_mutation(1, Incident::AccountChangesState { account, state: AccountState::Blocked });
    stage.run("apply --yes").exits(4);
    // Nothing could be done at all: 1.
    stage.fails("selfManagedAddOnEligibleUsers", 0, 1000, Failure::BadGateway);
    stage.run("plan --exit-code").exits(1);
    stage.run("apply --yes").exits(1);
}

#[test]
fn a_refusal_is_graver_than_a_partial_source() {
    let stage = change_pending();
    let pro = "[[rule]]\nname = \"pro\"\nadd_on = \"duo_pro\"\ngroups = [\"lost\"]\n";
    stage.gitlab.world().add_purchase(simulator::world::purchase::Purchase::new(4, "CODE_SUGGESTIONS", 5));
    stage.configure(LDIF, &format!("{PLATFORM}\n{SMALL}max_revocations = 0\n\n{pro}"));
    stage.run("plan --exit-code").exits(3);
    stage.run("apply --yes").exits(3);
    stage.run("plan").exits(5);
}

#[test]
fn wrong_usage_exits_with_2() {
    let stage = change_pending();
    for arguments in
        ["", "frobnicate", "plan --frobnicate", "apply a b", "explain", "runs nine", "plan --format pdf"]
    {
        let ended = stage.run(arguments).exits(2);
        assert!(ended.stdout.is_empty(), "{ended}");
        assert!(ended.stderr.contains("--help") || ended.stderr.contains("Usage:"), "{ended}");
    }
    stage.run("apply --only-approved").exits(2);
    stage.run("apply plan.json --digest sha256:00").exits(2);
    stage
        .run("apply --digest plumtree")
        .exits(2)
        .complains("`plumtree` is no digest of a plan")
        .complains("hint: ");
    assert!(stage.writes().is_empty());
}

// Approvals.

#[test]
fn an_apply_that_nobody_approved_touches_nothing() {
    let stage = change_pending();
    let before = stage.files();

    let ended = stage.run("apply").exits(2);

    ended.complains("nothing says that the changes are approved").complains("hint: ").complains("--yes");
    assert_eq!(stage.holders(), ["ada", "bob"]);
    assert!(stage.gitlab.requests().is_empty());
    assert!(stage.files() == before);
}

/// Types an answer to `apply` on a terminal, which `script` of util-linux plays.
fn apply_on_a_terminal(stage: &Stage, answer: &str) -> Ended {
    let apply = format!("{} apply --color never", env!("CARGO_BIN_EXE_seatsync"));
    let mut command = std::process::Command::new("script");
    command.args(["--quiet", "--return", "--command", &apply, "/dev/null"]);
    command.current_dir(stage.path("")).env("GITLAB_TOKEN", TOKEN);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut terminal = command.spawn().unwrap();
    terminal.stdin.take().unwrap().write_all(format!("{answer}\n").as_bytes()).unwrap();
    Ended::of(terminal.wait_with_output().unwrap())
}

#[test]
fn a_person_at_a_terminal_is_shown_the_plan_and_asked() {
    let stage = change_pending();
    let ended = apply_on_a_terminal(&stage, "no").exits(1);
    ended.says("- bob").says("Apply these 2 changes?").says("not applied: nothing was changed");
    assert_eq!(stage.holders(), ["ada", "bob"]);

    apply_on_a_terminal(&stage, "yes").exits(0).says("1 assigned, 1 revoked");
    assert_eq!(stage.holders(), ["ada", "cyd"]);
}

#[test]
fn beyond_the_limits_a_yes_is_not_enough() {
    let stage = change_refused();
    apply_on_a_terminal(&stage, "yes").exits(1).says("The guard refuses these 2 changes.");
    assert_eq!(stage.holders(), ["ada", "bob"]);

    let digest =
        stage.run("plan --format json").json()["digest"].as_str().unwrap()["sha256:".len()..][..6].to_owned();
    apply_on_a_terminal(&stage, &digest).exits(0);
    assert_eq!(stage.holders(), ["ada", "cyd"]);
}

#[test]
fn an_approved_plan_is_applied_as_approved() {
    let stage = change_pending();
    stage.run("plan --out plan.json").exits(0);
    stage.run("apply plan.json").exits(0).says("1 assigned, 1 revoked");
    assert_eq!(stage.holders(), ["ada", "cyd"]);
    // It was done: the same approval again is one of a plan that has moved.
    stage.run("apply plan.json").exits(3);
}

#[test]
fn an_approval_passes_the_guard() {
    for by_file in [true, false] {
        let stage = change_refused();
        let plan = stage.run("plan --format json --out plan.json").exits(0).json();
        let refused = stage.run("apply --yes").exits(3);
        let refused = refused
            .complains("plan would revoke 1 seats, and at most 0 may go in one run (`max_revocations`)");
        let digest = plan["digest"].as_str().unwrap();
        let refused = refused.complains("error: the plan goes beyond the limits");
        refused.complains(&format!(
            "hint: look at it with `seatsync plan`, then approve it: `seatsync apply --digest {digest}`"
        ));
        assert_eq!(stage.holders(), ["ada", "bob"]);

        let approved =
            if by_file { "apply plan.json".to_owned() } else { format!("apply --digest {digest}") };
        stage.run(&approved).exits(0);
        assert_eq!(stage.holders(), ["ada", "cyd"]);
    }
}

#[test]
fn an_approval_outlives_unrelated_news() {
    let stage = change_pending();
    stage.run("plan --out plan.json").exits(0);
    // Somebody without an account joins, and another title stands in the report: no change of a seat.
    stage.company(&["ada", "bob", "cyd", "new"], &["ada", "cyd", "new"]);
    stage.run("apply plan.json").exits(0);
    assert_eq!(stage.holders(), ["ada", "cyd"]);
}

#[test]
fn a_plan_that_moved_is_refused() {
    let stage = change_pending();
    stage.run("plan --out plan.json").exits(0);
    stage.company(&["ada", "bob", "cyd"], &["cyd"]);

    let ended = stage.run("apply plan.json").exits(3);

    ended.complains("the plan has moved since it was approved").complains("hint: plan again");
    assert_eq!(stage.holders(), ["ada", "bob"]);
    assert!(stage.writes().is_empty());
}

#[test]
fn what_still_holds_of_a_plan_that_moved_can_be_applied() {
    let stage = change_pending();
    stage.run("plan --out plan.json").exits(0);
    // Meanwhile ada left as well, which nobody has approved, and cyd came no more.
    stage.company(&["ada", "bob", "cyd"], &["nobody"]);
    stage.configure(LDIF, &format!("{PLATFORM}\n{SMALL}min_group_members = 0\n"));

    let ended = stage.run("apply plan.json --only-approved").exits(0);

    ended
        .says("lapsed: assign account 9 of Duo Enterprise: approved, but no longer so")
        .says("0 assigned, 1 revoked");
    assert_eq!(stage.holders(), ["ada"]);
}

#[test]
fn approval_does_not_thaw_what_is_frozen() {
    let stage = change_pending();
    stage.run("plan --out plan.json").exits(0);
    std::fs::remove_file(stage.path("corp.ldif")).unwrap();

    stage.run("apply plan.json").exits(3);
    stage.run("apply plan.json --only-approved").exits(5).says("lapsed: revoke bob");

    assert_eq!(stage.holders(), ["ada", "bob"]);
}

#[test]
fn an_edited_plan_is_refused() {
    let stage = change_pending();
    stage.run("plan --out plan.json").exits(0);
    let text = std::fs::read_to_string(stage.path("plan.json")).unwrap();
    let mut plan: Value = serde_json::from_str(&text).unwrap();
    for decision in plan["decisions"].as_array_mut().unwrap() {
        if decision["verdict"] == "keep" {
            decision["verdict"] = json!("revoke");
        }
    }
    stage.write("edited.json", &plan.to_string());

    for arguments in ["apply edited.json", "apply edited.json --only-approved"] {
        stage.run(arguments).exits(3).complains("`edited.json` was edited").complains("hint: plan again");
    }
    assert_eq!(stage.holders(), ["ada", "bob"]);
    assert!(
        stage.gitlab.requests().iter().all(|request| request.root_fields.iter().all(|field| field != ASSIGN))
    );
}

#[test]
fn a_plan_for_another_gitlab_is_refused() {
    let (here, there) = (change_pending(), change_pending());
    there.run("plan --out plan.json").exits(0);
    std::fs::copy(there.path("plan.json"), here.path("plan.json")).unwrap();

    let ended = here.run("apply plan.json").exits(3);

    let ended = ended.complains(&format!("the plan was made for `{}`", there.gitlab.url()));
    ended.complains("hint: plan again");
    assert_eq!(here.holders(), ["ada", "bob"]);
}

#[test]
fn what_is_no_plan_is_wrong_usage() {
    let stage = change_pending();
    stage.write("garbage.json", "plan? what plan?");
    stage.write("other.json", r#"{"format": "seatsync.plan/9", "digest": "sha256:00"}"#);
    stage.write("list.json", "[]");
    stage.write("torn.json", r#"{"format": "seatsync.plan/1", "digest": "sha2"#);
    stage.write("empty.json", "");
    stage.run("apply garbage.json").exits(2).complains("is no plan that `seatsync plan --out` wrote");
    stage
        .run("apply other.json")
        .exits(2)
        .complains("has the format `seatsync.plan/9`, and this version reads `seatsync.plan/1`");
    for name in ["list", "torn", "empty", "missing"] {
        stage.run(&format!("apply {name}.json")).exits(2).complains(&format!("{name}.json`"));
    }
    assert!(stage.writes().is_empty());
}

// The guard.

#[test]
fn limits_are_inclusive() {
    let uids = names("p", 40);
    let uids: Vec<&str> = uids.iter().map(String::as_str).collect();
    let stage = Stage::seated(&uids, 40);
    // Four of forty are ten percent.
    stage.company(&uids, &uids[4..]);
    let limits = |revocations, percent, shrink| {
        let limits = format!(
            "[limits]\nmax_revocations = {revocations}\nmax_revocations_percent = {percent}\nmax_source_shrink_percent = {shrink}\n"
        );
        stage.configure(LDIF, &format!("{PLATFORM}\n{limits}"));
        let plan = stage.run("plan --format json").exits(0).json();
        let codes = plan["guard"]["refusals"].as_array().unwrap().iter();
        let told =
            codes.map(|one| format!("{} {} {}", one["code"].as_str().unwrap(), one["limit"], one["actual"]));
        told.collect::<Vec<_>>()
    };
    assert_eq!(limits(4, 10, 10), Vec::<String>::new());
    assert_eq!(limits(3, 10, 10), ["too_many_revocations 3 4"]);
    assert_eq!(limits(4, 9, 10), ["too_many_revocations_percent 9 10"]);
    assert_eq!(limits(4, 10, 9), ["source_shrank 9 10"]);
    assert_eq!(limits(0, 0, 0).len(), 3);
    // Up to three always pass the limit in percent.
    stage.company(&uids, &uids[3..]);
    assert_eq!(limits(3, 0, 100), Vec::<String>::new());
}

// Formats.

/// The keys of a JSON object, in their order.
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
    let id = support::company::uuid(&support::company::person_dn("cyd"));
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
    stage.run("apply --yes").exits(1).complains("nowhere/state.db");
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

// One at a time.

#[test]
fn a_second_apply_finds_the_first_at_work() {
    let stage = change_pending();
    // The first waits for GitLab until the second has ended.
    stage.gitlab.faults().latency = std::time::Duration::from_secs(2);
    let first = stage.start("apply --yes");
    until(|| !stage.gitlab.requests().is_empty());

    let second = stage.run("apply --yes").exits(1);

    second.complains("another run").complains("process ");
    assert_eq!(stage.holders(), ["ada", "bob"], "the first is still at work");
    stage.gitlab.faults().latency = std::time::Duration::ZERO;
    Ended::of(first.wait_with_output().unwrap()).exits(0);
    assert_eq!(stage.holders(), ["ada", "cyd"]);
}

// Words of what goes wrong before anything is done.

#[test]
fn every_problem_of_a_configuration_is_told_at_once() {
    let stage = change_pending();
    stage.configure_gitlab(
        "tokken = 1\n",
        LDIF,
        "[[rule]]\nname = \"x\"\nadd_on = \"duo_max\"\ngroups = \"y\"\n",
    );
    let ended = stage.run("plan").exits(2);
    for words in ["tokken", "`token`", "duo_max", "seatsync.toml:"] {
        assert!(ended.stderr.contains(words), "{words}\n{ended}");
    }
    assert!(ended.stdout.is_empty());
    std::fs::remove_file(stage.path("seatsync.toml")).unwrap();
    stage.run("plan").exits(2).complains("seatsync.toml");
    stage.run("plan --config elsewhere.toml").exits(2).complains("elsewhere.toml");
}

#[test]
fn a_secret_that_is_not_there_is_named() {
    let stage = change_pending();
    let mut command = stage.command("plan");
    command.env_remove("GITLAB_TOKEN");
    Ended::of(command.output().unwrap()).exits(2).complains("GITLAB_TOKEN");
}

#[test]
fn a_token_that_will_not_do_is_told_with_the_next_step() {
    let stage = change_pending();
    {
        let mut world = stage.gitlab.world();
        world.add_token(Token::new("registry-only", 1, &["read_registry"]));
        world.add_token(Token::new("of-ada", 7, &["api"]));
        world.add_token(Token::new("read-only", 1, &["read_api"]));
    }
    let run = |token: &str, arguments: &str| {
        let mut command = stage.command(arguments);
        let ended = Ended::of(command.env("GITLAB_TOKEN", token).output().unwrap());
        assert!(!format!("{ended}").contains(token), "{ended}");
        ended
    };
    let one_error = |ended: Ended| {
        assert_eq!(ended.stderr.matches("error: ").count(), 1, "{ended}");
        assert_eq!(ended.stderr.matches("hint: ").count(), 1, "{ended}");
        ended
    };
    one_error(run("unheard-of", "plan").exits(1))
        .complains("GitLab does not accept the token")
        .complains("make a new token with scope `api`");
    one_error(run("registry-only", "plan").exits(1))
        .complains("the token lacks the scope")
        .complains("make a token with scope `api`");
    one_error(run("of-ada", "plan").exits(1)).complains("administrator");
    run("read-only", "plan").exits(0);
    let ended = run("read-only", "apply --yes").exits(4);
    ended.says("the token").says("`read_api`").says("make a token with scope `api`");
    assert_eq!(stage.holders(), ["ada", "bob"]);
}

#[test]
fn a_gitlab_that_is_not_there_is_told_with_the_next_step() {
    let stage = change_pending();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let config = std::fs::read_to_string(stage.path("seatsync.toml")).unwrap();
    stage.write("seatsync.toml", &config.replace(&stage.gitlab.url(), &url));

    let ended = stage.run("plan").exits(1);

    ended.complains(&format!("cannot reach GitLab at `{url}`")).complains("hint: check `gitlab.url`");
    stage.write("seatsync.toml", &config.replace("http://127.0.0.1", "https://127.0.0.1"));
    stage.run("plan").exits(1).complains("hint: ");
    stage.write("seatsync.toml", &config.replace(&stage.gitlab.url(), "http://gitlab.example.com"));
    stage.run("plan").exits(2).complains("allow_plaintext");
}

#[test]
fn a_directory_that_will_not_do_is_told_with_the_next_step() {
    let slapd = Slapd::start(&company(&["ada", "bob"], &["ada", "bob"]).ldif, &Options::default());
    let stage = Stage::new(&["ada", "bob"], 2);
    let run = |source: &str| {
        stage.configure(source, PLATFORM);
        stage.run("plan").exits(5)
    };
    // The password is that of the reader.
    run(&ldap(&slapd, "slow")).says("failed to bind").says("hint: ").says("password");
    let tls = ldap(&slapd, "reader").replace(&slapd.url(), &slapd.tls_url());
    run(&tls).says("certificate").says("ca_file");
    let other_ca = format!("{tls}ca_file = \"{}\"\n", slapd.file("other-ca.pem").display());
    run(&other_ca).says("certificate").says("ca_file");
    let right_ca = format!("{tls}ca_file = \"{}\"\n", slapd.file("ca.pem").display());
    stage.configure(&right_ca, PLATFORM);
    stage.run("plan").exits(0);
    stage.configure(&right_ca.replace("ca.pem", "no-ca.pem"), PLATFORM);
    let ended = stage.run("plan");
    assert!([1, 2, 5].contains(&ended.code) && format!("{ended}").contains("no-ca.pem"), "{ended}");
}

// What is never shown.

#[test]
fn secrets_appear_nowhere() {
    let slapd = Slapd::start(&company(&["ada", "bob"], &["ada", "bob"]).ldif, &Options::default());
    let stage = Stage::new(&["ada", "bob"], 2);
    stage.configure(&ldap(&slapd, "reader"), &format!("{PLATFORM}\n{SMALL}"));
    for arguments in [
        "plan -vvv",
        "apply --yes -vvv --format json",
        "explain ada -vvv",
        "apply --yes -vvv --log-format json --out o.json",
    ] {
        let ended = stage.run(arguments).exits(0);
        for secret in [TOKEN, "reader-pw"] {
            assert!(!format!("{ended}").contains(secret), "{arguments}: `{secret}`");
        }
    }
    // The directory itself holds passwords; nothing that seatsync writes does.
    for (name, bytes) in stage.files().into_iter().filter(|(name, _)| name != "corp.ldif") {
        let holds = |secret: &str| bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!holds(TOKEN) && !holds("reader-pw"), "{name}");
    }
}

#[test]
fn logs_hold_no_personal_data() {
    let people = ["wilhelmina", "bartholomew"];
    let slapd = Slapd::start(&company(&people, &people).ldif, &Options::default());
    let stage = Stage::new(&people, 2);
    stage.configure(&ldap(&slapd, "reader"), &format!("{PLATFORM}\n{SMALL}"));
    for arguments in ["plan -vv", "apply --yes -vv", "plan -vv --log-format json", "explain wilhelmina -vv"] {
        let ended = stage.run(arguments).exits(0);
        for personal in [people[0], people[1], "example.test", "The "] {
            assert!(!ended.stderr.contains(personal), "{arguments}: `{personal}`\n{}", ended.stderr);
        }
    }
}

#[test]
fn log_lines_are_json_if_asked() {
    let stage = change_pending();
    let ended = stage.run("apply --yes -vv --log-format json").exits(0);
    assert!(!ended.stderr.is_empty());
    for line in ended.stderr.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
    }
}

#[test]
fn nothing_is_said_on_standard_error_when_all_is_well() {
    let stage = change_pending();
    for arguments in ["plan", "apply --yes", "plan --format json", "runs"] {
        let ended = stage.run(arguments).exits(0);
        assert!(ended.stderr.is_empty(), "{arguments}: {ended}");
        assert!(!ended.stdout.contains('\u{1b}'), "colours off a terminal");
    }
}

// Explanations and history.

#[test]
fn a_person_is_explained_by_any_name() {
    let stage = change_pending();
    stage.run("apply --yes").exits(0);
    let id = support::company::uuid(&support::company::person_dn("cyd"));
    for name in ["cyd", "CYD", "cyd@example.test", "uid=cyd,ou=people,dc=example,dc=test", "9", &id] {
        let ended = stage.run(&format!("explain {name}")).exits(0);
        let ended = ended.says("cyd").says("rule platform").says("assign").says("applied");
        assert!(ended.stdout.contains("run 2"), "{ended}");
    }
    stage.run("explain bob").exits(0).says("revoke").says("applied");
    stage.run("explain nobody-of-that-name").exits(1).complains("answers to `nobody-of-that-name`");
}

#[test]
fn past_runs_are_told() {
    let stage = Stage::new(&["ada"], 2);
    stage.run("runs").exits(1).complains("no apply has run");
    let stage = change_pending();
    stage.run("apply --yes").exits(0);
    let ended = stage.run("runs").exits(0);
    assert_eq!(ended.stdout.lines().count(), 2, "{ended}");
    ended.says("run 2").says("done").says("2 applied");
    let ended = stage.run("runs 2").exits(0);
    let ended = ended.says("revoke Duo Enterprise   account 8   no_longer_entitled");
    ended.says("assign Duo Enterprise   account 9   entitled, rule platform   applied");
    stage.run("runs 99").exits(1).complains("there is no run 99");
}

// For packagers and pipes.

#[test]
fn packagers_get_what_they_need() {
    let stage = Stage::new(&[], 1);
    for shell in ["bash", "zsh", "fish"] {
        stage.run(&format!("completions {shell}")).exits(0).says("seatsync").says("apply");
    }
    stage.run("man").exits(0).says(".TH seatsync 1").says("Exit codes");
    let schema = stage.run("config-schema").exits(0).json();
    assert!(schema["properties"]["gitlab"].is_object());
    stage.run("--version").exits(0).says("seatsync ");
    let help = stage.run("--help").exits(0);
    help.says("Exit codes:").says("plan").says("apply").says("explain");
}

#[test]
fn a_reader_who_goes_away_is_no_crash() {
    let uids = names("p", 2000);
    let uids: Vec<&str> = uids.iter().map(String::as_str).collect();
    let stage = Stage::new(&uids, 10);
    stage.company(&uids, &uids);
    for arguments in ["plan", "plan --format json"] {
        let mut child = stage.command(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut first = [0; 1];
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut first).unwrap();
        drop(stdout);
        let ended = Ended::of(child.wait_with_output().unwrap()).exits(0);
        assert!(ended.stderr.is_empty(), "{ended}");
    }
}
