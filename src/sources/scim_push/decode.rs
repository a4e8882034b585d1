//! Entries of a roster as people; pure.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::model::person::{Attribute, Person, Profile};
use crate::model::roster::Entry;
use crate::sources::scim_push::config::{AttributeNames, ScimPushConfig};

/// What an entry is to us.
#[derive(Debug, PartialEq, Eq)]
pub enum Decoded {
    Person(Box<Person>),
    /// Not `active`, and so entitled to nothing.
    Inactive,
    /// Its text in the state is not what we wrote.
    Broken,
}

/// Understands entries as the configuration says.
pub struct Decoder<'c> {
    names: &'c AttributeNames,
    include_inactive: bool,
    /// The extra attributes, sorted by the names that all people share.
    extra: Vec<Arc<str>>,
}

impl<'c> Decoder<'c> {
    pub fn new(config: &'c ScimPushConfig) -> Decoder<'c> {
        let mut extra: Vec<Arc<str>> =
            config.attributes.extra.iter().map(|name| Arc::from(&**name)).collect();
        extra.sort();
        extra.dedup();
        Decoder { names: &config.attributes, include_inactive: config.include_inactive, extra }
    }

    pub fn decoded(&self, entry: &Entry) -> Decoded {
        if !entry.description.active && !self.include_inactive {
            return Decoded::Inactive;
        }
        let Ok(Value::Object(user)) = serde_json::from_str(&entry.description.body) else {
            return Decoded::Broken;
        };
        let first = |name: &str| values(&user, name).into_iter().next();
        let attribute = |name: &Arc<str>| {
            let values: Vec<Box<str>> =
                values(&user, name).into_iter().map(|value| value.into_owned().into()).collect();
            (!values.is_empty()).then(|| Attribute { name: Arc::clone(name), values })
        };
        let mut emails: Vec<Cow<'_, str>> = Vec::new();
        for email in values(&user, &self.names.email) {
            if !emails.contains(&email) {
                emails.push(email);
            }
        }
        Decoded::Person(Box::new(Person::from(Profile {
            id: entry.id.as_str().into(),
            username: first(&self.names.username),
            name: first(&self.names.name).or_else(|| full_name(&user)),
            emails,
            identity: first(&self.names.identity),
            attributes: self.extra.iter().filter_map(attribute).collect(),
        })))
    }
}

/// The values of an attribute; of several the primary one first, then those for work.
fn values<'u>(user: &'u Map<String, Value>, path: &str) -> Vec<Cow<'u, str>> {
    let (urn, name) = match path.rsplit_once(':') {
        Some((urn, name)) => (Some(urn), name),
        None => (None, path),
    };
    let (name, part) = name.split_once('.').map_or((name, None), |(name, part)| (name, Some(part)));
    let found = match urn {
        Some(urn) => field(user, urn).and_then(Value::as_object).and_then(|fields| field(fields, name)),
        // Without its schema an attribute of an extension is meant where the core has none of that name.
        None => field(user, name).or_else(|| {
            let extensions = user.values().filter_map(Value::as_object);
            extensions.filter(|fields| !fields.is_empty()).find_map(|fields| field(fields, name))
        }),
    };
    let mut elements: Vec<&Value> = match found {
        Some(Value::Array(elements)) => elements.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    };
    elements.sort_by_key(|element| {
        let is_work = element.get("type").and_then(Value::as_str) == Some("work");
        (element.get("primary") != Some(&Value::Bool(true)), !is_work)
    });
    let text = |element: &'u Value| match element.as_object() {
        Some(fields) => simple(field(fields, part.unwrap_or("value"))?),
        None if part.is_none() => simple(element),
        None => None,
    };
    elements.into_iter().filter_map(text).collect()
}

fn field<'v>(object: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    object
        .get(name)
        .or_else(|| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

fn simple(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(text.trim()).filter(|text| !text.is_empty()).map(Cow::Borrowed),
        Value::Bool(truth) => Some(truth.to_string().into()),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// For reports alone, where the attribute of the name says nothing.
fn full_name(user: &Map<String, Value>) -> Option<Cow<'_, str>> {
    let part = |part| values(user, part).into_iter().next();
    part("name.formatted").or_else(|| {
        let parts: Vec<Cow<'_, str>> =
            [part("name.givenName"), part("name.familyName")].into_iter().flatten().collect();
        Some(parts.join(" ")).filter(|name| !name.is_empty()).map(Cow::Owned)
    })
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use crate::model::person::{Person, SourceName};
    use crate::model::roster::{Description, Entry, EntryKind, Patience};
    use crate::sources::scim_push::config::{AttributeNames, ScimPushConfig};
    use crate::sources::scim_push::decode::{Decoded, Decoder};

    fn decoded(body: &str, active: bool) -> Decoded {
        let config = ScimPushConfig {
            name: SourceName::new("entra"),
            patience: Patience { stale_after: SignedDuration::ZERO, settle_after: SignedDuration::ZERO },
            nested_groups: true,
            include_inactive: false,
            attributes: AttributeNames {
                extra: vec![
                    "department".to_owned(),
                    "urn:ietf:params:scim:schemas:extension:acme:2.0:User:floor".to_owned(),
                ],
                ..AttributeNames::default()
            },
        };
        Decoder::new(&config).decoded(&Entry {
            kind: EntryKind::Person,
            id: "7f".to_owned(),
            description: Description {
                external_id: None,
                name: "ada".to_owned(),
                active,
                body: body.to_owned(),
            },
            version: 1,
            created_at: Timestamp::UNIX_EPOCH,
            modified_at: Timestamp::UNIX_EPOCH,
        })
    }

    fn person(body: &str) -> Person {
        match decoded(body, true) {
            Decoded::Person(person) => *person,
            Decoded::Inactive | Decoded::Broken => panic!("she is one"),
        }
    }

    #[test]
    fn an_entry_is_a_person() {
        let ada = person(
            r#"{"userName":"ada","externalId":"E7","name":{"givenName":"Ada","familyName":"Byron"},
                "emails":[{"value":"home@x"},{"value":"a@x","type":"work"},{"value":"ada@x","primary":true},{"value":"a@x"}],
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"R&D"},
                "urn:ietf:params:scim:schemas:extension:acme:2.0:User":{"floor":3}}"#,
        );
        assert_eq!((ada.id(), ada.username(), ada.name()), ("7f", Some("ada"), Some("Ada Byron")));
        assert_eq!(ada.identity(), Some("E7"));
        assert_eq!(ada.emails().collect::<Vec<_>>(), ["ada@x", "a@x", "home@x"]);
        assert_eq!(ada.attribute("department"), [Box::from("R&D")]);
        assert_eq!(
            ada.attribute("urn:ietf:params:scim:schemas:extension:acme:2.0:User:floor"),
            [Box::from("3")]
        );
    }

    #[test]
    fn who_is_not_active_counts_for_nobody_and_what_is_broken_is_unknown() {
        assert_eq!(decoded(r#"{"userName":"ada"}"#, false), Decoded::Inactive);
        assert_eq!(decoded("{", true), Decoded::Broken);
    }
}
