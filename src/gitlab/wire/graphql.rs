//! Answers of GraphQL.

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;

use crate::gitlab::wire::{gid, nullable};
use crate::model::account::{Account, AccountId, DuoActivity, Listing, Standing};
use crate::model::add_on::AddOn;

/// The envelope of every GraphQL answer.
#[derive(Debug, Deserialize)]
pub struct GraphQl<D> {
    pub data: Option<D>,
    pub errors: Option<Vec<TopLevelError>>,
}

#[derive(Debug, Deserialize)]
pub struct TopLevelError {
    pub message: String,
    pub path: Option<Vec<Value>>,
}

impl TopLevelError {
    /// GitLab's one answer to an ended purchase, a missing scope, a lost role and an unknown id.
    pub fn is_not_allowed(&self) -> bool {
        self.message.starts_with("The resource that you are attempting to access does not exist or you don")
    }

    /// Whether only the field of this name (or alias) is missing for it.
    pub fn is_about(&self, field: &str) -> bool {
        self.path.as_ref().and_then(|path| path.first()).and_then(Value::as_str) == Some(field)
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PurchasesData {
    pub add_on_purchases: Option<Vec<Option<PurchaseNode>>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PurchaseNode {
    pub id: Box<str>,
    /// An open set: GitLab sells add-ons that we do not know.
    pub name: String,
    pub purchased_quantity: u32,
    pub assigned_quantity: u32,
}

/// The add-on of a purchase's `name`; `None` for those whose seats cannot be assigned.
pub fn add_on(name: &str) -> Option<AddOn> {
    AddOn::ALL.into_iter().find(|&add_on| add_on_type(add_on) == name)
}

/// The add-on in GitLab's words.
pub fn add_on_type(add_on: AddOn) -> &'static str {
    match add_on {
        AddOn::DuoEnterprise => "DUO_ENTERPRISE",
        AddOn::DuoPro => "CODE_SUGGESTIONS",
    }
}

#[derive(Debug, Deserialize)]
pub struct NamespaceData {
    pub namespace: Option<NamespaceNode>,
}

#[derive(Debug, Deserialize)]
pub struct NamespaceNode {
    pub id: Box<str>,
}

/// Add-on users of the instance or of a top-level group.
#[derive(Debug, Deserialize)]
pub struct AddOnUsersData {
    #[serde(rename = "selfManagedAddOnEligibleUsers")]
    of_instance: Option<AddOnUserConnection>,
    namespace: Option<AddOnUsersOfNamespace>,
    pub eligible: Option<Counted>,
}

impl AddOnUsersData {
    pub fn users(self) -> Option<AddOnUserConnection> {
        self.of_instance.or_else(|| self.namespace?.add_on_eligible_users)
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AddOnUsersOfNamespace {
    add_on_eligible_users: Option<AddOnUserConnection>,
}

#[derive(Debug, Deserialize)]
pub struct Counted {
    pub count: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AddOnUserConnection {
    pub count: Option<u64>,
    pub nodes: Option<Vec<Option<AddOnUserNode>>>,
    pub page_info: PageInfo,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PageInfo {
    pub end_cursor: Option<String>,
    pub has_next_page: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AddOnUserNode {
    #[serde(deserialize_with = "gid::account")]
    pub id: AccountId,
    pub username: Box<str>,
    pub state: Box<str>,
    pub bot: Option<bool>,
    pub public_email: Option<Box<str>>,
    /// Absent where it was not asked for, `null` for never.
    #[serde(default, deserialize_with = "nullable::told")]
    pub last_duo_activity_on: Option<Option<Date>>,
}

impl AddOnUserNode {
    /// The account without identities; with its public address where that was asked for.
    pub fn into_account(self) -> Account {
        Account::from(Listing {
            id: self.id,
            username: self.username,
            emails: self.public_email.into_iter().filter(|email| !email.is_empty()).collect(),
            identities: Vec::new(),
            standing: standing(&self.state, self.bot == Some(true)),
            last_duo_activity: match self.last_duo_activity_on {
                None => DuoActivity::NotTold,
                Some(None) => DuoActivity::Never,
                Some(Some(date)) => DuoActivity::On(date),
            },
        })
    }
}

/// What either bulk mutation answers.
#[derive(Debug, Deserialize)]
pub struct BulkData {
    #[serde(rename = "userAddOnAssignmentBulkCreate", alias = "userAddOnAssignmentBulkRemove")]
    pub payload: Option<BulkPayload>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BulkPayload {
    pub errors: Vec<String>,
    pub add_on_purchase: Option<AssignedNode>,
    pub users: Option<BulkUsers>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AssignedNode {
    pub assigned_quantity: u32,
}

#[derive(Debug, Deserialize)]
pub struct BulkUsers {
    pub nodes: Option<Vec<Option<BulkUser>>>,
}

#[derive(Debug, Deserialize)]
pub struct BulkUser {
    #[serde(deserialize_with = "gid::account")]
    pub id: AccountId,
}

/// What GitLab would say to giving this account a seat, as far as it shows in the account itself.
pub fn standing(state: &str, bot: bool) -> Standing {
    if bot {
        Standing::Bot
    } else if state == "active" {
        Standing::Eligible
    } else {
        Standing::Inactive { state: state.into() }
    }
}

#[cfg(test)]
mod tests {
    use crate::gitlab::wire::graphql::{TopLevelError, add_on, standing};
    use crate::model::account::Standing;
    use crate::model::add_on::AddOn;

    #[test]
    fn add_ons_without_assignable_seats_are_none_of_ours() {
        assert_eq!(add_on("CODE_SUGGESTIONS"), Some(AddOn::DuoPro));
        assert_eq!(add_on("DUO_ENTERPRISE"), Some(AddOn::DuoEnterprise));
        assert_eq!(add_on("DUO_CORE"), None);
        assert_eq!(add_on("SOMETHING_NEW"), None);
    }

    #[test]
    fn the_ambiguous_error_is_known_by_its_words() {
        let error: TopLevelError = serde_json::from_str(
            r#"{"message":"The resource that you are attempting to access does not exist or you don't have permission to perform this action","path":["x"]}"#,
        )
        .unwrap();
        assert!(error.is_not_allowed() && error.is_about("x") && !error.is_about("y"));
    }

    #[test]
    fn every_state_but_active_is_inactive_and_a_bot_is_a_bot() {
        assert_eq!(standing("active", false), Standing::Eligible);
        assert_eq!(standing("ldap_blocked", false), Standing::Inactive { state: "ldap_blocked".into() });
        assert_eq!(standing("active", true), Standing::Bot);
    }
}
