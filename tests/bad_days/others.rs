//! Others who touch the same seats: people who come and go, other tools, administrators, bots.

use simulator::world::account::{Account, AccountKind};

use crate::support::company::Company;
use crate::support::stage::{LDIF, PLATFORM, SMALL, Stage};

/// 9: removed and added again in one run, somebody lost what hung on the seat.
#[test]
fn who_changes_from_one_rule_to_another_keeps_the_seat() {
    let stage = Stage::new(&["ada", "bob"], 2);
    let backend = "[[rule]]\nname = \"backend\"\nadd_on = \"duo_enterprise\"\ngroups = [\"backend\"]\nrank = 5\nmax_seats = 1\n";
    stage.configure(LDIF, &format!("{PLATFORM}\n{backend}\n{SMALL}"));
    let directory = |platform: &[&str], backend: &[&str]| {
        let mut company = Company::new();
        company.person("ada").person("bob").group("platform", platform).group("backend", backend);
        company.ldif
    };
    stage.ldif(&directory(&["ada"], &["bob"])).run("apply --yes").exits(0);
    stage.gitlab.forget_requests();

    stage.ldif(&directory(&["bob"], &["ada"])).run("apply --yes").exits(0);

    assert!(stage.writes().is_empty());
    assert_eq!(stage.holders(), ["ada", "bob"]);
}

/// 9: grace damps flapping: who is back in time never lost the seat.
#[test]
fn who_comes_back_within_grace_never_lost_the_seat() {
    let stage = Stage::seated(&["ada", "bob"], 5);
    stage.configure(LDIF, &format!("{}\n{SMALL}", PLATFORM.replace("\"0d\"", "\"7d\"")));

    stage.company(&["ada", "bob"], &["bob"]);
    let ended = stage.run("apply --yes").exits(0);
    ended.says("= ada").says("in no group any rule names since").says("(grace)");
    stage.days_pass(6);
    stage.run("apply --yes").exits(0);
    assert_eq!(stage.holders(), ["ada", "bob"]);

    stage.company(&["ada", "bob"], &["ada", "bob"]);
    stage.run("apply --yes").exits(0);
    stage.days_pass(2);
    stage.company(&["ada", "bob"], &["bob"]);
    stage.run("apply --yes").exits(0);

    assert!(stage.writes().is_empty(), "coming back has cancelled the first absence");
    assert_eq!(stage.holders(), ["ada", "bob"]);

    stage.days_pass(7);
    stage.run("apply --yes").exits(0).says("- ada").says("grace of 7 days is over");
    assert_eq!(stage.holders(), ["bob"]);
}

/// 9: `plan` starts no clock: grace runs from the first apply that saw it.
#[test]
fn grace_begins_with_an_apply() {
    let stage = Stage::seated(&["ada", "bob"], 5);
    stage.configure(LDIF, &format!("{}\n{SMALL}", PLATFORM.replace("\"0d\"", "\"7d\"")));
    stage.company(&["ada", "bob"], &["bob"]);

    stage.run("plan").exits(0);
    stage.days_pass(30);
    stage.run("apply --yes").exits(0).says("(grace)");

    assert_eq!(stage.holders(), ["ada", "bob"]);
}

/// 16: two tools fought over the same seat every night.
#[test]
fn a_seat_that_somebody_else_takes_back_twice_is_left_alone() {
    let stage = Stage::seated(&["ada", "bob"], 5);
    stage.take_seat("ada");
    stage.run("apply --yes").exits(0).says("+ ada");
    stage.take_seat("ada");
    stage.gitlab.forget_requests();

    let ended = stage.run("apply --yes").exits(0);

    let ended = ended.says("somebody else took the seat back twice").says("warning[contested]");
    ended.says("is GitLab's own seat sync (`duo_add_on_groups`) on?");
    stage.run("check").exits(0).says("undid our changes to Duo Enterprise twice for: ada");
    assert_eq!(stage.holders(), ["bob"]);
    assert!(stage.writes().is_empty());

    stage.days_pass(31);
    stage.run("apply --yes").exits(0);
    assert_eq!(stage.holders(), ["ada", "bob"], "an old fight is forgotten");
}

/// 16: the other way round: somebody is given the seat that we took back.
#[test]
fn a_seat_that_somebody_else_gives_back_twice_is_left_alone() {
    let stage = Stage::seated(&["ada", "bob"], 5);
    let everybody = PLATFORM.replace("grace", "revoke = \"all\"\ngrace");
    stage.configure(LDIF, &format!("{everybody}\n{SMALL}")).company(&["ada", "bob"], &["bob"]);
    for _ in 0..2 {
        stage.run("apply --yes").exits(0).says("- ada");
        stage.give_seat("ada");
    }
    stage.gitlab.forget_requests();

    stage
        .run("apply --yes")
        .exits(0)
        .says("somebody else gave the seat back twice")
        .says("warning[contested]");

    assert_eq!(stage.holders(), ["ada", "bob"]);
    assert!(stage.writes().is_empty());
}

/// 18: administrators, bots and service accounts were swept away.
#[test]
fn seats_that_are_not_ours_are_not_ours_to_take() {
    let stage = Stage::new(&["ada", "zoe"], 5);
    stage.gitlab.world().add_account(Account::of_kind(20, "svc-ci", AccountKind::ServiceAccount));
    stage.company(&["ada", "zoe"], &["ada"]);
    for stranger in ["root", "svc-ci", "zoe"] {
        stage.give_seat(stranger);
    }

    let plan = stage.run("apply --yes --format json").exits(0).json();

    assert_eq!(stage.holders(), ["ada", "root", "svc-ci", "zoe"]);
    let mut left: Vec<_> = plan["plan"]["decisions"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["because"] == "not_managed")
        .map(|one| one["account"]["username"].as_str().unwrap())
        .collect();
    left.sort_unstable();
    assert_eq!(left, ["root", "svc-ci", "zoe"]);
}

/// 18: even where everybody may lose a seat, the protected do not; and an account that GitLab gives no seat gives it back.
#[test]
fn the_protected_are_never_touched() {
    let stage = Stage::new(&["ada", "zoe", "eve"], 5);
    stage.company(&["ada", "zoe", "eve"], &["ada", "eve"]);
    stage.configure(LDIF, &format!("{PLATFORM}revoke = \"all\"\nprotect = [\"Root\", \"eve\"]\n\n{SMALL}"));
    for holder in ["root", "zoe"] {
        stage.give_seat(holder);
    }

    let ended = stage.run("apply --yes").exits(0);

    ended.says("- zoe").says("= root").says("protected by the configuration");
    assert_eq!(stage.holders(), ["ada", "root"], "eve is protected from gaining a seat as well");
}

/// 18: a bot in a group of the directory claims nothing.
#[test]
fn a_bot_is_no_claimant() {
    let stage = Stage::new(&["ada"], 5);
    let bot = Account::of_kind(20, "deploy", AccountKind::ProjectBot).with_email("deploy@example.test");
    let service = Account::of_kind(21, "svc", AccountKind::ServiceAccount).with_email("svc@example.test");
    {
        let mut world = stage.gitlab.world();
        world.add_account(bot);
        world.add_account(service);
    }
    stage.company(&["ada", "deploy", "svc"], &["ada", "deploy", "svc"]);

    let ended = stage.run("apply --yes").exits(0);

    ended.says(". deploy").says("waits: the account is a bot or service account");
    assert_eq!(stage.holders(), ["ada"]);
}

/// The configuration of one GitLab was copied for another, and the state with it: accounts have the same numbers there.
#[test]
fn the_state_of_another_gitlab_takes_no_seat() {
    let mut stage = Stage::seated(&["ada", "bob"], 5);
    let other = Stage::new(&["eve", "mallory"], 5);
    other.give_seat("eve");
    let elsewhere = |stage: &Stage| {
        let toml = std::fs::read_to_string(other.path("seatsync.toml")).unwrap();
        let state = format!("sqlite:{}", stage.path("state.db").display());
        other.write(
            "seatsync.toml",
            &toml.replace("127.0.0.1", "localhost").replace("sqlite:state.db", &state),
        );
    };
    elsewhere(&stage);

    for command in ["plan", "apply --yes"] {
        let ended = other.run(command).exits(1);
        ended
            .complains(
                "the state is about the GitLab at `127.0.0.1`, and the configuration names `localhost`",
            )
            .complains("hint: give each GitLab a state of its own: `[state] url`");
    }
    other.run("check").exits(1).says("error    the state is about the GitLab at `127.0.0.1`");
    assert_eq!(other.holders(), ["eve"]);

    // It was the same one all along, under a new name.
    stage.remember_at("sqlite:state.db");
    stage.configure_gitlab("formerly = \"http://127.0.0.1:80\"", LDIF, &format!("{PLATFORM}\n{SMALL}"));
    let toml = std::fs::read_to_string(stage.path("seatsync.toml")).unwrap();
    stage.write("seatsync.toml", &toml.replace("url = \"http://127.0.0.1", "url = \"http://localhost"));
    stage.run("apply --yes").exits(0);
    stage.write(
        "seatsync.toml",
        &toml.replace("url = \"http://127.0.0.1", "url = \"http://localhost").replace("formerly", "#"),
    );
    stage.run("plan --exit-code").exits(0);
}
