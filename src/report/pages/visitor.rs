//! Whoever is signed in, as the pages show them.

use serde::Serialize;

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VisitorView {
    pub username: String,
    /// Shows that a form comes from our own page.
    pub token: String,
    /// When the session ends, whatever happens.
    pub until: String,
}
