//! `[ldif.NAME]` as written.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::app::config::file::sources::entries::{Attributes, DirectorySchema};
use crate::app::config::file::sources::matching::MatchStep;
use crate::app::config::written::Written;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ldif {
    /// The file, relative to the configuration file.
    #[schemars(required)]
    pub path: Option<Written<String>>,
    /// What kind of directory it was exported from.
    #[schemars(extend("default" = "rfc2307bis"))]
    pub schema: Option<DirectorySchema>,
    /// Whether members of groups in a group count as its members.
    #[schemars(extend("default" = true))]
    pub nested_groups: Option<bool>,
    /// Whether a person's primary group counts as a group of theirs. Unset: for `active_directory` only.
    pub primary_group: Option<bool>,
    /// Whether people whose entry is disabled in Active Directory are entitled too.
    #[schemars(extend("default" = false))]
    pub include_disabled: Option<bool>,
    /// Which attributes mean what. Unset: as the schema is known for.
    pub attributes: Option<Attributes>,
    /// The steps by which the account of a person is found, tried in this order; ambiguous is never guessed.
    #[schemars(extend("default" = ["identity", "email", "username"]))]
    pub match_by: Option<Written<Vec<MatchStep>>>,
    /// The provider whose `extern_uid` in GitLab `identity` compares.
    #[schemars(extend("default" = "ldapmain"))]
    pub identity_provider: Option<Written<String>>,
    /// The attribute that is compared with `extern_uid`. Unset: the DN, compared as DNs are.
    pub identity_attribute: Option<Written<String>>,
}
