//! What a user reads whose configuration is well written, and means nothing.

use insta::assert_snapshot;

use crate::app::config::tests::words_of;

#[test]
fn a_directory_says_one_way_to_bind() {
    assert_snapshot!(words_of(r#"
[ldap.a]
urls = ["ldaps://a"]
schema = "rfc2307"
base_dn = "corp"
bind = { dn = "", password = { env = "TOKEN" } }
person_filter = "uid=*"
[ldap.b]
urls = []
schema = "openldap"
base_dn = ""
bind = { gssapi = true, anonymous = true }
page_size = 10001
[ldap.c]
urls = ["ldaps://a"]
schema = "active_directory"
base_dn = "dc=corp"
bind = { external = true, key = "k.pem" }
[ldap.d]
urls = ["ldaps://a"]
start_tls = true
schema = "active_directory"
base_dn = "dc=corp"
bind = { gssapi = false }
[ldap.e]
urls = ["ldaps://a"]
schema = "active_directory"
base_dn = "dc=corp"
"#), @r#"
     4: `corp` is no distinguished name
        write it as "DC=corp,DC=example,DC=com"
     5: an empty `dn` would bind as nobody
        write the DN, or `bind = { anonymous = true }` where that is meant
     6: `uid=*` is no LDAP filter
        filters stand in parentheses: "(objectClass=person)"
     8: there is no server to ask
        write at least one: ["ldaps://dc1.example.com"]
     9: `openldap` is no value of `ldap.b.schema`
        one of: `active_directory`, `rfc2307bis`, `rfc2307`
    10: this is empty
        leave the key out, or give it a value
    11: `bind` says exactly one way to prove who seatsync is
        one of: { dn = "…", password = { env = "…" } }, { gssapi = true }, { external = true } (with `certificate` and `key`, or without), { anonymous = true }
    12: `ldap.b.page_size` must be between 1 and 10000
    17: `certificate` and `key` go together
        write both, or neither for an `ldapi` socket
    19: `start_tls` is for `ldap://` alone
        remove `start_tls`, or write ldap://
    23: this says how not to bind
        remove it
    24: `ldap.e` lacks `bind`
        add `bind = …`
    "#);
}

#[test]
fn rules_are_complained_of_by_line() {
    assert_snapshot!(words_of(r#"
[csv.hr]
path = "hr.csv"
[csv.it]
path = "it.csv"
[[rule]]
name = "a"
add_on = "duo_pro"
groups = []
[[rule]]
name = "a"
add_on = "duo_pro"
source = "corp"
groups = ["", "id:"]
where = 'person.department =='
[[rule]]
name = ""
add_on = "enterprise_agile_planning"
source = "hr"
groups = ["a"]
max_seats = 3
reserved_seats = 4
until = "2027-03-31"
[[rule]]
name = "b"
add_on = "duo_pro"
source = "hr"
groups = ["a"]
max_seats = 0
rank = "first"
[[rule]]
name = "b"
add_on = "duo_pro"
source = "hr"
groups = ["a"]
[[rule]]
name = "b"
add_on = "duo_pro"
source = "it"
groups = ["a"]
until = 2027-03-31T00:00:00Z
"#), @r#"
     5: there are several sources, and the rule names none
        add `source = …`, one of: `hr`, `it`
     8: a rule without groups entitles nobody
        name at least one group, or remove the rule; an empty rule never means: take every seat back
    10: two rules are named `a`
        reports tell rules apart by their names: give this one another
    12: there is no source named `corp`
        the sources are: `hr`, `it`
    13: this names no group
        write its name, its DN or `id:` and its unchanging id
    13: this names no group
        write its name, its DN or `id:` and its unchanging id
    14: `where` is no CEL expression: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}
        for example: where = 'person.department == "R&D"'
    16: this is empty
        leave the key out, or give it a value
    17: `enterprise_agile_planning` is no value of `rule.add_on`
        the add-ons are `duo_enterprise` and `duo_pro`; seats of Enterprise Agile Planning have no API
    21: 4 seats are reserved, and the rule may fill 3 at most
        lower one or raise `max_seats`
    22: `rule.until` is a date, and here is a string
        write it without quotes: 2027-03-31
    28: `rule.max_seats` must be at least 1, and not beyond 4294967295
    29: `rule.rank` is a whole number, and here is a string
        write it in digits, without quotes
    31: two rules are named `b`
        reports tell rules apart by their names: give this one another
    36: two rules are named `b`
        reports tell rules apart by their names: give this one another
    40: `rule.until` is a day, without a time
        write it as `2027-03-31`
    "#);
}

#[test]
fn rules_need_a_source() {
    assert_snapshot!(words_of("\n[[rule]]\nname = \"a\"\nadd_on = \"duo_pro\"\ngroups = [\"a\"]"), @r#"
    1: there is a rule, but no source to read its groups from
       add one, such as `[ldap.NAME]` or `[scim.NAME]`: `config.example.toml` shows all kinds
    "#);
}

#[test]
fn sources_are_told_apart_by_name_and_matched_by_something() {
    assert_snapshot!(words_of(r#"
[csv.hr]
path = "hr.csv"
match_by = ["identity", "email"]
group_separator = "::"
columns = { id = "" }
[ldif.hr]
path = "hr.ldif"
schema = "rfc2307"
match_by = []
"#), @r#"
    1: two sources are named `hr`
       rules and reports tell sources apart by their names alone
    3: `identity` is to be matched, but of no provider
       add `identity_provider = "ldapmain"`, or remove `identity`
    3: `identity` is to be matched, but no column holds it
       add columns = { identity = "…" }, or remove `identity`
    4: `group_separator` is one character
       for example: group_separator = "|"
    5: this is empty
       leave the key out, or give it a value
    9: `match_by` names at least one step, and each once
       ["identity", "email", "username"]
    "#);
}

#[test]
fn policies_are_complained_of() {
    assert_snapshot!(words_of(r#"
rule = { name = "a" }
tiers.order = ["duo_pro", "duo_pro"]
add_on.duo_premium = { reserve = 1 }
[add_on.duo_pro]
reserve = -1
revoke = "nevre"
grace = 7
trial_ends = 2027-01-31
[state]
url = "mysql://db/seatsync"
"#), @r#"
     1: `rule` is an array of tables, and here is a table
        write `[[rule]]`
     2: `duo_pro` is twice in the order of tiers
        name it once
     3: unknown key `duo_premium` in `add_on`
        the add-ons are `duo_enterprise` and `duo_pro`; seats of Enterprise Agile Planning have no API
     5: `add_on.duo_pro.reserve` must be at least 0, and not beyond 4294967295
     6: `nevre` is no value of `add_on.duo_pro.revoke`
        did you mean `never`?
     7: `add_on.duo_pro.grace` is a string, and here is an integer
        write it in quotes
    10: `mysql://db/seatsync` names no place to remember in
        write it as "sqlite:seatsync.db" or "postgres://NAME@HOST/DATABASE"
    "#);
}

#[test]
fn a_sidecar_is_not_open_to_other_machines_unencrypted() {
    assert_snapshot!(words_of("\n[serve]\nlisten = \"0.0.0.0:8930\""), @r#"
    2: whoever connects to `0.0.0.0:8930` from another machine would not be encrypted
       add `certificate` and `key`, listen on 127.0.0.1, or say `allow_plaintext = true` behind a proxy
    "#);
    assert_snapshot!(words_of("\n[serve]\nlisten = \"8930\"\ncertificate = \"a.pem\""), @r#"
    1: `certificate` and `key` go together
       write both
    2: `8930` is no address and port
       write it as "127.0.0.1:8930", "0.0.0.0:8930" or "[::]:8930"
    "#);
    assert_snapshot!(words_of("\n[serve]\napproved = \"\"\ntoken = { env = \"NOT_SET\" }"), @r#"
    2: this is empty
       leave the key out, or give it a value
    3: there is no `token`: environment variable `NOT_SET` is not set
       provide it, or say in `token` where else it is
    "#);
}

#[test]
fn schedules_are_complained_of() {
    assert_snapshot!(words_of(r#"
[[schedule]]
name = "a"
cron = "every night"
[[schedule]]
name = "a"
cron = "0 4 30 2 *"
mode = "autoo"
[[schedule]]
name = "b"
cron = "0 4 * * *"
time_zone = "Europe/Zurch"
[[schedule]]
name = "c"
every = "0s"
time_zone = "UTC"
[[schedule]]
name = "d"
cron = "0 4 * * *"
every = "1h"
[[schedule]]
name = "e"
"#), @r#"
     3: `every night` is no time of cron: Invalid pattern: Pattern must have 5 fields when seconds are disallowed.
        minute, hour, day of the month, month, weekday: cron = "0 4 * * *" is daily at four
     5: two schedules are named `a`
        give this one another name
     6: `0 4 30 2 *` is no time of cron: no day is ever like this
        minute, hour, day of the month, month, weekday: cron = "0 4 * * *" is daily at four
     7: `autoo` is no value of `schedule.mode`
        did you mean `auto`?
    11: this machine knows no time zone `Europe/Zurch`
        a name such as "Europe/Zurich"; they come with the package `tzdata` of the system
    14: runs need time between them
    15: `every` knows no clock, and so no time zone
        remove it
    16: a schedule needs exactly one of `cron` and `every`
        cron = "0 4 * * *", or every = "15m"
    20: a schedule needs exactly one of `cron` and `every`
        cron = "0 4 * * *", or every = "15m"
    "#);
}

#[cfg(feature = "postgres")]
mod state_on_a_server {
    use std::path::Path;

    use secrecy::ExposeSecret as _;

    use crate::app::config::{Config, ConfigError};
    use crate::store::place::Place;

    fn parse(state: &str) -> Result<Config, ConfigError> {
        let text =
            format!("gitlab = {{ url = \"https://x\", token = {{ env = \"TOKEN\" }} }}\n[state]\n{state}\n");
        let variable = |name: &str| ["TOKEN", "DB_PASSWORD"].contains(&name).then(|| "pw 123+%41".to_owned());
        Config::parse(&text, Path::new("/etc/seatsync/seatsync.toml"), &variable)
    }

    /// What is shown of a server, and what it is reached by.
    fn server(state: &str) -> (String, String) {
        let config = parse(state).unwrap_or_else(|error| panic!("{}", error.render(false)));
        assert!(!format!("{config:?} {}", config.state.place).contains("pw"), "{config:?}");
        let Place::Server(server) = &config.state.place else { panic!("it is a file") };
        (config.state.place.to_string(), server.url().expose_secret().to_owned())
    }

    #[test]
    fn a_password_is_used_and_not_shown() {
        let named = "postgres://me@db.corp/seatsync";
        let (shown, used) = server("url = \"postgres://me:pw%2F1@db.corp/seatsync\"");
        assert_eq!(shown, named);
        assert!(used.starts_with("postgres://me:pw%2F1@db.corp/seatsync?"), "{used}");
        let (shown, used) = server(&format!("url = \"{named}\"\npassword = {{ env = \"DB_PASSWORD\" }}"));
        assert_eq!(shown, named);
        assert!(used.contains("&password=pw+123%2B%2541&"), "{used}");
    }

    #[test]
    fn another_machine_must_show_its_certificate_unless_the_address_says_otherwise() {
        let used = |url: &str| server(&format!("url = \"{url}\"")).1;
        assert!(used("postgres://db.corp/seatsync").contains("?sslmode=verify-full&"));
        assert!(
            used("postgresql://db.corp/x?sslrootcert=ca.pem")
                .contains("sslrootcert=%2Fetc%2Fseatsync%2Fca.pem&sslmode=verify-full")
        );
        assert!(!used("postgres://db.corp/x?sslmode=disable").contains("verify-full"));
        assert!(!used("postgres://127.0.0.1/x").contains("sslmode"));
        assert!(!used("postgres:///x?host=/run").contains("sslmode"));
    }

    #[test]
    fn an_address_that_is_not_understood_is_not_shown() {
        for (url, words) in [
            ("postgres://me:pw1/23@db/x", "this is no address of a database"),
            ("postgres://me:12#pw@db/x", "this is no address of a database"),
            ("postgres://me@db:pw/x", "this is no address of a database"),
            ("postgres://me@db/x?passwd=pw123", "the address has a parameter that is not known here"),
        ] {
            let shown = parse(&format!("url = \"{url}\"")).expect_err("it is refused").render(false);
            assert!(shown.contains(words) && !shown.contains("pw"), "{shown}");
        }
    }
}
