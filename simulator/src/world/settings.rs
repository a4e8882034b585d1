//! What an instance is and how its administrator set it up.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What the world simulates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// A whole self-managed or Dedicated instance; its purchases belong to no namespace.
    Instance,
    /// One top-level group of GitLab.com; the purchases are its own.
    TopLevelGroup(TopLevelGroup),
}

/// A top-level group of GitLab.com.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopLevelGroup {
    pub id: u64,
    pub path: String,
    pub name: String,
    /// Whether single sign-on by SAML is set up; its identities can be listed only then.
    #[serde(default)]
    pub saml: bool,
    #[serde(default, rename = "subgroup", skip_serializing_if = "Vec::is_empty")]
    pub subgroups: Vec<Subgroup>,
}

/// A group below the top-level group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subgroup {
    pub id: u64,
    /// The whole path, `acme/platform`.
    pub path: String,
    pub name: String,
}

/// Settings of the instance; all may be changed while it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    pub version: Version,
    /// Administrators need the scope `admin_mode` for REST. GraphQL does not ask for it.
    pub admin_mode: bool,
    /// A Geo secondary or a read-only database: every mutation is refused.
    pub read_only: bool,
    /// The throttle of authenticated requests at the HTTP layer, by account (Rack::Attack).
    pub throttle: Option<RateLimit>,
    /// A limit inside the application, by account: answers JSON, shows no `RateLimit-*` headers.
    pub application_limit: Option<RateLimit>,
    /// `user_add_on_assignment_bulk_create_limit`: calls of BulkCreate a minute and account; 0: none.
    pub bulk_create_limit: u32,
    /// Whether newly assigned holders get a mail. BulkCreate on an add-on without seats breaks on it.
    pub seat_assignment_mail: bool,
}

/// How many requests one account may make in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    pub requests: u32,
    pub period_seconds: u32,
}

/// A GitLab version, of which the first two numbers decide behaviour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Version {
    text: String,
    number: (u32, u32),
}

/// A version that does not begin with two numbers.
#[derive(Debug, thiserror::Error)]
#[error("`{text}` is no GitLab version\nhint: write it as GitLab does, `18.9.0-ee`")]
pub struct VersionError {
    text: String,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            version: Version { text: "18.9.0-ee".to_owned(), number: (18, 9) },
            admin_mode: false,
            read_only: false,
            throttle: None,
            application_limit: None,
            bulk_create_limit: 0,
            seat_assignment_mail: true,
        }
    }
}

impl Version {
    pub fn is_at_least(&self, major: u32, minor: u32) -> bool {
        self.number >= (major, minor)
    }

    /// How many accounts a bulk mutation takes: raised from 50 to 100 in 17.6.
    pub fn bulk_limit(&self) -> usize {
        if self.is_at_least(17, 6) { 100 } else { 50 }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Version, VersionError> {
        let mut numbers = text.split(['.', '-']).map(str::parse);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(major)), Some(Ok(minor))) => {
                Ok(Version { text: text.to_owned(), number: (major, minor) })
            }
            (_, _) => Err(VersionError { text: text.to_owned() }),
        }
    }
}

impl TryFrom<String> for Version {
    type Error = VersionError;

    fn try_from(text: String) -> Result<Version, VersionError> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> String {
        version.text
    }
}
