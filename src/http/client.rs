//! An HTTP client as all of ours are: it follows no redirects, waits no longer than it may, and trusts whom it is told to.

use std::path::Path;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::redirect;
use url::Url;

use crate::http::trust::{NoClient, authorities, is_loopback};

/// What a client is to be like.
#[derive(Debug)]
pub struct Setup<'a> {
    /// Whom it will talk to; never empty.
    pub urls: &'a [&'a Url],
    /// PEM; trusted besides the system's authorities.
    pub ca_file: Option<&'a Path>,
    /// For one request, from connecting to the last byte.
    pub timeout: Duration,
    /// Of each request.
    pub headers: HeaderMap,
}

/// Reads `ca_file`; connects to nobody yet.
pub fn client(setup: Setup<'_>) -> Result<reqwest::Client, NoClient> {
    // Whoever came first has installed the same provider: there is one TLS stack.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut http = reqwest::Client::builder()
        .user_agent(concat!("seatsync/", env!("CARGO_PKG_VERSION")))
        .default_headers(setup.headers)
        .redirect(redirect::Policy::none())
        .referer(false)
        .timeout(setup.timeout);
    if let Some(path) = setup.ca_file {
        http = http.tls_certs_merge(authorities(path)?);
    } else if setup.urls.iter().all(|url| url.scheme() == "http") {
        // Nothing will be verified: a machine without any authorities shall do.
        http = http.tls_certs_only([]);
    }
    if setup.urls.iter().all(|url| is_loopback(url)) {
        http = http.no_proxy();
    }
    http.build().map_err(NoClient::Setup)
}
