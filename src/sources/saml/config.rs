//! What `[saml.NAME]` means.

use std::path::PathBuf;

use jiff::SignedDuration;
use secrecy::SecretString;
use url::Url;

use crate::model::person::SourceName;

/// An identity provider whose assertions are believed, and who we are to it.
#[derive(Debug, Clone)]
pub struct SamlConfig {
    pub name: SourceName,
    /// Our own name: the audience of assertions.
    pub entity_id: String,
    /// Where browsers bring assertions.
    pub acs_url: Url,
    pub metadata: MetadataPlace,
    /// Which identity provider of the metadata it is; `None` where there is one alone.
    pub idp_entity_id: Option<String>,
    /// How long metadata is believed before it is read again.
    pub metadata_refresh: SignedDuration,
    /// PEM; trusted besides the system's authorities.
    pub ca_file: Option<PathBuf>,
    /// How long an assertion holds from when it was issued.
    pub valid_for: SignedDuration,
    pub clock_skew: SignedDuration,
    /// Whether assertions are taken that we did not ask for.
    pub idp_initiated: bool,
    /// `None` where encrypted assertions are refused.
    pub decryption: Option<Decryption>,
    /// How old a word may be before the identity provider is asked anew; `None` where it is never asked.
    pub query_after: Option<SignedDuration>,
    pub attributes: SamlAttributes,
    /// What GitLab's `extern_uid` is compared with; the NameID where unset.
    pub identity_attribute: Option<String>,
}

/// What opens encrypted assertions, and what others encrypt them with; both PEM.
#[derive(Debug, Clone)]
pub struct Decryption {
    pub key: SecretString,
    pub certificate: PathBuf,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetadataPlace {
    File(PathBuf),
    /// `https`, or plain to loopback or where it was allowed explicitly.
    Web(Url),
}

/// Which attributes of an assertion mean what, by their `Name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SamlAttributes {
    pub groups: String,
    /// The unchanging key of people; the NameID where unset.
    pub id: Option<String>,
    pub username: Option<String>,
    /// The NameID where unset, if it is a mail address.
    pub email: Option<String>,
    pub name: Option<String>,
    pub extra: Vec<String>,
}
