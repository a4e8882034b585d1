//! What all share who ask over HTTP: how fast, when again, and whom to trust.

pub mod pace;
pub mod pause;
pub mod trust;
