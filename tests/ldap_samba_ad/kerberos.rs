//! Binds by Kerberos, as `seatsync check` makes and tells them: what Kerberos uses comes from the environment.

use std::process::Command;

use tempfile::TempDir;

use crate::support::samba::{BASE, CROWD, Options, REALM, Samba};

/// What `seatsync check` says of the source `corp`.
fn check(samba: &Samba, url: &str, more: &str, keytab: Option<&str>) -> String {
    let directory = TempDir::with_prefix("kerberos").unwrap();
    let config = directory.path().join("seatsync.toml");
    let ca_file = samba.file("ca.pem");
    // Nobody listens at port 1: this is not about GitLab.
    std::fs::write(
        &config,
        format!(
            "[gitlab]\nurl = \"http://127.0.0.1:1\"\ntoken = {{ env = \"TOKEN\" }}\nretry_deadline = \"1s\"\n\
             [ldap.corp]\nurls = [\"{url}\"]\nschema = \"active_directory\"\nbase_dn = \"{BASE}\"\nca_file = \"{}\"\n\
             bind = {{ gssapi = true{more} }}\n\
             [[rule]]\nname = \"all\"\nadd_on = \"duo_pro\"\ngroups = [\"everyone\"]\n",
            ca_file.display()
        ),
    )
    .unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_seatsync"));
    command.args(["check", "--config"]).arg(&config).env("TOKEN", "x");
    command.env("KRB5_CONFIG", samba.file("krb5.conf")).env("KRB5CCNAME", "MEMORY:");
    command.env("KRB5_CLIENT_KTNAME", keytab.map(|name| samba.file(name)).unwrap_or_default());
    let output = command.output().unwrap();
    String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
}

const KEYTAB: Option<&str> = Some("svc-reader.keytab");

#[test]
fn without_tls_kerberos_encrypts_and_whatever_length_an_answer_has_it_arrives() {
    let samba = Samba::start(&Options::default());
    let said = check(&samba, &samba.url(), "", KEYTAB);
    assert!(said.contains(&format!("source corp: {CROWD} people in 1 group")), "{said}");
}

#[test]
fn over_tls_kerberos_says_who_we_are() {
    let samba = Samba::start(&Options { allow_sasl_over_tls: true, ..Options::default() });
    let principal = format!(", principal = \"svc-reader@{REALM}\"");
    let said = check(&samba, &samba.tls_url(), &principal, KEYTAB);
    assert!(said.contains(&format!("source corp: {CROWD} people in 1 group")), "{said}");
}

#[test]
fn a_bind_by_kerberos_that_fails_says_what_to_do() {
    let samba = Samba::start(&Options::default());
    let nothing = check(&samba, &samba.url(), "", None);
    assert!(nothing.contains("as the holder of the Kerberos ticket: Kerberos: "), "{nothing}");
    assert!(nothing.contains("get a ticket with `kinit`, or name a keytab in the environment"), "{nothing}");
    let stranger = check(&samba, &samba.url(), ", principal = \"nobody@CORP.EXAMPLE.TEST\"", KEYTAB);
    assert!(stranger.contains("as `nobody@CORP.EXAMPLE.TEST` by Kerberos"), "{stranger}");
    let alias = samba.url().replace("localhost", "127.0.0.2");
    let said = check(&samba, &alias, "", KEYTAB);
    assert!(said.contains("failed to connect to") || said.contains("service principal"), "{said}");
}
