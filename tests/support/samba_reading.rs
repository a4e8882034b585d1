//! Readings of a Samba domain in tests: the usual configuration of Active Directory.

use std::time::Duration;

use seatsync::model::person::SourceName;
use seatsync::sources::ldap::config::{AttributeNames, Bind, Directory, LdapConfig, Schema};

use crate::support::samba::{BASE, PASSWORD, SERVICE, Samba};

/// Binds as one of the accounts of the company.
pub fn bind(account: &str) -> Bind {
    Bind::Simple { dn: format!("CN={account},{SERVICE}"), password: PASSWORD.into() }
}

/// The usual source: binds as `svc-reader`, over TLS.
pub fn config(samba: &Samba) -> LdapConfig {
    LdapConfig {
        name: SourceName::new("corp"),
        urls: vec![samba.tls_url().parse().unwrap()],
        bind: bind("svc-reader"),
        dns_servers: Vec::new(),
        start_tls: false,
        ca_file: Some(samba.file("ca.pem")),
        tls_verify: true,
        timeout: Duration::from_secs(30),
        page_size: 1000,
        base_dn: BASE.to_owned(),
        group_base_dn: BASE.to_owned(),
        person_base_dn: BASE.to_owned(),
        group_filter: None,
        person_filter: None,
        incremental: false,
        directory: Directory {
            schema: Schema::ActiveDirectory,
            nested_groups: true,
            primary_group: true,
            include_disabled: false,
            attributes: AttributeNames::of(Schema::ActiveDirectory),
            identity_attribute: None,
        },
    }
}

/// The source `corp` in a configuration file: binds as this account, over TLS.
pub fn section(samba: &Samba, account: &str) -> String {
    section_at(samba, &samba.tls_url(), account)
}

pub fn section_at(samba: &Samba, url: &str, account: &str) -> String {
    let (ca, password) = (samba.file("ca.pem"), samba.file("password"));
    format!(
        "[ldap.corp]\nurls = [\"{url}\"]\nschema = \"active_directory\"\nbase_dn = \"{BASE}\"\ntimeout = \"30s\"\n\
         ca_file = \"{}\"\nbind = {{ dn = \"CN={account},{SERVICE}\", password = {{ file = \"{}\" }} }}\n",
        ca.display(),
        password.display()
    )
}
