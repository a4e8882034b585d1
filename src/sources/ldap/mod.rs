//! LDAP directories and Active Directory, read over the network or from an LDIF export.

pub mod changes;
pub mod config;
pub mod connection;
pub mod decode;
pub mod entry;
pub mod error;
pub mod filter;
pub mod graph;
pub mod guid;
pub mod ldif;
pub mod ldif_records;
pub mod ldif_tree;
pub mod live;
pub mod lookup;
pub mod members;
pub mod opening;
pub mod packed;
pub mod probe;
pub mod ranges;
pub mod reading;
pub mod source;
pub mod tls;
pub mod usernames;
pub mod walk;
pub mod wire;
