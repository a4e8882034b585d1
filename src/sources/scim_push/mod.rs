//! People and groups that an identity provider pushes to us over SCIM 2.0, as the state keeps them.

pub mod config;
pub mod decode;
pub mod source;
