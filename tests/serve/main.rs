//! The sidecar as a process: it runs on schedule, takes signals and requests, and is watched on one port.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod approvals;
mod entra;
mod hostile;
mod okta;
mod port;
mod prometheus;
mod provider;
mod pushed;
mod replicas;
mod runs;
mod scim_hostile;
mod scim_tester;
mod sidecar;
mod supervision;
#[path = "../support/mod.rs"]
mod support;
mod telling;
