//! What `[ldap.NAME]` and `[ldif.NAME]` have in common: how the entries of a directory are understood.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::app::config::written::Written;

/// Attributes of a directory entry.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attributes {
    /// The unchanging key. Unset: `objectGUID` (Active Directory) or `entryUUID`.
    pub id: Option<Written<String>>,
    /// Unset: `sAMAccountName` (Active Directory) or `uid`.
    pub username: Option<Written<String>>,
    /// All addresses of it are tried.
    #[schemars(extend("default" = "mail"))]
    pub email: Option<Written<String>>,
    /// Unset: `displayName` (Active Directory) or `cn`.
    pub name: Option<Written<String>>,
    /// More of them, for the `where` of rules.
    #[schemars(extend("default" = []))]
    pub extra: Option<Vec<String>>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DirectorySchema {
    ActiveDirectory,
    Rfc2307bis,
    Rfc2307,
}
