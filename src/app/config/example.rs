//! `config.example.toml`, compiled in: every key with its default.

/// The text of the file.
pub const EXAMPLE: &str = include_str!("../../../config.example.toml");

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::{Map, Value};

    use crate::app::config::Config;
    use crate::app::config::example::EXAMPLE;
    use crate::app::config::schema::{properties, resolved, schema};

    /// The example with every key of it in force. Prose begins with `# `, a key that is commented out with `#`.
    fn uncommented() -> String {
        let line = |line: &str| match line.strip_prefix('#') {
            Some(key) if !key.is_empty() && !key.starts_with(' ') => format!("{key}\n"),
            Some(_) | None => format!("{line}\n"),
        };
        EXAMPLE.lines().map(line).collect()
    }

    fn parsed(text: &str) -> Config {
        let secret = |_: &str| Some("https://secret.example.com".to_owned());
        Config::parse(text, Path::new("config.example.toml"), &secret)
            .unwrap_or_else(|error| panic!("{}", error.render(false)))
    }

    #[test]
    fn the_example_is_a_configuration_as_it_is_and_with_every_key() {
        parsed(EXAMPLE);
        parsed(&uncommented());
    }

    /// Walks the schema and the example side by side.
    fn compare(root: &Value, schema: &Value, written: &Value, path: &str, amiss: &mut Vec<String>) {
        let below = resolved(root, schema);
        if below["maxProperties"] == 1 || path.ends_with(".bind") {
            return;
        }
        if let Some(items) = below["items"].as_object().filter(|_| below["items"].get("$ref").is_some()) {
            let items = Value::Object(items.clone());
            if resolved(root, &items)["type"] == "object" {
                // One table has some of the keys, another the rest.
                let tables = written.as_array().into_iter().flatten().filter_map(Value::as_object);
                let merged: Map<String, Value> = tables.flat_map(|table| table.clone()).collect();
                compare(root, &items, &Value::Object(merged), &format!("{path}[]"), amiss);
            }
        }
        if let Some(each) = below.get("additionalProperties").filter(|each| each.is_object()) {
            // One section has some of the keys, another the rest; the first of a key counts.
            let sections = written.as_object().into_iter().flat_map(Map::values).filter_map(Value::as_object);
            let mut merged = Map::new();
            sections.flat_map(Clone::clone).for_each(|(key, value)| {
                merged.entry(key).or_insert(value);
            });
            compare(root, each, &Value::Object(merged), &format!("{path}.NAME"), amiss);
        }
        for (key, schema) in properties(below) {
            let path = format!("{path}.{key}");
            match (&written[key], &schema["default"]) {
                (Value::Null, _) => amiss.push(format!("`{path}` is not in the example")),
                (_, Value::Null) => {}
                (written, default) if written == default => {}
                (written, default) => amiss.push(format!("`{path}` is {written}, and {default} by default")),
            }
            compare(root, schema, &written[key], &path, amiss);
        }
    }

    #[test]
    fn every_key_stands_in_the_example_with_its_default() {
        let written: toml::Table = toml::from_str(&uncommented()).unwrap();
        let mut amiss = Vec::new();
        let root = schema();
        compare(&root, &root, &serde_json::to_value(written).unwrap(), "", &mut amiss);
        assert!(amiss.is_empty(), "{}", amiss.join("\n"));
    }

    #[test]
    fn the_defaults_of_the_example_are_those_of_the_program() {
        // Keys whose line shows an example, as they have no default.
        let examples = [
            "top_level_group",
            "ca_file",
            "group_base_dn",
            "person_base_dn",
            "group_filter",
            "person_filter",
            "identity_attribute",
            "where",
            "max_seats",
            "until",
            "reclaim_inactive_after",
            "trial_ends",
            "[",
            "path",
            "password",
            "schema",
            "columns",
            "certificate",
            "key",
            "token",
            "public_url",
            "client_",
            "approvers",
            "idle_for",
            "signed_in_for",
        ];
        let in_force: String = EXAMPLE
            .lines()
            .take_while(|line| !line.starts_with("#[scim"))
            .chain(EXAMPLE.lines().skip_while(|line| !line.starts_with("[[rule]]")))
            .take_while(|line| !line.starts_with("[notify]"))
            .map(|line| match line.strip_prefix('#') {
                Some(key) if !key.starts_with(' ') && !examples.iter().any(|name| key.starts_with(name)) => {
                    format!("{key}\n")
                }
                Some(_) | None => format!("{line}\n"),
            })
            .collect();
        let in_force = parsed(&in_force);
        let silent = parsed(EXAMPLE);
        assert_eq!(format!("{:#?}", silent.gitlab), format!("{:#?}", in_force.gitlab));
        assert_eq!(format!("{:#?}", silent.sources), format!("{:#?}", in_force.sources));
        assert_eq!(format!("{:#?}", silent.state), format!("{:#?}", in_force.state));
        assert_eq!(silent.rules, in_force.rules);
        for add_on in crate::model::add_on::AddOn::ALL {
            assert_eq!(silent.policy.add_on(add_on), in_force.policy.add_on(add_on));
        }
        assert_eq!(silent.policy, in_force.policy);
    }
}
