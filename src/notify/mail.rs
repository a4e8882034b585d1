//! Mail, over SMTP (RFC 5321): plain text and HTML in one message.

use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _};
use jiff::Timestamp;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};

use crate::model::notice::{Letter, Notice, Parcel};
use crate::notify::config::{Encryption, MailConfig};
use crate::ports::{Carrier, EdgeError, NotCarried};

/// For connecting, and for each answer of the server.
const TIMEOUT: Duration = Duration::from_secs(30);

/// For one message, however slowly the server answers.
const LONGEST: Duration = Duration::from_secs(120);

/// Carries letters to a mail server.
pub struct Mail {
    config: MailConfig,
    smtp: AsyncSmtpTransport<Tokio1Executor>,
}

/// Why there is no mail.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    #[error("failed to read the authorities of `{}`", path.display())]
    Authorities {
        path: std::path::PathBuf,
        #[source]
        cause: std::io::Error,
    },
    #[error("the authorities to trust for mail are no certificates")]
    Certificates(#[source] lettre::transport::smtp::Error),
}

/// A parcel's body.
#[derive(Debug, Serialize, Deserialize)]
struct Packed {
    to: Vec<String>,
    subject: String,
    text: String,
    html: String,
}

impl Mail {
    /// Reads the authorities to trust; connects to nobody yet.
    pub fn new(config: MailConfig) -> Result<Mail, EdgeError> {
        let tls = || tls(&config).map_err(EdgeError::new);
        let tls = match config.encryption {
            Encryption::Tls => Tls::Wrapper(tls()?),
            Encryption::StartTls => Tls::Required(tls()?),
            Encryption::None => Tls::None,
        };
        let mut smtp = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host)
            .port(config.port)
            .tls(tls)
            .timeout(Some(TIMEOUT));
        if let Some((username, password)) = &config.credentials {
            let password = password.expose_secret().to_owned();
            smtp = smtp.credentials(Credentials::new(username.clone(), password));
        }
        Ok(Mail { smtp: smtp.build(), config })
    }

    fn message(&self, packed: Packed) -> Result<Message, lettre::error::Error> {
        let mut message = Message::builder()
            .from(self.config.from.clone())
            .subject(packed.subject)
            // Nobody's out-of-office assistant is to answer (RFC 3834).
            .header(AutoSubmitted);
        for to in &packed.to {
            let address: Address = to.parse().map_err(|_| lettre::error::Error::EmailMissingDomain)?;
            message = message.to(Mailbox::new(None, address));
        }
        message.multipart(MultiPart::alternative_plain_html(packed.text, packed.html))
    }
}

fn tls(config: &MailConfig) -> Result<TlsParameters, MailError> {
    // Whoever came first has installed the same provider: there is one TLS stack.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut parameters = TlsParameters::builder(config.host.clone());
    if let Some(path) = &config.ca_file {
        let pem =
            std::fs::read(path).map_err(|cause| MailError::Authorities { path: path.clone(), cause })?;
        parameters =
            parameters.add_root_certificate(Certificate::from_pem(&pem).map_err(MailError::Certificates)?);
    }
    parameters.build().map_err(MailError::Certificates)
}

impl Carrier for Mail {
    fn channel(&self) -> &str {
        "mail"
    }

    fn pack(&self, notice: &Notice, letter: &Letter, _: Timestamp) -> Option<Parcel> {
        let to = match notice.recipient() {
            Some(to) if self.config.people.contains(&notice.kind()) => vec![to.email.as_deref()?.to_owned()],
            None if self.config.kinds.contains(&notice.kind()) => {
                self.config.to.iter().map(|to| to.email.to_string()).collect()
            }
            Some(_) | None => return None,
        };
        let packed = Packed {
            to,
            subject: letter.subject.clone(),
            text: letter.text.clone(),
            html: letter.html.clone(),
        };
        let body = serde_json::to_string(&packed).expect("texts can be written as JSON");
        Some(Parcel { key: notice.key.clone(), channel: self.channel().into(), body })
    }

    fn carry<'a>(&'a self, parcel: &'a Parcel) -> BoxFuture<'a, Result<(), NotCarried>> {
        async move {
            let never = |because: &str| NotCarried { because: because.to_owned(), again: false };
            let packed =
                serde_json::from_str(&parcel.body).map_err(|_| never("it was not packed as mail"))?;
            let message = self.message(packed).map_err(|_| never("an address of it is none"))?;
            match tokio::time::timeout(LONGEST, self.smtp.send(message)).await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) => Err(not_carried(&error)),
                Err(_) => Err(never("the mail server did not answer in time, and may have taken it")),
            }
        }
        .boxed()
    }
}

/// The server's own words may hold the address, so its code must do.
fn not_carried(error: &lettre::transport::smtp::Error) -> NotCarried {
    let because = match error.status() {
        Some(code) => format!("the mail server answered {code}"),
        None if error.is_timeout() => "the mail server did not answer in time".to_owned(),
        None if error.is_tls() => "no encrypted connection to the mail server came about".to_owned(),
        None => "the mail server could not be reached, or does not speak SMTP".to_owned(),
    };
    NotCarried { because, again: !error.is_permanent() }
}

#[derive(Debug, Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<AutoSubmitted, Box<dyn std::error::Error + Send + Sync>> {
        Ok(AutoSubmitted)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(AutoSubmitted::name(), "auto-generated".to_owned())
    }
}
