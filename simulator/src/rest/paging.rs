//! REST's two ways of paging: offset with totals, keyset with an opaque cursor.

use axum::Json;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use data_encoding::BASE64URL;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::rest::refusal::Refusal;

/// Beyond so many rows GitLab does not say how many there are.
const LARGEST_TOTAL: usize = 10_000;
/// So far offset paging reaches where keyset paging is to be had.
const LARGEST_OFFSET: usize = 50_000;

/// Which page a request asks for, and the way it came, for links to the neighbours.
pub(crate) struct Paging {
    page: Option<usize>,
    per_page: Option<usize>,
    base: String,
    query: String,
}

#[derive(Deserialize)]
struct PageParameters {
    page: Option<usize>,
    per_page: Option<usize>,
}

impl<S: Sync> FromRequestParts<S> for Paging {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Paging, Refusal> {
        let parameters = Query::<PageParameters>::try_from_uri(&parts.uri);
        let Ok(Query(PageParameters { page, per_page })) = parameters else {
            return Err(Refusal::bad_parameter("page, per_page are invalid"));
        };
        let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
        // The router sees paths from below `/api/v4`, where it is nested.
        let base = format!("http://{host}/api/v4{}", parts.uri.path());
        Ok(Paging { page, per_page, base, query: parts.uri.query().unwrap_or_default().to_owned() })
    }
}

impl Paging {
    /// Rows a page: 20 unless asked otherwise, 100 at most.
    pub(crate) fn per_page(&self) -> usize {
        self.per_page.filter(|&rows| rows > 0).unwrap_or(20).min(100)
    }

    fn page(&self) -> usize {
        self.page.unwrap_or(1).max(1)
    }

    /// Refuses pages that only keyset paging reaches. GitLab counts to the end of the page asked for.
    pub(crate) fn check_offset(&self, of_type: &str) -> Result<(), Refusal> {
        if self.page().saturating_mul(self.per_page()) > LARGEST_OFFSET {
            return Err(Refusal::method_not_allowed(&format!(
                "Offset pagination has a maximum allowed offset of {LARGEST_OFFSET} for requests that return \
                 objects of type {of_type}. Remaining records can be retrieved using keyset pagination."
            )));
        }
        Ok(())
    }

    /// One page of `rows`, with the headers of offset paging.
    pub(crate) fn offset_page<T>(&self, rows: &[T], entity: impl Fn(&T) -> Value) -> Response {
        let (page, per_page) = (self.page(), self.per_page());
        let start = (page - 1).saturating_mul(per_page).min(rows.len());
        let end = (start + per_page).min(rows.len());
        let entities: Vec<Value> = rows[start..end].iter().map(entity).collect();
        let next = (end < rows.len()).then_some(page + 1);
        let previous = (page > 1).then(|| page - 1);
        let pages = rows.len().div_ceil(per_page).max(1);

        let text = |number: Option<usize>| number.map_or_else(String::new, |number| number.to_string());
        let mut headers = HeaderMap::new();
        insert(&mut headers, "x-page", page.to_string());
        insert(&mut headers, "x-per-page", per_page.to_string());
        insert(&mut headers, "x-next-page", text(next));
        insert(&mut headers, "x-prev-page", text(previous));
        let mut links: Vec<(usize, &str)> = Vec::new();
        links.extend(previous.map(|page| (page, "prev")));
        links.extend(next.map(|page| (page, "next")));
        links.push((1, "first"));
        if rows.len() <= LARGEST_TOTAL {
            insert(&mut headers, "x-total", rows.len().to_string());
            insert(&mut headers, "x-total-pages", pages.to_string());
            links.push((pages, "last"));
        }
        let links = links.into_iter().map(|(page, relation)| self.link("page", &page.to_string(), relation));
        insert(&mut headers, header::LINK.as_str(), links.collect::<Vec<_>>().join(", "));
        (headers, Json(entities)).into_response()
    }

    /// A keyset page. Without `next` it is the last one, and has no link.
    pub(crate) fn keyset_page(&self, entities: Vec<Value>, next: Option<&Cursor>) -> Response {
        let mut headers = HeaderMap::new();
        if let Some(next) = next {
            insert(&mut headers, header::LINK.as_str(), self.link("cursor", &next.text(), "next"));
            insert(&mut headers, "x-next-cursor", next.text());
        }
        (headers, Json(entities)).into_response()
    }

    /// A link to the same list with one parameter set.
    fn link(&self, name: &str, value: &str, relation: &str) -> String {
        let prefix = format!("{name}=");
        let kept = self.query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with(&prefix));
        let set = format!("{name}={}", value.replace('=', "%3D"));
        let query: Vec<&str> = kept.chain([set.as_str()]).collect();
        format!("<{}?{}>; rel=\"{relation}\"", self.base, query.join("&"))
    }
}

/// Where a keyset page ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// The value of the column the list is ordered by, unless that is the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    pub(crate) id: u64,
}

impl Cursor {
    pub(crate) fn parse(text: &str) -> Result<Cursor, Refusal> {
        let bytes = BASE64URL.decode(text.as_bytes()).ok();
        let cursor = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        cursor.ok_or_else(|| Refusal::bad_parameter("cursor is invalid"))
    }

    fn text(&self) -> String {
        BASE64URL.encode(serde_json::json!(self).to_string().as_bytes())
    }
}

fn insert(headers: &mut HeaderMap, name: &'static str, value: String) {
    if let Ok(value) = HeaderValue::from_str(&value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}
