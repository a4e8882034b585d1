//! The shapes in which GitLab answers, as written; what they mean is decided where they are used.

use std::num::NonZeroU64;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::model::account::{Account, AccountId, DuoActivity, Identity, Standing};
use crate::model::add_on::AddOn;
use crate::model::person::ExternUid;

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
    #[serde(deserialize_with = "account_gid")]
    pub id: AccountId,
    pub username: Box<str>,
    pub state: Box<str>,
    #[serde(default)]
    pub bot: bool,
    pub public_email: Option<Box<str>>,
    /// Absent where it was not asked for, `null` for never.
    #[serde(default, deserialize_with = "told")]
    pub last_duo_activity_on: Option<Option<Date>>,
}

/// Tells a field that is `null` from one that is absent.
fn told<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Date>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl AddOnUserNode {
    /// The account without identities; with its public address where that was asked for.
    pub fn into_account(self) -> Account {
        Account {
            id: self.id,
            username: self.username,
            emails: self.public_email.into_iter().filter(|email| !email.is_empty()).collect(),
            identities: Vec::new(),
            standing: standing(&self.state, self.bot),
            last_duo_activity: match self.last_duo_activity_on {
                None => DuoActivity::NotTold,
                Some(None) => DuoActivity::Never,
                Some(Some(date)) => DuoActivity::On(date),
            },
        }
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
    #[serde(deserialize_with = "account_gid")]
    pub id: AccountId,
}

#[derive(Debug, Deserialize)]
pub struct Metadata {
    pub version: String,
}

/// `GET /users`, as an administrator sees it. Others are shown neither addresses nor identities.
#[derive(Debug, Deserialize)]
pub struct RestUser {
    pub id: u64,
    username: Box<str>,
    state: Box<str>,
    email: Option<Box<str>>,
    public_email: Option<Box<str>>,
    /// Absent where GitLab does not tell; `Some(None)` where the primary address was never confirmed.
    #[serde(default, deserialize_with = "present")]
    confirmed_at: Option<Option<Value>>,
    identities: Option<Vec<RestIdentity>>,
    scim_identities: Option<Vec<RestIdentity>>,
    is_admin: Option<bool>,
    pub bot: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct RestIdentity {
    #[serde(default)]
    provider: Option<Box<str>>,
    extern_uid: Option<Box<str>>,
}

impl RestUser {
    /// Whether GitLab has shown what only administrators are shown.
    pub fn is_whole(&self) -> bool {
        self.identities.is_some() || self.email.is_some() || self.is_admin.is_some()
    }

    pub fn into_account(self) -> Account {
        let unconfirmed = self.confirmed_at == Some(None);
        let mut emails: Vec<Box<str>> = Vec::new();
        for email in [self.email.filter(|_| !unconfirmed), self.public_email].into_iter().flatten() {
            if !email.is_empty() && !emails.contains(&email) {
                emails.push(email);
            }
        }
        let own = self.identities.unwrap_or_default().into_iter();
        let scim = self.scim_identities.unwrap_or_default().into_iter();
        let scim = scim.map(|identity| RestIdentity { provider: Some("scim".into()), ..identity });
        let identities = own.chain(scim).filter_map(|identity| {
            Some(Identity {
                provider: identity.provider?,
                extern_uid: ExternUid::new(&identity.extern_uid.filter(|uid| !uid.is_empty())?),
            })
        });
        Account {
            id: AccountId(self.id),
            username: self.username,
            emails,
            identities: identities.collect(),
            standing: standing(&self.state, self.bot == Some(true)),
            last_duo_activity: DuoActivity::NotTold,
        }
    }
}

/// `GET /groups/:id/saml/identities` and `…/scim/identities`.
#[derive(Debug, Deserialize)]
pub struct GroupIdentity {
    pub extern_uid: Option<Box<str>>,
    pub user_id: Option<u64>,
}

/// `GET /groups/:id/enterprise_users`.
#[derive(Debug, Deserialize)]
pub struct EnterpriseUser {
    pub id: u64,
    pub username: Box<str>,
    pub email: Option<Box<str>>,
}

/// `GET /user`.
#[derive(Debug, Deserialize)]
pub struct CurrentUser {
    pub username: String,
    /// Shown to administrators alone.
    #[serde(default)]
    pub is_admin: bool,
}

/// `GET /personal_access_tokens/self`.
#[derive(Debug, Deserialize)]
pub struct TokenSelf {
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub scopes: Vec<String>,
    pub expires_at: Option<Date>,
}

/// `gid://gitlab/User/7`.
pub fn user_gid(account: AccountId) -> String {
    format!("{USER}{account}")
}

const USER: &str = "gid://gitlab/User/";

fn parse_user_gid(gid: &str) -> Option<AccountId> {
    let number = gid.strip_prefix(USER)?.parse::<NonZeroU64>().ok()?;
    Some(AccountId(number.get()))
}

/// The number at the end of a global id, as REST wants it.
pub fn rest_id(gid: &str) -> Option<u64> {
    gid.rsplit_once('/')?.1.parse().ok()
}

pub fn standing(state: &str, bot: bool) -> Standing {
    if bot {
        Standing::Bot
    } else if state == "active" {
        Standing::Eligible
    } else {
        Standing::Inactive { state: state.into() }
    }
}

fn account_gid<'de, D: Deserializer<'de>>(from: D) -> Result<AccountId, D::Error> {
    let gid = String::deserialize(from)?;
    parse_user_gid(&gid).ok_or_else(|| serde::de::Error::custom("not the global id of a user"))
}

/// Tells `null` from absent.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<Value>>, D::Error> {
    Option::deserialize(from).map(Some)
}

#[cfg(test)]
mod tests {
    use crate::gitlab::wire::{RestUser, TopLevelError, add_on, parse_user_gid, rest_id, standing};
    use crate::model::account::{AccountId, Standing};
    use crate::model::add_on::AddOn;

    fn user(json: &str) -> RestUser {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn only_the_global_id_of_a_user_is_an_account() {
        assert_eq!(parse_user_gid("gid://gitlab/User/7"), Some(AccountId(7)));
        for other in ["gid://gitlab/Group/7", "gid://gitlab/User/", "gid://gitlab/User/-1", "7"] {
            assert_eq!(parse_user_gid(other), None, "{other}");
        }
        assert_eq!(rest_id("gid://gitlab/Group/42"), Some(42));
    }

    #[test]
    fn add_ons_without_assignable_seats_are_none_of_ours() {
        assert_eq!(add_on("CODE_SUGGESTIONS"), Some(AddOn::DuoPro));
        assert_eq!(add_on("DUO_ENTERPRISE"), Some(AddOn::DuoEnterprise));
        assert_eq!(add_on("DUO_CORE"), None);
        assert_eq!(add_on("SOMETHING_NEW"), None);
    }

    #[test]
    fn an_account_has_its_confirmed_addresses_and_all_its_identities() {
        let account = user(
            r#"{"id":7,"username":"ada","state":"active","email":"Ada@corp.example.com","public_email":"",
                "confirmed_at":"2020-01-01T00:00:00Z","bot":false,
                "identities":[{"provider":"ldapmain","extern_uid":"UID=Ada, DC=corp"},{"provider":"saml","extern_uid":null}],
                "scim_identities":[{"extern_uid":"9B1C","group_id":1,"active":true}]}"#,
        )
        .into_account();
        assert_eq!(account.emails, ["Ada@corp.example.com".into()]);
        let identities: Vec<(&str, &str)> =
            account.identities.iter().map(|one| (&*one.provider, one.extern_uid.as_str())).collect();
        assert_eq!(identities, [("ldapmain", "uid=ada,dc=corp"), ("scim", "9b1c")]);
        assert_eq!(account.standing, Standing::Eligible);
    }

    #[test]
    fn an_address_that_was_never_confirmed_belongs_to_nobody() {
        let account = user(
            r#"{"id":7,"username":"eve","state":"active","email":"ada@corp.example.com","confirmed_at":null}"#,
        )
        .into_account();
        assert!(account.emails.is_empty());
    }

    #[test]
    fn what_anybody_is_shown_is_not_a_whole_account() {
        assert!(!user(r#"{"id":7,"username":"ada","state":"active","public_email":"a@b"}"#).is_whole());
        assert!(user(r#"{"id":7,"username":"ada","state":"active","identities":[]}"#).is_whole());
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
