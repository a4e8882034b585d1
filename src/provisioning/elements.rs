//! The elements of a multi-valued attribute: added, selected by a filter, changed and taken away.

use scim_v2::filter::ValFilter;
use serde_json::{Map, Value};

use crate::provisioning::filter::{equalities, selects};
use crate::provisioning::how::How;
use crate::provisioning::refusal::{Because, Refusal};
use crate::provisioning::schema::Attribute;
use crate::provisioning::values::{MOST, elements, one, too_many};

/// Adds elements that are not there yet.
pub fn add(fields: &mut Map<String, Value>, attribute: &Attribute, value: &Value) -> Result<(), Refusal> {
    let new = elements(attribute, value)?;
    let mut all = taken(fields, attribute);
    let was = primary(&all);
    for element in new {
        if !all.contains(&element) {
            all.push(element);
        }
    }
    if all.len() > MOST {
        return Err(too_many(attribute.name));
    }
    kept(fields, attribute, all);
    one_primary(fields, attribute, was);
    Ok(())
}

/// Sets a part of each element, or of the first where there is none.
pub fn fill(fields: &mut Map<String, Value>, attribute: &Attribute, part: &Attribute, value: Option<Value>) {
    let mut all = taken(fields, attribute);
    if all.is_empty() && value.is_some() {
        all.push(Value::Object(Map::new()));
    }
    all.iter_mut().for_each(|element| put(element, part, value.clone()));
    kept(fields, attribute, all);
    one_primary(fields, attribute, None);
}

/// Sets the elements that a filter selects, or a part of each. Where there is none, one is made that it would select, as
/// Entra ID expects.
pub fn set_selected(
    fields: &mut Map<String, Value>,
    attribute: &'static Attribute,
    filter: &ValFilter,
    part: Option<&str>,
    how: How,
    value: &Value,
) -> Result<(), Refusal> {
    let part = match part {
        Some(name) => match attribute.part(name) {
            Some(part) => Some(part),
            None => return Ok(()),
        },
        None => None,
    };
    let new = match part {
        Some(part) => one(part, value)?,
        None => one(attribute, value)?,
    };
    let mut all = taken(fields, attribute);
    let was = primary(&all);
    if !all.iter().any(|element| selects(filter, element, false)) && new.is_some() {
        all.push(made_for(attribute, filter)?);
        if all.len() > MOST {
            return Err(too_many(attribute.name));
        }
    }
    for element in all.iter_mut().filter(|element| selects(filter, element, false)) {
        match (part, &new) {
            (Some(part), new) => put(element, part, new.clone()),
            (None, Some(Value::Object(new))) => {
                if how == How::Replace {
                    *element = Value::Object(Map::new());
                }
                for (name, value) in new {
                    element[name.as_str()] = value.clone();
                }
            }
            (None, Some(_) | None) => *element = Value::Object(Map::new()),
        }
    }
    kept(fields, attribute, all);
    one_primary(fields, attribute, was);
    Ok(())
}

/// Takes away the elements that a filter selects, or a part of each. That there is none is as well.
pub fn remove_selected(
    fields: &mut Map<String, Value>,
    attribute: &Attribute,
    filter: &ValFilter,
    part: Option<&str>,
) {
    let mut all = taken(fields, attribute);
    match part {
        None => all.retain(|element| !selects(filter, element, false)),
        Some(part) => {
            let part = attribute.part(part);
            for element in all.iter_mut().filter(|element| selects(filter, element, false)) {
                if let Some(part) = part {
                    put(element, part, None);
                }
            }
        }
    }
    kept(fields, attribute, all);
}

/// Takes away the elements that have the value of one of these.
pub fn remove_given(
    fields: &mut Map<String, Value>,
    attribute: &Attribute,
    given: &Value,
) -> Result<(), Refusal> {
    let given = elements(attribute, given)?;
    let mut all = taken(fields, attribute);
    all.retain(|element| !given.iter().any(|given| says(element, given)));
    kept(fields, attribute, all);
    Ok(())
}

/// One element at most is the primary one (RFC 7643, section 2.4): of two the one that was not before.
pub fn one_primary(fields: &mut Map<String, Value>, attribute: &Attribute, was: Option<usize>) {
    let Some(Value::Array(all)) = fields.get_mut(attribute.name) else { return };
    let is_primary = |element: &Value| element.get("primary") == Some(&Value::Bool(true));
    let several: Vec<usize> = (0..all.len()).filter(|at| is_primary(&all[*at])).collect();
    if several.len() < 2 {
        return;
    }
    let stays = several.iter().copied().find(|at| Some(*at) != was);
    for at in several.into_iter().filter(|at| Some(*at) != stays) {
        all[at]["primary"] = false.into();
    }
}

fn primary(all: &[Value]) -> Option<usize> {
    all.iter().position(|element| element.get("primary") == Some(&Value::Bool(true)))
}

/// Whether all that is given of an element is so of another.
fn says(element: &Value, given: &Value) -> bool {
    let fields = given.as_object().into_iter().flatten();
    fields.clone().next().is_some() && fields.clone().all(|(name, value)| element.get(name) == Some(value))
}

fn made_for(attribute: &Attribute, filter: &ValFilter) -> Result<Value, Refusal> {
    let refused = || Refusal::new(Because::NoTarget, format!("no element of `{}` is meant", attribute.name));
    let mut made = Value::Object(Map::new());
    for (name, value) in equalities(filter).ok_or_else(refused)? {
        let part = attribute.part(name).ok_or_else(refused)?;
        put(&mut made, part, one(part, &value)?);
    }
    Ok(made)
}

fn put(element: &mut Value, part: &Attribute, value: Option<Value>) {
    if let Value::Object(fields) = element {
        match value {
            Some(value) => drop(fields.insert(part.name.to_owned(), value)),
            None => drop(fields.remove(part.name)),
        }
    }
}

fn taken(fields: &mut Map<String, Value>, attribute: &Attribute) -> Vec<Value> {
    match fields.get_mut(attribute.name).map(Value::take) {
        Some(Value::Array(all)) => all,
        Some(_) | None => Vec::new(),
    }
}

/// Elements of which nothing is left go: what is only said of a value is nothing without it.
fn kept(fields: &mut Map<String, Value>, attribute: &Attribute, mut all: Vec<Value>) {
    let valued = attribute.part("value").is_some();
    all.retain(|element| match element.as_object() {
        Some(fields) if valued => fields.contains_key("value"),
        Some(fields) => fields.keys().any(|name| name != "type" && name != "primary"),
        None => true,
    });
    if all.is_empty() {
        fields.remove(attribute.name);
    } else {
        fields.insert(attribute.name.to_owned(), Value::Array(all));
    }
}
