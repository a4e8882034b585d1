//! Servers that DNS names for a domain.

use std::net::Ipv4Addr;

use seatsync::ports::Source as _;
use seatsync::sources::ldap::config::{LdapConfig, Schema};
use seatsync::sources::ldap::source::LdapSource;

use crate::support::dns::{Dns, Record};
use crate::support::reading::{clock, config, read, refused, small};
use crate::support::slapd::{Options, Slapd};

const DC1: &str = "dc1.corp.example.test";
const DC2: &str = "dc2.corp.example.test";
const HERE: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// Looks for the servers of `corp.example.test`.
fn of_domain(slapd: &Slapd, scheme: &str, records: Vec<Record>) -> LdapConfig {
    let urls = vec![format!("{scheme}+srv://corp.example.test").parse().unwrap()];
    LdapConfig { urls, dns_servers: vec![Dns::start(records).at], ..config(slapd) }
}

#[tokio::test]
async fn the_servers_of_a_domain_are_found_and_tried_by_their_priority() {
    let slapd = Slapd::start(&small().ldif, &Options::default());
    let service = "_ldaps._tcp.corp.example.test";
    let records = vec![
        Record::Service(service, 10, 0, slapd.tls_port, DC1),
        Record::Service(service, 0, 0, 1, DC2),
        Record::Address(DC1, HERE),
        Record::Address(DC2, HERE),
    ];
    let snapshot = read(of_domain(&slapd, "ldaps", records), &["team"]).await.unwrap();
    assert_eq!(snapshot.people.len(), 2);
}

#[tokio::test]
async fn the_domain_controllers_of_active_directory_come_before_other_servers() {
    let slapd = Slapd::start(&small().ldif, &Options::default());
    let records = || {
        vec![
            Record::Service("_ldap._tcp.dc._msdcs.corp.example.test", 0, 100, slapd.port, DC1),
            Record::Service("_ldap._tcp.corp.example.test", 0, 100, slapd.port, DC2),
            Record::Address(DC1, HERE),
            Record::Address(DC2, HERE),
        ]
    };
    let place = async |schema| {
        let mut config = of_domain(&slapd, "ldap", records());
        config.directory.schema = schema;
        LdapSource::new(config, clock(), None).unwrap().probe().await.unwrap().place
    };
    assert_eq!(place(Schema::ActiveDirectory).await, format!("ldap://{DC1}:{}", slapd.port));
    assert_eq!(place(Schema::Rfc2307bis).await, format!("ldap://{DC2}:{}", slapd.port));
}

#[tokio::test]
async fn a_certificate_must_bear_the_name_that_dns_gave() {
    let slapd = Slapd::start(&small().ldif, &Options::default());
    let records = vec![
        Record::Service("_ldaps._tcp.corp.example.test", 0, 0, slapd.tls_port, DC2),
        Record::Address(DC2, HERE),
    ];
    let said = refused(of_domain(&slapd, "ldaps", records)).await;
    let url = format!("ldaps://{DC2}:{}", slapd.tls_port);
    assert!(
        said.starts_with(&format!("failed to connect to `{url}`: TLS: invalid peer certificate")),
        "{said}"
    );
}

#[tokio::test]
async fn a_domain_without_servers_says_what_was_asked_for() {
    let slapd = Slapd::start(&small().ldif, &Options::default());
    let failed = "failed to find the servers of `ldaps+srv://corp.example.test`";
    let hint = "hint: check the domain and the name servers, or write the servers into `urls`";
    assert_eq!(
        refused(of_domain(&slapd, "ldaps", Vec::new())).await,
        format!(
            "{failed}: DNS knows no server: neither `_ldaps._tcp.corp.example.test.` nor `_ldap._tcp.corp.example.test.` exists\n{hint}"
        )
    );
    let elsewhere = vec![Record::Service("_ldaps._tcp.corp.example.test", 0, 0, 636, "dc1.example.org")];
    assert_eq!(
        refused(of_domain(&slapd, "ldaps", elsewhere)).await,
        format!(
            "{failed}: DNS names `dc1.example.org`, which is not in the domain: where that is right, write its URL\n{hint}"
        )
    );
}
