//! Asking the identity provider about people it spoke of before (AttributeQuery; SAML profiles, section 6).

use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _};

use crate::model::testimony::{Heard, Subject, Testimony};
use crate::ports::EdgeError;
use crate::ports::saml::{Asked, NotAdmitted};
use crate::sources::saml::error::SamlError;
use crate::sources::saml::metadata::{AttributeService, IdentityProvider};
use crate::sources::saml::provider::Line;
use crate::sources::saml::request;
use crate::sources::saml::service::{How, Service};

/// Requests under way at once.
const AT_ONCE: usize = 4;

/// What came of asking about one person.
enum Answer {
    TakenIn,
    Refused,
    Unreached,
}

/// Asks about everybody of whom the last word is old enough; `None` where nobody is ever asked about.
pub async fn ask(ours: &Service) -> Result<Option<Asked>, EdgeError> {
    let Some(after) = ours.config.query_after else { return Ok(None) };
    let provider = ours.provider.current().await?;
    let Some(service) = &provider.attributes else {
        return Err(SamlError::NoQueries { entity_id: provider.entity_id.clone() }.into());
    };
    let line = Line::to(&service.url, &ours.config)?;
    let hearing = ours.testimonies.hearing(&ours.config.name).await?;
    let now = ours.clock.now();
    let is_old = |last: &&Testimony| now.duration_since(last.said_at) >= after;
    let old = hearing.people.iter().filter_map(|heard| last(heard).filter(is_old));
    let questions: Vec<_> = old
        .filter_map(|testimony| testimony.subject.as_ref())
        .map(|subject| ask_about(ours, &provider, service, &line, subject))
        .collect();
    let mut answers = stream::iter(questions).buffer_unordered(AT_ONCE);
    let mut asked = Asked::default();
    while let Some(answer) = answers.next().await {
        match answer? {
            Answer::TakenIn => asked.answered += 1,
            Answer::Refused => asked.refused += 1,
            Answer::Unreached => asked.unreached += 1,
        }
    }
    Ok(Some(asked))
}

fn last(heard: &Heard) -> Option<&Testimony> {
    [&heard.known, &heard.unknown].into_iter().flatten().max_by_key(|testimony| testimony.said_at)
}

async fn ask_about(
    ours: &Service,
    provider: &Arc<IdentityProvider>,
    service: &AttributeService,
    line: &Line,
    subject: &Subject,
) -> Result<Answer, EdgeError> {
    let id = request::new_id().map_err(EdgeError::new)?;
    let query = request::attribute_query(&ours.config, &service.url, subject, &id, ours.clock.now());
    let source = ours.config.name.as_str();
    let answer = match line.ask(query).await {
        Ok(answer) => Arc::new(answer),
        Err(error) => {
            tracing::warn!(source, %error, "the identity provider did not answer a query");
            return Ok(Answer::Unreached);
        }
    };
    let how = How::Answered { request: id, subject: subject.value.clone() };
    match ours.judged(&answer, provider, how).await {
        Err(refusal) => {
            tracing::warn!(source, because = refusal.key(), "the answer to a query is refused");
            Ok(Answer::Refused)
        }
        Ok(believed) => match ours.taken_in(&believed).await {
            Ok(()) => Ok(Answer::TakenIn),
            Err(NotAdmitted::Refused { key, .. }) => {
                tracing::warn!(source, because = key, "the answer to a query is refused");
                Ok(Answer::Refused)
            }
            Err(NotAdmitted::Failed(error)) => Err(error),
        },
    }
}
