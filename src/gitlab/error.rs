//! What can go wrong between us and GitLab, in words and with the next step.

use std::error::Error;
use std::time::Duration;

use crate::http::trust::NoClient;
use crate::model::add_on::AddOn;
use crate::ports::EdgeError;

/// One variant for each thing that a user would set right in a different place. No variant holds a token, an
/// address or a name; GitLab's own words are cut to one line.
#[derive(Debug, thiserror::Error)]
pub enum GitLabError {
    #[error(transparent)]
    NoClient(#[from] NoClient),
    #[error("the token holds a character that no HTTP header may hold")]
    UnsendableToken,
    #[error("cannot reach GitLab at `{origin}`")]
    Unreachable {
        origin: String,
        #[source]
        cause: reqwest::Error,
    },
    #[error("the certificate of `{origin}` is not accepted")]
    Untrusted {
        origin: String,
        #[source]
        cause: rustls::Error,
    },
    #[error("the answer to `{operation}` did not arrive, {}", asked(*attempts))]
    Lost {
        operation: &'static str,
        attempts: u32,
        #[source]
        cause: reqwest::Error,
    },
    #[error("the answer to `{operation}` is longer than {limit} bytes")]
    TooLong { operation: &'static str, limit: usize },
    #[error("GitLab failed to answer `{operation}`, {}, at last with status {status}", asked(*attempts))]
    Unavailable { operation: &'static str, status: u16, attempts: u32 },
    #[error("GitLab's rate limit wants {} seconds of pause before `{operation}`, beyond the deadline of {} seconds", wait.as_secs(), deadline.as_secs())]
    RateLimited { operation: &'static str, wait: Duration, deadline: Duration },
    #[error("GitLab does not accept the token: {words}")]
    Token { words: String },
    #[error("the token lacks the scope that `{operation}` needs")]
    Scope { operation: &'static str },
    #[error("the account of the token is blocked or deactivated")]
    Blocked,
    #[error("GitLab forbids `{operation}`: {words}")]
    Forbidden { operation: &'static str, words: String },
    #[error("`{origin}` knows no `{operation}` (status 404)")]
    NotFound { origin: String, operation: &'static str },
    #[error("`{origin}` redirects `{operation}` to `{target}`")]
    Redirected { origin: String, operation: &'static str, target: String },
    #[error("`{operation}` was answered with a web page (status {status})")]
    WebPage { operation: &'static str, status: u16 },
    #[error("GitLab refused `{operation}` with status {status}: {words}")]
    Status { operation: &'static str, status: u16, words: String },
    #[error("GitLab refused `{operation}`: {words}")]
    GraphQl { operation: &'static str, words: String },
    #[error("the answer to `{operation}` does not say what was asked ({place})")]
    Unreadable { operation: &'static str, place: String },
    #[error("the list of {of} cannot be trusted: {because}")]
    Paging { of: &'static str, because: &'static str },
    #[error("GitLab shows no purchase of {add_on}, but to an account that is {role} it would show none")]
    NoRight { add_on: AddOn, role: &'static str },
    #[error("GitLab showed accounts without their addresses and identities: the token is no administrator's")]
    NoAdministrator,
    #[error("GitLab shows no group `{path}`")]
    NoGroup { path: Box<str> },
    #[error("GitLab shows two active purchases of {add_on}, `{first}` and `{second}`")]
    TwoPurchases { add_on: AddOn, first: Box<str>, second: Box<str> },
}

impl GitLabError {
    /// The next step; empty where there is none but trying again later.
    pub fn hint(&self) -> &'static str {
        match self {
            GitLabError::NoClient(NoClient::CaFile { .. } | NoClient::NoCertificate { .. }) => {
                "`gitlab.ca_file` names a readable file of PEM certificates"
            }
            GitLabError::NoClient(why) => why.hint(),
            GitLabError::UnsendableToken => "look for a line break or a blank within the token",
            GitLabError::Unreachable { .. } => {
                "check `gitlab.url`, name resolution, the firewall, and HTTPS_PROXY and NO_PROXY"
            }
            GitLabError::Untrusted { .. } => {
                "name the authority that signed it: `ca_file = \"…\"` under `[gitlab]`"
            }
            GitLabError::Lost { .. } => {
                "the network or a proxy cuts connections; `gitlab.timeout` may be too short"
            }
            GitLabError::TooLong { .. } | GitLabError::Unreadable { .. } => {
                "is `gitlab.url` a GitLab of version 17.5 or newer, with nothing in between that alters answers?"
            }
            GitLabError::Unavailable { .. } => "look at GitLab's own health, then run again",
            GitLabError::RateLimited { .. } => {
                "run again later, or lower `gitlab.requests_per_minute`; the next run takes up what is left"
            }
            GitLabError::Token { .. } => {
                "make a new token with scope `api` (`read_api` is enough for `plan`) and put it where `gitlab.token` says"
            }
            GitLabError::Scope { .. } => {
                "make a token with scope `api` (`read_api` is enough for `plan`), and `admin_mode` where GitLab uses Admin Mode"
            }
            GitLabError::Blocked => "unblock that account, or use the token of another",
            GitLabError::Forbidden { .. } | GitLabError::NoAdministrator => {
                "the token must be an administrator's, with scope `admin_mode` where GitLab uses Admin Mode; \
                 with `gitlab.top_level_group`, an Owner's of that group"
            }
            GitLabError::NotFound { .. } => {
                "`gitlab.url` is the address of GitLab itself, without `/api`, with the path where it lives under one"
            }
            GitLabError::Redirected { .. } => "set `gitlab.url` to the address that GitLab itself uses",
            GitLabError::WebPage { .. } => {
                "a proxy or a sign-in page stands between us and GitLab, or `gitlab.url` is not GitLab's address"
            }
            GitLabError::Status { .. } | GitLabError::GraphQl { .. } => {
                "GitLab 17.5 or newer is needed; `seatsync check` tells the version and the token's rights"
            }
            GitLabError::Paging { .. } => "seats may have been changed while they were read: run again",
            GitLabError::NoRight { .. } => {
                "use an administrator's token (scope `api`, and `admin_mode` where GitLab uses Admin Mode); \
                 with `gitlab.top_level_group`, an Owner's of that group"
            }
            GitLabError::NoGroup { .. } => {
                "`gitlab.top_level_group` is the path of a top-level group that the token's account owns"
            }
            GitLabError::TwoPurchases { .. } => {
                "GitLab's `gitlab:cleanup:duo_add_on_purchase_upgrade` removes a wrong double; seats are left alone until then"
            }
        }
    }
}

impl GitLabError {
    /// The error and its causes in one line.
    pub fn in_full(&self) -> String {
        let mut words = self.to_string();
        let mut below = self.source();
        while let Some(cause) = below {
            words.push_str(": ");
            words.push_str(&cause.to_string());
            below = cause.source();
        }
        words
    }
}

impl From<GitLabError> for EdgeError {
    fn from(error: GitLabError) -> EdgeError {
        let hint = error.hint();
        EdgeError::new(error).hinting(hint)
    }
}

fn asked(attempts: u32) -> String {
    match attempts {
        1 => "asked once".to_owned(),
        2 => "asked twice".to_owned(),
        many => format!("asked {many} times"),
    }
}
