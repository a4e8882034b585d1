//! LDAP directories and Active Directory, read over the network or from an LDIF export.

pub mod active_directory;
pub mod asked;
pub mod changes;
pub mod config;
pub mod connection;
pub mod conversation;
pub mod decode;
#[cfg(test)]
mod decode_tests;
pub mod end_point;
pub mod entry;
pub mod error;
pub mod filter;
pub mod guid;
#[cfg(feature = "gssapi")]
pub mod kerberos;
pub mod ldif;
pub mod ldif_records;
pub mod ldif_tree;
pub mod link;
pub mod live;
pub mod lookup;
pub mod members;
pub mod opening;
pub mod packed;
pub mod probe;
pub mod ranges;
pub mod refusal;
pub mod request;
pub mod servers;
pub mod sid;
pub mod source;
pub mod strangers;
pub mod tls;
pub mod usernames;
pub mod vetting;
pub mod walk;
pub mod wire;
