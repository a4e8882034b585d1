//! Readings of the LDAP source in tests: the usual configuration, and what came of it in words.

use std::sync::Arc;
use std::time::Duration;

use seatsync::app::clock::FixedClock;
use seatsync::model::group::{GroupRef, Member};
use seatsync::model::person::SourceName;
use seatsync::model::snapshot::{Coverage, GroupState, Snapshot};
use seatsync::model::stranger::Stranger;
use seatsync::ports::{EdgeError, Source as _};
use seatsync::sources::ldap::config::{AttributeNames, Bind, Directory, LdapConfig, Schema};
use seatsync::sources::ldap::source::LdapSource;

use crate::support::company::{Company, SUFFIX, SYSTEM};
use crate::support::slapd::Slapd;

/// Ada and Bob in the group `team`, and Eve in none.
pub fn small() -> Company {
    let mut company = Company::new();
    company.person("ada").person("bob").person("eve").group("team", &["ada", "bob"]);
    company
}

/// Binds as one of the accounts of the company.
pub fn simple(account: &str) -> Bind {
    Bind::Simple { dn: format!("cn={account},{SYSTEM}"), password: format!("{account}-pw").into() }
}

/// The usual source: binds as `reader`, unencrypted.
pub fn config(slapd: &Slapd) -> LdapConfig {
    LdapConfig {
        name: SourceName::new("corp"),
        urls: vec![slapd.url().parse().unwrap()],
        bind: simple("reader"),
        dns_servers: Vec::new(),
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
        incremental: false,
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

/// The ids of whoever answers.
pub async fn find(config: LdapConfig, asked: &str) -> Vec<String> {
    let source = LdapSource::new(config, clock(), None).unwrap();
    source.find(asked).await.unwrap().iter().map(|person| person.id().to_owned()).collect()
}

pub async fn read(config: LdapConfig, groups: &[&str]) -> Result<Snapshot, EdgeError> {
    let wanted: Vec<GroupRef> = groups.iter().map(|text| GroupRef::parse(text)).collect();
    LdapSource::new(config, clock(), None).map_err(EdgeError::from)?.read(&wanted).await
}

/// Early on 22 November 2026.
pub fn clock() -> Arc<FixedClock> {
    Arc::new(FixedClock("2026-11-22T04:00:00Z".parse().unwrap()))
}

/// The error of a reading, with its hint.
pub async fn refused(config: LdapConfig) -> String {
    let error = read(config, &["team"]).await.unwrap_err();
    format!("{}\nhint: {}", error.chain(), error.hint)
}

/// What a reading says of its only group: `name: username (path), …; coverage`.
pub fn told(snapshot: &Snapshot, at: usize) -> String {
    let GroupState::Found { group, members, coverage } = &snapshot.groups[at].state else {
        return format!("{:?}", snapshot.groups[at].state);
    };
    let member = |member: &Member| {
        let person = &snapshot.people[member.person as usize];
        format!("{} ({})", person.username().unwrap_or("?"), member.path.names().join(" > "))
    };
    let mut members: Vec<String> = members.iter().map(member).collect();
    members.sort();
    let coverage = match coverage {
        Coverage::Complete => "complete".to_owned(),
        Coverage::Partial { because } => format!("partial: {because}"),
    };
    format!("{}: {}; {coverage}", group.name, members.join(", "))
}

/// `code: message` of each.
pub fn findings(snapshot: &Snapshot) -> Vec<String> {
    snapshot.findings.iter().map(|finding| format!("{}: {}", finding.code.key(), finding.message)).collect()
}

/// `name of group` of each member outside, by name: servers tell the members of a group in any order.
pub fn strangers(snapshot: &Snapshot) -> Vec<String> {
    let told =
        |stranger: &Stranger| format!("{} of {}", stranger.name, stranger.path.names().last().unwrap());
    let mut all: Vec<String> = snapshot.strangers.iter().map(told).collect();
    all.sort();
    all
}
