//! The SCIM 2.0 service provider (RFC 7643, 7644) that identity providers push people and groups into.
//!
//! All but `service` is pure: what was asked, what it means for an entry, and what is answered. It is as lax as Entra ID
//! and Okta need, and keeps no more of a person than rules and reports may speak of: no passwords, no photos.

pub mod attributes;
pub mod change;
pub mod discovery;
pub mod elements;
pub mod filter;
pub mod how;
pub mod listing;
pub mod members;
pub mod patch;
pub mod projection;
pub mod refusal;
pub mod request;
pub mod resource;
pub mod schema;
pub mod service;
pub mod target;
pub mod values;

#[cfg(test)]
mod tests;
