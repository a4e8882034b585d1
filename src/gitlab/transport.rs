//! One HTTP request after another to one GitLab: authentication, TLS, bounded bodies, retries.

use reqwest::Request;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::ExposeSecret;
use tracing::Instrument;

use crate::gitlab::answer;
use crate::gitlab::config::GitLabConfig;
use crate::gitlab::error::GitLabError;
use crate::http::answer::Answer;
use crate::http::client::{Setup, client};
use crate::http::exchange::{Line, Trouble};
use crate::http::pace::Limits;

/// The longest answer that is read. A page of a hundred accounts has about 200 KiB; identity lists come whole.
const LONGEST_BODY: usize = 64 * 1024 * 1024;

/// Sends requests to the configured GitLab and to nobody else: redirects are not followed.
pub struct Transport {
    line: Line,
    origin: String,
}

/// An answer that may hold data.
pub struct Reply {
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// An earlier sending of the same request may have been carried out, its answer being lost.
    pub perhaps_done_before: bool,
}

/// Why there is no answer that may hold data.
pub struct Failure {
    pub error: GitLabError,
    /// GitLab may have carried the request out all the same.
    pub perhaps_done: bool,
}

impl Transport {
    /// Reads `ca_file`; connects to nothing yet.
    pub fn new(config: &GitLabConfig) -> Result<Transport, GitLabError> {
        let mut token = HeaderValue::from_str(config.token.expose_secret())
            .map_err(|_not_for_a_header| GitLabError::UnsendableToken)?;
        token.set_sensitive(true);
        let http = http(config, HeaderMap::from_iter([(HeaderName::from_static("private-token"), token)]))?;
        let limits = Limits {
            requests_per_minute: config.requests_per_minute,
            max_concurrent_requests: config.max_concurrent_requests,
            retry_deadline: config.retry_deadline,
        };
        Ok(Transport { line: Line::new(http, limits), origin: config.url.origin().ascii_serialization() })
    }

    pub fn http(&self) -> &reqwest::Client {
        self.line.http()
    }

    /// HTTP requests sent so far, retries included.
    pub fn requests(&self) -> u64 {
        self.line.requests()
    }

    /// How many requests GitLab's own limit still allows, as far as it told (`RateLimit-Remaining`).
    pub fn remaining(&self) -> Option<u64> {
        self.line.remaining()
    }

    /// Sends until there is a final answer, or the patience for it is over.
    pub async fn exchange(&self, operation: &'static str, request: Request) -> Result<Reply, Failure> {
        let span = tracing::debug_span!("gitlab", operation, otel.kind = "client");
        let sent = self.line.exchange(request, LONGEST_BODY).instrument(span).await;
        let reply = sent.map_err(|failure| Failure {
            error: self.error(operation, failure.trouble),
            perhaps_done: failure.perhaps_done,
        })?;
        let failed = |error| Failure { error, perhaps_done: reply.perhaps_done };
        answer::judge(&self.origin, operation, &reply.answer).map_err(failed)?;
        let Answer { headers, body, .. } = reply.answer;
        Ok(Reply { headers, body, perhaps_done_before: reply.perhaps_done_before })
    }

    fn error(&self, operation: &'static str, trouble: Trouble) -> GitLabError {
        let origin = self.origin.clone();
        match trouble {
            Trouble::Untrusted(cause) => GitLabError::Untrusted { origin, cause },
            Trouble::Unreachable(cause) => GitLabError::Unreachable { origin, cause },
            Trouble::Lost { attempts, cause } => GitLabError::Lost { operation, attempts, cause },
            Trouble::TooLong { limit } => GitLabError::TooLong { operation, limit },
            Trouble::Unavailable { status, attempts } => {
                GitLabError::Unavailable { operation, status, attempts }
            }
            Trouble::RateLimited { wait, deadline } => GitLabError::RateLimited { operation, wait, deadline },
        }
    }
}

/// A client of this GitLab, which sends these headers with every request.
pub fn http(config: &GitLabConfig, headers: HeaderMap) -> Result<reqwest::Client, GitLabError> {
    let ca_file = config.ca_file.as_deref();
    Ok(client(Setup { urls: &[&config.url], ca_file, timeout: config.timeout, headers })?)
}
