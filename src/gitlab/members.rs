//! Finds accounts on GitLab.com, where a top-level group knows its members and their identities.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;

use crate::gitlab::client::Client;
use crate::gitlab::documents::MEMBERS;
use crate::gitlab::error::GitLabError;
use crate::gitlab::pages::{page, read_whole};
use crate::gitlab::wanted::Wanted;
use crate::gitlab::wire::gid::rest_id;
use crate::gitlab::wire::graphql::AddOnUsersData;
use crate::gitlab::wire::rest::{EnterpriseUser, GroupIdentity};
use crate::model::account::{Account, AccountId, DuoActivity, Identity, Listing, Standing};
use crate::model::person::ExternUid;
use crate::model::purchase::PurchaseId;

/// GitLab.com's names for the one SAML provider of a group.
const SAML: [&str; 2] = ["saml", "group_saml"];
const SCIM: [&str; 1] = ["scim"];

/// The accounts that are asked for, sorted by id. Members come with their public addresses; identities and the
/// addresses of enterprise users are read only where a question needs them, everything at once.
pub async fn members(
    client: &Client,
    path: &str,
    purchases: &[PurchaseId],
    wanted: &Wanted<'_>,
) -> Result<Vec<Account>, GitLabError> {
    let group = client
        .namespace()
        .await?
        .and_then(rest_id)
        .ok_or_else(|| GitLabError::NoGroup { path: path.into() })?;
    let group = group.to_string();
    let (saml, scim) = (wanted.providers(&SAML), wanted.providers(&SCIM));
    let (eligible, saml_identities, scim_identities, enterprise) = futures_util::try_join!(
        eligible(client, path, purchases),
        identities(client, &group, "saml", !saml.is_empty()),
        identities(client, &group, "scim", !scim.is_empty()),
        enterprise_users(client, &group, wanted.asks_emails()),
    )?;
    let outsider = |id, username| outsider(id, username, eligible.is_whole);
    let mut accounts: BTreeMap<AccountId, Listing> =
        eligible.accounts.iter().map(|account| (account.id, account.listing())).collect();
    for user in enterprise {
        let account =
            accounts.entry(AccountId(user.id)).or_insert_with(|| outsider(AccountId(user.id), user.username));
        if let Some(email) = user.email.filter(|email| !account.emails.contains(email)) {
            account.emails.insert(0, email);
        }
    }
    for (names, identities) in [(saml, saml_identities), (scim, scim_identities)] {
        for identity in identities {
            let (Some(uid), Some(id)) = (identity.extern_uid, identity.user_id.map(AccountId)) else {
                continue;
            };
            // The list of identities names no account but by its number, which no username looks like.
            let account = accounts.entry(id).or_insert_with(|| outsider(id, format!("id:{id}").into()));
            account.identities.extend(
                names
                    .iter()
                    .map(|&name| Identity { provider: name.into(), extern_uid: ExternUid::new(&uid) }),
            );
        }
    }
    Ok(accounts.into_values().map(Account::from).filter(|account| wanted.means(account)).collect())
}

/// An account that GitLab knows by an identity or an address, and did not show among those who could have a seat. Where it
/// did not show all of those, it is not for us to say that this one could not.
fn outsider(id: AccountId, username: Box<str>, all_shown: bool) -> Listing {
    Listing {
        id,
        username,
        emails: Vec::new(),
        identities: Vec::new(),
        standing: if all_shown { Standing::NotAMember } else { Standing::Eligible },
        last_duo_activity: DuoActivity::NotTold,
    }
}

/// Those whom GitLab would give a seat.
pub struct Eligible {
    pub accounts: Vec<Account>,
    /// Whether GitLab shows as many as it counts: it hides some from some tokens.
    pub is_whole: bool,
}

/// Everybody whom GitLab would give a seat; read once more where the list moved while it was read.
pub async fn eligible(
    client: &Client,
    path: &str,
    purchases: &[PurchaseId],
) -> Result<Eligible, GitLabError> {
    let counted = AtomicU64::new(0);
    let purchases: Vec<&str> = purchases.iter().map(|purchase| &*purchase.0).collect();
    let fetch = async |after: Option<String>| {
        // GitLab draws the same list for each add-on whose seats can be assigned.
        let variables = json!({
            "path": path, "addOn": "CODE_SUGGESTIONS", "purchases": purchases, "first": 100, "after": after
        });
        let data: AddOnUsersData = client.query(MEMBERS, &variables).await?;
        let users = data.users().ok_or_else(|| GitLabError::Unreadable {
            operation: MEMBERS.name,
            place: "the list is null".to_owned(),
        })?;
        let page = page("members", users)?;
        counted.store(page.count.unwrap_or(0), Ordering::Relaxed);
        Ok(page)
    };
    let accounts = match read_whole("members", None, fetch).await {
        Err(GitLabError::Paging { .. }) => read_whole("members", None, fetch).await,
        first => first,
    }?;
    let is_whole = accounts.len() as u64 >= counted.into_inner();
    Ok(Eligible { accounts, is_whole })
}

/// The whole list at once: GitLab does not page it. A group without such a provider answers 400 or 404.
async fn identities(
    client: &Client,
    group: &str,
    kind: &'static str,
    asked: bool,
) -> Result<Vec<GroupIdentity>, GitLabError> {
    if !asked {
        return Ok(Vec::new());
    }
    let operation =
        if kind == "saml" { "GET /groups/:id/saml/identities" } else { "GET /groups/:id/scim/identities" };
    let url = client.api(&["groups", group, kind, "identities"], &[]);
    none_where_absent(client.rest_list(operation, url).await)
}

/// Those whose addresses the group's own domains prove. A GitLab without them answers 404.
async fn enterprise_users(
    client: &Client,
    group: &str,
    asked: bool,
) -> Result<Vec<EnterpriseUser>, GitLabError> {
    if !asked {
        return Ok(Vec::new());
    }
    let url = client.api(&["groups", group, "enterprise_users"], &[("per_page", "100")]);
    none_where_absent(client.rest_list("GET /groups/:id/enterprise_users", url).await)
}

fn none_where_absent<T>(read: Result<Vec<T>, GitLabError>) -> Result<Vec<T>, GitLabError> {
    match read {
        Err(GitLabError::NotFound { .. } | GitLabError::Status { status: 400, .. }) => Ok(Vec::new()),
        read => read,
    }
}
