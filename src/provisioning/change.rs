//! A change to one entry: its attributes are set, merged and taken away, its members join and leave.

use std::borrow::Cow;

use scim_v2::filter::{AttrPath, PatchPath, PatchValuePath};
use serde_json::{Map, Value};

use crate::model::roster::{EntryKind, MemberEdits};
use crate::provisioning::attributes::ENTERPRISE;
use crate::provisioning::elements::{self, add, fill};
use crate::provisioning::how::How;
use crate::provisioning::members;
use crate::provisioning::refusal::{Because, Refusal};
use crate::provisioning::resource::is_urn;
use crate::provisioning::schema::{Attribute, Kind};
use crate::provisioning::target::Target;
use crate::provisioning::values::{MOST, meant, one, too_many};

/// An entry on its way from what it was to what it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    kind: EntryKind,
    pub attributes: Map<String, Value>,
    pub members: MemberEdits,
}

impl Change {
    pub fn to(kind: EntryKind, attributes: Map<String, Value>) -> Change {
        Change { kind, attributes, members: MemberEdits::default() }
    }

    /// What was sent to be created, or in place of what there was.
    pub fn whole(kind: EntryKind, sent: &Map<String, Value>) -> Result<Change, Refusal> {
        let mut change = Change::to(kind, Map::new());
        change.members.clear();
        for (key, value) in sent {
            change.set_key(key, How::Replace, value)?;
        }
        Ok(change)
    }

    /// Sets what a key of an object names: an attribute, an extension, or, as Entra ID writes them, a path. What nobody
    /// here knows, and what is read-only, is passed over.
    pub fn set_key(&mut self, key: &str, how: How, value: &Value) -> Result<(), Refusal> {
        if let (true, Value::Object(fields)) = (is_urn(key), value) {
            let (urn, name) = key.rsplit_once(':').unwrap_or(("", key));
            let target = Target::of(self.kind, Some(urn), name);
            if let Target::Foreign { .. } = target {
                // An extension that nobody here knows.
                return self.set_extension(key, how, fields);
            }
            return self.set(&target, None, how, value);
        }
        match key.parse() {
            Ok(PatchPath::Attr(path)) => {
                let target = self.target(&path);
                if let Target::ReadOnly(_) = target {
                    return Ok(());
                }
                self.set(&target, path.sub_attr.as_deref(), how, value)
            }
            Ok(PatchPath::Value(path)) => self.set_selected(&path, how, value),
            Err(_) => Ok(()),
        }
    }

    /// Sets what the path of an operation names.
    pub fn set_path(&mut self, path: &PatchPath, how: How, value: &Value) -> Result<(), Refusal> {
        match path {
            PatchPath::Attr(path) => {
                let target = self.target(path);
                self.set(&target, path.sub_attr.as_deref(), how, value)
            }
            PatchPath::Value(path) => self.set_selected(path, how, value),
        }
    }

    /// Takes away what the path of an operation names; of several values those alone that are given, if any are.
    pub fn remove(&mut self, path: &PatchPath, value: Option<&Value>) -> Result<(), Refusal> {
        match path {
            PatchPath::Attr(path) => {
                let target = self.target(path);
                self.remove_at(&target, path.sub_attr.as_deref(), value)
            }
            PatchPath::Value(path) => self.remove_selected(path),
        }
    }

    fn target(&self, path: &AttrPath) -> Target {
        Target::of(self.kind, path.uri.as_deref(), &path.name)
    }

    fn set(&mut self, target: &Target, part: Option<&str>, how: How, value: &Value) -> Result<(), Refusal> {
        match target {
            Target::ExternalId => set_text(&mut self.attributes, "externalId", value),
            Target::Core(attribute) if is_members(attribute) => {
                if how == How::Replace {
                    self.members.clear();
                }
                members::ids(value)?.into_iter().for_each(|id| self.members.add(id));
                Ok(())
            }
            Target::Core(attribute) => set(&mut self.attributes, attribute, part, how, value),
            Target::Enterprise(attribute) => within(&mut self.attributes, ENTERPRISE.urn, |fields| {
                set(fields, attribute, part, how, value)
            }),
            Target::Extension(urn) => match value {
                Value::Object(fields) => self.set_extension(urn, how, fields),
                Value::Null => {
                    let urn = extension_key(&self.attributes, urn).into_owned();
                    self.attributes.remove(&urn);
                    Ok(())
                }
                Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                    let detail = format!("`{urn}` is an object of attributes");
                    Err(Refusal::new(Because::InvalidValue, detail))
                }
            },
            Target::Foreign { urn, name } => {
                let urn = extension_key(&self.attributes, urn).into_owned();
                if self.attributes.len() > MOST {
                    return Err(too_many("schemas"));
                }
                within(&mut self.attributes, &urn, |fields| set_foreign(fields, name, part, value))
            }
            Target::ReadOnly(name) => Err(read_only(name)),
            Target::Nowhere => Ok(()),
        }
    }

    fn set_extension(&mut self, urn: &str, how: How, fields: &Map<String, Value>) -> Result<(), Refusal> {
        for (name, value) in fields {
            let mut target = Target::of(self.kind, Some(urn), name);
            match target {
                Target::ReadOnly(_) => continue,
                Target::Extension(_) => {
                    target = Target::Foreign { urn: urn.to_owned(), name: name.clone() };
                }
                Target::ExternalId
                | Target::Core(_)
                | Target::Enterprise(_)
                | Target::Foreign { .. }
                | Target::Nowhere => {}
            }
            self.set(&target, None, how, value)?;
        }
        Ok(())
    }

    fn set_selected(&mut self, path: &PatchValuePath, how: How, value: &Value) -> Result<(), Refusal> {
        let part = path.sub_attr.as_deref();
        match self.target(&path.attr) {
            Target::Core(attribute) if is_members(attribute) => {
                members::selected(&path.filter)?.into_iter().for_each(|id| self.members.add(id));
                Ok(())
            }
            Target::Core(attribute) => {
                elements::set_selected(&mut self.attributes, attribute, &path.filter, part, how, value)
            }
            Target::Enterprise(attribute) => within(&mut self.attributes, ENTERPRISE.urn, |fields| {
                elements::set_selected(fields, attribute, &path.filter, part, how, value)
            }),
            Target::ReadOnly(name) => Err(read_only(name)),
            Target::ExternalId | Target::Extension(_) | Target::Foreign { .. } | Target::Nowhere => Ok(()),
        }
    }

    fn remove_at(
        &mut self,
        target: &Target,
        part: Option<&str>,
        value: Option<&Value>,
    ) -> Result<(), Refusal> {
        match target {
            Target::Core(attribute) if is_members(attribute) => {
                match value.filter(|value| !value.is_null()) {
                    Some(value) => {
                        members::ids(value)?.into_iter().for_each(|id| self.members.remove(id));
                    }
                    None => self.members.clear(),
                }
                Ok(())
            }
            Target::Core(attribute)
                if attribute.many && part.is_none() && value.is_some_and(|v| !v.is_null()) =>
            {
                elements::remove_given(&mut self.attributes, attribute, value.unwrap_or(&Value::Null))
            }
            Target::Core(_)
            | Target::Enterprise(_)
            | Target::ExternalId
            | Target::Foreign { .. }
            | Target::Extension(_) => self.set(target, part, How::Replace, &Value::Null),
            Target::ReadOnly(name) => Err(read_only(name)),
            Target::Nowhere => Ok(()),
        }
    }

    fn remove_selected(&mut self, path: &PatchValuePath) -> Result<(), Refusal> {
        let part = path.sub_attr.as_deref();
        match self.target(&path.attr) {
            Target::Core(attribute) if is_members(attribute) => {
                members::selected(&path.filter)?.into_iter().for_each(|id| self.members.remove(id));
                Ok(())
            }
            Target::Core(attribute) => {
                elements::remove_selected(&mut self.attributes, attribute, &path.filter, part);
                Ok(())
            }
            Target::ReadOnly(name) => Err(read_only(name)),
            Target::Enterprise(_)
            | Target::ExternalId
            | Target::Extension(_)
            | Target::Foreign { .. }
            | Target::Nowhere => Ok(()),
        }
    }
}

fn is_members(attribute: &Attribute) -> bool {
    attribute.name == "members"
}

fn read_only(name: &str) -> Refusal {
    Refusal::new(Because::Mutability, format!("`{name}` is read-only"))
}

fn set_text(fields: &mut Map<String, Value>, name: &'static str, value: &Value) -> Result<(), Refusal> {
    const TEXT: Attribute = Attribute::text("externalId", "");
    put(fields, name, one(&TEXT, value)?);
    Ok(())
}

fn put(fields: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    match value {
        Some(value) => drop(fields.insert(name.to_owned(), value)),
        None => drop(fields.remove(name)),
    }
}

fn set(
    fields: &mut Map<String, Value>,
    attribute: &'static Attribute,
    part: Option<&str>,
    how: How,
    value: &Value,
) -> Result<(), Refusal> {
    if let Some(part) = part {
        let Some(part) = attribute.part(part) else { return Ok(()) };
        let value = one(part, value)?;
        if attribute.many {
            fill(fields, attribute, part, value);
            return Ok(());
        }
        return within(fields, attribute.name, |fields| {
            put(fields, part.name, value);
            Ok(())
        });
    }
    match (&attribute.kind, value) {
        (Kind::Parts(_), value) if attribute.many && how == How::Add => add(fields, attribute, value),
        (Kind::Parts(_), Value::Object(given)) if !attribute.many => {
            within(fields, attribute.name, |fields| {
                for (name, value) in given {
                    if let Some(part) = attribute.part(name) {
                        put(fields, part.name, one(part, value)?);
                    }
                }
                Ok(())
            })
        }
        (Kind::Parts(_) | Kind::Text | Kind::Truth | Kind::Reference(_), value) => {
            put(fields, attribute.name, meant(attribute, value)?);
            elements::one_primary(fields, attribute, None);
            Ok(())
        }
    }
}

fn set_foreign(
    fields: &mut Map<String, Value>,
    name: &str,
    part: Option<&str>,
    value: &Value,
) -> Result<(), Refusal> {
    if fields.len() > MOST {
        return Err(too_many("an extension"));
    }
    let known = fields.keys().find(|key| key.eq_ignore_ascii_case(name)).cloned();
    let name = known.unwrap_or_else(|| name.to_owned());
    let value = Some(value.clone()).filter(|value| !value.is_null() && value.as_str() != Some(""));
    match part {
        None => put(fields, &name, value),
        Some(part) => {
            let mut inner = fields.get(&name).and_then(Value::as_object).cloned().unwrap_or_default();
            put(&mut inner, part, value);
            put(fields, &name, Some(inner).filter(|inner| !inner.is_empty()).map(Value::Object));
        }
    }
    Ok(())
}

/// Works on an object inside; it goes once it is empty.
fn within(
    fields: &mut Map<String, Value>,
    name: &str,
    work: impl FnOnce(&mut Map<String, Value>) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let mut inner = match fields.get_mut(name).map(Value::take) {
        Some(Value::Object(inner)) => inner,
        Some(_) | None => Map::new(),
    };
    let worked = work(&mut inner);
    put(fields, name, Some(inner).filter(|inner| !inner.is_empty()).map(Value::Object));
    worked
}

/// The key under which an extension is kept: as its schema spells it, or as it was first spelt.
fn extension_key<'k>(attributes: &Map<String, Value>, urn: &'k str) -> Cow<'k, str> {
    match attributes.keys().find(|key| key.eq_ignore_ascii_case(urn)) {
        Some(key) => key.clone().into(),
        None => urn.into(),
    }
}
