//! What a user reads who has written something wrong, word for word.

use std::path::Path;

use insta::assert_snapshot;

use crate::app::config::{Config, ConfigError};

fn parse(text: &str) -> Result<Config, ConfigError> {
    let variable = |name: &str| (name == "TOKEN").then(|| "glpat-secret".to_owned());
    Config::parse(text, Path::new("/etc/seatsync/seatsync.toml"), &variable)
}

fn complaints(text: &str) -> String {
    parse(text).expect_err("something is wrong").render(false)
}

/// The complaints of a section of a file in which all else is right.
fn complaints_with(section: &str) -> String {
    complaints(&format!("gitlab = {{ url = \"https://gitlab\", token = {{ env = \"TOKEN\" }} }}\n{section}"))
}

/// The same, in short: line, words and the way out.
pub(crate) fn words_of(section: &str) -> String {
    let text = format!("gitlab = {{ url = \"https://gitlab\", token = {{ env = \"TOKEN\" }} }}{section}");
    match parse(&text) {
        Err(ConfigError::Invalid { text, complaints, .. }) => complaints
            .iter()
            .map(|complaint| {
                let line = text[..complaint.span.start].matches('\n').count();
                format!("{line:2}: {}\n    {}\n", complaint.message, complaint.help).replace("\n    \n", "\n")
            })
            .collect(),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("something is wrong"),
    }
}

#[test]
fn every_complaint_in_one_go() {
    assert_snapshot!(complaints(r#"
[gitlab]
urll = "https://gitlab.example.com"
token = "glpat-123"
timeout = "soon"

[limits]
max_revocations_percent = 200

[[rule]]
add_on = "duo_max"
groups = "Platform"
"#), @r#"
    error: `gitlab` lacks `url`
     --> /etc/seatsync/seatsync.toml:2:1
      |
    2 | [gitlab]
      | ^^^^^^^^
      |
      = help: add `url = …`

    error: unknown key `urll` in `gitlab`
     --> /etc/seatsync/seatsync.toml:3:1
      |
    3 | urll = "https://gitlab.example.com"
      | ^^^^
      |
      = help: did you mean `url`?

    error: `gitlab.token` is a secret, and secrets are never written here
     --> /etc/seatsync/seatsync.toml:4:9
      |
    4 | token = ***********
      |         ^^^^^^^^^^^
      |
      = help: take it out of this file and say where it is: { env = "NAME" }, { file = "PATH" }, { command = ["PROGRAM", …] } or { credential = "NAME" }

    error: `soon` is no duration
     --> /etc/seatsync/seatsync.toml:5:11
      |
    5 | timeout = "soon"
      |           ^^^^^^
      |
      = help: a number and a unit: "30s", "15m", "12h", "7d" or "2w"

    error: `limits.max_revocations_percent` must be between 0 and 100
     --> /etc/seatsync/seatsync.toml:8:27
      |
    8 | max_revocations_percent = 200
      |                           ^^^

    error: `rule` lacks `name`
      --> /etc/seatsync/seatsync.toml:10:1
       |
    10 | [[rule]]
       | ^^^^^^^^
       |
       = help: add `name = …`

    error: there is a rule, but no source to read its groups from
      --> /etc/seatsync/seatsync.toml:10:1
       |
    10 | [[rule]]
       | ^^^^^^^^
       |
       = help: add one, such as `[ldap.NAME]`, `[scim_push.NAME]` or `[csv.NAME]`

    error: `duo_max` is no value of `rule.add_on`
      --> /etc/seatsync/seatsync.toml:11:10
       |
    11 | add_on = "duo_max"
       |          ^^^^^^^^^
       |
       = help: the add-ons are `duo_enterprise` and `duo_pro`; seats of Enterprise Agile Planning have no API

    error: `rule.groups` is an array, and here is a string
      --> /etc/seatsync/seatsync.toml:12:10
       |
    12 | groups = "Platform"
       |          ^^^^^^^^^^
       |
       = help: write it in brackets: ["…"]

    error: `/etc/seatsync/seatsync.toml` has 9 problems
    "#);
}

#[test]
fn sections_of_other_versions_are_named() {
    assert_snapshot!(words_of("\n[scim.okta]\nurl = \"https://okta.example.com\""), @r#"
    1: `[scim]` is not supported by this version
       remove the section; sources are `[ldap.NAME]`, `[ldif.NAME]`, `[csv.NAME]` and `[scim_push.NAME]`
    "#);
}

#[test]
fn what_is_no_toml_is_said_without_showing_secrets() {
    assert_snapshot!(complaints("[gitlab]\ntoken = \"glpat-123\nurl = https://x"), @r#"
    error: invalid basic string, expected `"`
     --> /etc/seatsync/seatsync.toml:2:19
      |
    2 | token =***********
      |                   ^

    error: string values must be quoted, expected literal string
     --> /etc/seatsync/seatsync.toml:3:7
      |
    3 | url = https://x
      |       ^^^^^^^^^

    error: `/etc/seatsync/seatsync.toml` has 2 problems
    "#);
}

#[test]
fn a_secret_in_an_address_or_a_wrong_place_is_not_shown() {
    let shown = complaints_with(
        "[state]\nurl = \"postgres://me:pw123@db/x\"\n[csv.hr]\npassword = \"pw123\"\npath = 1",
    );
    assert!(!shown.contains("pw123"), "{shown}");
    let shown = complaints("gitlab = { url = \"https://me:pw123@x\", token = { env = \"glpat-pw123\" } }");
    assert!(!shown.contains("pw123"), "{shown}");
    let shown = complaints_with(
        "[ldap.a]\nurls = []\nschema = \"rfc2307\"\nbase_dn = \"x\"\nbind = { dn = \"\", password = \"pw123\" }",
    );
    assert!(!shown.contains("pw123"), "{shown}");
    let shown =
        complaints_with("state.url = \"mysql://me:pw123@db\"\ncsv.hr = { paht = \"x\", pass = \"pw123\" }");
    assert!(!shown.contains("pw123"), "{shown}");
    let shown = complaints("gitlab = { url = \"https//me:pw123@x\", token = { env = \"TOKEN\" } }");
    assert!(!shown.contains("pw123"), "{shown}");
}

#[test]
fn a_secret_that_cannot_be_found_says_where_it_was_sought() {
    assert_snapshot!(words_of(r#"
[ldap.z]
urls = ["ldaps://b"]
schema = "rfc2307"
base_dn = "dc=corp"
bind = { dn = "cn=a,dc=corp", password = { env = "NOT_SET" } }
[ldap.a]
urls = ["ldapi://%2Frun%2Fslapd.sock"]
schema = "rfc2307"
base_dn = "dc=corp"
bind = { dn = "cn=a,dc=corp", password = { file = "absent", env = "TOKEN" } }
[ldap.b]
urls = ["ldaps://b"]
schema = "rfc2307"
base_dn = "dc=corp"
bind = { dn = "cn=a,dc=corp", password = { file = "absent" } }
[ldap.c]
urls = ["ldaps://b"]
schema = "rfc2307"
base_dn = "dc=corp"
bind = { dn = "cn=a,dc=corp", password = { command = ["false"] } }
[ldap.d]
urls = ["ldaps://b"]
schema = "rfc2307"
base_dn = "dc=corp"
bind = { dn = "cn=a,dc=corp", password = { credential = "ldap" } }
[ldap.e]
urls = ["ldaps://b"]
schema = "rfc2307"
base_dn = "dc=corp"
bind = { dn = "cn=a,dc=corp", password = { command = ["printf", "\n"] } }
"#), @r#"
     5: there is no `password`: environment variable `NOT_SET` is not set
        provide it, or say in `password` where else it is
    10: `password` needs exactly one of `env`, `file`, `command` and `credential`
        write one: { env = "NAME" }
    15: there is no `password`: failed to read `/etc/seatsync/absent`: No such file or directory (os error 2)
        provide it, or say in `password` where else it is
    20: there is no `password`: `false` failed: exit status: 1
        provide it, or say in `password` where else it is
    25: there is no `password`: credential `ldap` was not given: `CREDENTIALS_DIRECTORY` is not set
        provide it, or say in `password` where else it is
    30: there is no `password`: it is empty
        provide it, or say in `password` where else it is
    "#);
}

#[test]
fn unencrypted_connections_are_refused_save_to_loopback() {
    assert_snapshot!(complaints(r#"
[gitlab]
url = "http://gitlab.example.com"
token = { env = "TOKEN" }
[ldap.corp]
urls = ["ldap://127.0.0.1:389", "ldap://[::1]", "ldap://localhost", "ldap://dc1.example.com", "ftp://x"]
schema = "rfc2307"
base_dn = "dc=corp"
bind = { anonymous = true }
"#), @r#"
    error: `http://gitlab.example.com/` is not encrypted: secrets and personal data would cross the network in the clear
     --> /etc/seatsync/seatsync.toml:3:7
      |
    3 | url = "http://gitlab.example.com"
      |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: use https://, or add `allow_plaintext = true` to this section to take the risk

    error: `ldap://dc1.example.com` is not encrypted: secrets and personal data would cross the network in the clear
     --> /etc/seatsync/seatsync.toml:6:69
      |
    6 | urls = ["ldap://127.0.0.1:389", "ldap://[::1]", "ldap://localhost", "ldap://dc1.example.com", "ftp://x"]
      |                                                                     ^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: use ldaps://, add `start_tls = true`, or add `allow_plaintext = true` to this section to take the risk

    error: `ftp` is no scheme to use here
     --> /etc/seatsync/seatsync.toml:6:95
      |
    6 | urls = ["ldap://127.0.0.1:389", "ldap://[::1]", "ldap://localhost", "ldap://dc1.example.com", "ftp://x"]
      |                                                                                               ^^^^^^^^^
      |
      = help: write it as ldaps://host

    error: `/etc/seatsync/seatsync.toml` has 3 problems
    "#);
    assert!(
        parse(
            r#"
[gitlab]
url = "http://gitlab.example.com"
token = { env = "TOKEN" }
allow_plaintext = true
[ldap.corp]
urls = ["ldap://dc1.example.com"]
start_tls = true
schema = "rfc2307"
base_dn = "dc=corp"
bind = { anonymous = true }
"#
        )
        .is_ok()
    );
}

#[test]
fn without_rules_or_sources_nothing_is_touched_and_nothing_is_wrong() {
    let config = parse("gitlab.url = \"https://x/gitlab\"\ngitlab.token = { env = \"TOKEN\" }").unwrap();
    assert!(config.sources.is_empty() && config.rules.is_empty());
    assert_eq!(config.state.place.to_string(), "/etc/seatsync/seatsync.db");
}

#[test]
fn paths_are_relative_to_the_configuration() {
    let config = parse(
        r#"
[gitlab]
url = "https://x"
token = { env = "TOKEN" }
ca_file = "ca.pem"
[state]
url = "sqlite:/var/lib/seatsync.db"
[csv.hr]
path = "hr.csv"
[[rule]]
name = "a"
add_on = "duo_pro"
groups = ["a"]
"#,
    )
    .unwrap();
    assert_eq!(config.gitlab.ca_file.as_deref(), Some(Path::new("/etc/seatsync/ca.pem")));
    assert_eq!(config.state.place.to_string(), "/var/lib/seatsync.db");
    assert_eq!(config.rules[0].source.as_str(), "hr");
    let matching = &config.policy.matching[&config.rules[0].source];
    assert_eq!(matching.match_by.len(), 2, "identity is skipped where no provider is known");
}

#[test]
fn a_file_that_is_not_there_says_what_to_do() {
    let error = Config::load(Path::new("/absent/seatsync.toml")).expect_err("there is none");
    assert_snapshot!(error.render(false), @r#"
    error: failed to read `/absent/seatsync.toml`: No such file or directory (os error 2)
    hint: `seatsync demo` needs no configuration; for your own, start from `config.example.toml`
    "#);
}

#[test]
fn secrets_come_without_their_line_feed() {
    use secrecy::ExposeSecret as _;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), "glpat-file\r\n").unwrap();
    for (token, expected) in [
        ("{ file = \"token\" }", "glpat-file"),
        ("{ env = \"TOKEN\" }", "glpat-env"),
        ("{ credential = \"token\" }", "glpat-file"),
        ("{ command = [\"printf\", \"glpat-%s\\n\", \"$HOME\"] }", "glpat-$HOME"),
    ] {
        let text = format!("gitlab = {{ url = \"https://x\", token = {token} }}");
        let variable = |name: &str| match name {
            "TOKEN" => Some("glpat-env".to_owned()),
            "CREDENTIALS_DIRECTORY" => Some(folder.path().to_str().unwrap().to_owned()),
            _ => None,
        };
        let config = Config::parse(&text, &folder.path().join("seatsync.toml"), &variable).unwrap();
        assert_eq!(config.gitlab.token.expose_secret(), expected);
        assert!(!format!("{config:?}").contains("glpat"), "a secret never prints");
    }
}
