//! What a server says of itself, for `seatsync check`: whether we may bind, and whether the configured bases exist.

use ldap3::Scope;

use crate::ports::Probe;
use crate::sources::ldap::config::{LdapConfig, Schema};
use crate::sources::ldap::connection::{Connection, Query};
use crate::sources::ldap::entry::Entry;
use crate::sources::ldap::live::search_failed;

/// `supportedCapabilities` of Active Directory and whatever behaves like it (MS-ADTS 3.1.1.3.4.3.1).
const ACTIVE_DIRECTORY: &str = "1.2.840.113556.1.4.800";

/// Asks a server that we are bound to.
pub async fn probe(connection: &Connection, config: &LdapConfig) -> Probe {
    let mut trouble = Vec::new();
    let mut bases = vec![&config.base_dn, &config.group_base_dn, &config.person_base_dn];
    bases.dedup();
    for base in bases {
        match read(connection, base, &["1.1"]).await {
            Ok(Some(_)) => {}
            Ok(None) => trouble.push(format!("the server shows nothing of the base `{base}`")),
            Err(because) => trouble.push(because),
        }
    }
    if let (Schema::ActiveDirectory, Some(port @ (3268 | 3269))) =
        (config.directory.schema, connection.url.port())
    {
        trouble.push(format!(
            "port {port} is the global catalog, which knows the members of universal groups only, and not when accounts expire: \
             use 636, or 389 with `start_tls`"
        ));
    }
    let wanted = ["vendorName", "vendorVersion", "supportedCapabilities", "objectClass"];
    let product = match read(connection, "", &wanted).await {
        Ok(Some(root)) => product(&root),
        Ok(None) | Err(_) => "a server that tells nothing of itself".to_owned(),
    };
    Probe { place: connection.url.to_string(), product: Some(product), trouble }
}

async fn read(connection: &Connection, base: &str, attributes: &[&str]) -> Result<Option<Entry>, String> {
    let attributes: Vec<String> = attributes.iter().map(ToString::to_string).collect();
    let query = Query { base, scope: Scope::Base, filter: "(objectClass=*)", attributes: &attributes };
    let mut found = None;
    let searched = connection.search(query, |entry| found = Some(entry)).await;
    searched.map(|_| found).map_err(|failure| search_failed(base, &failure))
}

fn product(root: &Entry) -> String {
    if let Some(vendor) = root.text("vendorName") {
        return [Some(vendor), root.text("vendorVersion")]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ");
    }
    if root.says("supportedCapabilities", ACTIVE_DIRECTORY) {
        return "Active Directory".to_owned();
    }
    if root.says("objectClass", "OpenLDAProotDSE") {
        return "OpenLDAP".to_owned();
    }
    root.text("vendorVersion").unwrap_or("a server that tells no name").to_owned()
}
