//! Who approves what: files, digests, terminals, and the limits of the guard.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;
use serde_json::json;

use crate::support::stage::{ASSIGN, Ended, LDIF, PLATFORM, SMALL, Stage, TOKEN, names};
use crate::{change_pending, change_refused};

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
#[expect(clippy::unwrap_used, reason = "a test may panic")]
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
            .complains("plan would revoke 1 seat, and at most 0 may go in one run (`max_revocations`)");
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
        .says("lapsed: assign cyd of Duo Enterprise: approved, but no rule speaks of it any more")
        .says("0 assigned, 1 revoked");
    assert_eq!(stage.holders(), ["ada"]);
}

#[test]
fn approval_does_not_thaw_what_is_frozen() {
    let stage = change_pending();
    stage.run("plan --out plan.json").exits(0);
    std::fs::remove_file(stage.path("corp.ldif")).unwrap();

    stage.run("apply plan.json").exits(3);
    stage
        .run("apply plan.json --only-approved")
        .exits(5)
        .says("lapsed: revoke bob of Duo Enterprise: approved, but now: rule platform is frozen");

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

/// A directory that shrank is refused even where grace keeps everybody's seat; a person may have it believed.
#[test]
fn a_smaller_directory_is_believed_once_a_person_says_so() {
    let stage = Stage::seated(&["ada", "bob"], 5);
    stage.configure(LDIF, &PLATFORM.replace("\"0d\"", "\"7d\""));
    stage.company(&["ada", "bob"], &["ada"]);

    let digest = stage.run("plan --format json").json()["digest"].as_str().unwrap().to_owned();
    stage
        .run("apply --yes")
        .exits(3)
        .says("nobody gains or loses a seat yet; if the directory is right, have it believed from now on: `")
        .complains(&format!("then have the directory believed: `seatsync apply --digest {digest}`"));
    stage.run(&format!("apply --digest {digest}")).exits(0);

    stage.run("apply --yes").exits(0).says("= bob");
    assert_eq!(stage.holders(), ["ada", "bob"]);
}
