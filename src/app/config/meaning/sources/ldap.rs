//! What `[ldap.NAME]` means.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use url::Url;

use crate::app::config::complaint::Complaint;
use crate::app::config::file::sources::ldap as file;
use crate::app::config::meaning::bind::bind;
use crate::app::config::meaning::sources::entries::{DirectoryKeys, directory};
use crate::app::config::meaning::sources::matching::matching;
use crate::app::config::reading::Reading;
use crate::app::config::written::Written;
use crate::model::distinguished_name::DistinguishedName;
use crate::model::person::SourceName;
use crate::model::policy::Matching;
use crate::sources::ldap::config::LdapConfig;

/// How the people of the source are matched, and the source; `None` where something was complained of.
pub fn ldap(
    name: SourceName,
    written: &file::Ldap,
    reading: &mut Reading<'_>,
) -> (Matching, Option<LdapConfig>) {
    let provider = (written.identity_provider.as_ref(), Some(PROVIDER));
    (matching(written.match_by.as_ref(), provider, reading), source(name, written, reading))
}

/// What GitLab calls its first LDAP server, unless its administrator chose another name.
pub const PROVIDER: &str = "ldapmain";

fn source(name: SourceName, written: &file::Ldap, reading: &mut Reading<'_>) -> Option<LdapConfig> {
    let urls = written.urls.as_ref().map(|urls| ldap_urls(urls, written, reading));
    let dns_servers = dns_servers(written.dns_servers.as_deref().unwrap_or_default(), reading);
    let bind = written.bind.as_ref().and_then(|written| bind(written, reading));
    let base_dn = distinguished_name(written.base_dn.as_ref(), reading);
    let group_base_dn = distinguished_name(written.group_base_dn.as_ref(), reading);
    let person_base_dn = distinguished_name(written.person_base_dn.as_ref(), reading);
    let group_filter = filter(written.group_filter.as_ref(), reading);
    let person_filter = filter(written.person_filter.as_ref(), reading);
    let ca_file = reading.optional_path(written.ca_file.as_ref());
    let timeout = reading.timeout(written.timeout.as_ref(), Duration::from_secs(30));
    let directory = directory(
        DirectoryKeys {
            schema: written.schema,
            nested_groups: written.nested_groups,
            primary_group: written.primary_group,
            include_disabled: written.include_disabled,
            attributes: written.attributes.as_ref(),
            identity_attribute: written.identity_attribute.as_ref(),
        },
        reading,
    );
    let base_dn = base_dn?;
    Some(LdapConfig {
        name,
        urls: urls?,
        dns_servers,
        bind: bind?,
        start_tls: written.start_tls.unwrap_or(false),
        ca_file,
        tls_verify: written.tls_verify.unwrap_or(true),
        timeout,
        page_size: written.page_size.unwrap_or(1000),
        group_base_dn: group_base_dn.unwrap_or_else(|| base_dn.clone()),
        person_base_dn: person_base_dn.unwrap_or_else(|| base_dn.clone()),
        base_dn,
        group_filter,
        person_filter,
        incremental: written.incremental.unwrap_or(false),
        directory: directory?,
    })
}

fn ldap_urls(
    urls: &Written<Vec<Written<String>>>,
    written: &file::Ldap,
    reading: &mut Reading<'_>,
) -> Vec<Url> {
    if urls.value.is_empty() {
        let complaint = Complaint::new(&urls.span, "there is no server to ask");
        reading.complain(complaint.help("write at least one: [\"ldaps://dc1.example.com\"]"));
    }
    let start_tls = written.start_tls.unwrap_or(false);
    // Kerberos then encrypts what TLS does not.
    let by_kerberos = written.bind.as_ref().is_some_and(|bind| bind.value.gssapi.is_some());
    urls.value
        .iter()
        .filter_map(|text| {
            let url = reading.url(text, &["ldaps", "ldap", "ldapi", "ldaps+srv", "ldap+srv"])?;
            let is_plain = matches!(url.scheme(), "ldap" | "ldap+srv");
            if is_plain && !start_tls && !by_kerberos {
                let help = "use ldaps://, add `start_tls = true`";
                reading.refuse_plaintext(&url, &text.span, written.allow_plaintext, help);
            }
            if !is_plain && start_tls {
                let complaint = Complaint::new(&text.span, "`start_tls` is for `ldap://` alone");
                reading.complain(complaint.help("remove `start_tls`, or write ldap://"));
            }
            if url.scheme().ends_with("+srv")
                && (url.host_str().unwrap_or_default().is_empty() || url.port().is_some())
            {
                let complaint =
                    Complaint::new(&text.span, "DNS is asked for the servers of a domain, and their ports");
                reading.complain(complaint.help("write it as ldaps+srv://corp.example.com"));
            }
            Some(url)
        })
        .collect()
}

fn dns_servers(written: &[Written<String>], reading: &mut Reading<'_>) -> Vec<SocketAddr> {
    const DNS: u16 = 53;
    let address = |text: &str| {
        let alone = text.parse::<IpAddr>().map(|address| SocketAddr::new(address, DNS));
        alone.or_else(|_| text.parse())
    };
    written
        .iter()
        .filter_map(|Written { value, span }| {
            let found = address(value.trim()).ok();
            if found.is_none() {
                let complaint = Complaint::new(span, format!("`{value}` is no IP address"));
                reading.complain(
                    complaint.help("for example: dns_servers = [\"10.0.0.53\", \"10.0.1.53:5353\"]"),
                );
            }
            found
        })
        .collect()
}

fn distinguished_name(written: Option<&Written<String>>, reading: &mut Reading<'_>) -> Option<String> {
    let text = reading.text(written)?;
    if DistinguishedName::parse(&text).is_none()
        && let Some(Written { span, .. }) = written
    {
        let complaint = Complaint::new(span, format!("`{text}` is no distinguished name"));
        reading.complain(complaint.help("write it as \"DC=corp,DC=example,DC=com\""));
    }
    Some(text)
}

/// A filter is known to be one by its parentheses; the rest the server judges.
fn filter(written: Option<&Written<String>>, reading: &mut Reading<'_>) -> Option<String> {
    let text = reading.text(written)?;
    let enclosed = text.trim().starts_with('(') && text.trim().ends_with(')');
    if let Some(Written { span, .. }) = written.filter(|_| !enclosed) {
        let complaint = Complaint::new(span, format!("`{text}` is no LDAP filter"));
        reading.complain(complaint.help("filters stand in parentheses: \"(objectClass=person)\""));
    }
    Some(text)
}
