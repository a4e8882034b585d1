//! One service provider while it is read: what it offers, and whether it still answers.

use std::sync::{Mutex, PoisonError};

use crate::scim_user::folded::Folded;
use crate::sources::scim::config::ScimConfig;
use crate::sources::scim::connection::{Connection, LONGEST_PAGE};
use crate::sources::scim::error::ScimError;
use crate::sources::scim::offers::Offers;
use crate::sources::scim::wire::{GroupHead, Page};

/// What a reading asks.
pub struct Directory<'a> {
    pub connection: &'a Connection,
    pub config: &'a ScimConfig,
    pub offers: Offers,
    health: Mutex<Health>,
}

/// How the requests of a reading have fared.
#[derive(Default)]
struct Health {
    /// Failures since something last went well.
    failures: u32,
    /// Why nothing more is asked.
    fallen: Option<Box<str>>,
}

/// So many requests in a row that fail although each was tried again and again: the server is down, and each more would
/// take another quarter of a minute.
const FAILURES: u32 = 3;

impl<'a> Directory<'a> {
    /// Asks what the service provider offers. One that does not tell is read by what all have, if it has groups at all.
    pub async fn open(
        connection: &'a Connection,
        config: &'a ScimConfig,
    ) -> Result<Directory<'a>, ScimError> {
        let url = connection.url(&["ServiceProviderConfig"], &[]);
        let told = match connection.get("GET /ServiceProviderConfig", url, LONGEST_PAGE).await {
            Ok(body) => Offers::read(&body),
            Err(
                ScimError::NotFound { .. }
                | ScimError::NoSuchPlace { .. }
                | ScimError::Forbidden { .. }
                | ScimError::Refused { .. },
            ) => None,
            Err(error) => return Err(error),
        };
        if told.is_none() {
            has_groups(connection).await?;
        }
        let offers = told.unwrap_or_default();
        Ok(Directory { connection, config, offers, health: Mutex::default() })
    }

    /// How many requests may be under way at once.
    pub fn at_once(&self) -> usize {
        usize::try_from(self.config.limits.max_concurrent_requests).unwrap_or(1).max(1)
    }

    /// Notes how a request went.
    pub fn noted<T>(&self, result: Result<T, ScimError>) -> Result<T, ScimError> {
        let mut health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        match &result {
            Err(
                ScimError::Unreachable { .. }
                | ScimError::Untrusted { .. }
                | ScimError::RateLimited { .. }
                | ScimError::Token { .. }
                | ScimError::NoToken { .. }
                | ScimError::UnreadableToken { .. },
            ) => health.failures = FAILURES,
            Err(ScimError::Lost { .. } | ScimError::Unavailable { .. }) => health.failures += 1,
            Ok(_) | Err(_) => health.failures = 0,
        }
        if let Err(error) = &result
            && health.failures >= FAILURES
            && health.fallen.is_none()
        {
            health.fallen = Some(error.in_one_line().into());
        }
        result
    }

    /// Why nothing more need be asked, where that is so.
    pub fn fallen(&self) -> Option<Box<str>> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).fallen.clone()
    }
}

async fn has_groups(connection: &Connection) -> Result<(), ScimError> {
    let what = "GET /Groups";
    let url = connection.url(&["Groups"], &[("count", "1"), ("excludedAttributes", "members")]);
    let Folded(page): Folded<Page<Folded<GroupHead>>> = connection.read(what, url, LONGEST_PAGE).await?;
    let place = "it is no list".to_owned();
    page.total.map(drop).ok_or_else(|| ScimError::Unreadable { what: what.to_owned(), place })
}
