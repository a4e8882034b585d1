//! Groups and people of a real Samba Active Directory domain controller.

mod groups;
#[path = "../support/mod.rs"]
mod support;
