//! Connections: a list cut into pages, with GitLab's offset cursors.

use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use apollo_compiler::response::JsonMap;
use data_encoding::BASE64URL_NOPAD;

/// GitLab's `default_max_page_size`: as many rows without `first`, and no more with it.
const LARGEST_PAGE: usize = 100;

/// One page of a list of `total` rows.
pub(crate) struct Page<T> {
    rows: Vec<T>,
    /// Rows before the first of this page.
    offset: usize,
    total: usize,
}

impl<T: Copy> Page<T> {
    /// Cuts the page that the arguments `after`, `before`, `first` and `last` ask for.
    pub(crate) fn cut(list: &[T], arguments: &JsonMap) -> Result<Page<T>, FieldError> {
        let cursor = |name| arguments.get(name).and_then(|value| value.as_str()).map(offset_of).transpose();
        let count = |name| arguments.get(name).and_then(|value| value.as_i64()).map(page_size);
        let total = list.len();
        let mut start = cursor("after")?.unwrap_or(0).min(total);
        let mut end = cursor("before")?.map_or(total, |row| row.saturating_sub(1).min(total)).max(start);
        let (first, last) = (count("first"), count("last"));
        if first.is_some() || last.is_none() {
            end = end.min(start + first.unwrap_or(LARGEST_PAGE));
        }
        if let Some(last) = last {
            start = start.max(end.saturating_sub(last));
        }
        Ok(Page { rows: list[start..end].to_vec(), offset: start, total })
    }
}

impl<T> Page<T> {
    /// The same page with other rows, one for one.
    pub(crate) fn map<U>(self, row: impl FnMut(T) -> U) -> Page<U> {
        Page { rows: self.rows.into_iter().map(row).collect(), offset: self.offset, total: self.total }
    }
}

/// A page as the schema's `…Connection`.
pub(crate) struct Connection<T> {
    pub(crate) type_name: &'static str,
    pub(crate) edge_type_name: &'static str,
    pub(crate) page: Page<T>,
}

impl<T: ObjectValue + Clone> ObjectValue for Connection<T> {
    fn type_name(&self) -> &str {
        self.type_name
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let rows = &self.page.rows;
        match info.field_name() {
            "nodes" => Ok(ResolvedValue::list(rows.iter().map(|row| ResolvedValue::object(row.clone())))),
            "edges" => Ok(ResolvedValue::list(rows.iter().enumerate().map(|(at, row)| {
                let cursor = cursor_of(self.page.offset + at + 1);
                ResolvedValue::object(Edge { type_name: self.edge_type_name, cursor, node: row.clone() })
            }))),
            "pageInfo" => Ok(ResolvedValue::object(PageInfo {
                offset: self.page.offset,
                end: self.page.offset + rows.len(),
                total: self.page.total,
            })),
            "count" => {
                let limit = info.arguments().get("limit").and_then(|limit| limit.as_u64());
                let limit = limit.and_then(|limit| usize::try_from(limit).ok());
                // GitLab counts to one beyond the limit, which says "more than that".
                let count = limit.map_or(self.page.total, |limit| self.page.total.min(limit + 1));
                Ok(ResolvedValue::leaf(count))
            }
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

struct Edge<T> {
    type_name: &'static str,
    cursor: String,
    node: T,
}

impl<T: ObjectValue + Clone> ObjectValue for Edge<T> {
    fn type_name(&self) -> &str {
        self.type_name
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        match info.field_name() {
            "cursor" => Ok(ResolvedValue::leaf(self.cursor.as_str())),
            "node" => Ok(ResolvedValue::object(self.node.clone())),
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

struct PageInfo {
    offset: usize,
    end: usize,
    total: usize,
}

impl ObjectValue for PageInfo {
    fn type_name(&self) -> &str {
        "PageInfo"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let cursor = |row: usize| {
            let row = (self.end > self.offset).then(|| cursor_of(row));
            row.map_or_else(ResolvedValue::null, ResolvedValue::leaf)
        };
        match info.field_name() {
            "startCursor" => Ok(cursor(self.offset + 1)),
            "endCursor" => Ok(cursor(self.end)),
            "hasNextPage" => Ok(ResolvedValue::leaf(self.end < self.total)),
            "hasPreviousPage" => Ok(ResolvedValue::leaf(self.offset > 0)),
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

/// The cursor of a row, counted from 1. Clients must not read it; the encoding is graphql-ruby's default.
fn cursor_of(row: usize) -> String {
    BASE64URL_NOPAD.encode(row.to_string().as_bytes())
}

fn offset_of(cursor: &str) -> Result<usize, FieldError> {
    let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).ok();
    let row = bytes.and_then(|bytes| String::from_utf8(bytes).ok()?.parse().ok());
    row.ok_or_else(|| FieldError { message: format!("Invalid cursor: \"{cursor}\"") })
}

fn page_size(asked: i64) -> usize {
    usize::try_from(asked).unwrap_or(0).min(LARGEST_PAGE)
}
