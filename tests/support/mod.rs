//! Real servers on loopback and what fills them, for the tests that need one.
#![expect(dead_code, unreachable_pub, reason = "each test is a crate of its own and uses a part of this")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

pub mod ad_front;
pub mod authority;
pub mod chance;
pub mod company;
pub mod dns;
pub mod explained;
pub mod fake_ldap;
pub mod postgres;
pub mod reading;
pub mod samba;
pub mod samba_edits;
pub mod samba_place;
pub mod samba_reading;
pub mod scim_company;
pub mod scim_front;
pub mod scim_servers;
pub mod signers;
pub mod slapd;
pub mod smtp;
pub mod spoiler;
pub mod stage;
