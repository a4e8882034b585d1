//! What is never shown; explanations and history; what packagers and pipes get.

use std::io::Read as _;
use std::process::Stdio;

use serde_json::Value;

use crate::change_pending;
use crate::support::slapd::{Options, Slapd};
use crate::support::stage::{Ended, PLATFORM, SMALL, Stage, TOKEN, company, ldap, names};

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

#[test]
fn a_person_is_explained_by_any_name() {
    let stage = change_pending();
    stage.run("apply --yes").exits(0);
    let id = crate::support::company::uuid(&crate::support::company::person_dn("cyd"));
    for name in ["cyd", "CYD", "cyd@example.test", "uid=cyd,ou=people,dc=example,dc=test", "9", &id] {
        let ended = stage.run(&format!("explain {name}")).exits(0);
        let ended = ended.says("cyd").says("rule platform").says("assign").says("applied");
        assert!(ended.stdout.contains("run 2"), "{ended}");
    }
    stage.run("explain bob").exits(0).says("revoke").says("applied");
    stage.run("explain nobody-of-that-name").exits(1).complains("answers to `nobody-of-that-name`");
}

#[test]
fn an_account_without_seat_or_group_is_explained_by_its_name_and_its_number() {
    let stage = Stage::new(&["ada", "eve"], 2);
    stage.company(&["ada"], &["ada"]);
    for name in ["eve", "eve@example.test", "8"] {
        stage.run(&format!("explain {name}")).exits(0).says("eve   account 8 in GitLab: may have seats");
    }
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
