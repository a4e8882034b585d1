//! A plan, or what came of it, for its readers.

pub mod explain;
pub mod json;
pub mod letter;
pub mod text;
pub mod words;
