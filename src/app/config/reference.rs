//! `docs/configuration.md`, written from the schema.

use std::fmt::Write as _;

use serde_json::Value;

use crate::app::config::schema::{properties, resolved, schema};

/// Every key with its kind, its default and what it is for, in Markdown.
pub fn reference() -> String {
    let root = schema();
    let mut page = String::from(INTRODUCTION);
    for (key, section) in properties(&root) {
        let table = innermost(&root, section);
        let description = section["description"].as_str().unwrap_or_default();
        if key == "add_on" {
            heading(&mut page, "[add_on.duo_enterprise]` and `[add_on.duo_pro]", description);
            if let Some((_, section)) = properties(table).next() {
                keys(&mut page, &root, resolved(&root, section));
            }
            continue;
        }
        let written = match (section["type"].as_str(), section.get("additionalProperties")) {
            (Some("array"), _) => format!("[[{key}]]"),
            (_, Some(below)) if below.is_object() => format!("[{key}.NAME]"),
            _ => format!("[{key}]"),
        };
        heading(&mut page, &written, description);
        keys(&mut page, &root, table);
    }
    page
}

const INTRODUCTION: &str = "# Configuration

<!-- Written by `cargo xtask docs` from src/app/config/file/. -->

The file is TOML. `--config FILE` names it, or `SEATSYNC_CONFIG`; otherwise it is `seatsync.toml`, then
`/etc/seatsync/seatsync.toml`. `config.example.toml` has every key with its default. Unknown keys are errors, and every
problem of a file is reported in one go.

* **Paths** are relative to the configuration file.
* **Durations** are a number and a unit: `\"30s\"`, `\"15m\"`, `\"12h\"`, `\"7d\"`, `\"2w\"`.
* **Dates** are written without quotes, and are in UTC, the last day included: `2027-03-31`.
* **Secrets** are never written in the file. `{ env = \"NAME\" }` is an environment variable, `{ file = \"PATH\" }` a file,
  `{ command = [\"pass\", \"show\", \"gitlab\"] }` what a program prints (started without a shell, 30 s at most),
  `{ credential = \"NAME\" }` a systemd credential. The line feed at the end is dropped; an empty secret is refused.
* Plain `http://` and unencrypted `ldap://` are refused, save to loopback or with `allow_plaintext = true`.
";

fn heading(page: &mut String, title: &str, description: &str) {
    let _ = write!(page, "\n## `{title}`\n\n{description}\n");
}

fn keys(page: &mut String, root: &Value, table: &Value) {
    page.push_str("\n| key | kind | default | |\n| --- | --- | --- | --- |\n");
    rows(page, root, table, "");
}

fn rows(page: &mut String, root: &Value, table: &Value, above: &str) {
    let required: Vec<&str> =
        table["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (key, schema) in properties(table) {
        let default = match schema.get("default") {
            Some(default) => format!("`{default}`"),
            None if required.contains(&key) => "required".to_owned(),
            None => String::new(),
        };
        let description = schema["description"].as_str().unwrap_or_default().replace('|', "\\|");
        let _ = writeln!(page, "| `{above}{key}` | {} | {default} | {description} |", kind(root, schema));
        let below = resolved(root, schema);
        if below["type"] == "object" && below["maxProperties"] != 1 {
            rows(page, root, below, &format!("{above}{key}."));
        }
    }
}

fn kind(root: &Value, schema: &Value) -> String {
    let numbers = schema;
    let schema = resolved(root, schema);
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    }
    let kind = match schema["type"].as_str().unwrap_or_default() {
        "object" if schema["maxProperties"] == 1 => "secret",
        "object" => "table",
        "array" => return format!("array of: {}", kind(root, &schema["items"])),
        "string" if schema["format"] == "date" => "date",
        "string" if schema.get("pattern").is_some() => "duration",
        other => other,
    };
    match (numbers["minimum"].as_i64(), numbers["maximum"].as_i64()) {
        (Some(least), Some(most)) => format!("{kind}, {least} to {most}"),
        (Some(least), None) if least > 0 => format!("{kind}, at least {least}"),
        (Some(_) | None, Some(_) | None) => kind.to_owned(),
    }
}

/// The table that a section, a section of sections or an array of sections is made of.
fn innermost<'s>(root: &'s Value, section: &'s Value) -> &'s Value {
    let section = resolved(root, section);
    match (section.get("items"), section.get("additionalProperties")) {
        (Some(items), _) => resolved(root, items),
        (None, Some(below)) if below.is_object() => resolved(root, below),
        (None, _) => section,
    }
}
