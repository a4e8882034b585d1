//! What `[scim_push.NAME]` means: what is read of it, and whose pushes are taken.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;

use crate::app::config::complaint::Complaint;
use crate::app::config::file::File;
use crate::app::config::file::sources::scim_push as file;
use crate::app::config::meaning::sources::matching::matching;
use crate::app::config::meaning::sources::user_attributes::WrittenAttributes;
use crate::app::config::reading::Reading;
use crate::app::config::written::{Secret, Written};
use crate::app::token::TokenDigest;
use crate::model::person::SourceName;
use crate::model::policy::Matching;
use crate::model::roster::Patience;
use crate::sources::scim_push::config::ScimPushConfig;

/// The shortest token that nobody guesses; providers take ones of any length.
const SHORTEST: usize = 20;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How the people of the source are matched, and the source; `None` where something was complained of.
pub fn scim_push(
    name: SourceName,
    written: &file::ScimPush,
    reading: &mut Reading<'_>,
) -> (Matching, Option<ScimPushConfig>) {
    let provider = (written.identity_provider.as_ref(), None);
    (matching(written.match_by.as_ref(), provider, reading), source(name, written, reading))
}

/// Who may push into which source.
pub fn receivers(file: &File, reading: &mut Reading<'_>) -> BTreeMap<SourceName, Vec<TokenDigest>> {
    let mut receivers = BTreeMap::new();
    for (name, section) in &file.scim_push {
        let tokens = section.value.tokens.as_ref().map_or_else(Vec::new, |tokens| tokens_of(tokens, reading));
        receivers.insert(SourceName::new(name), tokens);
    }
    receivers
}

fn source(name: SourceName, written: &file::ScimPush, reading: &mut Reading<'_>) -> Option<ScimPushConfig> {
    let stale_after = reading.timeout(written.stale_after.as_ref(), 14 * DAY);
    let settle_after = reading.duration(written.settle_after.as_ref());
    let given = written.attributes.as_ref();
    let attributes = WrittenAttributes {
        username: given.and_then(|given| given.username.as_ref()),
        email: given.and_then(|given| given.email.as_ref()),
        name: given.and_then(|given| given.name.as_ref()),
        extra: given.and_then(|given| given.extra.as_deref()).unwrap_or_default(),
        identity: written.identity_attribute.as_ref(),
    };
    let attributes = attributes.meant(reading);
    Some(ScimPushConfig {
        name,
        patience: Patience {
            stale_after: SignedDuration::try_from(stale_after).unwrap_or(SignedDuration::MAX),
            settle_after: settle_after.unwrap_or(SignedDuration::from_mins(10)),
        },
        nested_groups: written.nested_groups.unwrap_or(true),
        include_inactive: written.include_inactive.unwrap_or(false),
        attributes: attributes?,
    })
}

fn tokens_of(tokens: &Written<Vec<Written<file::Token>>>, reading: &mut Reading<'_>) -> Vec<TokenDigest> {
    if tokens.value.is_empty() {
        let complaint = Complaint::new(&tokens.span, "nobody could push: there is no token");
        reading.complain(complaint.help("`seatsync new-token` makes one, and says what to write here"));
    }
    tokens.value.iter().filter_map(|token| digest(token, reading)).collect()
}

fn digest(written: &Written<file::Token>, reading: &mut Reading<'_>) -> Option<TokenDigest> {
    let Written { value: token, span } = written;
    let file::Token { sha256, env, file, command, credential } = token;
    let is_secret = env.is_some() || file.is_some() || command.is_some() || credential.is_some();
    match sha256 {
        Some(sha256) if !is_secret => {
            let digest = TokenDigest::parse(&sha256.value);
            if digest.is_none() {
                // It may be the token itself.
                reading.secrets.push(sha256.span.clone());
                let complaint = Complaint::new(&sha256.span, "this is no SHA-256 in hexadecimal");
                reading.complain(
                    complaint.help("`seatsync new-token` makes a token, and says what to write here"),
                );
            }
            digest
        }
        Some(_) => {
            let message = "a token needs exactly one of `sha256`, `env`, `file`, `command` and `credential`";
            reading.complain(Complaint::new(span, message).help("write one: { sha256 = \"…\" }"));
            None
        }
        None => {
            let (env, file) = (env.clone(), file.clone());
            let secret = Secret { env, file, command: command.clone(), credential: credential.clone() };
            let token = reading.secret(&Written { value: secret, span: span.clone() }, "tokens")?;
            if secrecy::ExposeSecret::expose_secret(&token).len() < SHORTEST {
                let message =
                    format!("this token has fewer than {SHORTEST} characters: somebody could guess it");
                reading.complain(Complaint::new(span, message).help("`seatsync new-token` makes one"));
            }
            Some(TokenDigest::of(&token))
        }
    }
}
