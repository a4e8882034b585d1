//! A plan, or what came of it, for its readers.

pub mod csv;
pub mod document;
pub mod explain;
pub mod explanation;
pub mod html;
pub mod inert;
pub mod json;
pub mod letter;
pub mod markdown;
pub mod needs;
pub mod pages;
pub mod row;
pub mod shown;
pub mod since;
pub mod text;
pub mod what_if;
pub mod words;
