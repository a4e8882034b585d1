//! What `[scim_push.NAME]` means, besides who may push.

use crate::model::person::SourceName;
use crate::model::roster::Patience;

/// What is read of a roster, and for how long it is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScimPushConfig {
    pub name: SourceName,
    pub patience: Patience,
    pub nested_groups: bool,
    pub include_inactive: bool,
    pub attributes: AttributeNames,
}

/// Which attributes of a user mean what: `userName`, `name.familyName`, `emails`, `department`, or with the URN of an
/// extension before them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeNames {
    pub username: String,
    pub email: String,
    pub name: String,
    pub extra: Vec<String>,
    /// What GitLab's `extern_uid` is compared with.
    pub identity: String,
}

impl Default for AttributeNames {
    fn default() -> AttributeNames {
        AttributeNames {
            username: "userName".to_owned(),
            email: "emails".to_owned(),
            name: "displayName".to_owned(),
            extra: Vec::new(),
            identity: "externalId".to_owned(),
        }
    }
}
