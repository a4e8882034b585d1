//! GitLab's API: what it sold, who holds it, who is who; and, for an apply alone, changing it.

pub mod accounts;
pub mod answer;
pub mod client;
pub mod config;
pub mod diagnose;
pub mod documents;
pub mod error;
pub mod members;
pub mod openid;
pub mod pages;
pub mod preflight;
pub mod purchases;
pub mod reader;
pub mod rights;
pub mod transport;
pub mod version;
pub mod wanted;
pub mod wire;
pub mod writer;
