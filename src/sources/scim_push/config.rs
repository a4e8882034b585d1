//! What `[scim_push.NAME]` means, besides who may push.

use crate::model::person::SourceName;
use crate::model::roster::Patience;
use crate::scim_user::person::UserAttributes;

/// What is read of a roster, and for how long it is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScimPushConfig {
    pub name: SourceName,
    pub patience: Patience,
    pub nested_groups: bool,
    pub include_inactive: bool,
    pub attributes: UserAttributes,
}
