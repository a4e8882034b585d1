//! The attributes of a user.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::scim_user::folded::Folded;

/// A user: the attributes by their names in lower case.
#[derive(Debug, Clone, PartialEq)]
pub struct UserBody(BTreeMap<String, Value>);

impl<'de> Deserialize<'de> for UserBody {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<UserBody, D::Error> {
        Folded::deserialize(deserializer).map(|Folded(attributes)| UserBody(attributes))
    }
}

impl UserBody {
    /// An attribute or an extension, by its name in lower case.
    pub fn attribute(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// The attributes that have parts of their own: the extensions, and `name`.
    pub fn parted(&self) -> impl Iterator<Item = &Map<String, Value>> {
        self.0.values().filter_map(Value::as_object)
    }

    /// The service provider's own key, by which groups name the user.
    pub fn id(&self) -> Option<Box<str>> {
        match self.attribute("id")? {
            Value::String(text) => (!text.is_empty()).then(|| text.as_str().into()),
            Value::Number(number) => Some(number.to_string().into()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }
}
