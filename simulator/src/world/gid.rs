//! Global IDs: `gid://gitlab/<model>/<number>`.

use crate::world::account::AccountId;
use crate::world::purchase::PurchaseId;

/// A scalar of the schema that carries a global ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GidType {
    User,
    Namespace,
    AddOnPurchase,
}

impl GidType {
    /// The type behind a scalar's name, if it is one of ours.
    pub fn of_scalar(name: &str) -> Option<GidType> {
        match name {
            "UserID" => Some(GidType::User),
            "NamespaceID" => Some(GidType::Namespace),
            "GitlabSubscriptionsAddOnPurchaseID" => Some(GidType::AddOnPurchase),
            _ => None,
        }
    }

    fn model(self) -> &'static str {
        match self {
            GidType::User => "User",
            GidType::Namespace => "Namespace",
            GidType::AddOnPurchase => "GitlabSubscriptions::AddOnPurchase",
        }
    }

    /// The number in `text`, or what GitLab says about it.
    ///
    /// An id that is no number is well-formed to GitLab and names nothing: it is `Ok(None)`.
    pub fn parse(self, text: &str) -> Result<Option<u64>, String> {
        let parts = text.strip_prefix("gid://gitlab/").and_then(|rest| rest.split_once('/'));
        let Some((model, id)) = parts.filter(|(model, id)| !model.is_empty() && !id.is_empty()) else {
            return Err(format!("\"{text}\" is not a valid Global ID"));
        };
        // A group is a namespace; GitLab's own documentation passes its id where a namespace is asked for.
        if model == self.model() || (self == GidType::Namespace && model == "Group") {
            Ok(id.parse().ok())
        } else {
            Err(format!("\"{text}\" does not represent an instance of {}", self.model()))
        }
    }
}

pub fn of_account(id: AccountId) -> String {
    format!("gid://gitlab/User/{}", id.0)
}

pub fn of_purchase(id: PurchaseId) -> String {
    format!("gid://gitlab/GitlabSubscriptions::AddOnPurchase/{}", id.0)
}

pub fn of_group(id: u64) -> String {
    format!("gid://gitlab/Group/{id}")
}
