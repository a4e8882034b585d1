//! Which resources are asked for, and how much of them: by the query of an address, or by a search request.

use serde_json::{Map, Value, json};

use crate::provisioning::filter::Filter;
use crate::provisioning::projection::Projection;
use crate::provisioning::refusal::{Because, Refusal};

/// Resources in one answer, at most; `ServiceProviderConfig` says so.
pub const MOST: u64 = 1000;

/// Where nobody says how many.
const USUAL: u64 = 100;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Listing {
    pub filter: Option<Filter>,
    pub projection: Projection,
    /// From 1.
    pub start: u64,
    pub count: u64,
}

impl Listing {
    /// Of the parameters of an address; what nobody here knows, such as Entra ID's `aadOptscim062020`, is passed over.
    pub fn of_query(parameters: &[(String, String)]) -> Result<Listing, Refusal> {
        let text = |name: &str| {
            let mut found = parameters.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
            found.next().map(|(_, value)| value.as_str())
        };
        let list = |name| -> Vec<String> {
            text(name).into_iter().flat_map(|names| names.split(',')).map(ToOwned::to_owned).collect()
        };
        let number = |name| match text(name).map(str::trim).filter(|text| !text.is_empty()) {
            Some(text) => text.parse().map(Some).map_err(|_| no_number(name)),
            None => Ok(None),
        };
        Listing::of(
            text("filter"),
            &list("attributes"),
            &list("excludedAttributes"),
            number("startIndex")?,
            number("count")?,
        )
    }

    /// Of the body of `POST /.search`.
    pub fn of_search(body: &Map<String, Value>) -> Result<Listing, Refusal> {
        let field =
            |name: &str| body.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        let list = |name| -> Vec<String> {
            let names = field(name).and_then(Value::as_array).into_iter().flatten();
            names.filter_map(Value::as_str).map(ToOwned::to_owned).collect()
        };
        let number = |name| match field(name) {
            Some(value) => value.as_i64().map(Some).ok_or_else(|| no_number(name)),
            None => Ok(None),
        };
        Listing::of(
            field("filter").and_then(Value::as_str),
            &list("attributes"),
            &list("excludedAttributes"),
            number("startIndex")?,
            number("count")?,
        )
    }

    /// How many of all come before the first that is shown.
    pub fn skipped(&self) -> u64 {
        self.start - 1
    }

    /// A `ListResponse`; it repeats the index that was asked for.
    pub fn answer(&self, total: u64, resources: Vec<Value>) -> Value {
        json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": total,
            "startIndex": self.start,
            "itemsPerPage": resources.len(),
            "Resources": resources,
        })
    }

    /// Values below what makes sense mean the least that does (RFC 7644, section 3.4.2.4).
    fn of(
        filter: Option<&str>,
        attributes: &[String],
        excluded: &[String],
        start: Option<i64>,
        count: Option<i64>,
    ) -> Result<Listing, Refusal> {
        let filter = filter.filter(|text| !text.trim().is_empty()).map(Filter::parse).transpose()?;
        let start = start.map_or(1, |start| u64::try_from(start).unwrap_or(0)).max(1);
        let count = count.map_or(USUAL, |count| u64::try_from(count).unwrap_or(0)).min(MOST);
        Ok(Listing { filter, projection: Projection::of(attributes, excluded), start, count })
    }
}

fn no_number(name: &str) -> Refusal {
    Refusal::new(Because::InvalidValue, format!("`{name}` is no number"))
}
