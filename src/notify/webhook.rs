//! Webhooks, signed as Standard Webhooks has it (standardwebhooks.com), also in the shape of Slack and Mattermost.

use std::time::Duration;

use data_encoding::BASE64;
use futures_util::future::{BoxFuture, FutureExt as _};
use hmac::{Hmac, Mac as _};
use jiff::Timestamp;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::http::client::{Setup, client};
use crate::http::trust::NoClient;
use crate::model::notice::{Letter, Notice, Parcel};
use crate::notify::config::{Shape, WebhookConfig};
use crate::ports::{Carrier, Clock, EdgeError, NotCarried};

const TIMEOUT: Duration = Duration::from_secs(30);

/// What secrets of Standard Webhooks begin with; the rest is base64.
const SECRET_PREFIX: &str = "whsec_";

/// Carries notices to one webhook.
pub struct Webhook {
    config: WebhookConfig,
    channel: String,
    http: reqwest::Client,
    clock: std::sync::Arc<dyn Clock>,
}

/// Why there is no webhook.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    #[error("the address of the webhook `{name}` is no URL")]
    Address {
        name: Box<str>,
        #[source]
        cause: url::ParseError,
    },
    #[error("failed to prepare the webhook `{name}`")]
    Client {
        name: Box<str>,
        #[source]
        cause: NoClient,
    },
}

impl Webhook {
    /// Reads the authorities to trust; connects to nobody yet. The clock stamps signatures.
    pub fn new(config: WebhookConfig, clock: std::sync::Arc<dyn Clock>) -> Result<Webhook, EdgeError> {
        let name = || config.name.clone();
        let url = Url::parse(config.url.expose_secret())
            .map_err(|cause| EdgeError::new(WebhookError::Address { name: name(), cause }))?;
        let setup = Setup {
            urls: &[&url],
            ca_file: config.ca_file.as_deref(),
            timeout: TIMEOUT,
            headers: HeaderMap::new(),
        };
        let http = client(setup).map_err(|cause| {
            let hint = cause.hint();
            EdgeError::new(WebhookError::Client { name: name(), cause }).hinting(hint)
        })?;
        Ok(Webhook { channel: format!("webhook {}", config.name), config, http, clock })
    }

    /// Who receives a parcel twice knows it by its id.
    fn id(parcel: &Parcel) -> String {
        let digest = Sha256::digest(format!("{}\n{}", parcel.channel, parcel.key));
        format!("msg_{}", data_encoding::HEXLOWER.encode(&digest[..16]))
    }
}

impl Carrier for Webhook {
    fn channel(&self) -> &str {
        &self.channel
    }

    fn pack(&self, notice: &Notice, letter: &Letter, now: Timestamp) -> Option<Parcel> {
        if !self.config.kinds.contains(&notice.kind()) {
            return None;
        }
        let body = match self.config.shape {
            Shape::Json => json!({
                "type": notice.kind().key(), "timestamp": now, "data": letter.data, "summary": letter.subject,
            }),
            Shape::Slack => json!({ "text": slack(&letter.subject, &letter.text) }),
        };
        Some(Parcel { key: notice.key.clone(), channel: self.channel().into(), body: body.to_string() })
    }

    fn carry<'a>(&'a self, parcel: &'a Parcel) -> BoxFuture<'a, Result<(), NotCarried>> {
        async move {
            let (id, at) = (Webhook::id(parcel), self.clock.now().as_second());
            let mut request = self
                .http
                .post(self.config.url.expose_secret())
                .header("content-type", "application/json")
                .header("webhook-id", &id)
                .header("webhook-timestamp", at);
            if let Some(secret) = &self.config.signing_secret {
                request = request.header("webhook-signature", signature(secret, &id, at, &parcel.body));
            }
            match request.body(parcel.body.clone()).send().await {
                Ok(answer) if answer.status().is_success() => Ok(()),
                Ok(answer) => Err(NotCarried {
                    because: format!("it answered {}", answer.status()),
                    again: may_pass(answer.status()),
                }),
                // The receiver knows a repeated parcel by its id, so trying again is harmless.
                Err(error) => Err(NotCarried { because: words(&error), again: true }),
            }
        }
        .boxed()
    }
}

/// `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`.
fn signature(secret: &SecretString, id: &str, at: i64, body: &str) -> String {
    let secret = secret.expose_secret();
    let decoded = secret.strip_prefix(SECRET_PREFIX).and_then(|rest| BASE64.decode(rest.as_bytes()).ok());
    let key = decoded.as_deref().unwrap_or(secret.as_bytes());
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length will do");
    mac.update(format!("{id}.{at}.{body}").as_bytes());
    format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()))
}

/// Slack reads three characters as its own (api.slack.com, "Formatting text").
fn slack(subject: &str, text: &str) -> String {
    let plain = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("*{}*\n{}", plain(subject), plain(text.trim_end()))
}

fn may_pass(status: StatusCode) -> bool {
    status.is_server_error()
        || status == StatusCode::TOO_MANY_REQUESTS
        || status == StatusCode::REQUEST_TIMEOUT
}

/// Without the address, which is a secret.
fn words(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        "it did not answer in time".to_owned()
    } else {
        "it could not be reached".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use crate::notify::webhook::{signature, slack};

    /// The example of the specification's reference libraries.
    #[test]
    fn signatures_are_those_of_standard_webhooks() {
        let secret = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let signed =
            signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn nothing_in_a_message_to_slack_becomes_a_link_or_a_mention() {
        assert_eq!(
            slack("a <!channel>", "b & <https://x|y>\n"),
            "*a &lt;!channel&gt;*\nb &amp; &lt;https://x|y&gt;"
        );
    }
}
