//! What is written, as values that both databases take.

use jiff::Timestamp;

use crate::model::account::AccountId;

/// One value of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell<'a> {
    Number(i64),
    Text(Option<&'a str>),
}

/// Microseconds since 1970.
pub fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

/// Neither database has unsigned numbers; none of GitLab comes near the difference.
pub fn account(id: AccountId) -> i64 {
    id.0.cast_signed()
}

/// PostgreSQL has no text with a zero byte in it.
pub fn storable(text: &str) -> String {
    text.replace('\0', "")
}
