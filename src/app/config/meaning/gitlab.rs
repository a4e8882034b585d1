//! What `[gitlab]` means.

use std::time::Duration;

use crate::app::config::complaint::Complaint;
use crate::app::config::file::File;
use crate::app::config::reading::Reading;
use crate::gitlab::config::GitLabConfig;
use crate::model::purchase::Scope;

/// `None` where something was complained of.
pub fn gitlab(file: &File, reading: &mut Reading<'_>) -> Option<GitLabConfig> {
    let written = &file.gitlab.as_ref()?.value;

    let url = written.url.as_ref().and_then(|text| {
        let url = reading.url(text, &["https", "http"])?;
        if url.scheme() == "http" {
            reading.refuse_plaintext(&url, &text.span, written.allow_plaintext, "use https://");
        }
        if url.query().is_some() || url.fragment().is_some() {
            reading.complain(Complaint::new(&text.span, "the address of GitLab ends with its path"));
        }
        Some(url)
    });
    let token = written.token.as_ref().and_then(|token| reading.secret(token, "token"));
    let scope = match reading.text(written.top_level_group.as_ref()) {
        Some(path) => Scope::TopLevelGroup { path: top_level(&path, file, reading) },
        None => Scope::Instance,
    };
    let timeout = reading.timeout(written.timeout.as_ref(), Duration::from_secs(30));
    let retry_deadline = reading.timeout(written.retry_deadline.as_ref(), Duration::from_secs(10 * 60));
    let ca_file = reading.optional_path(written.ca_file.as_ref());

    Some(GitLabConfig {
        url: url?,
        token: token?,
        scope,
        requests_per_minute: written.requests_per_minute.unwrap_or(600),
        max_concurrent_requests: written.max_concurrent_requests.unwrap_or(4),
        timeout,
        retry_deadline,
        ca_file,
    })
}

/// The address that GitLab had before, where one is told.
pub fn formerly(file: &File, reading: &mut Reading<'_>) -> Option<String> {
    reading.text(file.gitlab.as_ref()?.value.formerly.as_ref())
}

/// Seats belong to the namespace that pays, which is never a subgroup.
fn top_level(path: &str, file: &File, reading: &mut Reading<'_>) -> Box<str> {
    let path = path.trim().trim_matches('/');
    let span = file.gitlab.as_ref().and_then(|gitlab| gitlab.value.top_level_group.as_ref());
    if let (Some((top, _)), Some(written)) = (path.split_once('/'), span) {
        let message = format!("`{path}` is no top-level group");
        reading.complain(Complaint::new(&written.span, message).help(format!("seats belong to `{top}`")));
    }
    path.into()
}
