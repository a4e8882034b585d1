//! Directories, one folder each; none knows another.

pub mod csv;
pub mod ldap;
pub mod saml;
pub mod scim;
pub mod scim_push;
