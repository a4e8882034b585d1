//! Attribute paths (RFC 7644, section 3.10), by which the configuration says what is read of a user; pure.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::scim_user::body::UserBody;

/// The enterprise extension (RFC 7643, section 4.3), in lower case.
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:user";
/// The schema whose attributes are those of the user itself.
const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:user";

/// `userName`, `name.formatted`, `emails[type eq "work"].value` or `urn:…:User:department`. Names are compared without
/// regard to case (RFC 7643, section 2.1), and kept in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributePath {
    schema: Option<Box<str>>,
    name: Box<str>,
    /// Only those values whose sub-attribute is this.
    only: Option<(Box<str>, Box<str>)>,
    part: Option<Box<str>>,
    /// As written, without the schema.
    label: Box<str>,
    in_filters: Box<str>,
}

/// Attributes whose values are objects, of which the sub-attribute `value` is meant (RFC 7643, section 4.1.2).
const OF_VALUES: [&str; 7] =
    ["emails", "phonenumbers", "ims", "photos", "entitlements", "roles", "x509certificates"];

impl AttributePath {
    /// `None` where it is no path.
    pub fn parse(text: &str) -> Option<AttributePath> {
        let text = text.trim();
        let is_urn = text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:"));
        let (schema, label) = if is_urn {
            let head = text.split('[').next()?;
            let (schema, _) = head.rsplit_once(':')?;
            (Some(schema.to_ascii_lowercase()).filter(|schema| schema != CORE), &text[schema.len() + 1..])
        } else {
            (None, text)
        };
        let (name, only, rest) = match label.split_once('[') {
            Some((name, rest)) => {
                let (filter, rest) = rest.split_once(']')?;
                (name, Some(equality(filter)?), rest)
            }
            None => {
                let end = label.find('.').unwrap_or(label.len());
                (&label[..end], None, &label[end..])
            }
        };
        let part = match rest {
            "" => None,
            rest => Some(rest.strip_prefix('.').filter(|part| attribute_name(part).is_some())?),
        };
        let folded = attribute_name(name)?;
        let value = OF_VALUES.contains(&&*folded).then_some("value");
        let sub_attribute = part.or(value).map(|part| format!(".{part}")).unwrap_or_default();
        let head = if schema.is_some() { &text[..text.len() - label.len()] } else { "" };
        Some(AttributePath {
            schema: schema.map(String::into_boxed_str),
            name: folded,
            only,
            part: part.and_then(attribute_name),
            label: label.into(),
            in_filters: format!("{head}{name}{sub_attribute}").into(),
        })
    }

    /// What a filter calls it (RFC 7644, section 3.4.2.2), whichever of several values is meant: `emails.value`.
    pub fn in_filters(&self) -> &str {
        &self.in_filters
    }

    /// What the `where` of a rule calls it: `department` of `urn:…:User:department`.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The values that a user has of it: the primary one first, then those for work; none is empty. A name without a schema
    /// is looked for in the extensions too, in the enterprise one first.
    pub fn values<'v>(&self, user: &'v UserBody) -> Vec<Cow<'v, str>> {
        let within =
            |schema: &str| user.attribute(schema)?.as_object().and_then(|all| named(all, &self.name));
        let anywhere = || user.parted().find_map(|all| named(all, &self.name));
        let value = match &self.schema {
            Some(schema) => within(schema),
            None => user.attribute(&self.name).or_else(|| within(ENTERPRISE)).or_else(anywhere),
        };
        let mut items: Vec<&Value> = match value {
            Some(Value::Array(items)) => items.iter().collect(),
            Some(value) => vec![value],
            None => Vec::new(),
        };
        items.sort_by_key(|item| (!is_primary(item), !is_for_work(item)));
        items.into_iter().filter(|item| self.is_meant(item)).filter_map(|item| self.leaf(item)).collect()
    }

    fn is_meant(&self, item: &Value) -> bool {
        self.only.as_ref().is_none_or(|(part, wanted)| {
            let found = item.as_object().and_then(|item| named(item, part)).and_then(text);
            found.is_some_and(|found| found.eq_ignore_ascii_case(wanted))
        })
    }

    fn leaf<'v>(&self, item: &'v Value) -> Option<Cow<'v, str>> {
        match (item.as_object(), &self.part) {
            (Some(item), part) => text(named(item, part.as_deref().unwrap_or("value"))?),
            (None, None) => text(item),
            (None, Some(_)) => None,
        }
    }
}

/// `type eq "work"`: nothing else is needed to choose among values.
fn equality(filter: &str) -> Option<(Box<str>, Box<str>)> {
    let (part, rest) = filter.trim().split_once(' ')?;
    let (operator, value) = rest.trim_start().split_once(' ')?;
    let value = value.trim().strip_prefix('"')?.strip_suffix('"')?;
    let is_plain = operator.eq_ignore_ascii_case("eq") && !value.contains(['"', '\\']);
    is_plain.then_some((attribute_name(part)?, value.into()))
}

fn attribute_name(text: &str) -> Option<Box<str>> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$');
    let is_name = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '$') && text.chars().all(fits);
    is_name.then(|| text.to_ascii_lowercase().into())
}

fn named<'v>(object: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn is_primary(item: &Value) -> bool {
    item.as_object().and_then(|item| named(item, "primary")) == Some(&Value::Bool(true))
}

fn is_for_work(item: &Value) -> bool {
    let kind = item.as_object().and_then(|item| named(item, "type")).and_then(Value::as_str);
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case("work"))
}

/// A value as text; nothing where there is none.
fn text(value: &Value) -> Option<Cow<'_, str>> {
    let text = match value {
        Value::String(text) => Cow::Borrowed(text.trim()),
        Value::Bool(_) | Value::Number(_) => Cow::Owned(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use crate::scim_user::attribute_path::AttributePath;
    use crate::scim_user::body::UserBody;

    fn values(path: &str) -> String {
        let user = r#"{ "UserName": " ada ", "active": true, "name": { "formatted": "Ada Byron" },
            "emails": [ { "value": "home@example.com", "type": "home" },
                        { "value": "ada@corp.example.com", "type": "Work", "primary": true }, { "type": "other" } ],
            "title": "", "nickName": null, "roles": ["admin", 7],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":
                { "Department": "R&D", "manager": { "value": "7f", "displayName": "Grace" } },
            "urn:example:params:Corp:1.0:User": { "site": "Paris" } }"#;
        let user: UserBody = serde_json::from_str(user).unwrap();
        AttributePath::parse(path).unwrap().values(&user).join(" | ")
    }

    #[test]
    fn a_path_leads_to_values_whatever_the_case() {
        assert_eq!(values("username"), "ada");
        assert_eq!(values("emails"), "ada@corp.example.com | home@example.com");
        assert_eq!(values("emails[type eq \"work\"].value"), "ada@corp.example.com");
        assert_eq!(values("emails.type"), "Work | home | other");
        assert_eq!(values("name.formatted"), "Ada Byron");
        assert_eq!(values("roles"), "admin | 7");
        assert_eq!(values("active"), "true");
        assert_eq!([values("title"), values("nickName"), values("userName.x"), values("name")].concat(), "");
    }

    #[test]
    fn extensions_are_reached_by_their_schema_and_without() {
        assert_eq!(values("department"), "R&D");
        assert_eq!(values("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"), "R&D");
        assert_eq!(values("manager.displayName"), "Grace");
        assert_eq!(values("urn:example:params:Corp:1.0:User:site"), "Paris");
        assert_eq!(values("urn:ietf:params:scim:schemas:core:2.0:User:userName"), "ada");
        assert_eq!(values("site"), "Paris");
        assert_eq!(values("familyName"), "");
        let path = AttributePath::parse("urn:example:params:Corp:1.0:User:site.code").unwrap();
        assert_eq!(path.label(), "site.code");
    }

    #[test]
    fn a_filter_names_the_attribute_and_what_is_in_its_values() {
        let in_filters = |path: &str| AttributePath::parse(path).unwrap().in_filters().to_owned();
        assert_eq!(in_filters("userName"), "userName");
        assert_eq!(in_filters("urn:ietf:params:scim:schemas:core:2.0:User:userName"), "userName");
        assert_eq!(in_filters("name.givenName"), "name.givenName");
        assert_eq!([in_filters("emails"), in_filters("Emails.value")], ["emails.value", "Emails.value"]);
        assert_eq!(in_filters("emails[type eq \"work\"].value"), "emails.value");
        assert_eq!(in_filters("urn:example:Corp:1.0:User:site.code"), "urn:example:Corp:1.0:User:site.code");
    }

    #[test]
    fn what_is_no_path_is_none() {
        for text in
            ["", "a b", "a.", "a[b]", "a[b eq c]", "a[b eq \"c\"", "a.b.c", "urn:", ".a", "a[b ne \"c\"]"]
        {
            assert_eq!(AttributePath::parse(text), None, "{text}");
        }
    }
}
