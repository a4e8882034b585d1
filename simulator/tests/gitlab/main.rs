//! The simulator against the facts of GitLab's API, over HTTP.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod errors;
mod faults;
mod files;
mod lists;
mod rest;
mod seats;
mod support;
