//! Undoing a run, and the record of what was done.

use serde_json::Value;

use crate::support::stage::{LDIF, PLATFORM, SMALL, Stage};
use crate::{change_pending, change_refused};

/// Run 2 took bob's seat for cyd.
fn changed() -> Stage {
    let stage = change_pending();
    stage.run("apply --yes").exits(0);
    assert_eq!(stage.holders(), ["ada", "cyd"]);
    stage.gitlab.forget_requests();
    stage
}

#[test]
fn a_run_is_undone_as_an_ordinary_plan() {
    let stage = changed();
    let before = stage.files();
    let ended = stage.run("undo 2 --exit-code").exits(10);
    ended
        .says("The reverse of run 2; nobody else is decided about")
        .says("+ bob           lost the seat in run 2  gets it back")
        .says("- cyd           got the seat in run 2   gives it back")
        .says("warning[undo_redone]: the next run does what run 2 did again")
        .says("1 that lose their seat are entitled to it");
    assert!(stage.files() == before, "planning changes nothing");
    assert!(stage.writes().is_empty());

    stage.run("undo 2 --out undo.json").exits(0);
    stage.run("apply undo.json").exits(0).says("1 assigned, 1 revoked");
    assert_eq!(stage.holders(), ["ada", "bob"]);
    // It is a run of its own, and its approval is used.
    stage.run("runs 3").exits(0).says("2 applied");
    stage
        .run("apply undo.json")
        .exits(3)
        .complains("the approval was used: run 3 carried out 2 of its 2 changes");
    stage.run("undo 2").exits(0).says("0 to assign, 0 to revoke").says("info[undo_incomplete]");
    // The rules are as before.
    stage.run("apply --yes").exits(0);
    assert_eq!(stage.holders(), ["ada", "cyd"]);
}

#[test]
fn the_guard_and_the_digest_hold_for_an_undo_too() {
    let stage = changed();
    stage.configure(LDIF, &format!("{PLATFORM}\n{SMALL}max_revocations = 0\n"));
    let plan = stage.run("undo 2 --format json --out undo.json").exits(0).json();
    assert_eq!(plan["undoes"], 2);
    assert_eq!(plan["guard"]["verdict"], "refuse");
    stage
        .run("undo 2 --exit-code")
        .exits(3)
        .says("hint: if these changes are right, approve exactly them: `seatsync undo 2 --out undo.json && seatsync apply");
    // As a plan of the rules, its changes are none of today's.
    let digest = plan["digest"].as_str().unwrap();
    stage.run(&format!("apply --digest {digest}")).exits(3).complains("the plan has moved");
    // Somebody undid it in part by hand: what was approved is no longer so.
    stage.take_seat("cyd");
    stage.run("apply undo.json").exits(3).complains("the plan has moved");
    let ended = stage.run("apply undo.json --only-approved").exits(0);
    ended.says("lapsed: revoke cyd of Duo Enterprise: approved, but").says("1 assigned, 0 revoked");
    assert_eq!(stage.holders(), ["ada", "bob"]);
}

#[test]
fn an_undo_leaves_alone_what_is_protected_foreign_frozen_or_full() {
    let stage = changed();
    let protect = |name: &str| {
        let rule = PLATFORM.replace("grace = \"0d\"", &format!("grace = \"0d\"\nprotect = [\"{name}\"]"));
        stage.configure(LDIF, &format!("{rule}\n{SMALL}"));
    };
    protect("cyd");
    stage
        .run("undo 2")
        .says("= cyd           protected by the configuration")
        .says(". bob")
        .says("waits: no seat is free");
    protect("bob");
    stage.run("undo 2").says("- cyd").says("= bob           protected by the configuration");
    stage.configure(LDIF, &format!("{PLATFORM}\n{SMALL}"));
    std::fs::rename(stage.path("corp.ldif"), stage.path("away.ldif")).unwrap();
    stage.run("undo 2").exits(5).says("= cyd").says("keeps the seat: frozen").says(". bob");
    std::fs::rename(stage.path("away.ldif"), stage.path("corp.ldif")).unwrap();
    stage.state("DELETE FROM holdings");
    stage.run("undo 2").says("= cyd           not assigned by seatsync");
    stage.run("undo 9").exits(1).complains("there is no run 9; `seatsync runs` lists them");
    assert_eq!(stage.holders(), ["ada", "cyd"]);
}

fn lines(stage: &Stage, arguments: &str) -> Vec<Value> {
    let exported = stage.run(arguments).exits(0).stdout;
    exported.lines().map(|line| serde_json::from_str(line).expect("every line is JSON")).collect()
}

#[test]
fn the_record_tells_what_every_run_did_and_that_it_was_refused() {
    let stage = change_refused();
    let digest = stage.run("plan --format json").json()["digest"].as_str().unwrap().to_owned();
    let before = lines(&stage, "audit export").len();
    stage.run("apply --yes").exits(3);
    stage.run(&format!("apply --digest {digest}")).exits(0);

    let record = lines(&stage, "audit export --format json");
    let kinds: Vec<&str> = record[before..].iter().map(|line| line["kind"].as_str().unwrap()).collect();
    let sent = ["sent", "settled"];
    assert_eq!(
        kinds,
        [&["refused", "observed", "planned", "approved"][..], &sent, &sent, &["ended"]].concat()
    );
    assert_eq!(record[before]["body"]["because"], "limits");
    assert_eq!(record[before + 2]["body"]["digest"], *digest);
    assert_eq!(record[before + 3]["body"]["kind"], "digest");
    let told = stage.run("audit export").stdout;
    for name in ["bob", "cyd", "example.test"] {
        assert!(!told.contains(name), "no names: {name}");
    }
    assert!(lines(&stage, "audit export --since 2099-01-01").is_empty());
    stage.run("audit export --since yesterday").exits(2).complains("`yesterday` is no day and no instant");
}

#[test]
fn whatever_is_done_to_the_record_is_found() {
    let stage = changed();
    let record = lines(&stage, "audit export");
    let head = record.last().unwrap()["hash"].as_str().unwrap();
    let count = record.len();
    stage.run("audit verify").exits(0).says(&format!("the record holds: {count} lines, head {head}"));
    stage.run(&format!("audit verify --expect-head {head}")).exits(0);

    let attempt = |sql: &str, words: &str| {
        let whole = std::fs::read(stage.path("state.db")).unwrap();
        stage.state(sql);
        stage.run("audit verify").exits(1).complains(words).says("the record does not hold");
        std::fs::write(stage.path("state.db"), whole).unwrap();
    };
    attempt("UPDATE audit SET body = '{}' WHERE seq = 3", "line 3 was altered");
    attempt("UPDATE audit SET at = at + 1 WHERE seq = 4", "line 4 was altered");
    attempt("DELETE FROM audit WHERE seq IN (3, 4)", "lines 3 to 4 are missing");
    attempt("UPDATE audit SET seq = 99 WHERE seq = 2", "line 99 was altered");
    stage.state(&format!("DELETE FROM audit WHERE seq > {}", count - 2));
    stage.run("audit verify").exits(0);
    stage.run(&format!("audit verify --expect-head {head}")).exits(1).complains("lines were cut off its end");
    // The record goes on after that, and whoever kept the head still knows.
    stage.run("apply --yes").exits(0);
    stage.run("audit verify").exits(0);
    stage.run(&format!("audit verify --expect-head {head}")).exits(1);
}

#[test]
fn where_nothing_was_applied_there_is_no_record_and_none_is_made() {
    let stage = Stage::new(&["ada"], 1);
    let before = stage.files();
    stage.run("audit verify").exits(0).says("the record holds: 0 lines");
    assert!(lines(&stage, "audit export").is_empty());
    stage.run("undo 1").exits(1).complains("no apply has used the state");
    assert!(stage.files() == before);
}
