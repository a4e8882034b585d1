//! What all share who ask over HTTP: how fast, when again, how long, and whom to trust.

pub mod answer;
pub mod client;
pub mod exchange;
pub mod pace;
pub mod pause;
pub mod trust;
