//! Kinds of value that a configuration is written in: secrets, durations, dates, and where each of them stands.

use std::borrow::Cow;
use std::ops::Range;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};
use toml::Spanned;
use toml::value::Datetime;

/// Something written, and where: a range of bytes of the file.
#[derive(Debug)]
pub struct Written<T> {
    pub value: T,
    pub span: Range<usize>,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Written<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Written<T>, D::Error> {
        let spanned = Spanned::<T>::deserialize(deserializer)?;
        Ok(Written { span: spanned.span(), value: spanned.into_inner() })
    }
}

impl<T: JsonSchema> JsonSchema for Written<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<T>()
    }
}

/// Exactly one of these says where the secret is; it is never written in this file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct Secret {
    /// The name of an environment variable.
    pub env: Option<String>,
    /// A file, relative to the configuration file.
    pub file: Option<String>,
    /// A program and its arguments, which prints the secret; started without a shell.
    pub command: Option<Vec<String>>,
    /// The name of a systemd credential.
    pub credential: Option<String>,
}

/// `"30s"`, `"15m"`, `"12h"`, `"7d"` or `"2w"`.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline, extend("pattern" = "^[0-9]+[smhdw]$"))]
pub struct DurationText(pub String);

/// A date of TOML, without quotes.
#[derive(Debug, Deserialize)]
pub struct DateText(pub Datetime);

impl JsonSchema for DateText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Date".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string", "format": "date" })
    }
}
