//! What `[ldap.NAME]`, `[ldif.NAME]` and `[csv.NAME]` mean.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::time::Duration;

use url::Url;

use crate::app::config::complaint::Complaint;
use crate::app::config::file::File;
use crate::app::config::file::sources::{self as file, MatchStep};
use crate::app::config::meaning::bind::bind;
use crate::app::config::reading::Reading;
use crate::app::config::written::Written;
use crate::model::account::MatchBy;
use crate::model::distinguished_name::DistinguishedName;
use crate::model::person::SourceName;
use crate::model::policy::Matching;
use crate::sources::csv::config::{ColumnNames, CsvConfig};
use crate::sources::ldap::config::{AttributeNames, Directory, LdapConfig, LdifConfig, Schema};

/// One source, of whatever kind.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "there are a handful of sources, each moved once")]
pub enum SourceConfig {
    Ldap(LdapConfig),
    Ldif(LdifConfig),
    Csv(CsvConfig),
}

impl SourceConfig {
    pub fn name(&self) -> &SourceName {
        match self {
            SourceConfig::Ldap(source) => &source.name,
            SourceConfig::Ldif(source) => &source.name,
            SourceConfig::Csv(source) => &source.name,
        }
    }
}

/// The sources that nothing is wrong with, by kind and name, and how their people are matched.
pub fn sources(
    file: &File,
    reading: &mut Reading<'_>,
) -> (Vec<SourceConfig>, BTreeMap<SourceName, Matching>) {
    let mut matched = BTreeMap::new();
    let mut sources = Vec::new();
    let mut taken = BTreeSet::new();
    let mut begin = |name: &str, span: &Range<usize>, reading: &mut Reading<'_>| {
        if name.trim().is_empty() {
            reading.complain(Complaint::new(span, "a source needs a name").help("write `[csv.NAME]`"));
        } else if !taken.insert(name.to_owned()) {
            let complaint = Complaint::new(span, format!("two sources are named `{name}`"));
            reading.complain(complaint.help("rules and reports tell sources apart by their names alone"));
        }
        SourceName::new(name)
    };
    for (name, Written { value, span }) in &file.ldap {
        let name = begin(name, span, reading);
        let provider =
            reading.text(value.identity_provider.as_ref()).unwrap_or_else(|| LDAP_PROVIDER.to_owned());
        matched.insert(name.clone(), matching(value.match_by.as_ref(), Some(provider), reading));
        sources.extend(ldap(name, value, reading).map(SourceConfig::Ldap));
    }
    for (name, Written { value, span }) in &file.ldif {
        let name = begin(name, span, reading);
        let provider =
            reading.text(value.identity_provider.as_ref()).unwrap_or_else(|| LDAP_PROVIDER.to_owned());
        matched.insert(name.clone(), matching(value.match_by.as_ref(), Some(provider), reading));
        sources.extend(ldif(name, value, reading).map(SourceConfig::Ldif));
    }
    for (name, Written { value, span }) in &file.csv {
        let name = begin(name, span, reading);
        let provider = reading.text(value.identity_provider.as_ref());
        matched.insert(name.clone(), matching(value.match_by.as_ref(), provider, reading));
        sources.extend(csv(name, value, reading).map(SourceConfig::Csv));
    }
    (sources, matched)
}

fn ldap(name: SourceName, written: &file::Ldap, reading: &mut Reading<'_>) -> Option<LdapConfig> {
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

/// What GitLab calls its first LDAP server, unless its administrator chose another name.
const LDAP_PROVIDER: &str = "ldapmain";

fn ldif(name: SourceName, written: &file::Ldif, reading: &mut Reading<'_>) -> Option<LdifConfig> {
    let path = reading.optional_path(written.path.as_ref());
    let directory = directory(
        DirectoryKeys {
            schema: Some(written.schema.unwrap_or(file::DirectorySchema::Rfc2307bis)),
            nested_groups: written.nested_groups,
            primary_group: written.primary_group,
            include_disabled: written.include_disabled,
            attributes: written.attributes.as_ref(),
            identity_attribute: written.identity_attribute.as_ref(),
        },
        reading,
    );
    Some(LdifConfig { name, path: path?, directory: directory? })
}

fn csv(name: SourceName, written: &file::Csv, reading: &mut Reading<'_>) -> Option<CsvConfig> {
    let path = reading.optional_path(written.path.as_ref());
    let mut columns = ColumnNames::default();
    if let Some(written) = &written.columns {
        let ColumnNames { id, username, email, name, groups, identity } = &mut columns;
        let named = [
            (id, &written.id),
            (username, &written.username),
            (email, &written.email),
            (name, &written.name),
            (groups, &written.groups),
        ];
        for (column, written) in named {
            if let Some(text) = reading.text(written.as_ref()) {
                *column = text;
            }
        }
        *identity = reading.text(written.identity.as_ref());
    }
    let explicit = written.match_by.as_ref().filter(|steps| steps.value.contains(&MatchStep::Identity));
    if let (Some(steps), None) = (explicit, &columns.identity) {
        let complaint = Complaint::new(&steps.span, "`identity` is to be matched, but no column holds it");
        reading.complain(complaint.help("add columns = { identity = \"…\" }, or remove `identity`"));
    }
    let group_separator = written.group_separator.as_ref().map_or(';', |separator| {
        let mut characters = separator.value.chars();
        match (characters.next(), characters.next()) {
            (Some(only), None) => only,
            (Some(_) | None, Some(_) | None) => {
                let complaint = Complaint::new(&separator.span, "`group_separator` is one character");
                reading.complain(complaint.help("for example: group_separator = \"|\""));
                ';'
            }
        }
    });
    Some(CsvConfig { name, path: path?, columns, group_separator })
}

fn matching(
    match_by: Option<&Written<Vec<MatchStep>>>,
    identity_provider: Option<String>,
    reading: &mut Reading<'_>,
) -> Matching {
    let identity_provider = identity_provider.map(String::into_boxed_str);
    let default = [MatchStep::Identity, MatchStep::Email, MatchStep::Username];
    let steps = match match_by {
        Some(Written { value, span }) => {
            let twice = (1..value.len()).any(|at| value[..at].contains(&value[at]));
            if value.is_empty() || twice {
                let complaint = Complaint::new(span, "`match_by` names at least one step, and each once");
                reading.complain(complaint.help("[\"identity\", \"email\", \"username\"]"));
            }
            if value.contains(&MatchStep::Identity) && identity_provider.is_none() {
                let complaint = Complaint::new(span, "`identity` is to be matched, but of no provider");
                reading
                    .complain(complaint.help("add `identity_provider = \"ldapmain\"`, or remove `identity`"));
            }
            value.as_slice()
        }
        None => &default,
    };
    let match_by = steps
        .iter()
        .filter(|step| **step != MatchStep::Identity || identity_provider.is_some())
        .map(|step| match step {
            MatchStep::Identity => MatchBy::Identity,
            MatchStep::Email => MatchBy::Email,
            MatchStep::Username => MatchBy::Username,
        })
        .collect();
    Matching { match_by, identity_provider }
}

/// What `[ldap.NAME]` and `[ldif.NAME]` have in common.
struct DirectoryKeys<'w> {
    schema: Option<file::DirectorySchema>,
    nested_groups: Option<bool>,
    primary_group: Option<bool>,
    include_disabled: Option<bool>,
    attributes: Option<&'w file::Attributes>,
    identity_attribute: Option<&'w Written<String>>,
}

fn directory(written: DirectoryKeys<'_>, reading: &mut Reading<'_>) -> Option<Directory> {
    let identity_attribute = reading.text(written.identity_attribute);
    let schema = match written.schema? {
        file::DirectorySchema::ActiveDirectory => Schema::ActiveDirectory,
        file::DirectorySchema::Rfc2307bis => Schema::Rfc2307bis,
        file::DirectorySchema::Rfc2307 => Schema::Rfc2307,
    };
    let mut attributes = AttributeNames::of(schema);
    if let Some(written) = written.attributes {
        let AttributeNames { id, username, email, name, extra } = &mut attributes;
        let named = [
            (id, &written.id),
            (username, &written.username),
            (email, &written.email),
            (name, &written.name),
        ];
        for (attribute, written) in named {
            if let Some(text) = reading.text(written.as_ref()) {
                *attribute = text;
            }
        }
        *extra = written.extra.clone().unwrap_or_default();
    }
    Some(Directory {
        schema,
        nested_groups: written.nested_groups.unwrap_or(true),
        primary_group: written.primary_group.unwrap_or(schema == Schema::ActiveDirectory),
        include_disabled: written.include_disabled.unwrap_or(false),
        attributes,
        identity_attribute,
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
