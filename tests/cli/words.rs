//! Words of what goes wrong before anything is done.

use simulator::world::token::Token;

use crate::change_pending;
use crate::support::slapd::{Options, Slapd};
use crate::support::stage::{Ended, LDIF, PLATFORM, Stage, company, ldap};

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
