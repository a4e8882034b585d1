//! The way to one service provider: each request with the token of the day, each answer judged before it is read.

use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use serde::de::DeserializeOwned;
use tracing::Instrument as _;
use url::Url;

use crate::http::answer::{Answer, is_web_page, one_line, redirect_target};
use crate::http::client::{Setup, client};
use crate::http::exchange::Line;
use crate::sources::scim::config::{Login, ScimConfig};
use crate::sources::scim::error::{ScimError, origin};
use crate::sources::scim::login::Bearer;
use crate::sources::scim::wire::Refusal;

/// The longest page that is read: a thousand users with their photographs' addresses have about 5 MiB.
pub const LONGEST_PAGE: usize = 8 * 1024 * 1024;

/// The longest group that is read: a hundred thousand members have about 20 MiB.
pub const LONGEST_GROUP: usize = 64 * 1024 * 1024;

/// Sends requests to the configured service provider, and to whoever gives the tokens.
pub struct Connection {
    line: Line,
    base: Url,
    bearer: Bearer,
}

impl Connection {
    /// Reads `ca_file`; connects to nobody yet.
    pub fn new(config: &ScimConfig) -> Result<Connection, ScimError> {
        let mut urls = vec![&config.url];
        match &config.login {
            Login::Token(_) => {}
            Login::OAuth(oauth) => urls.push(&oauth.token_url),
        }
        let setup = Setup {
            urls: &urls,
            ca_file: config.ca_file.as_deref(),
            timeout: config.timeout,
            headers: HeaderMap::new(),
        };
        Ok(Connection {
            line: Line::new(client(setup)?, config.limits),
            base: config.url.clone(),
            bearer: Bearer::new(&config.login)?,
        })
    }

    /// Where it leads, without a slash at its end.
    pub fn place(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// HTTP requests sent so far, retries included.
    pub fn requests(&self) -> u64 {
        self.line.requests()
    }

    /// An address below the base.
    pub fn url(&self, path: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        url.path_segments_mut().expect("`url` is http or https").pop_if_empty().extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// Reads one thing.
    pub async fn read<T: DeserializeOwned>(
        &self,
        what: &str,
        url: Url,
        limit: usize,
    ) -> Result<T, ScimError> {
        let body = self.get(what, url, limit).await?;
        serde_json::from_slice(&body).map_err(|error| ScimError::Unreadable {
            what: what.to_owned(),
            place: format!("line {}, column {}", error.line(), error.column()),
        })
    }

    /// The body of an answer that may hold what was asked for.
    pub async fn get(&self, what: &str, url: Url, limit: usize) -> Result<Vec<u8>, ScimError> {
        let mut renewed = false;
        loop {
            let token = self.bearer.header(&self.line).await?;
            let mut request = reqwest::Request::new(Method::GET, url.clone());
            request.headers_mut().insert(AUTHORIZATION, token.clone());
            let accepted = HeaderValue::from_static("application/scim+json, application/json;q=0.9");
            request.headers_mut().insert(ACCEPT, accepted);
            let span = tracing::debug_span!("scim", what, otel.kind = "client");
            let sent = self.line.exchange(request, limit).instrument(span).await;
            let answer = sent
                .map_err(|failure| ScimError::unanswered(what, &origin(&self.base), failure.trouble))?
                .answer;
            // A token may end before its time; a second one that is not accepted either never will be.
            if answer.status == 401 && !renewed && self.bearer.discard(&token).await {
                renewed = true;
                continue;
            }
            return judged(what, answer);
        }
    }
}

/// Lets pass what may hold data, and puts everything else into words.
fn judged(what: &str, answer: Answer) -> Result<Vec<u8>, ScimError> {
    let (what, status) = (what.to_owned(), answer.status);
    let refusal = Refusal::read(&answer.body);
    let of_scim = refusal.is_some();
    let words = refusal.map(|refusal| {
        let words: Vec<String> = [refusal.kind, refusal.detail].into_iter().flatten().collect();
        one_line(&words.join(": "))
    });
    let words = words.unwrap_or_default();
    match status {
        200..=299 if is_web_page(&answer) => Err(ScimError::WebPage { what, status }),
        200..=299 => Ok(answer.body),
        300..=399 => Err(ScimError::Redirected { what, target: redirect_target(&answer) }),
        401 => Err(ScimError::Token { words }),
        404 if of_scim => Err(ScimError::NotFound { what }),
        404 => Err(ScimError::NoSuchPlace { what }),
        _ if is_web_page(&answer) => Err(ScimError::WebPage { what, status }),
        403 => Err(ScimError::Forbidden { what, words }),
        _ => Err(ScimError::Refused { what, status, words }),
    }
}
