//! The pages of the sidecar, on which people approve plans: in the look of the report, and without any script.

use data_encoding::BASE64;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::report::html::STYLE;
use crate::report::pages::desk::DeskView;
use crate::report::pages::visitor::VisitorView;

pub mod desk;
pub mod summary;
pub mod visitor;

const TOP: &str = include_str!("top.html");
const BOTTOM: &str = include_str!("bottom.html");
const DESK: &str = include_str!("desk.html");
const DOOR: &str = include_str!("door.html");
const OWN_STYLE: &str = include_str!("style.css");

/// A page with one thing to say, and one thing to do.
#[derive(Debug, Default, Serialize)]
pub struct DoorView {
    pub title: String,
    pub sentences: Vec<String>,
    /// Where to go on, and the words on it.
    pub way: Option<Way>,
    /// Whoever is signed in, to sign out.
    pub visitor: Option<VisitorView>,
}

/// A link that looks like a button.
#[derive(Debug, Serialize)]
pub struct Way {
    pub href: String,
    pub words: String,
}

/// The page of plans.
pub fn desk(view: &DeskView) -> String {
    render(DESK, view)
}

/// A page that says one thing.
pub fn door(view: &DoorView) -> String {
    render(DOOR, view)
}

/// The Content-Security-Policy of the pages: no script, nothing loaded, forms go nowhere but here, and no other page shows
/// these in a frame.
pub fn policy() -> String {
    let hash = BASE64.encode(&Sha256::digest(style()));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

fn style() -> String {
    format!("{STYLE}{OWN_STYLE}")
}

fn render(body: &str, view: &impl Serialize) -> String {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.expect("the usual signs are told apart"));
    environment.add_global("style", style());
    let page = format!("{TOP}{body}{BOTTOM}");
    environment
        .add_template_owned("page.html", page)
        .expect("the templates are compiled in, and tests render them");
    let template = environment.get_template("page.html").expect("it has just been added");
    template.render(Serde(view)).expect("the templates use what the views hold, and tests render them")
}

#[cfg(test)]
mod tests {
    use crate::report::pages::{DoorView, OWN_STYLE, door, policy};

    #[test]
    fn nothing_of_a_name_is_markup_and_nothing_runs() {
        let view = DoorView {
            title: "<b>ada</b>".to_owned(),
            sentences: vec!["<script>alert(1)</script>".to_owned()],
            ..DoorView::default()
        };
        let page = door(&view);
        assert!(!page.contains("<script") && page.contains("&lt;script&gt;"), "{page}");
        assert!(page.contains("<h1>&lt;b&gt;ada&lt;&#x2f;b&gt;</h1>"), "{page}");
        assert!(!policy().contains("script") && policy().contains("frame-ancestors 'none'"));
        assert!(!OWN_STYLE.contains('\r') && !OWN_STYLE.contains("</"));
    }
}
