//! `[scim.NAME]` as written.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::app::config::file::sources::matching::MatchStep;
use crate::app::config::written::{DurationText, Secret, Written};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scim {
    /// The SCIM base address, below which `/Users` and `/Groups` are.
    #[schemars(required)]
    pub url: Option<Written<String>>,
    /// The bearer token that the service provider gave. This, or `oauth`.
    pub token: Option<Written<Secret>>,
    /// OAuth 2.0 client credentials, for tokens that are renewed as they end. This, or `token`.
    pub oauth: Option<Written<OAuth>>,
    /// PEM file of authorities to trust besides the system's.
    pub ca_file: Option<Written<String>>,
    /// Allows plain `http://` to a host that is not this one.
    #[schemars(extend("default" = false))]
    pub allow_plaintext: Option<bool>,
    /// For one request, from connecting to the last byte.
    #[schemars(extend("default" = "30s"))]
    pub timeout: Option<Written<DurationText>>,
    /// How long one request may wait and be retried altogether before it is given up.
    #[schemars(extend("default" = "5m"))]
    pub retry_deadline: Option<Written<DurationText>>,
    /// Our own budget, whatever the service provider would allow.
    #[schemars(range(min = 1), extend("default" = 600))]
    pub requests_per_minute: Option<u32>,
    /// How many requests may be under way at once.
    #[schemars(range(min = 1, max = 64), extend("default" = 4))]
    pub max_concurrent_requests: Option<u32>,
    /// How many users or groups are asked for at a time, where the service provider does not say that it gives less.
    #[schemars(range(min = 1, max = 10_000), extend("default" = 100))]
    pub page_size: Option<u32>,
    /// Whether members of groups in a group count as its members.
    #[schemars(extend("default" = true))]
    pub nested_groups: Option<bool>,
    /// Whether people who are not `active` are entitled too.
    #[schemars(extend("default" = false))]
    pub include_inactive: Option<bool>,
    /// Types of members that are never people, such as `Device`. A member of another type than `User` and `Group` that the
    /// service provider knows as neither otherwise makes its group unread.
    #[schemars(extend("default" = []))]
    pub non_person_member_types: Option<Vec<String>>,
    /// Which attributes mean what.
    pub attributes: Option<ScimAttributes>,
    /// The steps by which the account of a person is found, tried in this order; ambiguous is never guessed.
    #[schemars(extend("default" = ["identity", "email", "username"]))]
    pub match_by: Option<Written<Vec<MatchStep>>>,
    /// The provider whose `extern_uid` in GitLab `identity` compares. `scim` stands for GitLab's SCIM identities.
    #[schemars(extend("default" = "scim"))]
    pub identity_provider: Option<Written<String>>,
    /// The attribute that is compared with `extern_uid`.
    #[schemars(extend("default" = "externalId"))]
    pub identity_attribute: Option<Written<String>>,
}

/// Client credentials (RFC 6749, section 4.4).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OAuth {
    /// Where tokens are given.
    #[schemars(required)]
    pub token_url: Option<Written<String>>,
    #[schemars(required)]
    pub client_id: Option<Written<String>>,
    #[schemars(required)]
    pub client_secret: Option<Written<Secret>>,
    /// What the token is asked for. Unset: as the service provider likes.
    pub scope: Option<Written<String>>,
    /// How the secret is sent: in a header, or in the body.
    #[schemars(extend("default" = "client_secret_basic"))]
    pub client_auth: Option<ClientAuth>,
}

/// Attributes of a user, as SCIM writes paths: `userName`, `name.formatted`, `emails[type eq "work"].value`,
/// `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScimAttributes {
    /// The unchanging key.
    #[schemars(extend("default" = "id"))]
    pub id: Option<Written<String>>,
    #[schemars(extend("default" = "userName"))]
    pub username: Option<Written<String>>,
    /// All addresses of it are tried.
    #[schemars(extend("default" = "emails"))]
    pub email: Option<Written<String>>,
    #[schemars(extend("default" = "displayName"))]
    pub name: Option<Written<String>>,
    /// More of them, for the `where` of rules, which calls them by what follows the schema.
    #[schemars(extend("default" = []))]
    pub extra: Option<Vec<Written<String>>>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    ClientSecretBasic,
    ClientSecretPost,
}
