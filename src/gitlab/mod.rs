//! GitLab's API: what it sold, who holds it, who is who; and, for an apply alone, changing it.

pub mod answer;
pub mod client;
pub mod config;
pub mod documents;
pub mod error;
pub mod pace;
pub mod transport;
pub mod version;
pub mod wire;
