//! What `[gitlab]` means.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::model::purchase::Scope;

/// How GitLab is reached, and how much of it may be asked.
#[derive(Debug, Clone)]
pub struct GitLabConfig {
    /// Without `/api`; may have a path (relative URL installations). Plain `http` was allowed explicitly or is loopback.
    pub url: Url,
    pub token: SecretString,
    pub scope: Scope,
    /// Our own budget, whatever GitLab would allow; at least 1.
    pub requests_per_minute: u32,
    /// At least 1.
    pub max_concurrent_requests: u32,
    /// For one request, from connecting to the last byte.
    pub timeout: Duration,
    /// How long one request may wait and be retried altogether before it is given up.
    pub retry_deadline: Duration,
    /// PEM; trusted besides the system's authorities.
    pub ca_file: Option<PathBuf>,
}
