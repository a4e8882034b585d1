//! `[scim_push.NAME]` as written.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::app::config::file::sources::matching::MatchStep;
use crate::app::config::written::{DurationText, Written};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScimPush {
    /// The tokens that the provider may show; several are valid at once, so that one can follow another. `seatsync
    /// new-token` makes one.
    #[schemars(required)]
    pub tokens: Option<Written<Vec<Written<Token>>>>,
    /// How long what was pushed is believed after the provider was last heard of.
    #[schemars(extend("default" = "14d"))]
    pub stale_after: Option<Written<DurationText>>,
    /// How long nobody loses a seat after the provider has taken anybody out of anything: whoever moves from one group to
    /// another is in neither for a moment.
    #[schemars(extend("default" = "10m"))]
    pub settle_after: Option<Written<DurationText>>,
    /// Whether members of groups in a group count as its members.
    #[schemars(extend("default" = true))]
    pub nested_groups: Option<bool>,
    /// Whether people who are not `active` are entitled too.
    #[schemars(extend("default" = false))]
    pub include_inactive: Option<bool>,
    /// Which attributes of a user mean what.
    pub attributes: Option<PushedAttributes>,
    /// The steps by which the account of a person is found, tried in this order; ambiguous is never guessed.
    #[schemars(extend("default" = ["identity", "email", "username"]))]
    pub match_by: Option<Written<Vec<MatchStep>>>,
    /// The provider whose `extern_uid` in GitLab `identity` compares. Unset: the step `identity` is skipped.
    pub identity_provider: Option<Written<String>>,
    /// The attribute that is compared with `extern_uid`.
    #[schemars(extend("default" = "externalId"))]
    pub identity_attribute: Option<Written<String>>,
}

/// Exactly one of these: the digest of a token, or where the token itself is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct Token {
    /// The SHA-256 of the token, in hexadecimal: it is no secret.
    pub sha256: Option<Written<String>>,
    /// The name of an environment variable.
    pub env: Option<String>,
    /// A file, relative to the configuration file.
    pub file: Option<String>,
    /// A program and its arguments, which prints the token; started without a shell.
    pub command: Option<Vec<String>>,
    /// The name of a systemd credential.
    pub credential: Option<String>,
}

/// Attributes of a user, as SCIM writes paths: `userName`, `name.formatted`, `emails[type eq "work"].value`,
/// `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PushedAttributes {
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
