//! Why GitLab does not let a purchase be touched: its one error has many causes, which reading tells apart.

use crate::gitlab::client::Client;
use crate::gitlab::error::GitLabError;
use crate::gitlab::purchases::purchases;
use crate::gitlab::rights::{Rights, rights};
use crate::gitlab::wire::rest::TokenSelf;
use crate::model::purchase::Purchase;

/// One sentence with the next step. Reads the token, the role of its account and the purchases, all at once.
pub async fn diagnose(client: &Client, purchase: &Purchase) -> String {
    let (token, rights, purchases) = futures_util::join!(token(client), rights(client), purchases(client));
    diagnosis(purchase, token, rights, purchases)
}

/// What GitLab tells about the token itself; `None` where it is no personal access token.
pub async fn token(client: &Client) -> Result<Option<TokenSelf>, GitLabError> {
    let url = client.api(&["personal_access_tokens", "self"], &[]);
    match client.rest("GET /personal_access_tokens/self", url).await {
        Ok(token) => Ok(Some(token)),
        Err(GitLabError::NotFound { .. } | GitLabError::Status { status: 400, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The first cause that explains the error, the surest first.
fn diagnosis(
    purchase: &Purchase,
    token: Result<Option<TokenSelf>, GitLabError>,
    rights: Result<Rights, GitLabError>,
    purchases: Result<Vec<Purchase>, GitLabError>,
) -> String {
    match token {
        Err(error) => return in_words(&error),
        Ok(Some(token)) if !token.scopes.iter().any(|scope| scope == "api") => {
            return format!(
                "the token has the scopes `{}`, and changing seats takes `api`; hint: make a token with scope `api`",
                token.scopes.join("`, `")
            );
        }
        Ok(_) => {}
    }
    match rights {
        Err(error) => return in_words(&error),
        Ok(Rights { may_manage: false, role }) => {
            return format!(
                "the token's account is {role} any more; hint: give it that role back, or use the token of one who has it"
            );
        }
        Ok(Rights { may_manage: true, .. }) => {}
    }
    let id = &purchase.id;
    match purchases {
        Err(error) => in_words(&error),
        Ok(now) if now.iter().any(|one| one.id == *id) => format!(
            "GitLab shows purchase `{id}` and the token's role and scope suffice, yet it refuses the change; \
             hint: look for an IP restriction, a fine-grained token or a read-only GitLab, and add scope `admin_mode` \
             where GitLab uses Admin Mode"
        ),
        Ok(now) => match now.iter().find(|one| one.add_on == purchase.add_on) {
            Some(other) => format!(
                "purchase `{id}` has been replaced by `{}`; hint: plan again, with the new one",
                other.id
            ),
            None => format!(
                "purchase `{id}` of {} is no longer active: it has ended, or GitLab's subscription is not \
                 synchronised; hint: renew it; its seats cannot be changed until then",
                purchase.add_on.title()
            ),
        },
    }
}

fn in_words(error: &GitLabError) -> String {
    match error.hint() {
        "" => error.in_full(),
        hint => format!("{}; hint: {hint}", error.in_full()),
    }
}

#[cfg(test)]
mod tests {
    use crate::gitlab::diagnose::diagnosis;
    use crate::gitlab::error::GitLabError;
    use crate::gitlab::rights::Rights;
    use crate::gitlab::wire::rest::TokenSelf;
    use crate::model::add_on::AddOn;
    use crate::model::purchase::{Purchase, PurchaseId};

    const ADMINISTRATOR: Rights = Rights { may_manage: true, role: "an administrator" };
    const NOBODY: Rights = Rights { may_manage: false, role: "no administrator" };

    fn purchase(id: &str) -> Purchase {
        Purchase { id: PurchaseId(id.into()), add_on: AddOn::DuoPro, purchased: 5, assigned: 1 }
    }

    fn words(scope: &str, rights: Rights, now: &[Purchase]) -> String {
        let token = TokenSelf { name: String::new(), scopes: vec![scope.to_owned()], expires_at: None };
        let all = diagnosis(&purchase("p"), Ok(Some(token)), Ok(rights), Ok(now.to_vec()));
        all.split(';').next().unwrap_or_default().to_owned()
    }

    #[test]
    fn one_error_has_five_causes() {
        assert_eq!(
            words("read_api", ADMINISTRATOR, &[purchase("p")]),
            "the token has the scopes `read_api`, and changing seats takes `api`"
        );
        assert_eq!(words("api", NOBODY, &[]), "the token's account is no administrator any more");
        assert_eq!(
            words("api", ADMINISTRATOR, &[]),
            "purchase `p` of Duo Pro is no longer active: it has ended, or GitLab's subscription is not synchronised"
        );
        assert_eq!(words("api", ADMINISTRATOR, &[purchase("q")]), "purchase `p` has been replaced by `q`");
        assert_eq!(
            words("api", ADMINISTRATOR, &[purchase("p")]),
            "GitLab shows purchase `p` and the token's role and scope suffice, yet it refuses the change"
        );
    }

    #[test]
    fn a_dead_token_is_named_before_all_else() {
        let dead = GitLabError::Token { words: "Token was revoked.".to_owned() };
        let all = diagnosis(&purchase("p"), Err(dead), Ok(NOBODY), Ok(Vec::new()));
        assert!(
            all.starts_with("GitLab does not accept the token: Token was revoked.; hint: make a new token"),
            "{all}"
        );
    }
}
