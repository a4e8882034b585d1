//! A SCIM 2.0 service provider (RFC 7643, RFC 7644) whose users and groups are pulled.

pub mod asked;
pub mod config;
pub mod connection;
pub mod decode;
pub mod directory;
pub mod error;
pub mod groups;
pub mod listing;
pub mod login;
pub mod offers;
pub mod paging;
pub mod people;
pub mod probe;
pub mod source;
pub mod walk;
pub mod wire;
