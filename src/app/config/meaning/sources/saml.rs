//! What `[saml.NAME]` means.

use jiff::SignedDuration;
use url::Url;

use crate::app::config::complaint::Complaint;
use crate::app::config::file::sources::saml as file;
use crate::app::config::meaning::sources::matching::matching;
use crate::app::config::reading::Reading;
use crate::app::config::written::{DurationText, Written};
use crate::model::person::SourceName;
use crate::model::policy::Matching;
use crate::sources::saml::config::{Decryption, MetadataPlace, SamlAttributes, SamlConfig};

/// What GitLab calls SAML of an instance, and of a group on GitLab.com.
const INSTANCE_PROVIDER: &str = "saml";
const GROUP_PROVIDER: &str = "group_saml";

/// How the people of the source are matched, and the source; `None` where something was complained of.
pub fn saml(
    name: SourceName,
    written: &file::Saml,
    has_group: bool,
    reading: &mut Reading<'_>,
) -> (Matching, Option<SamlConfig>) {
    if let Some(Written { span, .. }) = written.url.as_ref().filter(|_| !cfg!(feature = "saml")) {
        let complaint = Complaint::new(span, "this seatsync was built without SAML");
        reading.complain(complaint.help("build it with the feature `saml`, or use a package, which has it"));
    }
    let provider = if has_group { GROUP_PROVIDER } else { INSTANCE_PROVIDER };
    let provider = (written.identity_provider.as_ref(), Some(provider));
    (matching(written.match_by.as_ref(), provider, reading), source(name, written, reading))
}

fn source(name: SourceName, written: &file::Saml, reading: &mut Reading<'_>) -> Option<SamlConfig> {
    let door = written.url.as_ref().and_then(|url| door(url, &name, written, reading));
    let metadata = written.metadata.as_ref().and_then(|place| metadata(place, written, reading));
    let own_name = reading.text(written.entity_id.as_ref());
    let idp_entity_id = reading.text(written.idp_entity_id.as_ref());
    let ca_file = reading.optional_path(written.ca_file.as_ref());
    let days = |days: i64| SignedDuration::from_hours(24 * days);
    let (minute, hour) = (SignedDuration::from_mins(1), SignedDuration::from_hours(1));
    let metadata_refresh = bounded(written.metadata_refresh.as_ref(), days(1), (minute, days(30)), reading);
    let valid_for = bounded(written.valid_for.as_ref(), days(30), (hour, days(366)), reading);
    let skews = (SignedDuration::ZERO, SignedDuration::from_mins(10));
    let clock_skew = bounded(written.clock_skew.as_ref(), SignedDuration::from_mins(2), skews, reading);
    let query_after =
        written.query_after.as_ref().map(|query| bounded(Some(query), days(1), (minute, valid_for), reading));
    let decryption = decryption(written, reading);
    let attributes = attributes(written.attributes.as_ref(), reading);
    let identity_attribute = reading.text(written.identity_attribute.as_ref());
    let (acs_url, metadata_url) = door?;
    Some(SamlConfig {
        name,
        entity_id: own_name.unwrap_or(metadata_url),
        acs_url,
        metadata: metadata?,
        idp_entity_id,
        metadata_refresh,
        ca_file,
        valid_for,
        clock_skew,
        idp_initiated: written.idp_initiated.unwrap_or(false),
        decryption,
        query_after,
        attributes,
        identity_attribute,
    })
}

/// Where browsers bring assertions, and where our metadata is.
fn door(
    written: &Written<String>,
    name: &SourceName,
    section: &file::Saml,
    reading: &mut Reading<'_>,
) -> Option<(Url, String)> {
    let url = reading.url(written, &["https", "http"])?;
    let in_address = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !name.as_str().chars().all(in_address) {
        let message = format!("the name `{name}` becomes part of an address");
        let help = "name the source with letters, digits, `-`, `_` and `.` alone";
        reading.complain(Complaint::new(&written.span, message).help(help));
    }
    if url.scheme() == "http" {
        let help = "write it as https://, as a proxy or `[serve] certificate` serves it";
        reading.refuse_plaintext(&url, &written.span, section.allow_plaintext, help);
    }
    let base = url.as_str().trim_end_matches('/');
    let acs = Url::parse(&format!("{base}/saml/{name}/acs")).ok()?;
    Some((acs, format!("{base}/saml/{name}/metadata")))
}

fn metadata(
    written: &Written<String>,
    section: &file::Saml,
    reading: &mut Reading<'_>,
) -> Option<MetadataPlace> {
    let text = reading.text(Some(written))?;
    if !text.contains("://") {
        return Some(MetadataPlace::File(reading.path(&text)));
    }
    let url = reading.url(written, &["https", "http"])?;
    if url.scheme() == "http" {
        let help = "whoever can change metadata on its way can say anything: use https://, or a file";
        reading.refuse_plaintext(&url, &written.span, section.allow_plaintext, help);
    }
    Some(MetadataPlace::Web(url))
}

fn bounded(
    written: Option<&Written<DurationText>>,
    default: SignedDuration,
    (least, most): (SignedDuration, SignedDuration),
    reading: &mut Reading<'_>,
) -> SignedDuration {
    let Some(duration) = reading.duration(written) else { return default };
    if let Some(Written { span, .. }) = written.filter(|_| duration < least || duration > most) {
        let message = format!("this is between {least:#} and {most:#}");
        reading.complain(Complaint::new(span, message).help("choose something in between"));
    }
    duration
}

fn decryption(written: &file::Saml, reading: &mut Reading<'_>) -> Option<Decryption> {
    match (&written.decryption_key, &written.decryption_certificate) {
        (None, None) => None,
        (Some(key), Some(certificate)) => {
            let key = reading.secret(key, "decryption_key")?;
            Some(Decryption { key, certificate: reading.optional_path(Some(certificate))? })
        }
        (Some(Written { span, .. }), None) | (None, Some(Written { span, .. })) => {
            let message = "`decryption_key` and `decryption_certificate` belong together";
            reading.complain(Complaint::new(span, message).help("write both, or neither"));
            None
        }
    }
}

fn attributes(written: Option<&file::SamlAttributes>, reading: &mut Reading<'_>) -> SamlAttributes {
    let mut named =
        |name: fn(&file::SamlAttributes) -> Option<&Written<String>>| reading.text(written.and_then(name));
    SamlAttributes {
        groups: named(|names| names.groups.as_ref()).unwrap_or_else(|| "groups".to_owned()),
        id: named(|names| names.id.as_ref()),
        username: named(|names| names.username.as_ref()),
        email: named(|names| names.email.as_ref()),
        name: named(|names| names.name.as_ref()),
        extra: written
            .and_then(|names| names.extra.as_ref())
            .into_iter()
            .flatten()
            .map(|name| name.value.clone())
            .collect(),
    }
}
