//! The pages of the sidecar: people sign in with GitLab, and approve or reject the plan that waits; in a real browser, and by
//! requests that no browser would send.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod approving;
#[path = "../support/browser.rs"]
#[expect(dead_code, unreachable_pub, reason = "it is shared")]
mod browser;
mod in_a_browser;
mod protections;
mod replicas;
mod scene;
#[path = "../serve/sidecar.rs"]
#[expect(dead_code, reason = "it is shared")]
mod sidecar;
mod signing_in;
#[path = "../support/mod.rs"]
mod support;
mod telling;
mod unapproved;
mod visitor;
