//! Tells a field that is `null` from one that is absent.

use serde::{Deserialize, Deserializer};

/// For `#[serde(default, deserialize_with)]`: `None` where absent, `Some(None)` where `null`.
pub fn told<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}
