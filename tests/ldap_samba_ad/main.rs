//! Groups and people of a real Samba Active Directory domain controller.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod groups;
mod kerberos;
mod people;
mod refusals;
#[path = "../support/mod.rs"]
mod support;
