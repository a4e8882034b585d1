//! `PATCH` (RFC 7644, section 3.5.2), as Entra ID and Okta really send it.

use scim_v2::filter::PatchPath;
use serde_json::{Map, Value};

use crate::model::roster::EntryKind;
use crate::provisioning::change::Change;
use crate::provisioning::how::How;
use crate::provisioning::refusal::{Because, Refusal};

/// More operations at once are refused; members may come one to an operation.
const MOST_OPERATIONS: usize = 10_000;

/// Longer paths are not parsed.
const LONGEST_PATH: usize = 8 * 1024;

/// Carries out the operations of a request, all or none.
pub fn patched(
    kind: EntryKind,
    attributes: Map<String, Value>,
    request: &Map<String, Value>,
) -> Result<Change, Refusal> {
    let operations = field(request, "Operations").and_then(Value::as_array);
    let operations = operations.filter(|operations| !operations.is_empty()).ok_or_else(|| {
        Refusal::new(Because::InvalidSyntax, "`Operations` must hold at least one operation")
    })?;
    if operations.len() > MOST_OPERATIONS {
        let detail = format!("there are more than {MOST_OPERATIONS} operations");
        return Err(Refusal::new(Because::TooMany, detail));
    }
    let mut change = Change::to(kind, attributes);
    for operation in operations {
        operate(&mut change, operation)?;
    }
    Ok(change)
}

fn operate(change: &mut Change, operation: &Value) -> Result<(), Refusal> {
    let syntax = |detail: &str| Refusal::new(Because::InvalidSyntax, detail);
    let operation = operation.as_object().ok_or_else(|| syntax("an operation is an object"))?;
    let op = field(operation, "op").and_then(Value::as_str).unwrap_or_default();
    let value = field(operation, "value");
    let path = path(operation)?;
    // Entra ID writes `Add`.
    let how = match op.to_ascii_lowercase().as_str() {
        "add" => How::Add,
        "replace" => How::Replace,
        "remove" => {
            let path = path.ok_or_else(|| Refusal::new(Because::NoTarget, "`remove` needs a `path`"))?;
            return change.remove(&path, value);
        }
        _ => return Err(syntax("`op` is one of `add`, `replace` and `remove`")),
    };
    match (path, value) {
        (Some(path), Some(value)) => change.set_path(&path, how, value),
        (Some(path), None) if how == How::Replace => change.set_path(&path, how, &Value::Null),
        (None, Some(Value::Object(fields))) => {
            fields.iter().try_for_each(|(key, value)| change.set_key(key, how, value))
        }
        (Some(_), None) | (None, Some(_) | None) => Err(Refusal::new(
            Because::InvalidValue,
            "an operation without a `path` needs an object as its `value`",
        )),
    }
}

fn path(operation: &Map<String, Value>) -> Result<Option<PatchPath>, Refusal> {
    let Some(path) = field(operation, "path").filter(|path| !path.is_null()) else { return Ok(None) };
    let text = path.as_str().unwrap_or_default().trim();
    if text.is_empty() && path.is_string() {
        return Ok(None);
    }
    let parsed = if text.len() > LONGEST_PATH { None } else { text.parse().ok() };
    let refused = || Refusal::new(Because::InvalidPath, "`path` is none of RFC 7644, too deep or too long");
    parsed.map(Some).ok_or_else(refused)
}

/// Names of attributes have no case.
fn field<'v>(object: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}
