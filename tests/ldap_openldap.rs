//! The LDAP source against a real OpenLDAP server.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use seatsync::model::group::{GroupRef, Member};
use seatsync::model::person::SourceName;
use seatsync::model::snapshot::{Coverage, GroupState, Snapshot};
use seatsync::ports::{EdgeError, Progress, Source as _};
use seatsync::sources::ldap::config::{
    AttributeNames, Bind, ClientCertificate, Directory, LdapConfig, Schema,
};
use seatsync::sources::ldap::source::LdapSource;
use support::company::{Company, GROUPS, PEOPLE, SUFFIX, SYSTEM, group_dn, person_dn, uuid};
use support::slapd::{Certificate, Options, Slapd};

fn simple(account: &str) -> Bind {
    Bind::Simple { dn: format!("cn={account},{SYSTEM}"), password: format!("{account}-pw").into() }
}

/// The usual source: binds as `reader`, unencrypted.
fn config(slapd: &Slapd) -> LdapConfig {
    LdapConfig {
        name: SourceName::new("corp"),
        urls: vec![slapd.url().parse().unwrap()],
        bind: simple("reader"),
        start_tls: false,
        ca_file: Some(slapd.file("ca.pem")),
        tls_verify: true,
        timeout: Duration::from_secs(10),
        page_size: 1000,
        base_dn: SUFFIX.to_owned(),
        group_base_dn: SUFFIX.to_owned(),
        person_base_dn: SUFFIX.to_owned(),
        group_filter: None,
        person_filter: None,
        directory: Directory {
            schema: Schema::Rfc2307bis,
            nested_groups: true,
            primary_group: false,
            include_disabled: false,
            attributes: AttributeNames::of(Schema::Rfc2307bis),
            identity_attribute: None,
        },
    }
}

async fn read(config: LdapConfig, groups: &[&str]) -> Result<Snapshot, EdgeError> {
    let wanted: Vec<GroupRef> = groups.iter().map(|text| GroupRef::parse(text)).collect();
    LdapSource::new(config, None).map_err(EdgeError::from)?.read(&wanted).await
}

/// The error of a reading, with its hint.
async fn refused(config: LdapConfig) -> String {
    let error = read(config, &["team"]).await.unwrap_err();
    format!("{}\nhint: {}", error.chain(), error.hint)
}

/// What a reading says of its only group: `name: username (path), …; coverage`.
fn told(snapshot: &Snapshot, at: usize) -> String {
    let GroupState::Found { group, members, coverage } = &snapshot.groups[at].state else {
        return format!("{:?}", snapshot.groups[at].state);
    };
    let member = |member: &Member| {
        let person = &snapshot.people[member.person as usize];
        format!("{} ({})", person.username.as_deref().unwrap_or("?"), member.path.0.join(" > "))
    };
    let mut members: Vec<String> = members.iter().map(member).collect();
    members.sort();
    let coverage = match coverage {
        Coverage::Complete => "complete".to_owned(),
        Coverage::Partial { because } => format!("partial: {because}"),
    };
    format!("{}: {}; {coverage}", group.name, members.join(", "))
}

fn small() -> Company {
    let mut company = Company::new();
    company.person("ada").person("bob").person("eve").group("team", &["ada", "bob"]);
    company
}

#[tokio::test]
async fn a_group_is_read_by_name_dn_and_id() {
    let slapd = Slapd::start(&small().ldif, &Options::default());
    let id = format!("id:{}", uuid(&group_dn("team")));
    let snapshot =
        read(config(&slapd), &["TEAM", "CN=team, ou=Groups,dc=example,dc=test", &id]).await.unwrap();
    for at in 0..3 {
        assert_eq!(told(&snapshot, at), "team: ada (team), bob (team); complete");
    }
    assert_eq!(snapshot.people.len(), 2);
    let ada = snapshot.people.iter().find(|person| person.username.as_deref() == Some("ada")).unwrap();
    assert_eq!(ada.id.as_str(), uuid(&person_dn("ada")));
    assert_eq!(ada.email(), Some("ada@example.test"));
    assert_eq!(ada.identity.as_deref(), Some(&*person_dn("ada")));
}

#[tokio::test]
async fn nested_groups_are_followed_by_the_shortest_way_and_cycles_are_harmless() {
    let mut company = small();
    company
        .group("outer", &[&group_dn("middle"), &group_dn("team"), "eve"])
        .group("middle", &[&group_dn("inner"), "eve"])
        .group("inner", &[&group_dn("outer"), "ada"]);
    let slapd = Slapd::start(&company.ldif, &Options::default());
    let snapshot = read(config(&slapd), &["outer", "inner"]).await.unwrap();
    assert_eq!(told(&snapshot, 0), "outer: ada (outer > team), bob (outer > team), eve (outer); complete");
    assert_eq!(
        told(&snapshot, 1),
        "inner: ada (inner), bob (inner > outer > team), eve (inner > outer); complete"
    );
}

#[tokio::test]
async fn nested_groups_are_named_where_they_are_not_followed() {
    let mut company = small();
    company.group("outer", &[&group_dn("team"), "eve"]);
    let slapd = Slapd::start(&company.ldif, &Options::default());
    let mut config = config(&slapd);
    config.directory.nested_groups = false;
    let snapshot = read(config, &["outer"]).await.unwrap();
    assert_eq!(told(&snapshot, 0), "outer: eve (outer); complete");
    assert_eq!(
        findings(&snapshot),
        ["nested_ignored: group `team` in group `outer` is not followed, because `nested_groups` is off"]
    );
}

#[tokio::test]
async fn an_ambiguous_name_is_refused_with_its_candidates_and_an_absent_one_is_missing() {
    let mut company = small();
    let twin = format!("cn=team,{PEOPLE}");
    company
        .entry(&twin, &["objectClass: groupOfNames", "cn: team", &format!("member: {}", person_dn("eve"))]);
    let slapd = Slapd::start(&company.ldif, &Options::default());
    let snapshot =
        read(config(&slapd), &["team", "nobody", &group_dn("nobody"), &person_dn("ada")]).await.unwrap();
    assert_eq!(
        snapshot.groups[0].state,
        GroupState::Ambiguous { candidates: vec![group_dn("team"), twin.clone()] }
    );
    assert_eq!(snapshot.groups[1].state, GroupState::Missing);
    assert_eq!(snapshot.groups[2].state, GroupState::Missing);
    let GroupState::Unread { because } = &snapshot.groups[3].state else { panic!() };
    assert_eq!(*because, format!("`{}` is no group", person_dn("ada")));
}

#[tokio::test]
async fn a_name_cannot_smuggle_a_filter() {
    let slapd = Slapd::start(&small().ldif, &Options::default());
    let snapshot = read(config(&slapd), &["name:*", "name:team)(cn=*"]).await.unwrap();
    assert_eq!(snapshot.groups[0].state, GroupState::Missing);
    assert_eq!(snapshot.groups[1].state, GroupState::Missing);
}

#[tokio::test]
async fn members_that_are_gone_or_of_another_directory_are_told_and_leave_the_group_complete() {
    let mut company = small();
    company.group("mixed", &["ada", "left", "went", "uid=zoe,dc=other,dc=test"]);
    let slapd = Slapd::start(&company.ldif, &Options::default());
    let snapshot = read(config(&slapd), &["mixed"]).await.unwrap();
    assert_eq!(told(&snapshot, 0), "mixed: ada (mixed); complete");
    assert_eq!(
        findings(&snapshot),
        [
            format!(
                "member_gone: 2 members of group `mixed`, the first of them `{}`: each no longer exists",
                person_dn("left")
            ),
            "member_outside: member `uid=zoe,dc=other,dc=test` of group `mixed` is outside of this source"
                .to_owned(),
        ]
    );
}

#[tokio::test]
async fn a_member_whom_the_server_hides_makes_the_group_partial() {
    for (grant, words) in [
        (
            "none",
            "the server neither shows member `uid=bob,ou=people,dc=example,dc=test` nor says that it is gone",
        ),
        (
            "disclose",
            "the server refuses to show member `uid=bob,ou=people,dc=example,dc=test`: result code 50 (insufficientAccessRights)",
        ),
        ("search", "the server shows nothing of member `uid=bob,ou=people,dc=example,dc=test`"),
    ] {
        let access = format!("access to dn.base=\"{}\" by * {grant}", person_dn("bob"));
        let slapd = Slapd::start(&small().ldif, &Options { access, ..Options::default() });
        let snapshot = read(config(&slapd), &["team"]).await.unwrap();
        assert_eq!(told(&snapshot, 0), format!("team: ada (team); partial: {words}"));
    }
}

#[tokio::test]
async fn a_group_whose_members_are_hidden_is_partial_and_not_empty() {
    let access = "access to attrs=member by * none".to_owned();
    let slapd = Slapd::start(&small().ldif, &Options { access, ..Options::default() });
    let snapshot = read(config(&slapd), &["team"]).await.unwrap();
    assert_eq!(
        told(&snapshot, 0),
        "team: ; partial: the server shows no member of `cn=team,ou=groups,dc=example,dc=test`, though its kind always has one"
    );
}

#[tokio::test]
async fn people_whose_id_is_hidden_make_the_group_partial() {
    let access = format!("access to dn.base=\"{}\" attrs=entryUUID by * none", person_dn("bob"));
    let slapd = Slapd::start(&small().ldif, &Options { access, ..Options::default() });
    let snapshot = read(config(&slapd), &["team"]).await.unwrap();
    assert_eq!(
        told(&snapshot, 0),
        "team: ada (team); partial: attribute `entryUUID` of `uid=bob,ou=people,dc=example,dc=test` is not readable"
    );
}

#[tokio::test]
async fn an_id_that_people_share_makes_the_reading_partial() {
    let slapd = Slapd::start(&small().ldif, &Options::default());
    let mut config = config(&slapd);
    config.directory.attributes.id = "sn".to_owned();
    let snapshot = read(config, &["team"]).await.unwrap();
    let because = "several people have the id `Sur`: `attributes.id` must name a unique attribute".to_owned();
    assert_eq!(snapshot.coverage(), Coverage::Partial { because });
}

#[tokio::test]
async fn disabled_people_are_left_out_unless_wanted() {
    let mut company = small();
    company.person_with("zoe", &["pwdAccountLockedTime: 000001010000Z"]).group("all", &["ada", "zoe"]);
    let slapd = Slapd::start(&company.ldif, &Options::default());
    let snapshot = read(config(&slapd), &["all"]).await.unwrap();
    assert_eq!(told(&snapshot, 0), "all: ada (all); complete");
    let mut config = config(&slapd);
    config.directory.include_disabled = true;
    let snapshot = read(config, &["all"]).await.unwrap();
    assert_eq!(told(&snapshot, 0), "all: ada (all), zoe (all); complete");
}

#[tokio::test]
async fn filters_and_bases_say_who_is_a_person() {
    let mut company = small();
    company.person_with("zoe", &["employeeType: contractor"]);
    let robot = format!("uid=robot,{SYSTEM}");
    company.entry(&robot, &["objectClass: inetOrgPerson", "uid: robot", "cn: Robot", "sn: R"]);
    company.group("all", &["ada", "zoe", "gone", &robot, &group_dn("team")]);
    let slapd = Slapd::start(&company.ldif, &Options::default());
    let mut config = config(&slapd);
    config.person_base_dn = PEOPLE.to_owned();
    config.group_base_dn = GROUPS.to_owned();
    config.person_filter = Some("!(employeeType=contractor)".to_owned());
    let snapshot = read(config, &["all"]).await.unwrap();
    assert_eq!(told(&snapshot, 0), "all: ada (all), bob (all > team); complete");
    assert_eq!(
        findings(&snapshot),
        [
            format!("member_gone: member `{}` of group `all` no longer exists", person_dn("gone")),
            format!("member_outside: member `{robot}` of group `all` is outside of this source"),
        ]
    );
}

#[tokio::test]
async fn extra_attributes_and_every_address_are_kept() {
    let mut company = small();
    company
        .person_with("zoe", &["mail: z@example.test", "departmentNumber: 7", "title: Chief", "title: Boss"]);
    company.group("one", &["zoe"]);
    let slapd = Slapd::start(&company.ldif, &Options::default());
    let mut config = config(&slapd);
    config.directory.attributes.extra = ["title", "departmentNumber", "pager"].map(str::to_owned).to_vec();
    config.directory.identity_attribute = Some("mail".to_owned());
    let snapshot = read(config, &["one"]).await.unwrap();
    let zoe = &snapshot.people[0];
    assert_eq!(zoe.emails, ["zoe@example.test".into(), "z@example.test".into()]);
    assert_eq!(zoe.attribute("title"), ["Chief".into(), "Boss".into()]);
    assert_eq!(zoe.attribute("departmentNumber"), ["7".into()]);
    assert_eq!(zoe.attributes.len(), 2);
    assert_eq!(zoe.identity.as_deref(), Some("zoe@example.test"));
}

#[tokio::test]
async fn odd_names_are_found() {
    let mut company = small();
    let odd = format!("cn=Smith\\, J\\C3\\B6rg \\2B1 (x)*,{PEOPLE}");
    company.entry(&odd, &["objectClass: inetOrgPerson", "cn: x", "sn: x", "uid: odd"]);
    company.entry(
        &format!("cn=unique,{GROUPS}"),
        &[
            "objectClass: groupOfUniqueNames",
            "cn: unique",
            &format!("uniqueMember: {odd}"),
            &format!("uniqueMember: {}#'0101'B", person_dn("ada")),
        ],
    );
    let slapd = Slapd::start(&company.ldif, &Options::default());
    let snapshot = read(config(&slapd), &["unique"]).await.unwrap();
    assert_eq!(told(&snapshot, 0), "unique: ada (unique), odd (unique); complete");
}

#[tokio::test]
async fn posix_groups_name_people_by_username_and_primary_group() {
    let mut company = Company::new();
    for (uid, group) in [("ada", 100), ("bob", 200), ("eve", 300)] {
        company.person_with(
            uid,
            &[
                "objectClass: posixAccount",
                "uidNumber: 1",
                &format!("gidNumber: {group}"),
                "homeDirectory: /",
            ],
        );
    }
    company.entry(
        &group_dn("unix"),
        &["objectClass: posixGroup", "cn: unix", "gidNumber: 200", "memberUid: ADA", "memberUid: gone"],
    );
    let slapd = Slapd::start(&company.ldif, &Options::default());
    let mut config = config(&slapd);
    config.directory.schema = Schema::Rfc2307;
    let snapshot = read(config.clone(), &["unix"]).await.unwrap();
    assert_eq!(told(&snapshot, 0), "unix: ada (unix); complete");
    assert_eq!(findings(&snapshot), ["member_gone: member `gone` of group `unix` no longer exists"]);
    config.directory.primary_group = true;
    let snapshot = read(config, &["unix"]).await.unwrap();
    assert_eq!(told(&snapshot, 0), "unix: ada (unix), bob (unix); complete");
}

fn findings(snapshot: &Snapshot) -> Vec<String> {
    snapshot.findings.iter().map(|finding| format!("{}: {}", finding.code.key(), finding.message)).collect()
}

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
    let kerberos = refused(LdapConfig { bind: Bind::Gssapi, ..config(&slapd) }).await;
    assert!(kerberos.starts_with("this build has no Kerberos"), "{kerberos}");
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
    let ca_file = Some(slapd.file("slapd.conf"));
    let said = refused(LdapConfig { ca_file, ..config(&slapd) }).await;
    assert!(said.contains("slapd.conf` holds no certificate in PEM"), "{said}");
    let ca_file = Some("/nonexistent/ca.pem".into());
    let said = refused(LdapConfig { ca_file, ..config(&slapd) }).await;
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
async fn what_is_on_another_server_is_neither_missing_nor_gone() {
    let mut company = small();
    company.entry(
        &format!("ou=far,{SUFFIX}"),
        &[
            "objectClass: referral",
            "objectClass: extensibleObject",
            "ou: far",
            "ref: ldap://127.0.0.1:1/ou=far",
        ],
    );
    let far = format!("uid=zoe,ou=far,{SUFFIX}");
    company.group("mixed", &["ada", &far]);
    let slapd = Slapd::start(&company.ldif, &Options::default());
    let snapshot = read(config(&slapd), &["mixed", "nobody"]).await.unwrap();
    assert_eq!(
        told(&snapshot, 0),
        format!(
            "mixed: ada (mixed); partial: member `{far}` is on another server, and referrals are not followed"
        )
    );
    let GroupState::Unread { because } = &snapshot.groups[1].state else { panic!() };
    assert!(
        because.starts_with("not found, but a part of `dc=example,dc=test` is on another server"),
        "{because}"
    );
}

#[tokio::test]
async fn a_server_that_stops_answering_costs_one_timeout() {
    let slapd = Slapd::start(&small().ldif, &Options::default());
    slapd.signal("STOP");
    let config = LdapConfig { timeout: Duration::from_millis(300), ..config(&slapd) };
    let said = refused(config).await;
    assert!(said.contains("failed to bind to") && said.contains("no answer within 300ms"), "{said}");
}

/// Does something to the server when the first person has been read.
struct OnFirst<F: Fn() + Send + Sync>(std::sync::Once, F);

impl<F: Fn() + Send + Sync> Progress for OnFirst<F> {
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
    let snapshot = LdapSource::new(config, Some(progress)).unwrap().read(&wanted).await.unwrap();
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
async fn most_of_a_directory_is_read_page_by_page_and_part_of_it_by_name() {
    let mut company = Company::new();
    company.crowd(6_000);
    let slapd = Slapd::start(&company.ldif, &Options::default());
    let config = LdapConfig { page_size: 500, ..config(&slapd) };
    let snapshot = read(config.clone(), &["everyone"]).await.unwrap();
    assert_eq!(snapshot.coverage(), Coverage::Complete);
    assert_eq!(snapshot.people.len(), 6_000);
    let snapshot = read(config, &["team-00007"]).await.unwrap();
    assert_eq!(snapshot.coverage(), Coverage::Complete);
    assert_eq!(snapshot.people.len(), 50);
}
