//! The state, on a real file and on a real PostgreSQL server.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod file;
mod server;
mod state;
mod stories;
#[path = "../support/mod.rs"]
mod support;
