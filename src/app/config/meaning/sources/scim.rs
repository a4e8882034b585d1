//! What `[scim.NAME]` means.

use std::time::Duration;

use url::Url;

use crate::app::config::complaint::Complaint;
use crate::app::config::file::sources::scim as file;
use crate::app::config::meaning::sources::matching::matching;
use crate::app::config::meaning::sources::user_attributes::{WrittenAttributes, path};
use crate::app::config::reading::Reading;
use crate::app::config::written::Written;
use crate::http::pace::Limits;
use crate::model::person::SourceName;
use crate::model::policy::Matching;
use crate::sources::scim::config::{ClientAuth, Login, OAuth, ScimConfig};

/// GitLab's own name for the identities that its SCIM API keeps.
pub const PROVIDER: &str = "scim";

/// How the people of the source are matched, and the source; `None` where something was complained of.
pub fn scim(
    name: SourceName,
    written: &file::Scim,
    reading: &mut Reading<'_>,
) -> (Matching, Option<ScimConfig>) {
    let provider = (written.identity_provider.as_ref(), Some(PROVIDER));
    (matching(written.match_by.as_ref(), provider, reading), source(name, written, reading))
}

fn source(name: SourceName, written: &file::Scim, reading: &mut Reading<'_>) -> Option<ScimConfig> {
    let url = address(written.url.as_ref(), written, reading);
    let login = login(written, reading);
    let ca_file = reading.optional_path(written.ca_file.as_ref());
    let timeout = reading.timeout(written.timeout.as_ref(), Duration::from_secs(30));
    let retry_deadline = reading.timeout(written.retry_deadline.as_ref(), Duration::from_secs(5 * 60));
    let given = written.attributes.as_ref();
    let id = path(given.and_then(|given| given.id.as_ref()), "id", reading);
    let attributes = WrittenAttributes {
        username: given.and_then(|given| given.username.as_ref()),
        email: given.and_then(|given| given.email.as_ref()),
        name: given.and_then(|given| given.name.as_ref()),
        extra: given.and_then(|given| given.extra.as_deref()).unwrap_or_default(),
        identity: written.identity_attribute.as_ref(),
    };
    let attributes = attributes.meant(reading);
    Some(ScimConfig {
        name,
        url: url?,
        login: login?,
        ca_file,
        timeout,
        limits: Limits {
            requests_per_minute: written.requests_per_minute.unwrap_or(600),
            max_concurrent_requests: written.max_concurrent_requests.unwrap_or(4),
            retry_deadline,
        },
        page_size: written.page_size.unwrap_or(100),
        nested_groups: written.nested_groups.unwrap_or(true),
        include_inactive: written.include_inactive.unwrap_or(false),
        non_person_member_types: written.non_person_member_types.clone().unwrap_or_default(),
        id: id?,
        attributes: attributes?,
    })
}

fn address(text: Option<&Written<String>>, written: &file::Scim, reading: &mut Reading<'_>) -> Option<Url> {
    let text = text?;
    let url = reading.url(text, &["https", "http"])?;
    if url.scheme() == "http" {
        reading.refuse_plaintext(&url, &text.span, written.allow_plaintext, "use https://");
    }
    if url.query().is_some() || url.fragment().is_some() {
        reading.complain(Complaint::new(&text.span, "the address ends with its path"));
    }
    Some(url)
}

fn login(written: &file::Scim, reading: &mut Reading<'_>) -> Option<Login> {
    match (&written.token, &written.oauth) {
        (Some(token), None) => reading.secret(token, "token").map(Login::Token),
        (None, Some(oauth)) => {
            let token_url = address(oauth.value.token_url.as_ref(), written, reading);
            let client_id = reading.text(oauth.value.client_id.as_ref());
            let client_secret = oauth.value.client_secret.as_ref();
            let client_secret = client_secret.and_then(|secret| reading.secret(secret, "client_secret"));
            let scope = reading.text(oauth.value.scope.as_ref());
            Some(Login::OAuth(OAuth {
                token_url: token_url?,
                client_id: client_id?,
                client_secret: client_secret?,
                scope,
                client_auth: match oauth.value.client_auth {
                    Some(file::ClientAuth::ClientSecretPost) => ClientAuth::Post,
                    Some(file::ClientAuth::ClientSecretBasic) | None => ClientAuth::Basic,
                },
            }))
        }
        (Some(_), Some(oauth)) => {
            let complaint = Complaint::new(&oauth.span, "`token` and `oauth` exclude each other");
            reading.complain(complaint.help("keep the one that the service provider wants"));
            None
        }
        (None, None) => {
            if let Some(url) = &written.url {
                let complaint = Complaint::new(&url.span, "there is no token for this service provider");
                reading.complain(complaint.help(
                    "add `token = { env = \"…\" }`, or `oauth = { token_url = \"…\", client_id = \"…\", client_secret = { env = \"…\" } }`",
                ));
            }
            None
        }
    }
}
