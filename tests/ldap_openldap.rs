//! The LDAP source against a real OpenLDAP server.

mod support;

use std::time::Duration;

use seatsync::model::finding::FindingCode;
use seatsync::model::group::{GroupRef, Member};
use seatsync::model::person::SourceName;
use seatsync::model::snapshot::{Coverage, GroupState, Snapshot};
use seatsync::ports::{EdgeError, Source as _};
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
