//! Members of a group, in the spellings in which providers name them.

use scim_v2::filter::{AttrExp, CompValue, CompareOp, ValFilter};
use serde_json::Value;

use crate::provisioning::refusal::{Because, Refusal};

/// Longer ones are no ids.
const LONGEST: usize = 1024;

/// The ids in a list of members: objects with a `value`, or the ids themselves; also one alone.
pub fn ids(value: &Value) -> Result<Vec<String>, Refusal> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(members) => members.iter().map(id).collect(),
        Value::Object(_) | Value::String(_) => Ok(vec![id(value)?]),
        Value::Bool(_) | Value::Number(_) => Err(no_id()),
    }
}

/// The ids that a filter on members selects; it may name them by their `value` alone.
pub fn selected(filter: &ValFilter) -> Result<Vec<String>, Refusal> {
    match filter {
        ValFilter::Attr(AttrExp::Comparison(path, CompareOp::Eq, CompValue::Str(id)))
            if path.name.eq_ignore_ascii_case("value") && path.sub_attr.is_none() =>
        {
            Ok(vec![id.clone()])
        }
        ValFilter::Or(terms) => Ok(terms.iter().map(selected).collect::<Result<Vec<_>, _>>()?.concat()),
        ValFilter::Attr(_) | ValFilter::And(_) | ValFilter::Not(_) => {
            let detail = "members are selected by their `value`: members[value eq \"ID\"]";
            Err(Refusal::new(Because::InvalidFilter, detail))
        }
    }
}

fn id(member: &Value) -> Result<String, Refusal> {
    let value = match member.as_object() {
        Some(fields) => fields.iter().find(|(key, _)| key.eq_ignore_ascii_case("value")).map(|(_, id)| id),
        None => Some(member),
    };
    let id = value.and_then(Value::as_str).filter(|id| !id.is_empty() && id.len() <= LONGEST);
    id.map(ToOwned::to_owned).ok_or_else(no_id)
}

fn no_id() -> Refusal {
    Refusal::new(Because::InvalidValue, "each of `members` needs a `value`, the id of the member")
}
