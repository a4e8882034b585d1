//! Everything that can go wrong between us and a service provider, each with its own words and, where there is one, the next step.

use std::error::Error as _;
use std::time::Duration;

use url::Url;

use crate::http::exchange::Trouble;
use crate::http::trust::NoClient;
use crate::ports::EdgeError;
use crate::sources::scim::paging::PagingFault;

/// `what` is the request, such as `GET /Users`.
#[derive(Debug, thiserror::Error)]
pub enum ScimError {
    #[error(transparent)]
    NoClient(#[from] NoClient),
    #[error("the token holds characters that no header may carry")]
    UnsendableToken,
    #[error("failed to connect to `{origin}`")]
    Unreachable {
        origin: String,
        #[source]
        cause: reqwest::Error,
    },
    #[error("`{origin}` is not trusted")]
    Untrusted {
        origin: String,
        #[source]
        cause: rustls::Error,
    },
    #[error("`{what}` was not answered in {attempts} attempts")]
    Lost {
        what: String,
        attempts: u32,
        #[source]
        cause: reqwest::Error,
    },
    #[error("the answer to `{what}` is longer than {} MiB", limit / (1024 * 1024))]
    TooLong { what: String, limit: usize },
    #[error("`{what}` must wait {wait:?}, and {deadline:?} is the most")]
    RateLimited { what: String, wait: Duration, deadline: Duration },
    #[error("`{what}` failed with status {status} in {attempts} attempts")]
    Unavailable { what: String, status: u16, attempts: u32 },
    #[error("`{what}` was answered with a web page (status {status})")]
    WebPage { what: String, status: u16 },
    #[error("`{what}` is redirected to `{target}`")]
    Redirected { what: String, target: String },
    #[error("the service provider does not accept the token{}", said(words))]
    Token { words: String },
    #[error("the service provider forbids `{what}`{}", said(words))]
    Forbidden { what: String, words: String },
    /// The service provider itself says so.
    #[error("there is no such thing as `{what}` asks for")]
    NotFound { what: String },
    /// Whoever answered may not be the service provider.
    #[error("nothing answers to `{what}` (status 404, which is no answer of SCIM)")]
    NoSuchPlace { what: String },
    #[error("`{what}` was refused with status {status}{}", said(words))]
    Refused { what: String, status: u16, words: String },
    #[error("the answer to `{what}` is not what was asked for ({place})")]
    Unreadable { what: String, place: String },
    #[error("the list of `{what}` cannot be trusted")]
    List {
        what: String,
        #[source]
        cause: PagingFault,
    },
    #[error("`{origin}` gives no token (status {status}){}", said(words))]
    NoToken { origin: String, status: u16, words: String },
    #[error("`{origin}` answered with no token that can be used")]
    UnreadableToken { origin: String },
    #[error("the reading took longer than {minutes} minutes")]
    TooSlow { minutes: u64 },
}

impl ScimError {
    /// Why there is no answer from this origin.
    pub fn unanswered(what: &str, origin: &str, trouble: Trouble) -> ScimError {
        let (what, origin) = (what.to_owned(), origin.to_owned());
        match trouble {
            Trouble::Untrusted(cause) => ScimError::Untrusted { origin, cause },
            Trouble::Unreachable(cause) => ScimError::Unreachable { origin, cause },
            Trouble::Lost { attempts, cause } => ScimError::Lost { what, attempts, cause },
            Trouble::TooLong { limit } => ScimError::TooLong { what, limit },
            Trouble::Unavailable { status, attempts } => ScimError::Unavailable { what, status, attempts },
            Trouble::RateLimited { wait, deadline } => ScimError::RateLimited { what, wait, deadline },
        }
    }

    /// With its causes.
    pub fn in_one_line(&self) -> String {
        let mut words = self.to_string();
        let mut below = self.source();
        while let Some(cause) = below {
            words.push_str(&format!(": {cause}"));
            below = cause.source();
        }
        words
    }

    /// Whether a list moved while it was read, or a cursor into it lapsed: then it is worth beginning again.
    pub fn is_movement(&self) -> bool {
        match self {
            ScimError::List { cause, .. } => cause.may_be_movement(),
            ScimError::Refused { words, .. } => words.contains("expiredCursor"),
            ScimError::NoClient(_)
            | ScimError::UnsendableToken
            | ScimError::Unreachable { .. }
            | ScimError::Untrusted { .. }
            | ScimError::Lost { .. }
            | ScimError::TooLong { .. }
            | ScimError::RateLimited { .. }
            | ScimError::Unavailable { .. }
            | ScimError::WebPage { .. }
            | ScimError::Redirected { .. }
            | ScimError::Token { .. }
            | ScimError::Forbidden { .. }
            | ScimError::NotFound { .. }
            | ScimError::NoSuchPlace { .. }
            | ScimError::Unreadable { .. }
            | ScimError::NoToken { .. }
            | ScimError::UnreadableToken { .. }
            | ScimError::TooSlow { .. } => false,
        }
    }
}

impl From<ScimError> for EdgeError {
    fn from(error: ScimError) -> EdgeError {
        let hint = match &error {
            ScimError::NoClient(why) => why.hint(),
            ScimError::UnsendableToken => "was something else put where the token belongs?",
            ScimError::Unreachable { .. } => "check `url`, the network and the firewall",
            ScimError::Untrusted { .. } => "if it is your own authority: ca_file = \"/path/to/ca.pem\"",
            ScimError::TooLong { .. } => "lower `page_size`",
            ScimError::RateLimited { .. } | ScimError::Unavailable { .. } | ScimError::Lost { .. } => {
                "try again later, or lower `requests_per_minute`"
            }
            ScimError::WebPage { .. } | ScimError::NoSuchPlace { .. } => {
                "`url` is the SCIM base address, which often ends with `/scim/v2`, and not that of a page for people"
            }
            ScimError::Redirected { .. } => "write the address where it ends: tokens do not follow redirects",
            ScimError::Token { .. } => "check `token`: it may have expired, or belong to another tenant",
            ScimError::Forbidden { .. } => "the token needs the right to read users and groups",
            ScimError::Unreadable { .. } => {
                "is `url` the SCIM base address, which often ends with `/scim/v2`?"
            }
            ScimError::NoToken { .. } | ScimError::UnreadableToken { .. } => {
                "check `oauth`: token_url, client_id, client_secret, scope, and `client_auth`, which some want to be \"client_secret_post\""
            }
            ScimError::TooSlow { .. } => {
                "raise `requests_per_minute` and `max_concurrent_requests`, as far as the service provider lets you"
            }
            ScimError::NotFound { .. } | ScimError::Refused { .. } | ScimError::List { .. } => "",
        };
        EdgeError::new(error).hinting(hint)
    }
}

/// The origin alone: the path and the query may hold what is not for a report.
pub fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn said(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(": {words}") }
}
