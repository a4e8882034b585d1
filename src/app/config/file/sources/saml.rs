//! `[saml.NAME]` as written.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::app::config::file::sources::matching::MatchStep;
use crate::app::config::written::{DurationText, Secret, Written};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Saml {
    /// The address at which browsers reach `seatsync serve`; people sign on at `/saml/NAME`.
    #[schemars(required)]
    pub url: Option<Written<String>>,
    /// The metadata of the identity provider: an address, or a file.
    #[schemars(required)]
    pub metadata: Option<Written<String>>,
    /// Which identity provider of the metadata it is. Unset: the only one.
    pub idp_entity_id: Option<Written<String>>,
    /// How long metadata is believed before it is read again. It also is when a signature is by no key of it.
    #[schemars(extend("default" = "1d"))]
    pub metadata_refresh: Option<Written<DurationText>>,
    /// PEM file of authorities to trust besides the system's, for metadata and queries.
    pub ca_file: Option<Written<String>>,
    /// Allows plain `http://` to or of a host that is not this one.
    #[schemars(extend("default" = false))]
    pub allow_plaintext: Option<bool>,
    /// Our own name: the audience of assertions. Unset: the address of our metadata, `/saml/NAME/metadata`.
    pub entity_id: Option<Written<String>>,
    /// How long an assertion holds from when it was issued. Whoever does not sign on again until then counts as in no group.
    #[schemars(extend("default" = "30d"))]
    pub valid_for: Option<Written<DurationText>>,
    /// By how much the clock of the identity provider may differ.
    #[schemars(extend("default" = "2m"))]
    pub clock_skew: Option<Written<DurationText>>,
    /// Whether assertions are taken that nobody asked for, as from a tile of the identity provider.
    #[schemars(extend("default" = false))]
    pub idp_initiated: Option<bool>,
    /// The key that opens encrypted assertions, as PEM. Unset: they are refused.
    pub decryption_key: Option<Written<Secret>>,
    /// PEM file of its certificate, which our metadata publishes.
    pub decryption_certificate: Option<Written<String>>,
    /// `seatsync serve` asks the identity provider anew about people of whom it heard last so long ago (AttributeQuery).
    /// Unset: it never asks.
    pub query_after: Option<Written<DurationText>>,
    /// Which attributes mean what, by their `Name`.
    pub attributes: Option<SamlAttributes>,
    /// The steps by which the account of a person is found, tried in this order; ambiguous is never guessed.
    #[schemars(extend("default" = ["identity", "email", "username"]))]
    pub match_by: Option<Written<Vec<MatchStep>>>,
    /// The provider whose `extern_uid` in GitLab `identity` compares. Unset: `group_saml` where `top_level_group` is set,
    /// `saml` otherwise.
    pub identity_provider: Option<Written<String>>,
    /// The attribute that is compared with `extern_uid`. Unset: the NameID.
    pub identity_attribute: Option<Written<String>>,
}

/// Attributes of assertions.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SamlAttributes {
    #[schemars(extend("default" = "groups"))]
    pub groups: Option<Written<String>>,
    /// The unchanging key of the person. Unset: the NameID, which then may not be transient.
    pub id: Option<Written<String>>,
    pub username: Option<Written<String>>,
    /// Unset: the NameID, where it is a mail address.
    pub email: Option<Written<String>>,
    pub name: Option<Written<String>>,
    /// For `where`.
    #[schemars(extend("default" = []))]
    pub extra: Option<Vec<Written<String>>>,
}
