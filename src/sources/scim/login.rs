//! Proving who we are: a bearer token as it is, or one that OAuth 2.0 gives for a while (RFC 6749, RFC 6750).

use std::time::Duration;

use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::form_urlencoded;

use crate::http::answer::one_line;
use crate::http::exchange::Line;
use crate::sources::scim::config::{ClientAuth, Login, OAuth};
use crate::sources::scim::error::{ScimError, origin};

/// An answer of a few hundred bytes.
const LONGEST_BODY: usize = 256 * 1024;

/// A token is renewed so long before it ends: requests take time, and clocks differ.
const MARGIN: Duration = Duration::from_secs(30);

/// What goes into the header `Authorization`.
pub enum Bearer {
    Fixed(HeaderValue),
    /// Whoever holds the lock renews for all.
    Renewed {
        oauth: Box<OAuth>,
        current: Mutex<Option<Lease>>,
    },
}

/// A token for a while.
pub struct Lease {
    header: HeaderValue,
    until: Option<Instant>,
}

impl Bearer {
    /// Asks for nothing yet.
    pub fn new(login: &Login) -> Result<Bearer, ScimError> {
        Ok(match login {
            Login::Token(token) => Bearer::Fixed(header(token)?),
            Login::OAuth(oauth) => {
                Bearer::Renewed { oauth: Box::new(oauth.clone()), current: Mutex::new(None) }
            }
        })
    }

    /// The header of the next request; a token that is about to end is renewed first.
    pub async fn header(&self, line: &Line) -> Result<HeaderValue, ScimError> {
        match self {
            Bearer::Fixed(header) => Ok(header.clone()),
            Bearer::Renewed { oauth, current } => {
                let mut current = current.lock().await;
                let held =
                    current.as_ref().filter(|lease| lease.until.is_none_or(|until| Instant::now() < until));
                if let Some(lease) = held {
                    return Ok(lease.header.clone());
                }
                let lease = renew(oauth, line).await?;
                Ok(current.insert(lease).header.clone())
            }
        }
    }

    /// The service provider does not accept this header: whether another may be had.
    pub async fn discard(&self, refused: &HeaderValue) -> bool {
        match self {
            Bearer::Fixed(_) => false,
            Bearer::Renewed { current, .. } => {
                let mut current = current.lock().await;
                if current.as_ref().is_some_and(|lease| lease.header == refused) {
                    *current = None;
                }
                true
            }
        }
    }
}

async fn renew(oauth: &OAuth, line: &Line) -> Result<Lease, ScimError> {
    #[derive(Deserialize)]
    struct Granted {
        access_token: String,
        expires_in: Option<u64>,
    }
    #[derive(Deserialize)]
    struct Refused {
        error: Option<String>,
        error_description: Option<String>,
    }
    let origin = origin(&oauth.token_url);
    let asked = Instant::now();
    let reply = line
        .exchange(request(oauth)?, LONGEST_BODY)
        .await
        .map_err(|failure| ScimError::unanswered("POST token_url", &origin, failure.trouble))?;
    let (status, body) = (reply.answer.status, reply.answer.body);
    if !(200..=299).contains(&status) {
        // Only what RFC 6749 defines is shown: a page may echo what was sent.
        let refused = serde_json::from_slice::<Refused>(&body).ok();
        let words = refused.map(|refused| [refused.error, refused.error_description]).unwrap_or_default();
        let words: Vec<String> = words.into_iter().flatten().collect();
        return Err(ScimError::NoToken { origin, status, words: one_line(&words.join(": ")) });
    }
    let unreadable = || ScimError::UnreadableToken { origin: origin.clone() };
    let granted: Granted = serde_json::from_slice(&body).map_err(|_| unreadable())?;
    let lifetime = granted.expires_in.map(Duration::from_secs);
    // A token that lives no longer than the margin is used for half of its life.
    let until = lifetime.and_then(|life| asked.checked_add(life.saturating_sub(MARGIN).max(life / 2)));
    Ok(Lease { header: header(&granted.access_token.into()).map_err(|_| unreadable())?, until })
}

fn request(oauth: &OAuth) -> Result<reqwest::Request, ScimError> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "client_credentials");
    if let Some(scope) = &oauth.scope {
        form.append_pair("scope", scope);
    }
    let secret = oauth.client_secret.expose_secret();
    let mut request = reqwest::Request::new(Method::POST, oauth.token_url.clone());
    match oauth.client_auth {
        ClientAuth::Basic => {
            let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let pair = format!("{}:{}", encoded(&oauth.client_id), encoded(secret));
            let mut basic =
                HeaderValue::try_from(format!("Basic {}", data_encoding::BASE64.encode(pair.as_bytes())))
                    .map_err(|_not_for_a_header| ScimError::UnsendableToken)?;
            basic.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, basic);
        }
        ClientAuth::Post => {
            form.append_pair("client_id", &oauth.client_id).append_pair("client_secret", secret);
        }
    }
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
    *request.body_mut() = Some(form.finish().into());
    Ok(request)
}

fn header(token: &SecretString) -> Result<HeaderValue, ScimError> {
    let mut header = HeaderValue::try_from(format!("Bearer {}", token.expose_secret().trim()))
        .map_err(|_not_for_a_header| ScimError::UnsendableToken)?;
    header.set_sensitive(true);
    Ok(header)
}
