//! What `[notify]` means.

use std::collections::BTreeSet;
use std::path::PathBuf;

use lettre::message::Mailbox;
use secrecy::SecretString;

use crate::model::notice::{NoticeKind, NoticePolicy};

/// Whom to tell, of what, and how.
#[derive(Debug, Clone)]
pub struct NotifyConfig {
    pub policy: NoticePolicy,
    /// A folder of templates that replace ours.
    pub templates: Option<PathBuf>,
    pub mail: Option<MailConfig>,
    pub webhooks: Vec<WebhookConfig>,
}

/// `[notify.mail]`.
#[derive(Debug, Clone)]
pub struct MailConfig {
    pub host: String,
    pub port: u16,
    pub encryption: Encryption,
    pub credentials: Option<(String, SecretString)>,
    /// PEM; trusted besides the system's authorities.
    pub ca_file: Option<PathBuf>,
    pub from: Mailbox,
    pub to: Vec<Mailbox>,
    pub kinds: BTreeSet<NoticeKind>,
    /// What people hear of their own seats.
    pub people: BTreeSet<NoticeKind>,
}

/// How a mail server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// `smtps://`: TLS from the first byte (RFC 8314).
    Tls,
    /// `smtp://`: STARTTLS, or nothing is sent (RFC 3207).
    StartTls,
    /// `smtp://` to loopback, or with `allow_plaintext`.
    None,
}

/// `[notify.webhook.NAME]`.
#[derive(Debug, Clone)]
pub struct WebhookConfig {
    pub name: Box<str>,
    /// Whoever knows the address may post to it.
    pub url: SecretString,
    pub shape: Shape,
    pub signing_secret: Option<SecretString>,
    /// PEM; trusted besides the system's authorities.
    pub ca_file: Option<PathBuf>,
    pub kinds: BTreeSet<NoticeKind>,
}

/// What a webhook is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `{ "type", "timestamp", "data" }`, as Standard Webhooks recommends.
    Json,
    /// `{ "text" }`, which Slack and Mattermost take.
    Slack,
}
