//! Whether the token's account has the role that managing seats takes.

use serde_json::json;

use crate::gitlab::client::Client;
use crate::gitlab::documents::MEMBERS;
use crate::gitlab::error::GitLabError;
use crate::gitlab::wire::graphql::AddOnUsersData;
use crate::gitlab::wire::rest::CurrentUser;
use crate::model::purchase::Scope;

/// The role of the token's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights {
    pub may_manage: bool,
    /// Fits after `the account is`.
    pub role: &'static str,
}

/// An administrator on a whole instance; an Owner of the top-level group on GitLab.com, which only shows in what
/// GitLab lets the token read.
pub async fn rights(client: &Client) -> Result<Rights, GitLabError> {
    match client.scope() {
        Scope::Instance => {
            let user: CurrentUser = client.rest("GET /user", client.api(&["user"], &[])).await?;
            Ok(if user.is_admin == Some(true) {
                Rights { may_manage: true, role: "an administrator" }
            } else {
                Rights { may_manage: false, role: "no administrator" }
            })
        }
        Scope::TopLevelGroup { path } => {
            let variables = json!({ "path": path, "addOn": "CODE_SUGGESTIONS", "purchases": [], "first": 1, "after": null });
            let members = client.query(MEMBERS, &variables).await;
            match members.map(AddOnUsersData::users) {
                Ok(Some(_)) => Ok(Rights { may_manage: true, role: "an Owner of the group" }),
                Ok(None) | Err(GitLabError::GraphQl { .. }) => {
                    Ok(Rights { may_manage: false, role: "no Owner of the group" })
                }
                Err(error) => Err(error),
            }
        }
    }
}
