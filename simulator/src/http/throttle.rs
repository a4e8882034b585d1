//! Rate limits by account, in windows that begin where the clock divides by the period.

use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use crate::world::account::AccountId;
use crate::world::settings::RateLimit;

/// What a count is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Counted {
    Http,
    Application,
    BulkCreate,
}

/// Requests counted so far.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    counts: HashMap<(Counted, AccountId), Count>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    window: u64,
    requests: u32,
}

/// Where an account stands with a limit, its present request included.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    limit: RateLimit,
    observed: u32,
    /// Seconds until the window ends.
    left: u64,
    /// The Unix second when it ends.
    reset: u64,
}

impl Counters {
    /// Counts a request at the Unix second `now`.
    pub(crate) fn count(
        &mut self,
        counted: Counted,
        account: AccountId,
        limit: RateLimit,
        now: u64,
    ) -> Standing {
        let period = u64::from(limit.period_seconds.max(1));
        let window = now / period;
        let count = self.counts.entry((counted, account)).or_default();
        if count.window != window {
            *count = Count { window, requests: 0 };
        }
        count.requests += 1;
        let left = period - now % period;
        Standing { limit, observed: count.requests, left, reset: now + left }
    }
}

impl Standing {
    pub(crate) fn is_exceeded(&self) -> bool {
        self.observed > self.limit.requests
    }

    /// A made-up limit that was reached, with so many seconds left of its window.
    pub(crate) fn exhausted(left: u64, now: u64) -> Standing {
        let limit = RateLimit { requests: 600, period_seconds: 60 };
        Standing { limit, observed: limit.requests + 1, left, reset: now + left }
    }

    /// The 429 of the HTTP layer: plain text, all headers.
    pub(crate) fn refusal(&self) -> Response {
        let mut response = (StatusCode::TOO_MANY_REQUESTS, "Retry later\n").into_response();
        let headers = response.headers_mut();
        self.add_headers(headers);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        headers.insert(header::RETRY_AFTER, self.left.into());
        let reset = i64::try_from(self.reset).ok().and_then(|second| Timestamp::from_second(second).ok());
        let date = reset.map(|reset| reset.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
        if let Some(date) = date.and_then(|date| HeaderValue::from_str(&date).ok()) {
            headers.insert(HeaderName::from_static("ratelimit-resettime"), date);
        }
        response
    }

    /// `RateLimit-*`. The limit is brought to a minute, the other numbers are of the whole period.
    pub(crate) fn add_headers(&self, headers: &mut HeaderMap) {
        let a_minute =
            (u64::from(self.limit.requests) * 60).div_ceil(u64::from(self.limit.period_seconds.max(1)));
        let remaining = self.limit.requests.saturating_sub(self.observed);
        let name = HeaderValue::from_static("throttle_authenticated_api");
        headers.insert(HeaderName::from_static("ratelimit-name"), name);
        headers.insert(HeaderName::from_static("ratelimit-limit"), a_minute.into());
        headers.insert(HeaderName::from_static("ratelimit-observed"), self.observed.into());
        headers.insert(HeaderName::from_static("ratelimit-remaining"), remaining.into());
        headers.insert(HeaderName::from_static("ratelimit-reset"), self.reset.into());
    }
}

/// The Unix second it is. Limits alone follow the machine's clock: their windows are real time to the client.
#[expect(clippy::disallowed_methods, reason = "a rate limit's window is real time")]
pub(crate) fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
