//! Ways to reach a real OpenLDAP server, and everything that can go wrong on the way.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod domains;
mod refusals;
#[path = "../support/mod.rs"]
mod support;

use std::sync::Arc;
use std::time::Duration;

use seatsync::model::group::GroupRef;
use seatsync::model::snapshot::{Coverage, GroupState};
use seatsync::ports::{Progress, Source as _};
use seatsync::sources::ldap::config::{Bind, ClientCertificate, LdapConfig, Schema};
use seatsync::sources::ldap::source::LdapSource;
use support::company::{Company, SUFFIX, SYSTEM, group_dn};
use support::reading::{clock, config, read, refused, simple, small, told};
use support::slapd::{Certificate, Options, Slapd};

#[tokio::test]
async fn every_way_to_bind_and_to_encrypt_reads_the_same() {
    let slapd = Slapd::start(&small().ldif, &Options::default());
    let pair = ClientCertificate { certificate: slapd.file("client.pem"), key: slapd.file("client.key") };
    let external = |client_certificate| Bind::External { client_certificate };
    let by_address = format!("ldaps://127.0.0.1:{}", slapd.tls_port);
    let ways = [
        (slapd.url(), false, simple("reader")),
        (slapd.url(), true, simple("reader")),
        (slapd.tls_url(), false, simple("reader")),
        (by_address, false, simple("reader")),
        (slapd.url(), false, Bind::Anonymous),
        (slapd.tls_url(), false, external(Some(pair.clone()))),
        (slapd.url(), true, external(Some(pair))),
        (slapd.socket_url(), false, external(None)),
    ];
    for (url, start_tls, bind) in ways {
        let config = LdapConfig { urls: vec![url.parse().unwrap()], start_tls, bind, ..config(&slapd) };
        let snapshot = read(config, &["team"]).await.unwrap();
        assert_eq!(told(&snapshot, 0), "team: ada (team), bob (team); complete", "{url}");
    }
}

#[tokio::test]
async fn a_bind_that_a_server_would_take_for_anonymous_is_not_sent() {
    let slapd = Slapd::start(&small().ldif, &Options::default());
    let reader = format!("cn=reader,{SYSTEM}");
    let bind = |dn: &str, password: &str| Bind::Simple { dn: dn.to_owned(), password: password.into() };
    let empty_password = refused(LdapConfig { bind: bind(&reader, ""), ..config(&slapd) }).await;
    assert_eq!(
        empty_password,
        "refusing to bind as `cn=reader,ou=system,dc=example,dc=test` with an empty password: a server takes that for an anonymous bind\n\
         hint: `bind = { anonymous = true }` binds anonymously"
    );
    let empty_dn = refused(LdapConfig { bind: bind(" ", "secret"), ..config(&slapd) }).await;
    assert!(empty_dn.starts_with("refusing to bind with a password and no DN"), "{empty_dn}");
    let neither = refused(LdapConfig { bind: bind("", ""), ..config(&slapd) }).await;
    assert!(neither.starts_with("refusing to bind"), "{neither}");
}

#[tokio::test]
async fn a_refused_bind_says_why() {
    let slapd = Slapd::start(&small().ldif, &Options { no_anonymous: true, ..Options::default() });
    let wrong = Bind::Simple { dn: format!("cn=reader,{SYSTEM}"), password: "wrong".into() };
    assert_eq!(
        refused(LdapConfig { bind: wrong, ..config(&slapd) }).await,
        format!(
            "failed to bind to `{}` as `cn=reader,ou=system,dc=example,dc=test`: result code 49 (invalidCredentials)\n\
             hint: check the DN and the password in `bind`",
            slapd.url()
        )
    );
    assert_eq!(
        refused(LdapConfig { bind: Bind::Anonymous, ..config(&slapd) }).await,
        format!(
            "failed to bind to `{}` as nobody (anonymously): result code 48 (inappropriateAuthentication): anonymous bind disallowed\n\
             hint: the server does not allow this kind of `bind`",
            slapd.url()
        )
    );
}

#[tokio::test]
async fn a_password_that_wants_encryption_says_so() {
    let slapd = Slapd::start(&small().ldif, &Options { require_tls: true, ..Options::default() });
    assert_eq!(
        refused(config(&slapd)).await,
        format!(
            "failed to bind to `{}` as `cn=reader,ou=system,dc=example,dc=test`: result code 13 (confidentialityRequired): confidentiality required\n\
             hint: the server wants encryption: use an `ldaps://` URL or `start_tls = true`",
            slapd.url()
        )
    );
}

#[tokio::test]
async fn a_certificate_is_verified_and_the_hint_fits_what_is_wrong_with_it() {
    let cases = [
        (
            Certificate::Valid,
            "other-ca.pem",
            "hint: if it is your own authority: ca_file = \"/path/to/ca.pem\"",
        ),
        (Certificate::WrongName, "ca.pem", "hint: write the URL with a name that the certificate bears"),
        (Certificate::Expired, "ca.pem", "hint: the server's certificate has expired: renew it there"),
    ];
    for (certificate, authority, hint) in cases {
        let slapd = Slapd::start(&small().ldif, &Options { certificate, ..Options::default() });
        for (url, start_tls) in [(slapd.tls_url(), false), (slapd.url(), true)] {
            let config = LdapConfig {
                urls: vec![url.parse().unwrap()],
                start_tls,
                ca_file: Some(slapd.file(authority)),
                ..config(&slapd)
            };
            let said = refused(config.clone()).await;
            assert!(
                said.starts_with(&format!("failed to connect to `{url}`: TLS: invalid peer certificate")),
                "{said}"
            );
            assert!(said.ends_with(hint), "{said}");
            let trusting = LdapConfig { tls_verify: false, ..config };
            assert_eq!(read(trusting, &["team"]).await.unwrap().people.len(), 2);
        }
    }
}

#[tokio::test]
async fn without_an_authority_of_ones_own_the_systems_decide() {
    let slapd = Slapd::start(&small().ldif, &Options::default());
    let urls = vec![slapd.tls_url().parse().unwrap()];
    let said = refused(LdapConfig { urls, ca_file: None, ..config(&slapd) }).await;
    assert!(said.contains("TLS: invalid peer certificate"), "{said}");
}

#[tokio::test]
async fn a_file_without_certificates_is_named() {
    let slapd = Slapd::start(&small().ldif, &Options::default());
    let config = LdapConfig { start_tls: true, ..config(&slapd) };
    let ca_file = Some(slapd.file("slapd.conf"));
    let said = refused(LdapConfig { ca_file, ..config.clone() }).await;
    assert!(said.contains("slapd.conf` holds no certificate in PEM"), "{said}");
    let ca_file = Some("/nonexistent/ca.pem".into());
    let said = refused(LdapConfig { ca_file, ..config }).await;
    assert!(said.starts_with("cannot read `/nonexistent/ca.pem`: No such file"), "{said}");
}

#[tokio::test]
async fn servers_are_tried_in_order_and_each_failure_is_told() {
    let slapd = Slapd::start(&small().ldif, &Options::default());
    let dead = "ldap://127.0.0.1:1".parse().unwrap();
    let crossed = format!("ldap://localhost:{}", slapd.tls_port);
    let urls = vec![dead, slapd.url().parse().unwrap()];
    assert_eq!(
        read(LdapConfig { urls: urls.clone(), ..config(&slapd) }, &["team"]).await.unwrap().people.len(),
        2
    );
    let urls = vec![
        urls[0].clone(),
        crossed.parse().unwrap(),
        format!("ldaps://localhost:{}", slapd.port).parse().unwrap(),
    ];
    let said = refused(LdapConfig { urls, ..config(&slapd) }).await;
    let attempts: Vec<&str> = said.split("; ").collect();
    assert!(
        attempts[0].starts_with("failed to connect to `ldap://127.0.0.1:1`: Connection refused"),
        "{said}"
    );
    assert!(attempts[1].starts_with(&format!("failed to bind to `{crossed}`")), "{said}");
    assert!(attempts[1].contains("the server closed the connection"), "{said}");
    assert!(attempts[2].contains("tls handshake eof"), "{said}");
    assert!(said.ends_with("hint: check `urls`, the network and the firewall"), "{said}");
}

#[tokio::test]
async fn a_limit_of_the_server_makes_the_reading_partial_or_does_not_matter() {
    let mut company = Company::new();
    company.crowd(60);
    let slapd = Slapd::start(&company.ldif, &Options::default());
    // Whoever a cut search did not bring is asked for alone, so that the limit hides nobody.
    let limited = LdapConfig { bind: simple("limited"), ..config(&slapd) };
    let snapshot = read(limited.clone(), &["everyone"]).await.unwrap();
    assert_eq!(snapshot.people.len(), 60);
    assert_eq!(snapshot.coverage(), Coverage::Complete);
    // A search whose whole answer counts cannot be mended so.
    let mut by_primary_group = limited;
    by_primary_group.directory.schema = Schema::Rfc2307;
    by_primary_group.directory.primary_group = true;
    let mut company = Company::new();
    company.entry(&group_dn("unix"), &["objectClass: posixGroup", "cn: unix", "gidNumber: 7"]);
    for number in 0..60 {
        let lines = ["objectClass: posixAccount", "uidNumber: 1", "gidNumber: 7", "homeDirectory: /"];
        company.person_with(&format!("p{number}"), &lines);
    }
    let slapd = Slapd::start(&company.ldif, &Options::default());
    let reach = |config: LdapConfig| LdapConfig { urls: vec![slapd.url().parse().unwrap()], ..config };
    let snapshot = read(reach(by_primary_group.clone()), &["unix"]).await.unwrap();
    let because = |words: &str| {
        format!("group `unix` was not read whole: the search below `dc=example,dc=test` failed: {words}")
    };
    assert_eq!(
        snapshot.coverage(),
        Coverage::Partial { because: because("result code 4 (sizeLimitExceeded)") }
    );
    let no_pages = LdapConfig { bind: simple("nopage"), ..by_primary_group.clone() };
    let snapshot = read(reach(no_pages), &["unix"]).await.unwrap();
    assert_eq!(
        snapshot.coverage(),
        Coverage::Partial {
            because: because("result code 11 (adminLimitExceeded): pagedResults control not allowed")
        }
    );
    let whole = LdapConfig { bind: simple("reader"), page_size: 7, ..by_primary_group };
    let snapshot = read(reach(whole), &["unix"]).await.unwrap();
    assert_eq!(snapshot.coverage(), Coverage::Complete);
    assert_eq!(snapshot.people.len(), 60);
}

#[tokio::test]
async fn whatever_code_but_success_leaves_a_group_unread() {
    let slapd = Slapd::start(&small().ldif, &Options::default());
    for (name, words) in [
        ("busy", "result code 51 (busy): server is busy"),
        ("unavailable", "result code 52 (unavailable): shutting down"),
        ("unwilling", "result code 53 (unwillingToPerform): unwilling"),
        ("operations", "result code 1 (operationsError): operations error"),
        ("timelimit", "result code 3 (timeLimitExceeded)"),
        ("sizelimit", "result code 4 (sizeLimitExceeded)"),
        ("adminlimit", "result code 11 (adminLimitExceeded)"),
        ("noaccess", "result code 50 (insufficientAccessRights)"),
        ("referral", "result code 10 (referral)"),
        ("other", "result code 80 (other): internal error"),
        ("drop", "the server closed the connection"),
    ] {
        let group = format!("cn={name},ou=codes,dc=fault");
        let snapshot = read(config(&slapd), &[&group]).await.unwrap();
        let GroupState::Unread { because } = &snapshot.groups[0].state else { panic!("{name}") };
        assert!(because.ends_with(words), "{name}: {because}");
    }
}

#[tokio::test]
async fn a_base_that_does_not_exist_is_not_an_empty_directory() {
    let slapd = Slapd::start(&small().ldif, &Options::default());
    let group_base_dn = format!("ou=gruops,{SUFFIX}");
    let snapshot = read(LdapConfig { group_base_dn, ..config(&slapd) }, &["team"]).await.unwrap();
    let because = "the base `ou=gruops,dc=example,dc=test` does not exist".to_owned();
    assert_eq!(snapshot.groups[0].state, GroupState::Unread { because });
}

#[tokio::test]
async fn a_server_that_stops_answering_costs_one_timeout() {
    let slapd = Slapd::start(&small().ldif, &Options::default());
    slapd.signal("STOP");
    let config = LdapConfig { timeout: Duration::from_millis(300), ..config(&slapd) };
    let said = refused(config).await;
    assert!(said.contains("failed to bind to") && said.contains("no answer within 300ms"), "{said}");
}

struct OnFirst<F: Fn() + Send + Sync>(std::sync::Once, F);

impl<F: Fn() + Send + Sync> Progress for OnFirst<F> {
    fn clear(&self) {}

    fn at(&self, _: &str, _: u64, _: Option<u64>) {
        self.0.call_once(&self.1);
    }
}

/// What a reading of `everyone` of 1,000 says of its coverage where `signal` hits the server midway.
async fn midway(signal: &'static str) -> String {
    let mut company = Company::new();
    company.crowd(1_000);
    let slapd = Arc::new(Slapd::start(&company.ldif, &Options::default()));
    let config = LdapConfig { timeout: Duration::from_millis(500), ..config(&slapd) };
    let hit = slapd.clone();
    let progress = Arc::new(OnFirst(std::sync::Once::new(), move || hit.signal(signal)));
    let wanted = [GroupRef::parse("everyone")];
    let snapshot = LdapSource::new(config, clock(), Some(progress)).unwrap().read(&wanted).await.unwrap();
    assert!(snapshot.people.len() < 1_000);
    told(&snapshot, 0).split("; ").nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn a_server_killed_midway_leaves_the_group_partial() {
    let said = midway("KILL").await;
    assert!(said.starts_with("partial") && said.ends_with("the server closed the connection"), "{said}");
}

#[tokio::test]
async fn a_server_that_hangs_midway_leaves_the_group_partial() {
    let said = midway("STOP").await;
    assert!(said.starts_with("partial") && said.ends_with("no answer within 500ms"), "{said}");
}

#[tokio::test]
async fn a_server_that_dies_midway_is_replaced_by_the_next_which_is_read_from_the_start() {
    let mut company = Company::new();
    company.crowd(1_000);
    for signal in ["KILL", "STOP"] {
        let first = Arc::new(Slapd::start(&company.ldif, &Options::default()));
        let second = Slapd::start(&company.ldif, &Options::default());
        let config = LdapConfig {
            urls: vec![first.url().parse().unwrap(), second.url().parse().unwrap()],
            timeout: Duration::from_secs(2),
            ..config(&first)
        };
        let hit = first.clone();
        let progress = Arc::new(OnFirst(std::sync::Once::new(), move || hit.signal(signal)));
        let wanted = [GroupRef::parse("everyone")];
        let snapshot = LdapSource::new(config, clock(), Some(progress)).unwrap().read(&wanted).await.unwrap();
        assert_eq!(snapshot.coverage(), Coverage::Complete, "{signal}");
        assert_eq!(snapshot.people.len(), 1_000);
    }
}

#[tokio::test]
async fn a_wrong_password_is_tried_once_and_not_on_every_server() {
    let slapd = Slapd::start(&small().ldif, &Options::default());
    let urls = vec![slapd.url().parse().unwrap(), slapd.tls_url().parse().unwrap()];
    let bind = Bind::Simple { dn: format!("cn=reader,{SYSTEM}"), password: "wrong".into() };
    let said = refused(LdapConfig { urls, bind, ..config(&slapd) }).await;
    assert_eq!(said.matches("failed to bind").count(), 1, "{said}");
}

#[tokio::test]
async fn a_probe_tells_the_product_and_what_is_wrong_with_the_bases() {
    let slapd = Slapd::start(&small().ldif, &Options::default());
    let person_base_dn = format!("ou=poeple,{SUFFIX}");
    let source = LdapSource::new(LdapConfig { person_base_dn, ..config(&slapd) }, clock(), None).unwrap();
    let probe = source.probe().await.unwrap();
    assert_eq!(probe.product.as_deref(), Some("OpenLDAP"));
    assert_eq!(probe.trouble, ["the base `ou=poeple,dc=example,dc=test` does not exist"]);
}
