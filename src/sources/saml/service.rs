//! The service provider: what is brought to it, judged and taken in.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use openssl::pkey::{PKey, Private};
use openssl::x509::X509;
use secrecy::ExposeSecret as _;
use tokio::sync::Semaphore;

use crate::model::person::Person;
use crate::model::testimony::{Believed, Testimony};
use crate::ports::saml::{Admitted, Brought, Expectation, Invitation, NotAdmitted, TakenIn, Testimonies};
use crate::ports::{Clock, EdgeError};
use crate::sources::saml::config::{Decryption, SamlConfig};
use crate::sources::saml::error::SamlError;
use crate::sources::saml::message::judge::{Expected, Way};
use crate::sources::saml::message::receive::{self, Keys};
use crate::sources::saml::message::refusal::Refusal;
use crate::sources::saml::metadata::IdentityProvider;
use crate::sources::saml::provider::Provider;
use crate::sources::saml::request;

/// How long a person may take to sign on.
const PATIENCE: SignedDuration = SignedDuration::from_mins(30);

/// Messages that are judged at once: each takes some hundred times its own room.
const AT_ONCE: usize = 4;

pub struct Service {
    pub config: Arc<SamlConfig>,
    pub provider: Provider,
    pub testimonies: Arc<dyn Testimonies>,
    pub clock: Arc<dyn Clock>,
    judging: Semaphore,
    decryption: Option<PKey<Private>>,
    /// What assertions may be encrypted with, in base64.
    pub certificate: Option<String>,
}

impl Service {
    /// Reads keys; contacts nobody yet.
    pub fn new(
        config: SamlConfig,
        testimonies: Arc<dyn Testimonies>,
        clock: Arc<dyn Clock>,
    ) -> Result<Service, EdgeError> {
        let config = Arc::new(config);
        let provider = Provider::new(Arc::clone(&config), Arc::clone(&clock))?;
        let (decryption, certificate) = config.decryption.as_ref().map(keys).transpose()?.unzip();
        let judging = Semaphore::new(AT_ONCE);
        Ok(Service { config, provider, testimonies, clock, judging, decryption, certificate })
    }

    /// Reads a message off the thread that serves others: it takes a while, and C libraries do it.
    pub async fn judged(
        &self,
        message: &Arc<Vec<u8>>,
        provider: &Arc<IdentityProvider>,
        how: How,
    ) -> Result<Believed, Refusal> {
        let (message, provider) = (Arc::clone(message), Arc::clone(provider));
        let _place = self.judging.acquire().await;
        let (config, decryption, now) = (Arc::clone(&self.config), self.decryption.clone(), self.clock.now());
        let judged = tokio::task::spawn_blocking(move || {
            let expected = |way| Expected { config: &config, issuer: &provider.entity_id, way, now };
            let keys = |signing| Keys { signing, decryption: decryption.as_ref() };
            match &how {
                How::Brought(brought) => {
                    let way = match brought {
                        Brought::ByBrowser => Way::SignOn,
                        Brought::AsFile => Way::Handed,
                    };
                    receive::response(&message, keys(&provider.keys), &expected(way))
                }
                How::Answered { request, subject } => {
                    let signing = provider.attributes.as_ref().map_or(&[][..], |attributes| &attributes.keys);
                    receive::soap(&message, keys(signing), &expected(Way::Query { request, subject }))
                }
            }
        });
        judged.await.unwrap_or(Err(Refusal::NotUnderstood { what: "it at all" }))
    }

    /// Takes what was brought, if it is believed.
    pub async fn admitted(&self, message: Vec<u8>, brought: Brought) -> Result<Admitted, NotAdmitted> {
        let provider = self.provider.current().await.map_err(EdgeError::from)?;
        let message = Arc::new(unpacked(message, brought).map_err(refused)?);
        let mut judged = self.judged(&message, &provider, How::Brought(brought)).await;
        if judged == Err(Refusal::Signature) {
            let renewed = self.provider.anew().await.map_err(EdgeError::from)?;
            if renewed.keys != provider.keys {
                judged = self.judged(&message, &renewed, How::Brought(brought)).await;
            }
        }
        let believed = judged.map_err(refused)?;
        self.taken_in(&believed).await?;
        Ok(self.proven(believed.testimony))
    }

    /// Refuses what was taken in before, or answers no request that waits.
    pub async fn taken_in(&self, believed: &Believed) -> Result<(), NotAdmitted> {
        match self.testimonies.take_in(&self.config.name, self.clock.now(), believed).await? {
            TakenIn::New => Ok(()),
            TakenIn::Replayed => Err(refused(Refusal::Replayed)),
            TakenIn::NotAsked => Err(refused(Refusal::InResponseTo)),
        }
    }

    fn proven(&self, Testimony { said_at, person, subject: _, groups }: Testimony) -> Admitted {
        let until = said_at.checked_add(self.config.valid_for).unwrap_or(Timestamp::MAX);
        let person = Person::from(person);
        // What the person is called, rather than the key that they are followed by.
        let called = person.name().or(person.username()).or(person.email()).unwrap_or(person.id());
        Admitted { person: called.to_owned(), groups, until }
    }

    /// The address to which a browser goes to sign on.
    pub async fn invitation(&self) -> Result<Invitation, EdgeError> {
        let provider = self.provider.current().await?;
        let Some(there) = &provider.sign_on else {
            return Err(SamlError::NoSignOn { entity_id: provider.entity_id.clone() }.into());
        };
        let id = request::new_id().map_err(EdgeError::new)?;
        let now = self.clock.now();
        let until = now.checked_add(PATIENCE).unwrap_or(Timestamp::MAX);
        match self.testimonies.expect(&self.config.name, &id, now, until).await? {
            Expectation::Noted => {
                let address = request::sign_on(&self.config, there, &id, now).to_string();
                Ok(Invitation::Go { address })
            }
            Expectation::TooMany => Ok(Invitation::TooMany),
        }
    }
}

/// How a message came, as its own thread needs to know.
#[derive(Debug, Clone)]
pub enum How {
    Brought(Brought),
    Answered { request: String, subject: String },
}

fn refused(refusal: Refusal) -> NotAdmitted {
    NotAdmitted::Refused { key: refusal.key(), because: refusal.to_string() }
}

/// A file may hold what a browser would bring, or the document itself.
fn unpacked(message: Vec<u8>, brought: Brought) -> Result<Vec<u8>, Refusal> {
    let is_document = message.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<');
    match brought {
        Brought::AsFile if is_document => Ok(message.trim_ascii().to_vec()),
        Brought::AsFile | Brought::ByBrowser => {
            let text = str::from_utf8(&message).map_err(|_| Refusal::Base64)?;
            receive::decoded(text)
        }
    }
}

fn keys(decryption: &Decryption) -> Result<(PKey<Private>, String), SamlError> {
    let pem = |what: &str, kind| SamlError::Pem { what: what.to_owned(), kind };
    let key = PKey::private_key_from_pem(decryption.key.expose_secret().as_bytes());
    let key = key.map_err(|_| pem("decryption_key", "private key"))?;
    let path = &decryption.certificate;
    let bytes = std::fs::read(path).map_err(|cause| SamlError::File { path: path.clone(), cause })?;
    let unreadable = |_| pem(&path.display().to_string(), "certificate");
    let certificate = X509::from_pem(&bytes).map_err(unreadable)?;
    let public = certificate.public_key().map_err(unreadable)?;
    if !key.public_eq(&public) {
        return Err(SamlError::OtherKey { path: path.clone() });
    }
    Ok((key, data_encoding::BASE64.encode(&certificate.to_der().map_err(unreadable)?)))
}
