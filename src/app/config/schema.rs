//! The JSON Schema of the configuration: what editors check against, and what a file is held against here.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use crate::app::config::file::File;

/// What `seatsync config-schema` prints.
pub fn json_schema() -> String {
    let mut text = serde_json::to_string_pretty(&schema()).expect("a JSON value can be written");
    text.push('\n');
    text
}

/// The schema as a value.
pub fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12();
    let mut schema = settings.into_generator().into_root_schema_for::<File>().to_value();
    without_null(&mut schema);
    schema
}

/// The definition that a schema refers to, or the schema itself.
pub fn resolved<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    match schema["$ref"].as_str() {
        Some(reference) => {
            root.pointer(reference.trim_start_matches('#')).expect("references lead to definitions")
        }
        None => schema,
    }
}

/// The keys of a table, in the order of [`File`].
pub fn properties(schema: &Value) -> impl Iterator<Item = (&str, &Value)> {
    schema["properties"].as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

/// What is optional may be left out, but TOML has no null.
fn without_null(value: &mut Value) {
    let is_null_type = |value: &Value| value["type"] == "null";
    match value {
        Value::Object(object) => {
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(values)) = object.get_mut("enum") {
                values.retain(|value| !value.is_null());
            }
            if let Some(Value::Array(choices)) = object.get("anyOf")
                && let [Value::Object(only), null] = choices.as_slice()
                && is_null_type(null)
            {
                let only: Map<String, Value> = only.clone();
                object.remove("anyOf");
                object.extend(only);
            }
            object.values_mut().for_each(without_null);
        }
        Value::Array(values) => values.iter_mut().for_each(without_null),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
