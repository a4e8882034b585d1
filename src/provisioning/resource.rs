//! Resources: what a provider sends to be kept, and what it is shown of an entry.

use serde_json::{Map, Value, json};

use crate::model::roster::{Description, Entry, EntryKind};
use crate::provisioning::attributes::core;
use crate::provisioning::refusal::{Because, Refusal};

/// The largest name or key that is compared: longer ones are no names.
const LONGEST_KEY: usize = 1024;

/// The most bytes of one entry, less the members of a group: far more than any directory tells of a person.
const LARGEST: usize = 64 * 1024;

/// What the attributes say that is compared and indexed.
pub fn description(kind: EntryKind, attributes: &Map<String, Value>) -> Result<Description, Refusal> {
    let text = |name: &str| attributes.get(name).and_then(Value::as_str);
    let required = match kind {
        EntryKind::Person => "userName",
        EntryKind::Group => "displayName",
    };
    let Some(name) = text(required).filter(|name| !name.trim().is_empty()) else {
        return Err(Refusal::new(Because::InvalidValue, format!("`{required}` is required")));
    };
    let external_id = text("externalId");
    for (attribute, value) in [(required, Some(name)), ("externalId", external_id)] {
        if value.is_some_and(|value| value.len() > LONGEST_KEY) {
            let detail = format!("`{attribute}` is longer than {LONGEST_KEY} bytes");
            return Err(Refusal::new(Because::InvalidValue, detail));
        }
    }
    let body = Value::Object(attributes.clone()).to_string();
    if body.len() > LARGEST {
        let detail = format!("its attributes take more than {LARGEST} bytes");
        return Err(Refusal::new(Because::InvalidValue, detail));
    }
    Ok(Description {
        external_id: external_id.map(ToOwned::to_owned),
        name: name.to_owned(),
        // Who is not said to be inactive is active.
        active: attributes.get("active").and_then(Value::as_bool).unwrap_or(true),
        body,
    })
}

/// The attributes of an entry as they are kept.
pub fn attributes(entry: &Entry) -> Map<String, Value> {
    match serde_json::from_str(&entry.description.body) {
        Ok(Value::Object(attributes)) => attributes,
        // Only we write it; were it broken, what is indexed still holds.
        Ok(_) | Err(_) => Map::from_iter([("displayName".to_owned(), entry.description.name.clone().into())]),
    }
}

/// An entry as it is shown. `members` only of a group, and only where they are asked for.
pub fn shown(entry: &Entry, members: Option<&[(String, Option<EntryKind>)]>, base: &str) -> Value {
    let schema = core(entry.kind);
    let mut attributes = attributes(entry);
    let mut schemas = vec![Value::from(schema.urn)];
    schemas.extend(attributes.iter().filter(|(key, _)| is_urn(key)).map(|(key, _)| Value::from(key.clone())));
    let mut shown = Map::from_iter([
        ("schemas".to_owned(), Value::Array(schemas)),
        ("id".to_owned(), entry.id.clone().into()),
    ]);
    shown.append(&mut attributes);
    if let Some(members) = members.filter(|members| !members.is_empty()) {
        let member = |(id, kind): &(String, Option<EntryKind>)| member(id, *kind, base);
        shown.insert("members".to_owned(), members.iter().map(member).collect());
    }
    shown.insert(
        "meta".to_owned(),
        json!({
            "resourceType": schema.name,
            "created": entry.created_at.to_string(),
            "lastModified": entry.modified_at.to_string(),
            "location": location(entry, base),
            "version": tag(entry),
        }),
    );
    Value::Object(shown)
}

/// Where an entry is.
pub fn location(entry: &Entry, base: &str) -> String {
    format!("{base}/{}/{}", collection(entry.kind), entry.id)
}

/// The entity tag: weak, since two spellings of one entry are the same.
pub fn tag(entry: &Entry) -> String {
    format!("W/\"{}\"", entry.version)
}

pub fn is_urn(key: &str) -> bool {
    key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
}

fn member(id: &str, kind: Option<EntryKind>, base: &str) -> Value {
    match kind {
        Some(kind) => json!({
            "value": id,
            "$ref": format!("{base}/{}/{id}", collection(kind)),
            "type": core(kind).name,
        }),
        None => json!({ "value": id }),
    }
}

fn collection(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Person => "Users",
        EntryKind::Group => "Groups",
    }
}
