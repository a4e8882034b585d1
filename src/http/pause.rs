//! What an answer says of when to ask again; pure.

use std::time::Duration;

use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// The pause that an answer asks for: `Retry-After`, in seconds or as a date, else the time to `RateLimit-Reset` where
/// nothing remains of the limit. Dates are measured from the answer's own `Date`, so that our clock does not matter.
pub fn pause(headers: &HeaderMap) -> Option<Duration> {
    demanded_pause(headers).map(|pause| pause.min(LONGEST_PAUSE))
}

/// Beyond every deadline, and short enough to reckon with.
const LONGEST_PAUSE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

fn demanded_pause(headers: &HeaderMap) -> Option<Duration> {
    if let Some(text) = text(headers, RETRY_AFTER.as_str()) {
        return match text.parse::<u64>() {
            Ok(seconds) => Some(Duration::from_secs(seconds)),
            Err(_) => between(date(headers)?, http_date(text)?),
        };
    }
    if text(headers, "ratelimit-remaining")? != "0" {
        return None;
    }
    let reset = Timestamp::from_second(text(headers, "ratelimit-reset")?.parse().ok()?).ok()?;
    between(date(headers)?, reset)
}

/// A header's number, such as `X-Total`.
pub fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    text(headers, name)?.parse().ok()
}

/// A header's text.
pub fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn date(headers: &HeaderMap) -> Option<Timestamp> {
    http_date(text(headers, DATE.as_str())?)
}

fn http_date(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text).ok()
}

/// Zero where the later one has passed.
fn between(now: Timestamp, then: Timestamp) -> Option<Duration> {
    Some(Duration::try_from(then.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    use crate::http::pause::pause;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| {
            (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn a_pause_is_read_from_either_header_and_measured_by_the_server_s_clock() {
        let noon = ("date", "Sun, 22 Nov 2026 12:00:00 GMT");
        let minute = Some(Duration::from_secs(60));
        assert_eq!(pause(&headers(&[("retry-after", "60")])), minute);
        assert!(pause(&headers(&[("retry-after", "18446744073709551615")])) > minute);
        assert_eq!(pause(&headers(&[noon, ("retry-after", "Sun, 22 Nov 2026 12:01:00 GMT")])), minute);
        let reset = ("ratelimit-reset", "1795348860");
        assert_eq!(pause(&headers(&[noon, ("ratelimit-remaining", "0"), reset])), minute);
        assert_eq!(pause(&headers(&[noon, ("ratelimit-remaining", "7"), reset])), None);
        assert_eq!(pause(&headers(&[("ratelimit-remaining", "0"), reset])), None);
    }
}
