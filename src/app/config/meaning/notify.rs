//! What `[notify]` means.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use lettre::message::Mailbox;
use secrecy::ExposeSecret as _;
use url::Url;

use crate::app::config::complaint::Complaint;
use crate::app::config::file::File;
use crate::app::config::file::notify as file;
use crate::app::config::meaning::serve::ServeConfig;
use crate::app::config::meaning::sign_in::SignInConfig;
use crate::app::config::reading::{Reading, is_loopback};
use crate::app::config::written::Written;
use crate::model::notice::{NoticeKind, NoticePolicy};
use crate::model::policy::Policy;
use crate::notify::config::{Encryption, MailConfig, NotifyConfig, Shape, WebhookConfig};

/// `None` where nobody is to be told anything, or something was complained of.
pub fn notify(
    file: &File,
    policy: &Policy,
    serve: Option<&ServeConfig>,
    reading: &mut Reading<'_>,
) -> Option<NotifyConfig> {
    let written = file.notify.as_ref()?;
    let trials = policy.add_ons.iter().filter_map(|(add_on, policy)| Some((*add_on, policy.trial_ends?)));
    let after = reading.duration(written.source_partial_after.as_ref());
    // Where votes count for nothing, the page is no way to approve.
    let votes_count = !policy.approval.required || policy.approval.by_page;
    let sign_in = serve.and_then(|serve| serve.sign_in.as_ref()).filter(|_| votes_count);
    let policy = NoticePolicy {
        source_partial_after: after.unwrap_or(SignedDuration::from_hours(24)),
        seats_low: written.seats_low.unwrap_or(2),
        trials: trials.collect::<BTreeMap<_, _>>(),
        page: sign_in.map(SignInConfig::page),
    };
    let templates = reading.optional_path(written.templates.as_ref());
    let mail = written.mail.as_ref().and_then(|written| mail(&written.value, reading));
    let webhooks: Vec<Option<WebhookConfig>> =
        written.webhook.iter().map(|(name, written)| webhook(name, &written.value, reading)).collect();
    Some(NotifyConfig { policy, templates, mail, webhooks: webhooks.into_iter().flatten().collect() })
}

fn mail(written: &file::Mail, reading: &mut Reading<'_>) -> Option<MailConfig> {
    let url = written.url.as_ref().and_then(|text| {
        let url = reading.url(text, &["smtp", "smtps"])?;
        if url.host_str().is_none_or(str::is_empty) {
            reading.complain(Complaint::new(&text.span, "this names no mail server").help("smtp://host:587"));
            return None;
        }
        Some(url)
    });
    let from = reading.text(written.from.as_ref()).and_then(|_| mailbox(written.from.as_ref()?, reading));
    let to: Vec<Option<Mailbox>> =
        written.to.iter().flatten().map(|written| mailbox(written, reading)).collect();
    let credentials = credentials(written, reading);
    let (url, from) = (url?, from?);
    Some(MailConfig {
        host: url.host_str().unwrap_or_default().to_owned(),
        port: url.port().unwrap_or(if url.scheme() == "smtps" { 465 } else { 587 }),
        encryption: encryption(&url, written),
        credentials,
        ca_file: reading.optional_path(written.ca_file.as_ref()),
        from,
        to: to.into_iter().flatten().collect(),
        kinds: kinds(written.notices.as_deref()),
        people: written.people.iter().flatten().map(|notice| personal(*notice)).collect(),
    })
}

/// A mail server on this machine rarely has a certificate; towards another machine nothing goes unencrypted unasked.
fn encryption(url: &Url, written: &file::Mail) -> Encryption {
    if url.scheme() == "smtps" {
        Encryption::Tls
    } else if written.allow_plaintext == Some(true) || is_loopback(url) {
        Encryption::None
    } else {
        Encryption::StartTls
    }
}

fn credentials(written: &file::Mail, reading: &mut Reading<'_>) -> Option<(String, secrecy::SecretString)> {
    let username = reading.text(written.username.as_ref());
    let password = written.password.as_ref().and_then(|password| reading.secret(password, "password"));
    match (&written.username, &written.password) {
        (Some(alone), None) => {
            reading.complain(Complaint::new(&alone.span, "there is no `password` for this `username`"));
        }
        (None, Some(alone)) => {
            reading.complain(Complaint::new(&alone.span, "there is no `username` for this `password`"));
        }
        (Some(_), Some(_)) | (None, None) => {}
    }
    username.zip(password)
}

fn mailbox(written: &Written<String>, reading: &mut Reading<'_>) -> Option<Mailbox> {
    let parsed = written.value.parse().ok();
    if parsed.is_none() {
        let complaint = Complaint::new(&written.span, "this is no mail address");
        reading
            .complain(complaint.help("write it as \"ada@example.com\" or \"Ada Byron <ada@example.com>\""));
    }
    parsed
}

fn webhook(name: &str, written: &file::Webhook, reading: &mut Reading<'_>) -> Option<WebhookConfig> {
    let url = written.url.as_ref().and_then(|secret| {
        let found = reading.secret(secret, "url")?;
        let Ok(url) = Url::parse(found.expose_secret()) else {
            reading.complain(Complaint::new(&secret.span, "the secret that this names is no address"));
            return None;
        };
        let is_plain = url.scheme() == "http";
        if !is_plain && url.scheme() != "https" {
            reading.complain(Complaint::new(
                &secret.span,
                "the address that this names begins with no https://",
            ));
            return None;
        }
        if is_plain && written.allow_plaintext != Some(true) && !is_loopback(&url) {
            let complaint = Complaint::new(&secret.span, "the address that this names is not encrypted");
            reading.complain(
                complaint
                    .help("use https://, or add `allow_plaintext = true` to this section to take the risk"),
            );
        }
        Some(found)
    });
    let signing_secret =
        written.signing_secret.as_ref().and_then(|secret| reading.secret(secret, "signing_secret"));
    Some(WebhookConfig {
        name: name.into(),
        url: url?,
        shape: match written.shape {
            Some(file::WebhookShape::Slack) => Shape::Slack,
            Some(file::WebhookShape::Json) | None => Shape::Json,
        },
        signing_secret,
        ca_file: reading.optional_path(written.ca_file.as_ref()),
        kinds: kinds(written.notices.as_deref()),
    })
}

fn kinds(written: Option<&[file::OperationNotice]>) -> BTreeSet<NoticeKind> {
    match written {
        None => NoticeKind::OPERATION.into(),
        Some(written) => {
            let mut kinds: BTreeSet<NoticeKind> = written.iter().map(|notice| operation(*notice)).collect();
            // Whoever hears that a plan waits hears what people say of it.
            if kinds.contains(&NoticeKind::AwaitsApproval) {
                kinds.insert(NoticeKind::Voted);
            }
            kinds
        }
    }
}

fn operation(notice: file::OperationNotice) -> NoticeKind {
    match notice {
        file::OperationNotice::AwaitsApproval => NoticeKind::AwaitsApproval,
        file::OperationNotice::RunFailed => NoticeKind::RunFailed,
        file::OperationNotice::AppliedInPart => NoticeKind::AppliedInPart,
        file::OperationNotice::SourcePartial => NoticeKind::SourcePartial,
        file::OperationNotice::SeatsNearlyGone => NoticeKind::SeatsNearlyGone,
        file::OperationNotice::PeopleWait => NoticeKind::PeopleWait,
        file::OperationNotice::TrialEnds => NoticeKind::TrialEnds,
        file::OperationNotice::PurchaseChanged => NoticeKind::PurchaseChanged,
    }
}

fn personal(notice: file::PersonalNotice) -> NoticeKind {
    match notice {
        file::PersonalNotice::SeatAssigned => NoticeKind::SeatAssigned,
        file::PersonalNotice::SeatEnds => NoticeKind::SeatEnds,
        file::PersonalNotice::SeatTakenBack => NoticeKind::SeatTakenBack,
    }
}
