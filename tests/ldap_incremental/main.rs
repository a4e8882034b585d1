//! Reading by changes brings what reading whole brings: on real servers, change by change, and at random.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod editor;
mod openldap;
mod random;
mod rig;
mod samba;
