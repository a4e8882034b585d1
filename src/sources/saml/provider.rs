//! The identity provider as it is now: its metadata, read again as it grows old.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{HeaderMap, HeaderValue};
use tokio::sync::Mutex;
use url::Url;

use crate::http::answer::{Broken, receive};
use crate::http::client::{Setup, client};
use crate::http::trust::authorities;
use crate::ports::Clock;
use crate::sources::saml::config::{MetadataPlace, SamlConfig};
use crate::sources::saml::error::SamlError;
use crate::sources::saml::metadata::{IdentityProvider, decode};

const TIMEOUT: Duration = Duration::from_secs(30);

/// Nothing that is fetched is longer: federations publish thousands of providers in one document.
const LONGEST: usize = 64 * 1024 * 1024;

/// However often somebody brings what is signed by a key that is not known, no oftener is it looked for.
const LEAST_PAUSE: SignedDuration = SignedDuration::from_mins(1);

/// Reads the metadata of one identity provider, and remembers it.
pub struct Provider {
    config: Arc<SamlConfig>,
    metadata: Metadata,
    clock: Arc<dyn Clock>,
    read: Mutex<Option<Reading>>,
}

/// Where the metadata is, and by what it is fetched.
enum Metadata {
    File(PathBuf),
    Web(Line),
}

/// The way to one address of the identity provider.
pub struct Line {
    http: reqwest::Client,
    url: Url,
}

#[derive(Clone)]
struct Reading {
    provider: Arc<IdentityProvider>,
    /// When it was read, or tried to be.
    at: Timestamp,
}

impl Provider {
    /// Reads the authorities to trust; contacts nobody yet.
    pub fn new(config: Arc<SamlConfig>, clock: Arc<dyn Clock>) -> Result<Provider, SamlError> {
        if let Some(path) = &config.ca_file {
            // Where the metadata is a file, nobody else would look before people are asked about.
            authorities(path)?;
        }
        let metadata = match &config.metadata {
            MetadataPlace::File(path) => Metadata::File(path.clone()),
            MetadataPlace::Web(url) => Metadata::Web(Line::to(url, &config)?),
        };
        Ok(Provider { config, metadata, clock, read: Mutex::new(None) })
    }

    /// What the metadata says, read again where it is old; where it cannot be, what it said before, as long as that is valid.
    pub async fn current(&self) -> Result<Arc<IdentityProvider>, SamlError> {
        self.no_older_than(self.config.metadata_refresh).await
    }

    /// The same where somebody signs with a key that is not known: perhaps it is new.
    pub async fn anew(&self) -> Result<Arc<IdentityProvider>, SamlError> {
        self.no_older_than(LEAST_PAUSE).await
    }

    async fn no_older_than(&self, age: SignedDuration) -> Result<Arc<IdentityProvider>, SamlError> {
        let now = self.clock.now();
        let mut read = self.read.lock().await;
        let is_valid = |reading: &Reading| reading.provider.valid_until.is_none_or(|end| now < end);
        let known = read.clone().filter(is_valid);
        if let Some(reading) = known.as_ref().filter(|reading| now.duration_since(reading.at).abs() < age) {
            return Ok(Arc::clone(&reading.provider));
        }
        let provider = match (self.fetch(now).await, known) {
            (Ok(provider), _) => Arc::new(provider),
            (Err(error), Some(before)) => {
                tracing::warn!(
                    source = self.config.name.as_str(),
                    %error,
                    "the metadata cannot be read again; what it said before stays in force"
                );
                before.provider
            }
            (Err(error), None) => return Err(error),
        };
        *read = Some(Reading { provider: Arc::clone(&provider), at: now });
        Ok(provider)
    }

    async fn fetch(&self, now: Timestamp) -> Result<IdentityProvider, SamlError> {
        let (place, bytes) = match &self.metadata {
            Metadata::File(path) => {
                let read = tokio::fs::read(path).await;
                let bytes = read.map_err(|cause| SamlError::File { path: path.clone(), cause })?;
                (path.display().to_string(), bytes)
            }
            Metadata::Web(line) => (line.url.to_string(), line.get().await?),
        };
        let wanted = self.config.idp_entity_id.as_deref();
        decode(&bytes, wanted, now).map_err(|cause| SamlError::Metadata { place, cause })
    }
}

impl Line {
    /// Connects to nobody yet.
    pub fn to(url: &Url, config: &SamlConfig) -> Result<Line, SamlError> {
        let ca_file = config.ca_file.as_deref();
        let setup = Setup { urls: &[url], ca_file, timeout: TIMEOUT, headers: HeaderMap::new() };
        Ok(Line { http: client(setup)?, url: url.clone() })
    }

    async fn get(&self) -> Result<Vec<u8>, SamlError> {
        self.answer(self.http.get(self.url.clone())).await
    }

    /// Sends a request in SOAP, and gives the answer.
    pub async fn ask(&self, request: String) -> Result<Vec<u8>, SamlError> {
        let asked = self.http.post(self.url.clone()).header("content-type", "text/xml; charset=utf-8");
        // As the SOAP binding of SAML has it (bindings, section 3.2.3.1).
        let action = HeaderValue::from_static("\"http://www.oasis-open.org/committees/security\"");
        self.answer(asked.header("soapaction", action).body(request)).await
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<Vec<u8>, SamlError> {
        let failed =
            |cause: reqwest::Error| SamlError::Fetch { url: self.url.clone(), cause: cause.without_url() };
        let response = request.send().await.map_err(failed)?;
        if !response.status().is_success() {
            return Err(SamlError::Status { url: self.url.clone(), status: response.status().as_u16() });
        }
        let answer = receive(response, LONGEST).await.map_err(|broken| match broken {
            Broken::TooLong => SamlError::TooLong { url: self.url.clone(), most: LONGEST },
            Broken::Lost(cause) => failed(cause),
        })?;
        Ok(answer.body)
    }
}
