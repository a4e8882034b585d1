//! LDAP directories and Active Directory, read over the network or from an LDIF export.

pub mod config;
