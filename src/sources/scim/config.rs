//! What `[scim.NAME]` means.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::http::pace::Limits;
use crate::model::person::SourceName;
use crate::scim_user::attribute_path::AttributePath;
use crate::scim_user::person::UserAttributes;

/// A service provider to pull from.
#[derive(Debug, Clone)]
pub struct ScimConfig {
    pub name: SourceName,
    /// Below it are `/Users` and `/Groups`. Plain `http` was allowed explicitly or is loopback.
    pub url: Url,
    pub login: Login,
    /// PEM; trusted besides the system's authorities.
    pub ca_file: Option<PathBuf>,
    /// For one request, from connecting to the last byte.
    pub timeout: Duration,
    pub limits: Limits,
    /// At least 1; servers may give less.
    pub page_size: u32,
    pub nested_groups: bool,
    pub include_inactive: bool,
    /// Members of these types are nobody.
    pub non_person_member_types: Vec<String>,
    /// The unchanging key of people.
    pub id: AttributePath,
    pub attributes: UserAttributes,
}

/// How seatsync proves who it is.
#[derive(Debug, Clone)]
pub enum Login {
    /// A bearer token that somebody renews by hand.
    Token(SecretString),
    OAuth(OAuth),
}

/// OAuth 2.0 client credentials (RFC 6749, section 4.4).
#[derive(Debug, Clone)]
pub struct OAuth {
    pub token_url: Url,
    pub client_id: String,
    pub client_secret: SecretString,
    pub scope: Option<String>,
    pub client_auth: ClientAuth,
}

/// Where the client's secret goes (RFC 6749, section 2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuth {
    Basic,
    Post,
}
