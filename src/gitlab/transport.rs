//! One HTTP request after another to one GitLab: authentication, TLS, bounded bodies, retries.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Request, redirect};
use secrecy::ExposeSecret;
use tokio::time::Instant;
use tracing::Instrument;

use crate::gitlab::answer::{self, Answer};
use crate::gitlab::config::GitLabConfig;
use crate::gitlab::error::GitLabError;
use crate::http::pace::{Limits, Pace, Sent, SoFar, Step, chance, next_step};
use crate::http::pause::pause;
use crate::http::trust::{NoAuthorities, authorities, is_loopback, tls_error};

/// The longest answer that is read. A page of a hundred accounts has about 200 KiB; identity lists come whole.
const LONGEST_BODY: usize = 64 * 1024 * 1024;

/// Sends requests to the configured GitLab and to nobody else: redirects are not followed.
pub struct Transport {
    http: reqwest::Client,
    origin: String,
    pace: Pace,
    requests: AtomicU64,
    /// What GitLab last said is left of its limit; `u64::MAX` where it has not.
    remaining: AtomicU64,
    answered: AtomicBool,
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
        let token = HeaderMap::from_iter([(HeaderName::from_static("private-token"), token)]);
        Ok(Transport {
            http: http(config, token)?,
            origin: config.url.origin().ascii_serialization(),
            pace: Pace::new(Limits {
                requests_per_minute: config.requests_per_minute,
                max_concurrent_requests: config.max_concurrent_requests,
                retry_deadline: config.retry_deadline,
            }),
            requests: AtomicU64::new(0),
            remaining: AtomicU64::new(u64::MAX),
            answered: AtomicBool::new(false),
        })
    }

    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// HTTP requests sent so far, retries included.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// How many requests GitLab's own limit still allows, as far as it told (`RateLimit-Remaining`).
    pub fn remaining(&self) -> Option<u64> {
        Some(self.remaining.load(Ordering::Relaxed)).filter(|remaining| *remaining != u64::MAX)
    }

    /// Sends until there is a final answer, or the patience for it is over.
    pub async fn exchange(&self, operation: &'static str, request: Request) -> Result<Reply, Failure> {
        let span = tracing::debug_span!("gitlab", operation, otel.kind = "client");
        self.exchange_in_span(operation, request).instrument(span).await
    }

    async fn exchange_in_span(&self, operation: &'static str, request: Request) -> Result<Reply, Failure> {
        let (mut attempts, mut perhaps_done) = (0, false);
        let mut since = None;
        loop {
            let permit = self.pace.admit(since).await.map_err(|too_long| Failure {
                error: self.rate_limited(operation, too_long.wait),
                perhaps_done,
            })?;
            let started = *since.get_or_insert_with(Instant::now);
            attempts += 1;
            let sending = Instant::now();
            let attempt = request.try_clone().expect("our bodies are no streams");
            let outcome = self.send(operation, attempt).await;
            drop(permit);
            let sent = sent(&outcome);
            tracing::debug!(attempts, ?sent, milliseconds = sending.elapsed().as_millis(), "asked GitLab");
            let so_far =
                SoFar { attempts, elapsed: started.elapsed(), met: self.answered.load(Ordering::Relaxed) };
            let perhaps_done_before = perhaps_done;
            perhaps_done |= may_have_been_done(sent);
            match next_step(sent, so_far, self.pace.patience, chance()) {
                Step::Take => {
                    // The one answer that is final without being whole is one without end.
                    let answer = outcome.map_err(|error| Failure { error, perhaps_done: true })?;
                    let failed = |error| Failure { error, perhaps_done };
                    answer::judge(&self.origin, operation, &answer).map_err(failed)?;
                    return Ok(Reply { headers: answer.headers, body: answer.body, perhaps_done_before });
                }
                Step::Again { after } => tokio::time::sleep(after).await,
                Step::GiveUp => {
                    let error = match outcome {
                        Ok(Answer { status, .. }) => GitLabError::Unavailable { operation, status, attempts },
                        Err(GitLabError::Lost { cause, .. }) => {
                            GitLabError::Lost { operation, attempts, cause }
                        }
                        Err(other) => other,
                    };
                    return Err(Failure { error, perhaps_done });
                }
                Step::TooLong { wait } => {
                    return Err(Failure { error: self.rate_limited(operation, wait), perhaps_done });
                }
            }
        }
    }

    /// Once, from the first byte sent to the last one read.
    async fn send(&self, operation: &'static str, request: Request) -> Result<Answer, GitLabError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let mut response =
            self.http.execute(request).await.map_err(|cause| self.not_answered(operation, cause))?;
        self.answered.store(true, Ordering::Relaxed);
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        if let Some(pause) = pause(&headers).filter(|_| matches!(status, 200..=299 | 429)) {
            self.pace.close_for(pause);
        }
        if let Some(remaining) = answer::number(&headers, "ratelimit-remaining") {
            self.remaining.store(remaining, Ordering::Relaxed);
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|cause| self.not_answered(operation, cause))? {
            if body.len() + chunk.len() > LONGEST_BODY {
                return Err(GitLabError::TooLong { operation, limit: LONGEST_BODY });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body })
    }

    /// The address is taken out of the cause: its query may hold an address of a person.
    fn not_answered(&self, operation: &'static str, cause: reqwest::Error) -> GitLabError {
        let cause = cause.without_url();
        let origin = self.origin.clone();
        match tls_error(&cause) {
            Some(cause) => GitLabError::Untrusted { origin, cause },
            None if cause.is_connect() => GitLabError::Unreachable { origin, cause },
            None => GitLabError::Lost { operation, attempts: 1, cause },
        }
    }

    fn rate_limited(&self, operation: &'static str, wait: std::time::Duration) -> GitLabError {
        GitLabError::RateLimited { operation, wait, deadline: self.pace.patience.deadline }
    }
}

/// A client of this GitLab, which sends these headers with every request. Redirects are not followed.
pub fn http(config: &GitLabConfig, headers: HeaderMap) -> Result<reqwest::Client, GitLabError> {
    // Whoever came first has installed the same provider: there is one TLS stack.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut http = reqwest::Client::builder()
        .user_agent(concat!("seatsync/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .redirect(redirect::Policy::none())
        .referer(false)
        .timeout(config.timeout);
    if let Some(path) = &config.ca_file {
        http = http.tls_certs_merge(authorities(path).map_err(|why| no_authorities(path, why))?);
    } else if config.url.scheme() == "http" {
        // Nothing will be verified: a machine without any authorities shall do.
        http = http.tls_certs_only([]);
    }
    if is_loopback(&config.url) {
        http = http.no_proxy();
    }
    http.build().map_err(|cause| GitLabError::Setup { cause })
}

/// How a sending went, as far as the next step depends on it.
fn sent(outcome: &Result<Answer, GitLabError>) -> Sent {
    match outcome {
        Ok(answer) => Sent::Answered { status: answer.status, pause: pause(&answer.headers) },
        Err(GitLabError::Unreachable { .. }) => Sent::Unreached { curable: true },
        Err(GitLabError::Untrusted { .. }) => Sent::Unreached { curable: false },
        // An endless answer is final: nothing else will come of asking again.
        Err(GitLabError::TooLong { .. }) => Sent::Answered { status: 200, pause: None },
        Err(_) => Sent::Lost,
    }
}

/// A server that fails may fail after it has done the work, as GitLab's 503 for a slow statement shows.
fn may_have_been_done(sent: Sent) -> bool {
    match sent {
        Sent::Unreached { .. } => false,
        Sent::Lost => true,
        Sent::Answered { status, .. } => status >= 500,
    }
}

fn no_authorities(path: &Path, why: NoAuthorities) -> GitLabError {
    match why {
        NoAuthorities::Unreadable(cause) => GitLabError::CaFile { path: path.to_owned(), cause },
        NoAuthorities::NoCertificate(cause) => GitLabError::Setup { cause },
        NoAuthorities::Empty => GitLabError::NoCertificate { path: path.to_owned() },
    }
}
