//! Answers of REST.

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;

use crate::gitlab::wire::graphql::standing;
use crate::gitlab::wire::nullable;
use crate::model::account::{Account, AccountId, DuoActivity, Identity, Listing};
use crate::model::person::ExternUid;

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
    #[serde(default, deserialize_with = "nullable::told")]
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
        Account::from(Listing {
            id: AccountId(self.id),
            username: self.username,
            emails,
            identities: identities.collect(),
            standing: standing(&self.state, self.bot == Some(true)),
            last_duo_activity: DuoActivity::NotTold,
        })
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
    pub is_admin: Option<bool>,
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

#[cfg(test)]
mod tests {
    use crate::gitlab::wire::rest::RestUser;
    use crate::model::account::Standing;

    fn user(json: &str) -> RestUser {
        serde_json::from_str(json).unwrap()
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
        assert_eq!(account.emails().collect::<Vec<_>>(), ["Ada@corp.example.com"]);
        let identities: Vec<(&str, &str)> = account.identities().collect();
        assert_eq!(identities, [("ldapmain", "uid=ada,dc=corp"), ("scim", "9b1c")]);
        assert_eq!(account.standing, Standing::Eligible);
    }

    #[test]
    fn an_address_that_was_never_confirmed_belongs_to_nobody() {
        let account = user(
            r#"{"id":7,"username":"eve","state":"active","email":"ada@corp.example.com","confirmed_at":null}"#,
        )
        .into_account();
        assert_eq!(account.emails().count(), 0);
    }

    #[test]
    fn what_anybody_is_shown_is_not_a_whole_account() {
        assert!(!user(r#"{"id":7,"username":"ada","state":"active","public_email":"a@b"}"#).is_whole());
        assert!(user(r#"{"id":7,"username":"ada","state":"active","identities":[]}"#).is_whole());
    }
}
