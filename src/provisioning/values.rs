//! Values as providers send them, as the schema means them: `"False"` is false, one value is a list of one, and `""` is none.

use serde_json::{Map, Value};

use crate::provisioning::refusal::{Because, Refusal};
use crate::provisioning::schema::{Attribute, Kind};

/// Values of one attribute, and attributes of one entry: far more than anybody has, and few enough to be compared with
/// each other.
pub const MOST: usize = 200;

/// The value that is kept; `None` where there is none.
pub fn meant(attribute: &Attribute, value: &Value) -> Result<Option<Value>, Refusal> {
    if attribute.many {
        let values = elements(attribute, value)?;
        return Ok(Some(values).filter(|values| !values.is_empty()).map(Value::Array));
    }
    one(attribute, value)
}

/// The elements of a multi-valued attribute.
pub fn elements(attribute: &Attribute, value: &Value) -> Result<Vec<Value>, Refusal> {
    match value.as_array() {
        Some(values) if values.len() > MOST => Err(too_many(attribute.name)),
        Some(values) => values.iter().filter_map(|value| one(attribute, value).transpose()).collect(),
        None => Ok(one(attribute, value)?.into_iter().collect()),
    }
}

/// One value of an attribute, whether it may have several or not.
pub fn one(attribute: &Attribute, value: &Value) -> Result<Option<Value>, Refusal> {
    let wrong = || {
        let detail = format!("`{}` has a value of another type", attribute.name);
        Refusal::new(Because::InvalidValue, detail)
    };
    if value.is_null() || value.as_str() == Some("") {
        return Ok(None);
    }
    match &attribute.kind {
        Kind::Text | Kind::Reference(_) => match value {
            Value::String(_) => Ok(Some(value.clone())),
            Value::Number(number) => Ok(Some(number.to_string().into())),
            Value::Bool(truth) => Ok(Some(truth.to_string().into())),
            Value::Null | Value::Array(_) | Value::Object(_) => Err(wrong()),
        },
        Kind::Truth => truth(value).map(|truth| Some(truth.into())).ok_or_else(wrong),
        Kind::Parts(_) => match value {
            Value::Object(object) => parts(attribute, object),
            // Entra ID sends `manager` as a bare id, or as a list of one.
            Value::Array(values) if !attribute.many => match values.as_slice() {
                [] => Ok(None),
                [only] => one(attribute, only),
                [_, _, ..] => Err(wrong()),
            },
            Value::String(_) | Value::Number(_) | Value::Bool(_) => {
                let part = attribute.part("value").ok_or_else(wrong)?;
                Ok(one(part, value)?.map(|value| Map::from_iter([("value".to_owned(), value)]).into()))
            }
            Value::Null | Value::Array(_) => Err(wrong()),
        },
    }
}

pub fn too_many(what: &str) -> Refusal {
    Refusal::new(Because::InvalidValue, format!("`{what}` has more than {MOST} values"))
}

/// Entra ID writes booleans as text, with a capital letter.
pub fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        Value::String(_) | Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn parts(attribute: &Attribute, object: &Map<String, Value>) -> Result<Option<Value>, Refusal> {
    let mut kept = Map::new();
    for (name, value) in object {
        if let Some(part) = attribute.part(name)
            && let Some(value) = one(part, value)?
        {
            kept.insert(part.name.to_owned(), value);
        }
    }
    Ok(Some(kept).filter(|kept| !kept.is_empty()).map(Value::Object))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::provisioning::attributes::{ENTERPRISE, USER};
    use crate::provisioning::values::meant;

    fn user(name: &str, value: Value) -> String {
        let attribute = USER.attribute(name).or(ENTERPRISE.attribute(name)).unwrap();
        match meant(attribute, &value) {
            Ok(Some(value)) => value.to_string(),
            Ok(None) => "none".to_owned(),
            Err(refusal) => refusal.detail,
        }
    }

    #[test]
    fn values_mean_what_providers_mean_by_them() {
        assert_eq!(user("active", json!("False")), "false");
        assert_eq!(user("active", json!("perhaps")), "`active` has a value of another type");
        assert_eq!(user("title", json!("")), "none");
        assert_eq!(user("title", Value::Null), "none");
        assert_eq!(user("nickName", json!(7)), "\"7\"");
        assert_eq!(user("manager", json!("42")), r#"{"value":"42"}"#);
        assert_eq!(
            user("manager", json!([{"value": "42", "$ref": "../Users/42"}])),
            r#"{"value":"42","$ref":"../Users/42"}"#
        );
        assert_eq!(user("manager", json!({"value": "", "displayName": "Bob"})), "none");
        assert_eq!(
            user("emails", json!({"VALUE": "a@b.c", "type": "work", "verified": 1})),
            r#"[{"value":"a@b.c","type":"work"}]"#
        );
        assert_eq!(
            user("roles", json!(["admin", {"value": "dev", "primary": "True"}])),
            r#"[{"value":"admin"},{"value":"dev","primary":true}]"#
        );
        assert_eq!(user("roles", json!([])), "none");
        assert_eq!(user("name", json!({"givenName": {"x": 1}})), "`givenName` has a value of another type");
    }
}
