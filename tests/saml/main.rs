//! SAML: what is believed of an assertion, and what is not; against real identity providers, and against forgers.
#![cfg(feature = "saml")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod attacks;
mod believed;
mod controls;
mod mint;
mod parties;
mod refused;
mod rollover;
mod signing_on;

#[path = "../serve/sidecar.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod sidecar;

#[path = "../support/mod.rs"]
mod support;
