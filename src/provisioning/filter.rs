//! Filters (RFC 7644, section 3.4.2.2): parsed by `scim_v2`, which bounds their depth and length; what they mean is said here.

use scim_v2::filter::{AttrExp, AttrPath, CompValue, CompareOp, Filter as Parsed, ValFilter};
use serde_json::Value;

use crate::model::roster::{EntryKind, Selection};
use crate::provisioning::attributes::core;
use crate::provisioning::refusal::{Because, Refusal};
use crate::provisioning::values::truth;

/// Longer ones are not parsed.
const LONGEST: usize = 8 * 1024;

/// Which resources are wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter(Parsed);

/// The members of a group that a filter speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MembersAsked {
    All,
    /// These alone, if any.
    These(Vec<String>),
}

impl MembersAsked {
    fn these(&mut self, member: String) {
        if let MembersAsked::These(members) = self {
            members.push(member);
        }
    }
}

impl Filter {
    pub fn parse(text: &str) -> Result<Filter, Refusal> {
        let refused = |detail: &str| Refusal::new(Because::InvalidFilter, detail);
        if text.len() > LONGEST {
            return Err(refused("the filter is too long"));
        }
        match text.parse() {
            Ok(parsed) => Ok(Filter(parsed)),
            Err(_) => joined(text)
                .and_then(|text| text.parse().ok())
                .map(Filter)
                .ok_or_else(|| refused("the filter is not one of RFC 7644, too deep or too long")),
        }
    }

    /// Whether a resource, as it is shown, is wanted.
    pub fn holds_for(&self, resource: &Value) -> bool {
        holds(&self.0, resource)
    }

    /// Where the wanted ones are among, found by an index.
    pub fn among(&self, kind: EntryKind) -> Option<Selection> {
        let terms = match &self.0 {
            Parsed::And(terms) => terms.as_slice(),
            one @ (Parsed::Attr(_) | Parsed::ValuePath(_) | Parsed::Not(_) | Parsed::Or(_)) => {
                std::slice::from_ref(one)
            }
        };
        let found = terms.iter().filter_map(|term| indexed(term, kind));
        found.min_by_key(|selection| match selection {
            Selection::Id(_) => 0,
            Selection::ExternalId(_) => 1,
            Selection::Name(_) => 2,
            Selection::Member(_) => 3,
            Selection::Page { .. } => 4,
        })
    }

    /// Which members of a group one must know to tell whether it is wanted.
    pub fn members_asked(&self) -> MembersAsked {
        let mut asked = MembersAsked::These(Vec::new());
        ask(&self.0, &mut asked);
        asked
    }
}

/// Whether an element of a multi-valued attribute is meant. `exact` where its `value` is compared with regard to case.
pub fn selects(filter: &ValFilter, element: &Value, exact: bool) -> bool {
    match filter {
        ValFilter::Attr(term) => holds_term(term, element, exact),
        ValFilter::Not(inner) => !selects(inner, element, exact),
        ValFilter::And(terms) => terms.iter().all(|term| selects(term, element, exact)),
        ValFilter::Or(terms) => terms.iter().any(|term| selects(term, element, exact)),
    }
}

/// The values of which a filter says that they must be; `None` where it says anything else.
pub fn equalities(filter: &ValFilter) -> Option<Vec<(&str, Value)>> {
    match filter {
        ValFilter::Attr(AttrExp::Comparison(path, CompareOp::Eq, value)) => {
            let value = match value {
                CompValue::Str(text) => text.as_str().into(),
                CompValue::True => true.into(),
                CompValue::False => false.into(),
                CompValue::Number(number) => Value::Number(number.clone()),
                CompValue::Null => return None,
            };
            Some(vec![(path.name.as_str(), value)])
        }
        ValFilter::And(terms) => {
            let terms: Option<Vec<_>> = terms.iter().map(equalities).collect();
            Some(terms?.concat())
        }
        ValFilter::Attr(_) | ValFilter::Not(_) | ValFilter::Or(_) => None,
    }
}

fn holds(filter: &Parsed, resource: &Value) -> bool {
    match filter {
        Parsed::Attr(term) => holds_term(term, resource, false),
        Parsed::ValuePath(path) => {
            let exact = path.attr.name.eq_ignore_ascii_case("members");
            match attribute(resource, &path.attr) {
                Some(Value::Array(elements)) => {
                    elements.iter().any(|element| selects(&path.filter, element, exact))
                }
                Some(one) => selects(&path.filter, one, exact),
                None => false,
            }
        }
        Parsed::Not(inner) => !holds(inner, resource),
        Parsed::And(terms) => terms.iter().all(|term| holds(term, resource)),
        Parsed::Or(terms) => terms.iter().any(|term| holds(term, resource)),
    }
}

fn holds_term(term: &AttrExp, scope: &Value, exact: bool) -> bool {
    match term {
        AttrExp::Present(path) => !values(scope, path).is_empty(),
        AttrExp::Comparison(path, op, wanted) => {
            let found = values(scope, path);
            let exact = exact || is_exact(path);
            let any = |op: &CompareOp| found.iter().any(|found| compares(op, found, wanted, exact));
            match (op, wanted) {
                (CompareOp::Eq, CompValue::Null) => found.is_empty(),
                (CompareOp::Ne, CompValue::Null) => !found.is_empty(),
                (CompareOp::Ne, _) => !any(&CompareOp::Eq),
                (op, _) => any(op),
            }
        }
    }
}

/// The attribute that a path leads to, of whatever type.
fn attribute<'v>(scope: &'v Value, path: &AttrPath) -> Option<&'v Value> {
    let named = |scope: &'v Value, name: &str| {
        let mut fields = scope.as_object()?.iter();
        fields.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    };
    let is_core = |urn: &str| {
        [EntryKind::Person, EntryKind::Group].iter().any(|kind| core(*kind).urn.eq_ignore_ascii_case(urn))
    };
    let scope = match path.uri.as_deref().filter(|urn| !is_core(urn)) {
        Some(urn) => named(scope, urn)?,
        None => scope,
    };
    named(scope, &path.name)
}

/// The simple values that a path leads to: of a multi-valued attribute all, and its `value` where no part is named.
fn values<'v>(scope: &'v Value, path: &AttrPath) -> Vec<&'v Value> {
    let Some(found) = attribute(scope, path) else { return Vec::new() };
    let part = path.sub_attr.as_deref().unwrap_or("value");
    let of_one = |one: &'v Value| match one.as_object() {
        Some(fields) => {
            let value = fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(part)).map(|(_, value)| value);
            // A complex attribute without a `value`, such as a name, is present as a whole.
            value.or((path.sub_attr.is_none() && !fields.is_empty()).then_some(one))
        }
        None => path.sub_attr.is_none().then_some(one),
    };
    match found.as_array() {
        Some(elements) => elements.iter().filter_map(of_one).collect(),
        None => of_one(found).into_iter().collect(),
    }
}

fn compares(op: &CompareOp, found: &Value, wanted: &CompValue, exact: bool) -> bool {
    let fold = |text: &str| if exact { text.to_owned() } else { text.to_lowercase() };
    match (found, wanted) {
        (Value::String(found), CompValue::Str(wanted)) => {
            let (found, wanted) = (fold(found), fold(wanted));
            match op {
                CompareOp::Eq => found == wanted,
                CompareOp::Ne => found != wanted,
                CompareOp::Co => found.contains(&wanted),
                CompareOp::Sw => found.starts_with(&wanted),
                CompareOp::Ew => found.ends_with(&wanted),
                CompareOp::Gt => order(&found, &wanted).is_gt(),
                CompareOp::Lt => order(&found, &wanted).is_lt(),
                CompareOp::Ge => order(&found, &wanted).is_ge(),
                CompareOp::Le => order(&found, &wanted).is_le(),
            }
        }
        (Value::Bool(found), CompValue::True) => *op == CompareOp::Eq && *found,
        (Value::Bool(found), CompValue::False) => *op == CompareOp::Eq && !*found,
        // Entra ID writes `primary eq "True"`.
        (Value::Bool(found), CompValue::Str(wanted)) => {
            *op == CompareOp::Eq && truth(&Value::from(wanted.as_str())) == Some(*found)
        }
        (Value::Number(found), CompValue::Number(wanted)) => *op == CompareOp::Eq && found == wanted,
        (
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_),
            CompValue::Null | CompValue::True | CompValue::False | CompValue::Number(_) | CompValue::Str(_),
        ) => false,
    }
}

/// Times are compared as such, whatever zone they are written in.
fn order(one: &str, other: &str) -> std::cmp::Ordering {
    let time = |text: &str| text.to_uppercase().parse::<jiff::Timestamp>().ok();
    match (time(one), time(other)) {
        (Some(one), Some(other)) => one.cmp(&other),
        (Some(_) | None, Some(_) | None) => one.cmp(other),
    }
}

/// Keys are compared with regard to case; names of people and groups are not.
fn is_exact(path: &AttrPath) -> bool {
    ["id", "externalId", "meta", "members", "manager"].iter().any(|name| path.name.eq_ignore_ascii_case(name))
}

fn indexed(term: &Parsed, kind: EntryKind) -> Option<Selection> {
    let is = |path: &AttrPath, name: &str| path.name.eq_ignore_ascii_case(name);
    let whole =
        |path: &AttrPath| path.sub_attr.as_deref().is_none_or(|part| part.eq_ignore_ascii_case("value"));
    match term {
        Parsed::Attr(AttrExp::Comparison(path, CompareOp::Eq, CompValue::Str(value))) => {
            let value = value.clone();
            let own = path.uri.as_deref().is_none_or(|urn| urn.eq_ignore_ascii_case(core(kind).urn));
            match kind {
                _ if !own || !whole(path) => None,
                _ if is(path, "id") => Some(Selection::Id(value)),
                _ if is(path, "externalId") => Some(Selection::ExternalId(value)),
                EntryKind::Person if is(path, "userName") => Some(Selection::Name(value)),
                EntryKind::Group if is(path, "displayName") => Some(Selection::Name(value)),
                EntryKind::Group if is(path, "members") => Some(Selection::Member(value)),
                EntryKind::Person | EntryKind::Group => None,
            }
        }
        Parsed::ValuePath(path) if kind == EntryKind::Group && is(&path.attr, "members") => {
            let mut equal = equalities(&path.filter)?.into_iter();
            let (_, value) = equal.find(|(name, _)| name.eq_ignore_ascii_case("value"))?;
            Some(Selection::Member(value.as_str()?.to_owned()))
        }
        Parsed::Attr(_) | Parsed::ValuePath(_) | Parsed::Not(_) | Parsed::And(_) | Parsed::Or(_) => None,
    }
}

fn ask(filter: &Parsed, asked: &mut MembersAsked) {
    let is_members = |path: &AttrPath| path.name.eq_ignore_ascii_case("members");
    match filter {
        Parsed::Attr(AttrExp::Comparison(path, CompareOp::Eq | CompareOp::Ne, CompValue::Str(value)))
            if is_members(path) =>
        {
            asked.these(value.clone());
        }
        Parsed::Attr(AttrExp::Comparison(path, ..) | AttrExp::Present(path)) => {
            if is_members(path) {
                *asked = MembersAsked::All;
            }
        }
        Parsed::ValuePath(path) if is_members(&path.attr) => {
            let equal = equalities(&path.filter);
            match equal.as_deref() {
                Some([(name, Value::String(value))]) if name.eq_ignore_ascii_case("value") => {
                    asked.these(value.clone());
                }
                Some(_) | None => *asked = MembersAsked::All,
            }
        }
        Parsed::ValuePath(_) => {}
        Parsed::Not(inner) => ask(inner, asked),
        Parsed::And(terms) | Parsed::Or(terms) => terms.iter().for_each(|term| ask(term, asked)),
    }
}

/// `emails[type eq "work"].value eq "a@b.c"` is no filter of the RFC, but of Entra ID. It means
/// `emails[type eq "work" and value eq "a@b.c"]`.
fn joined(text: &str) -> Option<String> {
    let (mut quoted, mut escaped, mut close) = (false, false, None);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ']' if !quoted && text[at..].starts_with("].") => close = Some(at),
            _ => {}
        }
    }
    let close = close?;
    let rest = &text[close + 2..];
    // The part, the operator and its value, up to whatever follows.
    let mut end = None;
    let (mut quoted, mut escaped, mut blanks) = (false, false, 0);
    for (at, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ' ' | ')' if !quoted => {
                blanks += 1;
                if blanks == 3 || c == ')' {
                    end = Some(at);
                    break;
                }
            }
            _ => {}
        }
    }
    let (term, after) = rest.split_at(end.unwrap_or(rest.len()));
    let joined = format!("{} and {term}]{after}", &text[..close]);
    Some(joined)
}
