//! The sidecar as a process: it runs on schedule, takes signals and requests, and is watched on one port.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod approvals;
mod hostile;
mod port;
mod prometheus;
mod replicas;
mod runs;
mod sidecar;
mod supervision;
#[path = "../support/mod.rs"]
mod support;
mod telling;
