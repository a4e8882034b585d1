//! People hear of what the sidecar does, once, and no mail server holds it up.

use simulator::http::faults::Failure;

use crate::sidecar::{SERVE, Sidecar};
use crate::support::smtp::MailServer;
use crate::support::stage::{LDIF, PLATFORM, SMALL, Stage};

/// Three people for two seats; a sidecar that applies, and writes to operators and to people.
fn stage(mail: &MailServer) -> Stage {
    let stage = Stage::new(&["ada", "bob", "cyd"], 2);
    stage.company(&["ada", "bob", "cyd"], &["ada", "bob", "cyd"]);
    stage.write("serve.token", crate::sidecar::TOKEN);
    stage.configure(
        LDIF,
        &format!(
            "{PLATFORM}\n{SMALL}\n{SERVE}\n[[schedule]]\nname = \"nightly\"\nevery = \"1h\"\nmode = \"auto\"\n\n\
             [notify.mail]\nurl = \"smtp://127.0.0.1:{}\"\nfrom = \"seatsync@example.com\"\n\
             to = [\"ops@example.com\"]\npeople = [\"seat_assigned\", \"seat_taken_back\"]\n",
            mail.port
        ),
    );
    stage
}

/// Whom each message went to, and of what.
fn told(mail: &MailServer) -> Vec<String> {
    let header = |message: &str, name: &str| {
        let line = message.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default().trim().to_owned()
    };
    let mut told: Vec<String> = mail
        .messages()
        .iter()
        .map(|message| format!("{} {}", header(message, "To:"), header(message, "Subject:")))
        .collect();
    told.sort();
    told
}

/// What the first run tells: two of the three have a seat.
#[track_caller]
fn assert_told_of_the_first_run(mail: &MailServer) {
    let told = told(mail);
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(told[2], "ops@example.com 1 person waits for a seat of Duo Enterprise");
    for letter in &told[..2] {
        assert!(letter.ends_with("@example.test You have a seat of GitLab Duo Enterprise"), "{letter}");
    }
}

#[test]
fn operators_and_people_hear_of_a_run_once_also_after_a_restart() {
    let mail = MailServer::start(false);
    let stage = stage(&mail);
    let sidecar = Sidecar::start(&stage);
    sidecar.ran("applied", 1);
    sidecar.eventually("three letters", |_| mail.messages().len() == 3);
    assert_told_of_the_first_run(&mail);
    sidecar.stop();

    let again = Sidecar::start(&stage);
    again.signal("USR1");
    again.ran("applied", 1);
    let posted = stage.state("SELECT CAST(count(*) AS TEXT) FROM outbox");
    assert_eq!(posted, ["3"], "what was told is not told again");
    assert_told_of_the_first_run(&mail);
}

#[test]
fn whoever_lost_a_seat_is_written_to_by_the_address_of_the_account() {
    let mail = MailServer::start(false);
    let stage = stage(&mail);
    let sidecar = Sidecar::start(&stage);
    sidecar.ran("applied", 1);
    sidecar.eventually("three letters", |_| mail.messages().len() == 3);
    let leaver = stage.holders().swap_remove(0);
    let stayers: Vec<&str> = ["ada", "bob", "cyd"].into_iter().filter(|name| *name != leaver).collect();
    stage.company(&["ada", "bob", "cyd"], &stayers);
    sidecar.signal("USR1");
    sidecar.ran("applied", 2);
    let lost = format!("{leaver}@example.test Your seat of GitLab Duo Enterprise was taken back");
    sidecar.eventually(&lost, |_| told(&mail).contains(&lost));
}

#[test]
fn a_dead_mail_server_delays_no_run_and_is_told_later() {
    let mut mail = MailServer::start(false);
    mail.kill();
    let stage = stage(&mail);
    let sidecar = Sidecar::start(&stage);
    sidecar.ran("applied", 1);
    assert_eq!(stage.holders().len(), 2);
    sidecar.logs("a notice was not delivered");
    sidecar.signal("USR1");
    sidecar.ran("applied", 2);
    let waiting = stage.state("SELECT CAST(count(*) AS TEXT) FROM outbox WHERE settled_at IS NULL");
    assert_eq!(waiting, ["3"]);
    let (code, log) = sidecar.stop();
    assert_eq!(code, Some(0));
    for personal in ["ada", "example.test", "ops@"] {
        assert!(!log.contains(personal), "{personal} is in the log:\n{log}");
    }
}

#[test]
fn a_run_that_fails_is_told_with_its_reason() {
    let mail = MailServer::start(false);
    let stage = stage(&mail);
    let unauthorized = Failure::Answer {
        status: 401,
        content_type: "application/json".to_owned(),
        body: r#"{"message":"401 Unauthorized"}"#.to_owned(),
    };
    stage.fails("selfManagedAddOnEligibleUsers", 0, 1000, unauthorized);
    let sidecar = Sidecar::start(&stage);
    sidecar.eventually("a letter", |_| mail.messages().len() == 1);
    assert_eq!(told(&mail), ["ops@example.com A run failed; no seat was changed"]);
}
