//! The sources as written, one kind a file.

pub mod csv;
pub mod entries;
pub mod ldap;
pub mod ldif;
pub mod matching;
pub mod saml;
pub mod scim;
pub mod scim_push;
