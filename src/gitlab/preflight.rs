//! What `seatsync check` asks GitLab before anything is planned. Changes nothing.

use jiff::civil::Date;
use serde::de::IgnoredAny;

use crate::gitlab::client::Client;
use crate::gitlab::diagnose::token;
use crate::gitlab::error::GitLabError;
use crate::gitlab::purchases::purchases;
use crate::gitlab::reader::Reader;
use crate::gitlab::rights::{Rights, rights};
use crate::gitlab::version::Version;
use crate::gitlab::wire::gid::rest_id;
use crate::gitlab::wire::rest::{RestUser, TokenSelf};
use crate::model::purchase::{Purchase, Scope};

/// What GitLab told about itself and our token, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preflight {
    pub version: Option<String>,
    /// `None` where GitLab does not tell: it is no personal access token.
    pub token: Option<TokenFacts>,
    /// Fits after `the token's account is`: `an administrator`.
    pub role: Option<&'static str>,
    /// Those whose seats can be assigned.
    pub purchases: Vec<Purchase>,
    /// The worst first.
    pub problems: Vec<Problem>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenFacts {
    pub name: String,
    pub scopes: Vec<String>,
    /// The first day on which it is refused; `None` for never.
    pub expires_on: Option<Date>,
}

/// Something wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub stops: Stops,
    pub sentence: String,
    /// The next step.
    pub hint: String,
}

/// What a problem makes impossible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stops {
    Planning,
    Applying,
    Nothing,
}

impl Reader {
    /// Asks for the version, and, where GitLab answers at all, for all the rest at once.
    pub async fn preflight(&self) -> Preflight {
        let client = &*self.client;
        let version = match client.version().await {
            Ok(version) => version,
            Err(error) => return Preflight { problems: vec![told(&error)], ..Preflight::default() },
        };
        let (token, rights, accounts, purchases) =
            futures_util::join!(token(client), rights(client), accounts_shown(client), purchases(client));
        judged(client.scope(), version, token, rights, accounts, purchases)
    }
}

/// Whether GitLab shows accounts as a plan needs them: under Admin Mode even an administrator's token may not see them.
async fn accounts_shown(client: &Client) -> Result<(), GitLabError> {
    let Some(group) = client.namespace().await?.and_then(rest_id) else {
        let url = client.api(&["users"], &[("per_page", "1")]);
        let users: Vec<RestUser> = client.rest("GET /users", url).await?;
        return if users.iter().all(RestUser::is_whole) { Ok(()) } else { Err(GitLabError::NoAdministrator) };
    };
    let url = client.api(&["groups", &group.to_string(), "billable_members"], &[("per_page", "1")]);
    client.rest::<IgnoredAny>("GET /groups/:id/billable_members", url).await.map(|_members| ())
}

fn judged(
    scope: &Scope,
    version: &Version,
    token: Result<Option<TokenSelf>, GitLabError>,
    rights: Result<Rights, GitLabError>,
    accounts: Result<(), GitLabError>,
    purchases: Result<Vec<Purchase>, GitLabError>,
) -> Preflight {
    let mut problems = Vec::new();
    if !version.lists_holders() {
        let sentence = format!("GitLab {version} is too old: it lists the holders of seats since 17.5");
        problems.push(problem(Stops::Planning, sentence, "upgrade GitLab"));
    }
    let token = kept(token, &mut problems).flatten();
    if let Some(token) = &token {
        let has = |wanted: &str| token.scopes.iter().any(|scope| scope == wanted);
        let sentence = format!("the token has the scopes `{}`, not `api`", token.scopes.join("`, `"));
        if !has("api") {
            let stops = if has("read_api") { Stops::Applying } else { Stops::Planning };
            problems.push(problem(
                stops,
                sentence,
                "`plan` takes a token with scope `read_api`, `apply` one with `api`",
            ));
        }
    }
    let rights = kept(rights, &mut problems);
    if let Some(Rights { may_manage: false, role }) = rights {
        let hint = match scope {
            Scope::Instance => {
                "use an administrator's token, with scope `admin_mode` where GitLab uses Admin Mode"
            }
            Scope::TopLevelGroup { .. } => "use the token of an Owner of `gitlab.top_level_group`",
        };
        problems.push(problem(Stops::Planning, format!("the token's account is {role}"), hint));
    } else {
        kept(accounts, &mut problems);
    }
    let purchases = kept(purchases, &mut problems);
    if purchases.as_ref().is_some_and(Vec::is_empty) {
        let sentence = "GitLab shows no active purchase whose seats can be assigned".to_owned();
        let hint =
            "if there is one, synchronise GitLab's subscription, and check the role of the token's account";
        problems.push(problem(Stops::Planning, sentence, hint));
    }
    for over in purchases.iter().flatten().filter(|purchase| purchase.assigned > purchase.purchased) {
        let sentence = format!(
            "{} has {} seats purchased and {} assigned, so that GitLab refuses every assignment",
            over.add_on.title(),
            over.purchased,
            over.assigned
        );
        problems.push(problem(Stops::Nothing, sentence, "buy seats or take some back"));
    }
    problems.sort_by_key(|problem| problem.stops);
    problems.dedup_by(|one, other| one.sentence == other.sentence);
    Preflight {
        version: Some(version.to_string()),
        token: token.map(|token| TokenFacts {
            name: token.name,
            scopes: token.scopes,
            expires_on: token.expires_at,
        }),
        role: rights.map(|rights| rights.role),
        purchases: purchases.unwrap_or_default(),
        problems,
    }
}

fn kept<T>(read: Result<T, GitLabError>, problems: &mut Vec<Problem>) -> Option<T> {
    read.map_err(|error| problems.push(told(&error))).ok()
}

fn told(error: &GitLabError) -> Problem {
    problem(Stops::Planning, error.in_full(), error.hint())
}

fn problem(stops: Stops, sentence: String, hint: &str) -> Problem {
    Problem { stops, sentence, hint: hint.to_owned() }
}

#[cfg(test)]
mod tests {
    use crate::gitlab::error::GitLabError;
    use crate::gitlab::preflight::{Preflight, Stops, judged};
    use crate::gitlab::rights::Rights;
    use crate::gitlab::version::Version;
    use crate::gitlab::wire::rest::TokenSelf;
    use crate::model::add_on::AddOn;
    use crate::model::purchase::{Purchase, PurchaseId, Scope};

    const ADMINISTRATOR: Rights = Rights { may_manage: true, role: "an administrator" };

    fn token(scope: &str) -> Option<TokenSelf> {
        Some(TokenSelf { name: "seats".to_owned(), scopes: vec![scope.to_owned()], expires_at: None })
    }

    fn purchase(assigned: u32) -> Purchase {
        Purchase { id: PurchaseId("p".into()), add_on: AddOn::DuoPro, purchased: 5, assigned }
    }

    fn problems(preflight: &Preflight) -> Vec<(Stops, &str)> {
        preflight.problems.iter().map(|problem| (problem.stops, &*problem.sentence)).collect()
    }

    #[test]
    fn a_token_that_may_only_read_stops_applying_alone() {
        let version = Version::new("18.9.0-ee");
        let preflight = judged(
            &Scope::Instance,
            &version,
            Ok(token("read_api")),
            Ok(ADMINISTRATOR),
            Ok(()),
            Ok(vec![purchase(3)]),
        );
        assert_eq!(
            problems(&preflight),
            [(Stops::Applying, "the token has the scopes `read_api`, not `api`")]
        );
        assert_eq!(
            (preflight.version.as_deref(), preflight.role),
            (Some("18.9.0-ee"), Some("an administrator"))
        );
    }

    #[test]
    fn everything_wrong_is_said_at_once_and_only_once() {
        let dead = || GitLabError::Token { words: "Token was revoked.".to_owned() };
        let version = Version::new("17.4.0-ee");
        let preflight =
            judged(&Scope::Instance, &version, Err(dead()), Err(dead()), Err(dead()), Ok(vec![purchase(6)]));
        assert_eq!(
            problems(&preflight),
            [
                (Stops::Planning, "GitLab 17.4.0-ee is too old: it lists the holders of seats since 17.5"),
                (Stops::Planning, "GitLab does not accept the token: Token was revoked."),
                (
                    Stops::Nothing,
                    "Duo Pro has 5 seats purchased and 6 assigned, so that GitLab refuses every assignment"
                ),
            ]
        );
    }

    #[test]
    fn an_administrator_without_admin_mode_is_told_so() {
        let version = Version::new("18.9.0-ee");
        let forbidden = GitLabError::Forbidden { operation: "GET /users", words: "403 Forbidden".to_owned() };
        let preflight = judged(
            &Scope::Instance,
            &version,
            Ok(token("api")),
            Ok(ADMINISTRATOR),
            Err(forbidden),
            Ok(vec![purchase(3)]),
        );
        assert_eq!(problems(&preflight), [(Stops::Planning, "GitLab forbids `GET /users`: 403 Forbidden")]);
        assert!(preflight.problems[0].hint.contains("`admin_mode`"));
    }
}
