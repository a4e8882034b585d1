//! Sending people to GitLab, and learning who came back.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::jwk::JwkSet;
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::{Url, form_urlencoded};

use crate::gitlab::config::GitLabConfig;
use crate::gitlab::error::GitLabError;
use crate::gitlab::openid::application::Application;
use crate::gitlab::openid::id_token::{Arrival, Expected, IdTokenError, checked};
use crate::gitlab::transport;
use crate::http::answer::{Broken, receive};

/// What GitLab says of itself is asked again after this long. A key that is new by then is asked for at once.
const FRESH: Duration = Duration::from_secs(600);

/// Nothing that we ask for is longer.
const LONGEST_BODY: usize = 256 * 1024;

/// Signs people in with one GitLab.
pub struct SignIn {
    http: reqwest::Client,
    /// As GitLab names itself: without a slash at the end.
    issuer: String,
    application: Application,
    known: Mutex<Option<(Instant, Provider)>>,
}

/// What must be remembered, and by nobody else than the browser, until whoever was sent to GitLab comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// Comes back with the answer: it is an answer to our question.
    pub state: String,
    /// Comes back in the token: it was made for this sign-in.
    pub nonce: String,
    /// Shows that whoever redeems the code is whoever asked for it (RFC 7636).
    pub verifier: String,
}

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    #[error("failed to ask GitLab for `{what}`")]
    Ask {
        what: &'static str,
        #[source]
        cause: reqwest::Error,
    },
    #[error("GitLab answered {status} when it was asked for `{what}`")]
    Refused { what: &'static str, status: StatusCode },
    #[error("GitLab's answer to `{what}` is not understood")]
    Unreadable {
        what: &'static str,
        #[source]
        cause: serde_json::Error,
    },
    #[error("GitLab's answer to `{what}` is longer than {LONGEST_BODY} bytes")]
    TooLong { what: &'static str },
    #[error("GitLab calls itself `{found}`, and `[gitlab] url` is `{expected}`")]
    OtherIssuer { found: String, expected: String },
    #[error("GitLab names an address for `{what}` that is not its own")]
    Elsewhere { what: &'static str },
    #[error("GitLab does not accept the code, or the secret of the application")]
    NotGranted,
    #[error("GitLab sent no ID token: the application lacks the scope `openid`")]
    NoIdToken,
    #[error("GitLab's ID token counts for nothing")]
    IdToken {
        #[source]
        cause: IdTokenError,
    },
}

/// OpenID Connect Discovery 1.0, section 3, as far as we need it, with the keys.
#[derive(Clone)]
struct Provider {
    authorization_endpoint: Url,
    token_endpoint: Url,
    keys: JwkSet,
}

#[derive(Deserialize)]
struct Configuration {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: Option<String>,
}

impl SignIn {
    /// Reads `ca_file`; connects to nothing yet. The token of the API has no part in this.
    pub fn new(config: &GitLabConfig, application: Application) -> Result<SignIn, GitLabError> {
        Ok(SignIn {
            http: transport::http(config, HeaderMap::new())?,
            issuer: config.url.as_str().trim_end_matches('/').to_owned(),
            application,
            known: Mutex::default(),
        })
    }

    /// Whether GitLab would sign people in, as far as that shows without anybody who does.
    pub async fn probe(&self) -> Result<(), SignInError> {
        self.provider(Duration::ZERO).await.map(drop)
    }

    /// Where to send a browser. What is returned with it belongs into that browser alone.
    pub async fn depart(&self, departure: &Departure) -> Result<Url, SignInError> {
        let mut url = self.provider(FRESH).await?.authorization_endpoint;
        let challenge = BASE64URL_NOPAD.encode(&Sha256::digest(&departure.verifier));
        url.query_pairs_mut().extend_pairs([
            ("client_id", self.application.client_id.as_str()),
            ("redirect_uri", self.application.redirect_uri.as_str()),
            ("response_type", "code"),
            ("scope", "openid"),
            ("state", &departure.state),
            ("nonce", &departure.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        Ok(url)
    }

    /// Who came back with this code.
    pub async fn arrive(&self, code: &str, departure: &Departure) -> Result<Arrival, SignInError> {
        let provider = self.provider(FRESH).await?;
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", self.application.redirect_uri.as_str())
            .append_pair("code_verifier", &departure.verifier)
            .finish();
        // Both are encoded as a form before they go into the header (RFC 6749, section 2.3.1).
        let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let request = self
            .http
            .request(Method::POST, provider.token_endpoint)
            .basic_auth(
                encoded(&self.application.client_id),
                Some(encoded(self.application.client_secret.expose_secret())),
            )
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        let tokens: Result<Tokens, SignInError> = self.answer("a token", request).await;
        if let Err(SignInError::Refused {
            status: StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED, ..
        }) = tokens
        {
            return Err(SignInError::NotGranted);
        }
        let token = tokens?.id_token.ok_or(SignInError::NoIdToken)?;
        let expected = Expected {
            issuer: &self.issuer,
            client_id: &self.application.client_id,
            nonce: &departure.nonce,
        };
        let keys = match checked(&token, &provider.keys, &expected) {
            // GitLab may have a new key.
            Err(IdTokenError::UnknownKey) => self.provider(Duration::ZERO).await?.keys,
            other => return other.map_err(|cause| SignInError::IdToken { cause }),
        };
        checked(&token, &keys, &expected).map_err(|cause| SignInError::IdToken { cause })
    }

    /// What GitLab says of itself, as it was at most so long ago.
    async fn provider(&self, fresh: Duration) -> Result<Provider, SignInError> {
        let mut known = self.known.lock().await;
        if let Some((since, provider)) = known.as_ref().filter(|(since, _)| since.elapsed() < fresh) {
            tracing::trace!(age = since.elapsed().as_secs(), "GitLab's keys are known");
            return Ok(provider.clone());
        }
        let configuration = format!("{}/.well-known/openid-configuration", self.issuer);
        let configuration: Configuration =
            self.answer("its OpenID configuration", self.http.get(configuration)).await?;
        if configuration.issuer != self.issuer {
            let (found, expected) = (configuration.issuer, self.issuer.clone());
            return Err(SignInError::OtherIssuer { found, expected });
        }
        let own = Url::parse(&self.issuer).map(|issuer| issuer.origin()).ok();
        for (what, url) in [
            ("signing in", &configuration.authorization_endpoint),
            ("tokens", &configuration.token_endpoint),
            ("keys", &configuration.jwks_uri),
        ] {
            if own.as_ref() != Some(&url.origin()) {
                return Err(SignInError::Elsewhere { what });
            }
        }
        let keys = self.answer("its keys", self.http.get(configuration.jwks_uri)).await?;
        let provider = Provider {
            authorization_endpoint: configuration.authorization_endpoint,
            token_endpoint: configuration.token_endpoint,
            keys,
        };
        *known = Some((Instant::now(), provider.clone()));
        Ok(provider)
    }

    async fn answer<T: DeserializeOwned>(
        &self,
        what: &'static str,
        request: reqwest::RequestBuilder,
    ) -> Result<T, SignInError> {
        let failed = |cause: reqwest::Error| SignInError::Ask { what, cause: cause.without_url() };
        let response = request.header("accept", "application/json").send().await.map_err(failed)?;
        if !response.status().is_success() {
            return Err(SignInError::Refused { what, status: response.status() });
        }
        let answer = receive(response, LONGEST_BODY).await.map_err(|broken| match broken {
            Broken::TooLong => SignInError::TooLong { what },
            Broken::Lost(cause) => failed(cause),
        })?;
        serde_json::from_slice(&answer.body).map_err(|cause| SignInError::Unreadable { what, cause })
    }
}

impl SignInError {
    /// The next step of whoever runs this; empty where nothing helps but to sign in again.
    pub fn hint(&self) -> &'static str {
        match self {
            SignInError::OtherIssuer { .. } => {
                "write `[gitlab] url` as GitLab's own external address: its tokens are issued by that"
            }
            SignInError::NotGranted => {
                "see `client_id` and `client_secret` of `[serve.sign_in]`, and that GitLab's application is confidential"
            }
            SignInError::NoIdToken => "give the application the scope `openid` in GitLab",
            SignInError::Ask { .. } | SignInError::Refused { .. } => {
                "this machine must reach `/.well-known/openid-configuration` and `/oauth` of GitLab, not only its API"
            }
            SignInError::Unreadable { .. }
            | SignInError::TooLong { .. }
            | SignInError::Elsewhere { .. }
            | SignInError::IdToken { .. } => "",
        }
    }
}
