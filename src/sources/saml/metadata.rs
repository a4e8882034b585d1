//! What an identity provider publishes of itself: its name, its keys, where it is asked.

use jiff::Timestamp;
use openssl::pkey::{Id, PKey, Public};
use openssl::x509::X509;
use url::Url;

use crate::sources::saml::message::names::{DSIG, METADATA, PROTOCOL, REDIRECT_BINDING, SOAP_BINDING};
use crate::sources::saml::message::signature::SigningKey;
use crate::sources::saml::message::xml::{Element, Limits, XmlRefusal, parse};

/// Federations publish thousands of providers in one document.
const LIMITS: Limits = Limits { bytes: 64 * 1024 * 1024, elements: 4_000_000, refuse_comments: false };

/// NIST SP 800-131A allows no shorter key.
const SHORTEST_RSA: u32 = 2048;

/// An identity provider, as its metadata describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityProvider {
    pub entity_id: String,
    /// What its assertions are signed with; several while keys are being replaced. Never empty.
    pub keys: Vec<SigningKey>,
    /// Where browsers are sent (by the HTTP-Redirect binding).
    pub sign_on: Option<Url>,
    pub attributes: Option<AttributeService>,
    pub valid_until: Option<Timestamp>,
    /// Each in one sentence: what of it is of no use.
    pub trouble: Vec<String>,
}

/// Where attributes of people are asked for, by SOAP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeService {
    pub url: Url,
    /// Never empty.
    pub keys: Vec<SigningKey>,
}

/// Why metadata is of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    #[error("it is not read: {0}")]
    Xml(XmlRefusal),
    #[error("it is no metadata of SAML 2.0")]
    NoMetadata,
    #[error("it describes no identity provider")]
    NoProvider,
    #[error("it describes {} identity providers", found.len())]
    Several { found: Vec<String> },
    #[error("it does not describe `{wanted}`, but {}", listed(found))]
    Absent { wanted: String, found: Vec<String> },
    #[error("it names no key with which `{entity_id}` signs: nothing could be believed")]
    NoKey { entity_id: String },
    #[error("none of the keys with which `{entity_id}` signs may be used: {}", trouble.join("; "))]
    NoUsableKey { entity_id: String, trouble: Vec<String> },
    #[error("it was valid until {at}")]
    Expired { at: Timestamp },
}

/// Reads metadata, and takes the one identity provider out of it, or that of this name.
pub fn decode(bytes: &[u8], wanted: Option<&str>, now: Timestamp) -> Result<IdentityProvider, MetadataError> {
    let root = parse(bytes, LIMITS).map_err(MetadataError::Xml)?;
    let mut described = Vec::new();
    gather(&root, None, &mut described)?;
    described.retain(|described| described.provider().is_some());
    let names = || described.iter().map(|described| described.entity_id.to_owned()).collect();
    let chosen = match (wanted, &*described) {
        (_, []) => return Err(MetadataError::NoProvider),
        (None, [sole]) => sole,
        (None, [..]) => return Err(MetadataError::Several { found: names() }),
        (Some(wanted), [..]) => {
            let mut those = described.iter().filter(|described| described.entity_id == wanted);
            let absent = || MetadataError::Absent { wanted: wanted.to_owned(), found: names() };
            let chosen = those.next().ok_or_else(absent)?;
            if those.next().is_some() {
                return Err(MetadataError::Several { found: names() });
            }
            chosen
        }
    };
    chosen.understood(now)
}

/// One entity, and until when what it stands in is valid.
struct Described<'a> {
    entity_id: &'a str,
    entity: &'a Element,
    valid_until: Option<Timestamp>,
}

fn gather<'a>(
    element: &'a Element,
    valid_until: Option<Timestamp>,
    described: &mut Vec<Described<'a>>,
) -> Result<(), MetadataError> {
    let valid_until = earlier(valid_until, element)?;
    if element.is(METADATA, "EntityDescriptor") {
        let entity_id = element.attribute("entityID").filter(|id| !id.is_empty());
        let entity_id = entity_id.ok_or(MetadataError::NoMetadata)?;
        described.push(Described { entity_id, entity: element, valid_until });
        return Ok(());
    }
    if !element.is(METADATA, "EntitiesDescriptor") {
        return Err(MetadataError::NoMetadata);
    }
    let is_entity = |element: &&Element| {
        element.is(METADATA, "EntityDescriptor") || element.is(METADATA, "EntitiesDescriptor")
    };
    element.elements().filter(is_entity).try_for_each(|element| gather(element, valid_until, described))
}

fn earlier(limit: Option<Timestamp>, element: &Element) -> Result<Option<Timestamp>, MetadataError> {
    let own = element.attribute("validUntil").map(str::parse::<Timestamp>).transpose();
    let own = own.map_err(|_| MetadataError::NoMetadata)?;
    Ok(match (limit, own) {
        (Some(limit), Some(own)) => Some(limit.min(own)),
        (limit, own) => limit.or(own),
    })
}

impl Described<'_> {
    fn provider(&self) -> Option<&Element> {
        self.role("IDPSSODescriptor")
    }

    fn role(&self, local: &'static str) -> Option<&Element> {
        let speaks_saml = |role: &&Element| {
            let protocols = role.attribute("protocolSupportEnumeration").unwrap_or_default();
            protocols.split_ascii_whitespace().any(|protocol| protocol == PROTOCOL)
        };
        self.entity.named(METADATA, local).find(speaks_saml)
    }

    fn understood(&self, now: Timestamp) -> Result<IdentityProvider, MetadataError> {
        let provider = self.provider().ok_or(MetadataError::NoProvider)?;
        let valid_until = earlier(self.valid_until, provider)?;
        if let Some(at) = valid_until.filter(|end| *end <= now) {
            return Err(MetadataError::Expired { at });
        }
        let entity_id = self.entity_id.to_owned();
        let (keys, mut trouble) = signing_keys(provider, now);
        if keys.is_empty() && trouble.is_empty() {
            return Err(MetadataError::NoKey { entity_id });
        }
        if keys.is_empty() {
            return Err(MetadataError::NoUsableKey { entity_id, trouble });
        }
        let authority = self.role("AttributeAuthorityDescriptor");
        let attributes = authority.and_then(|authority| {
            let (keys, more) = signing_keys(authority, now);
            trouble
                .extend(more.into_iter().filter(|sentence| !trouble.contains(sentence)).collect::<Vec<_>>());
            let url = location(authority, "AttributeService", SOAP_BINDING)?;
            (!keys.is_empty()).then_some(AttributeService { url, keys })
        });
        let sign_on = location(provider, "SingleSignOnService", REDIRECT_BINDING);
        Ok(IdentityProvider { entity_id, keys, sign_on, attributes, valid_until, trouble })
    }
}

fn location(role: &Element, service: &'static str, binding: &str) -> Option<Url> {
    let mut services = role.named(METADATA, service);
    let found = services.find(|service| service.attribute("Binding") == Some(binding))?;
    found.attribute("Location")?.parse().ok()
}

/// The keys that may sign; one without a use may. Of a chain the first certificate holds the key (SAML metadata
/// interoperability profile, section 2.6.1): the others are whoever issued it.
fn signing_keys(role: &Element, now: Timestamp) -> (Vec<SigningKey>, Vec<String>) {
    let (mut keys, mut trouble) = (Vec::new(), Vec::new());
    let signing = role
        .named(METADATA, "KeyDescriptor")
        .filter(|descriptor| matches!(descriptor.attribute("use"), Some("signing") | None));
    for info in signing.filter_map(|descriptor| descriptor.child(DSIG, "KeyInfo")) {
        let certificate = info.child(DSIG, "X509Data").and_then(|data| data.child(DSIG, "X509Certificate"));
        let Some(text) = certificate.and_then(Element::text) else {
            trouble.push("a signing key comes without a certificate".to_owned());
            continue;
        };
        match key(text, now, &mut trouble) {
            Ok(key) if keys.contains(&key) => {}
            Ok(key) => keys.push(key),
            Err(because) => trouble.push(because),
        }
    }
    (keys, trouble)
}

fn key(base64: &str, now: Timestamp, trouble: &mut Vec<String>) -> Result<SigningKey, String> {
    let unreadable = || "a certificate with a signing key is unreadable".to_owned();
    let packed: String = base64.split_ascii_whitespace().collect();
    let der = data_encoding::BASE64.decode(packed.as_bytes()).map_err(|_| unreadable())?;
    let certificate = X509::from_der(&der).map_err(|_| unreadable())?;
    let public = certificate.public_key().map_err(|_| unreadable())?;
    weigh(&public)?;
    let now = openssl::asn1::Asn1Time::from_unix(now.as_second()).map_err(|_| unreadable())?;
    if certificate.not_after() < now {
        let end = certificate.not_after();
        trouble.push(format!("the certificate of a signing key ended on {end}; its key counts as long as it stands in the metadata"));
    }
    Ok(SigningKey(der))
}

fn weigh(key: &PKey<Public>) -> Result<(), String> {
    match key.id() {
        Id::RSA if key.bits() < SHORTEST_RSA => {
            Err(format!("an RSA key of {} bits is too short: {SHORTEST_RSA} at least", key.bits()))
        }
        Id::RSA | Id::EC => Ok(()),
        _ => Err("a signing key is neither RSA nor of an elliptic curve".to_owned()),
    }
}

fn listed(names: &[String]) -> String {
    const MOST: usize = 5;
    let shown: Vec<String> = names.iter().take(MOST).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(MOST);
    let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{}{rest}", shown.join(", "))
}
