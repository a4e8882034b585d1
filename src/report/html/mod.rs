//! The plan or its outcome as one page for a browser: it needs no network, loads nothing, and runs no script but its own.

use data_encoding::BASE64;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::report::document::Document;
use crate::report::html::view::{RowView, View};
use crate::report::row::{Row, rows};

pub mod data;
pub mod picture;
pub mod view;

const PAGE: &str = include_str!("page.html");
/// Colours, type and tables, also for the pages of the sidecar.
pub const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// How many rows stand in the page itself, for readers without scripts; all of them are in its data.
const STATIC_ROWS: usize = 200;

/// The whole page.
pub fn page(document: Document<'_>) -> String {
    let mut rows: Vec<Row<'_>> = rows(document).collect();
    rows.sort_by_key(view::weight);
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.expect("the usual signs are told apart"));
    environment.add_template("page.html", PAGE).expect("the template is compiled in, and tests render it");
    let template = environment.get_template("page.html").expect("it has just been added");
    let context = Context {
        policy: policy(),
        style: STYLE,
        script: SCRIPT,
        data: data::data(&rows, document),
        view: View::of(document),
        total: rows.len(),
        shown: rows.iter().take(STATIC_ROWS).map(|row| RowView::of(row, document)).collect(),
    };
    template.render(Serde(context)).expect("the template uses what the context holds, and tests render it")
}

#[derive(Serialize)]
struct Context {
    policy: String,
    style: &'static str,
    script: &'static str,
    data: String,
    view: View,
    total: usize,
    shown: Vec<RowView>,
}

/// The Content-Security-Policy of the page: nothing is loaded, and only its own script and style are obeyed. To be sent as
/// a header too by whoever serves the page.
pub fn policy() -> String {
    let hash = |text: &str| format!("'sha256-{}'", BASE64.encode(&Sha256::digest(text)));
    format!(
        "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'",
        hash(SCRIPT),
        hash(STYLE)
    )
}

#[cfg(test)]
mod tests {
    use crate::report::html::{SCRIPT, STYLE, policy};

    /// A hash covers what the browser reads: line feeds alone, and nothing that ends the element.
    #[test]
    fn script_and_style_can_stand_in_a_page() {
        for text in [SCRIPT, STYLE] {
            assert!(!text.contains('\r') && !text.contains("</") && !text.contains("<!--"));
        }
        assert!(policy().starts_with("default-src 'none'; script-src 'sha256-"));
    }
}
