//! `[csv.NAME]` as written.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::app::config::file::sources::matching::MatchStep;
use crate::app::config::written::Written;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Csv {
    /// The file, relative to the configuration file.
    #[schemars(required)]
    pub path: Option<Written<String>>,
    /// Which columns mean what; all others are extra attributes.
    pub columns: Option<Columns>,
    /// One character between the groups of a cell.
    #[schemars(extend("default" = ";"))]
    pub group_separator: Option<Written<String>>,
    /// The steps by which the account of a person is found, tried in this order; ambiguous is never guessed.
    #[schemars(extend("default" = ["identity", "email", "username"]))]
    pub match_by: Option<Written<Vec<MatchStep>>>,
    /// The provider whose `extern_uid` in GitLab `identity` compares. Unset: the step `identity` is skipped.
    pub identity_provider: Option<Written<String>>,
}

/// Columns of a CSV file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// The unchanging key of the person.
    #[schemars(extend("default" = "id"))]
    pub id: Option<Written<String>>,
    #[schemars(extend("default" = "username"))]
    pub username: Option<Written<String>>,
    #[schemars(extend("default" = "email"))]
    pub email: Option<Written<String>>,
    #[schemars(extend("default" = "name"))]
    pub name: Option<Written<String>>,
    #[schemars(extend("default" = "groups"))]
    pub groups: Option<Written<String>>,
    /// What `identity` compares with GitLab's `extern_uid`. Unset: the step `identity` is skipped.
    pub identity: Option<Written<String>>,
}
