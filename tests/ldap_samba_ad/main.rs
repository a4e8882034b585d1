//! Groups and people of a real Samba Active Directory domain controller.

mod groups;
mod kerberos;
mod refusals;
#[path = "../support/mod.rs"]
mod support;
