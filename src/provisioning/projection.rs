//! `attributes` and `excludedAttributes`: how much of a resource is shown (RFC 7644, section 3.9).

use serde_json::{Map, Value};

use crate::provisioning::resource::is_urn;

/// More names than these are not looked at.
const MOST: usize = 200;

/// What is shown of each resource.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Projection {
    #[default]
    All,
    /// These alone, besides what is always shown.
    Only(Vec<Name>),
    AllBut(Vec<Name>),
}

/// An attribute, or one of its parts; in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// Of an extension.
    urn: Option<String>,
    name: String,
    part: Option<String>,
}

/// Without these nobody could tell what is shown.
const ALWAYS: [&str; 2] = ["id", "schemas"];

impl Projection {
    /// Both as lists of names; `attributes` wins.
    pub fn of(attributes: &[String], excluded: &[String]) -> Projection {
        let names = |texts: &[String]| -> Vec<Name> {
            texts
                .iter()
                .map(|text| text.trim())
                .filter(|text| !text.is_empty())
                .take(MOST)
                .map(Name::of)
                .collect()
        };
        match (names(attributes), names(excluded)) {
            (only, _) if !only.is_empty() => Projection::Only(only),
            (_, all_but) if !all_but.is_empty() => Projection::AllBut(all_but),
            (_, _) => Projection::All,
        }
    }

    /// Whether an attribute is shown at all.
    pub fn shows(&self, attribute: &str) -> bool {
        let attribute = attribute.to_lowercase();
        match self {
            Projection::All => true,
            Projection::Only(names) => names.iter().any(|name| name.urn.is_none() && name.name == attribute),
            Projection::AllBut(names) => !names.iter().any(|name| name.is_all_of(&attribute)),
        }
    }

    /// Takes away what is not shown.
    pub fn apply(&self, resource: Value) -> Value {
        let Value::Object(fields) = resource else { return resource };
        Value::Object(self.filtered(fields, None))
    }

    fn filtered(&self, fields: Map<String, Value>, urn: Option<&str>) -> Map<String, Value> {
        let shown = fields.into_iter().filter_map(|(key, value)| {
            let lower = key.to_lowercase();
            if urn.is_none() && ALWAYS.contains(&lower.as_str()) {
                return Some((key, value));
            }
            if urn.is_none() && is_urn(&key) {
                return self.extension(&lower, value).map(|value| (key, value));
            }
            self.attribute(urn, &lower, value).map(|value| (key, value))
        });
        shown.collect()
    }

    fn extension(&self, urn: &str, value: Value) -> Option<Value> {
        let whole = |names: &[Name]| names.iter().any(|name| name.whole() == urn);
        match (self, value) {
            (Projection::Only(names), value) if whole(names) => Some(value),
            (Projection::AllBut(names), _) if whole(names) => None,
            (_, Value::Object(fields)) => {
                let fields = self.filtered(fields, Some(urn));
                Some(fields).filter(|fields| !fields.is_empty()).map(Value::Object)
            }
            (_, value) => Some(value),
        }
    }

    fn attribute(&self, urn: Option<&str>, key: &str, value: Value) -> Option<Value> {
        let of = |names: &[Name]| -> Vec<Option<String>> {
            let named = names.iter().filter(|name| name.urn.as_deref() == urn && name.name == key);
            named.map(|name| name.part.clone()).collect()
        };
        match self {
            Projection::All => Some(value),
            Projection::Only(names) => {
                let parts = of(names);
                if parts.is_empty() {
                    return None;
                }
                if parts.contains(&None) {
                    return Some(value);
                }
                Some(parted(value, &|part| parts.contains(&Some(part.to_lowercase()))))
            }
            Projection::AllBut(names) => {
                let parts = of(names);
                if parts.contains(&None) {
                    return None;
                }
                Some(parted(value, &|part| !parts.contains(&Some(part.to_lowercase()))))
            }
        }
    }
}

impl Name {
    fn of(text: &str) -> Name {
        let text = text.to_lowercase();
        let (urn, rest) = match text.rsplit_once(':') {
            Some((urn, rest)) if is_urn(urn) => (Some(urn.to_owned()), rest.to_owned()),
            Some(_) | None => (None, text.clone()),
        };
        // A core attribute with its schema before it is the same without.
        let urn = urn.filter(|urn| !urn.starts_with("urn:ietf:params:scim:schemas:core:"));
        let (name, part) = match rest.split_once('.') {
            // The version in the URN of an extension, named as a whole, is no part.
            Some((name, part)) => (name.to_owned(), Some(part.to_owned())),
            None => (rest, None),
        };
        Name { urn, name, part }
    }

    /// As the URN of an extension.
    fn whole(&self) -> String {
        match &self.urn {
            Some(urn) => format!("{urn}:{}", self.name),
            None => self.name.clone(),
        }
    }

    fn is_all_of(&self, attribute: &str) -> bool {
        self.urn.is_none() && self.part.is_none() && self.name == attribute
    }
}

fn parted(value: Value, shown: &dyn Fn(&str) -> bool) -> Value {
    match value {
        Value::Array(elements) => elements.into_iter().map(|element| parted(element, shown)).collect(),
        Value::Object(fields) => Value::Object(fields.into_iter().filter(|(key, _)| shown(key)).collect()),
        simple @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => simple,
    }
}
