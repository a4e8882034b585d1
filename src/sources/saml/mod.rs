//! Signed assertions of a SAML 2.0 identity provider, and what they say of people's groups.

pub mod config;
#[cfg(feature = "saml")]
pub mod door;
#[cfg(feature = "saml")]
pub mod error;
#[cfg(feature = "saml")]
pub mod message;
#[cfg(feature = "saml")]
pub mod metadata;
#[cfg(feature = "saml")]
pub mod provider;
#[cfg(feature = "saml")]
pub mod query;
#[cfg(feature = "saml")]
pub mod request;
#[cfg(feature = "saml")]
pub mod roster;
#[cfg(feature = "saml")]
pub mod service;
#[cfg(feature = "saml")]
pub mod source;
