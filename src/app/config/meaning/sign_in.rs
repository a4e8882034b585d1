//! What `[serve.sign_in]` means.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use crate::app::config::complaint::Complaint;
use crate::app::config::file::serve as file;
use crate::app::config::reading::{Reading, is_loopback};
use crate::app::config::written::{DurationText, Written};
use crate::gitlab::openid::application::Application;
use crate::model::account::AccountId;
use crate::model::vote::Approver;
use crate::store::sessions::Lifetime;

/// Where GitLab sends people back to.
const CALLBACK: &str = "/plans/sign-in/callback";

/// Who may sign in to the pages, and how.
#[derive(Debug, Clone)]
pub struct SignInConfig {
    pub application: Application,
    /// Scheme, host and port of the pages, as browsers send it in `Origin`.
    pub origin: String,
    /// Whether browsers reach the pages by TLS: then cookies go nowhere else.
    pub is_secure: bool,
    /// At least one.
    pub approvers: Vec<Approver>,
    pub lifetime: Lifetime,
}

impl SignInConfig {
    /// The address of the page with the plan that waits.
    pub fn page(&self) -> String {
        format!("{}/plans", self.origin)
    }
}

/// `None` where something was complained of.
pub fn sign_in(section: &Written<file::SignIn>, reading: &mut Reading<'_>) -> Option<SignInConfig> {
    let written = &section.value;
    let url = written.public_url.as_ref().and_then(|text| {
        let url = reading.url(text, &["https", "http"])?;
        if url.scheme() == "http" && !is_loopback(&url) {
            let message = format!("`{url}` is not encrypted: whoever listens could approve plans");
            let complaint = Complaint::new(&text.span, message);
            reading.complain(
                complaint.help("use https://, by `certificate` and `key` or a proxy that has them"),
            );
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            let complaint =
                Complaint::new(&text.span, "the address of the pages ends with its host and port");
            reading.complain(complaint.help("they are under `/plans` of a host of their own"));
        }
        Some(url)
    });
    let client_id = reading.text(written.client_id.as_ref());
    let client_secret =
        written.client_secret.as_ref().and_then(|secret| reading.secret(secret, "client_secret"));
    let approvers = approvers(section, reading);
    let lifetime = Lifetime {
        idle: lifetime(written.idle_for.as_ref(), SignedDuration::from_mins(30), reading),
        whole: lifetime(written.signed_in_for.as_ref(), SignedDuration::from_hours(8), reading),
    };
    let url = url?;
    let redirect_uri = url.join(CALLBACK).expect("a path of our own goes with any address of the web");
    Some(SignInConfig {
        application: Application { client_id: client_id?, client_secret: client_secret?, redirect_uri },
        origin: url.origin().ascii_serialization(),
        is_secure: url.scheme() == "https",
        approvers,
        lifetime,
    })
}

fn approvers(section: &Written<file::SignIn>, reading: &mut Reading<'_>) -> Vec<Approver> {
    let mut seen = BTreeSet::new();
    let mut approvers = Vec::new();
    let listed = section.value.approvers.as_deref().unwrap_or_default();
    for written in listed {
        let text = written.value.trim().to_lowercase();
        let approver = match text.strip_prefix("id:") {
            Some(number) => number.trim().parse().ok().map(|id| Approver::Account(AccountId(id))),
            None => is_username(&text).then(|| Approver::Username(text.as_str().into())),
        };
        match approver {
            None => {
                let message = format!("`{}` is no approver", written.value);
                let complaint = Complaint::new(&written.span, message);
                reading.complain(
                    complaint.help("write a username of GitLab, or \"id:7\" for an account's number"),
                );
            }
            Some(approver) if seen.insert(text) => approvers.push(approver),
            Some(_) => {
                let complaint = Complaint::new(&written.span, format!("`{}` is listed twice", written.value));
                reading.complain(complaint.help("remove one of them"));
            }
        }
    }
    if listed.is_empty() {
        let complaint = Complaint::new(&section.span, "people may sign in, and nobody may see anything");
        reading.complain(complaint.help("name them: approvers = [\"ada\"]"));
    }
    approvers
}

/// GitLab's names hold letters, digits, `_`, `-` and `.`.
fn is_username(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

fn lifetime(
    written: Option<&Written<DurationText>>,
    default: SignedDuration,
    reading: &mut Reading<'_>,
) -> SignedDuration {
    let Some(duration) = reading.duration(written) else { return default };
    if let Some(Written { span, .. }) = written.filter(|_| duration.is_zero()) {
        reading.complain(Complaint::new(span, "nobody reads a plan in no time").help("at least \"1m\""));
    }
    duration
}
