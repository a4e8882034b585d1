//! Holds a file against the schema: every key and every kind of value, without stopping at the first that is wrong.

use std::mem;
use std::ops::Range;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::app::config::complaint::Complaint;
use crate::app::config::schema::{properties, resolved};

/// What [`examine`] found.
#[derive(Debug, Default)]
pub struct Shape {
    pub complaints: Vec<Complaint>,
    /// Where secrets are written that should not be, or might be: nobody shows these bytes.
    pub secrets: Vec<Range<usize>>,
}

/// Complains of whatever the schema does not allow, and takes it out of the table, so that the rest can be read.
pub fn examine(schema: &Value, document: &mut Spanned<DeTable<'_>>) -> Shape {
    let mut examiner = Examiner { root: schema, shape: Shape::default() };
    let span = document.span();
    examiner.table(schema, document.get_mut(), &span, "");
    examiner.shape
}

/// Sections of programs like this one, and of plans for it, that would otherwise be silently taken for a slip of the pen.
const NOT_SUPPORTED: [&str; 1] = ["http"];

struct Examiner<'s> {
    root: &'s Value,
    shape: Shape,
}

impl Examiner<'_> {
    /// `path` is where the table is, with dots; empty for the whole file.
    fn table(&mut self, schema: &Value, table: &mut DeTable<'_>, span: &Range<usize>, path: &str) {
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        for key in required.filter(|key| !table.contains_key(*key)) {
            self.complain(missing(span, key, path));
        }
        for (key, mut value) in mem::replace(table, DeTable::new()) {
            let name = key.get_ref();
            let below = if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
            let known = properties(schema).find(|(known, _)| known == name).map(|(_, schema)| schema);
            match known.or_else(|| schema.get("additionalProperties").filter(|schema| schema.is_object())) {
                Some(schema) => {
                    if self.value(schema, &mut value, &below) {
                        table.insert(key, value);
                    }
                }
                None => {
                    if self.may_be_secret(schema, name) {
                        self.conceal(&value);
                    }
                    self.complain(unknown(&key.span(), name, path, schema));
                }
            }
        }
    }

    /// Whether the value may stay.
    fn value(&mut self, schema: &Value, value: &mut Spanned<DeValue<'_>>, path: &str) -> bool {
        let limits = schema;
        let schema = resolved(self.root, schema);
        let span = value.span();
        if let Some(words) = schema["enum"].as_array() {
            return self.word(schema, words, value, path);
        }
        let wanted = schema["type"].as_str().unwrap_or_default();
        match (wanted, value.get_mut()) {
            ("object", DeValue::Table(table)) => {
                self.table(schema, table, &span, path);
                true
            }
            ("array", DeValue::Array(items)) => {
                let mut all_stay = true;
                for item in items.iter_mut() {
                    all_stay &= self.value(&schema["items"], item, path);
                }
                all_stay
            }
            ("integer", DeValue::Integer(number)) => {
                let digits = number.as_str().replace('_', "");
                let number = i64::from_str_radix(&digits, number.radix()).ok();
                self.number(limits, number, &span, path)
            }
            ("boolean", DeValue::Boolean(_)) => true,
            ("string", DeValue::String(_)) if schema["format"] != "date" => true,
            ("string", DeValue::Datetime(date)) if schema["format"] == "date" => {
                let is_day = date.date.is_some() && date.time.is_none() && date.offset.is_none();
                if !is_day {
                    let complaint = Complaint::new(&span, format!("`{path}` is a day, without a time"));
                    self.complain(complaint.help("write it as `2027-03-31`"));
                }
                is_day
            }
            _ => {
                self.wrong_kind(schema, wanted, value, path);
                false
            }
        }
    }

    fn number(&mut self, schema: &Value, number: Option<i64>, span: &Range<usize>, path: &str) -> bool {
        let least = schema["minimum"].as_i64();
        let most = schema["maximum"].as_i64().unwrap_or(match schema["format"].as_str() {
            Some("uint32") => i64::from(u32::MAX),
            Some(_) | None => i64::MAX,
        });
        let fits = number.is_some_and(|number| number <= most && least.is_none_or(|least| least <= number));
        if !fits {
            let range = match least {
                Some(least) if most < i64::from(u32::MAX) => format!("between {least} and {most}"),
                Some(least) => format!("at least {least}, and not beyond {most}"),
                None => format!("a number not beyond {most}"),
            };
            self.complain(Complaint::new(span, format!("`{path}` must be {range}")));
        }
        fits
    }

    fn word(&mut self, schema: &Value, words: &[Value], value: &Spanned<DeValue<'_>>, path: &str) -> bool {
        let known: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
        let written = value.get_ref().as_str();
        if written.is_some_and(|word| known.contains(&word)) {
            return true;
        }
        let complaint = match written {
            Some(word) => {
                let complaint = Complaint::new(&value.span(), format!("`{word}` is no value of `{path}`"));
                complaint.help(match schema["x-help"].as_str() {
                    Some(help) => help.to_owned(),
                    None => way_out(word, &known, "one of"),
                })
            }
            None => {
                let kind = value.get_ref().type_str();
                Complaint::new(&value.span(), format!("`{path}` is one word, and here is {}", article(kind)))
                    .help(format!("one of: {}", quoted(&known)))
            }
        };
        self.complain(complaint);
        false
    }

    fn wrong_kind(&mut self, schema: &Value, wanted: &str, value: &Spanned<DeValue<'_>>, path: &str) {
        let span = value.span();
        let is_secret = schema["maxProperties"] == 1;
        if wanted == "object" {
            self.conceal(value);
        }
        if is_secret {
            let complaint =
                Complaint::new(&span, format!("`{path}` is a secret, and secrets are never written here"));
            self.complain(complaint.help(
                "take it out of this file and say where it is: { env = \"NAME\" }, { file = \"PATH\" }, \
                 { command = [\"PROGRAM\", …] } or { credential = \"NAME\" }",
            ));
            return;
        }
        let wanted = if schema["format"] == "date" { "date" } else { wanted };
        let found = article(value.get_ref().type_str());
        let of_tables = wanted == "array" && resolved(self.root, &schema["items"])["type"] == "object";
        let (wanted, help) = match wanted {
            "object" => ("a table", format!("write `[{path}]`, or `{{ key = … }}`")),
            "array" if of_tables => ("an array of tables", format!("write `[[{path}]]`")),
            "array" => ("an array", "write it in brackets: [\"…\"]".to_owned()),
            "integer" => ("a whole number", "write it in digits, without quotes".to_owned()),
            "boolean" => ("a boolean", "write `true` or `false`, without quotes".to_owned()),
            "date" => ("a date", "write it without quotes: 2027-03-31".to_owned()),
            _ => ("a string", "write it in quotes".to_owned()),
        };
        self.complain(Complaint::new(&span, format!("`{path}` is {wanted}, and here is {found}")).help(help));
    }

    fn complain(&mut self, complaint: Complaint) {
        self.shape.complaints.push(complaint);
    }

    /// Whoever mistakes a key may have written a secret behind it, unless it is clear what was meant.
    fn may_be_secret(&self, schema: &Value, key: &str) -> bool {
        let known: Vec<&str> = properties(schema).map(|(name, _)| name).collect();
        let meant = nearest(key, &known).map(|name| resolved(self.root, &schema["properties"][name]));
        meant.is_none_or(|meant| meant["type"] == "object")
    }

    fn conceal(&mut self, value: &Spanned<DeValue<'_>>) {
        match value.get_ref() {
            DeValue::String(_) => self.shape.secrets.push(value.span()),
            DeValue::Array(items) => items.iter().for_each(|item| self.conceal(item)),
            DeValue::Table(table) => table.values().for_each(|value| self.conceal(value)),
            DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {}
        }
    }
}

fn missing(span: &Range<usize>, key: &str, path: &str) -> Complaint {
    if path.is_empty() {
        let complaint = Complaint::new(&(0..0), format!("section `[{key}]` is missing"));
        complaint.help("`config.example.toml` shows every key")
    } else {
        Complaint::new(span, format!("`{path}` lacks `{key}`")).help(format!("add `{key} = …`"))
    }
}

fn unknown(span: &Range<usize>, key: &str, path: &str, schema: &Value) -> Complaint {
    if path.is_empty() && NOT_SUPPORTED.contains(&key) {
        return Complaint::new(span, format!("`[{key}]` is not supported by this version"))
            .help("remove the section; `config.example.toml` shows every kind of source");
    }
    let message = match path {
        "" => format!("unknown key `{key}`"),
        _ => format!("unknown key `{key}` in `{path}`"),
    };
    let known: Vec<&str> = properties(schema).map(|(name, _)| name).collect();
    Complaint::new(span, message).help(match schema["x-help"].as_str() {
        Some(help) => help.to_owned(),
        None => way_out(key, &known, "known are"),
    })
}

/// The nearest known word, or all of them where none is near.
fn way_out(word: &str, known: &[&str], all: &str) -> String {
    match nearest(word, known) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("{all}: {}", quoted(known)),
    }
}

fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let distances = known.iter().map(|name| (strsim::damerau_levenshtein(word, name), *name));
    let near = distances.filter(|(distance, name)| *distance <= (name.len() / 3).max(1));
    near.min().map(|(_, name)| name)
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

fn article(kind: &str) -> String {
    let article = if kind.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {kind}")
}
