//! What `[ldap.NAME]` and `[ldif.NAME]` mean.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::model::person::SourceName;

/// A directory to read over the network.
#[derive(Debug, Clone)]
pub struct LdapConfig {
    pub name: SourceName,
    /// `ldap`, `ldaps`, `ldapi`, `ldap+srv` or `ldaps+srv`; tried in order; never empty. Unencrypted ones were allowed
    /// explicitly, are loopback or encrypted by Kerberos.
    pub urls: Vec<Url>,
    /// Whom to ask for the servers of a domain; empty: the system's name servers.
    pub dns_servers: Vec<SocketAddr>,
    pub bind: Bind,
    pub start_tls: bool,
    /// PEM; trusted instead of the system's authorities.
    pub ca_file: Option<PathBuf>,
    pub tls_verify: bool,
    /// For each operation, and for each answer of a search.
    pub timeout: Duration,
    /// From 1 to 10,000 entries.
    pub page_size: u32,
    pub base_dn: String,
    /// `base_dn` unless set.
    pub group_base_dn: String,
    /// `base_dn` unless set.
    pub person_base_dn: String,
    pub group_filter: Option<String>,
    pub person_filter: Option<String>,
    /// Whether what has changed is to be read instead of all, where that is safe.
    pub incremental: bool,
    pub directory: Directory,
}

/// An LDIF export to read instead of a server.
#[derive(Debug, Clone)]
pub struct LdifConfig {
    pub name: SourceName,
    pub path: PathBuf,
    pub directory: Directory,
}

/// How entries are understood, wherever they come from.
#[derive(Debug, Clone)]
pub struct Directory {
    pub schema: Schema,
    pub nested_groups: bool,
    /// Active Directory: a person's primary group counts as a group of theirs.
    pub primary_group: bool,
    pub include_disabled: bool,
    pub attributes: AttributeNames,
    /// What GitLab's `extern_uid` is compared with; the DN where unset.
    pub identity_attribute: Option<String>,
}

/// How groups name their members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// `group` with `member`, people with `objectGUID` and `userAccountControl`.
    ActiveDirectory,
    /// `groupOfNames` and `groupOfUniqueNames`, whose members are DNs.
    Rfc2307bis,
    /// `posixGroup`, whose `memberUid` are usernames (RFC 2307).
    Rfc2307,
}

/// Which attributes mean what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeNames {
    pub id: String,
    pub username: String,
    pub email: String,
    pub name: String,
    pub extra: Vec<String>,
}

impl AttributeNames {
    /// The names that a schema is known for.
    pub fn of(schema: Schema) -> AttributeNames {
        let (id, username, name) = match schema {
            Schema::ActiveDirectory => ("objectGUID", "sAMAccountName", "displayName"),
            Schema::Rfc2307bis | Schema::Rfc2307 => ("entryUUID", "uid", "cn"),
        };
        AttributeNames {
            id: id.to_owned(),
            username: username.to_owned(),
            email: "mail".to_owned(),
            name: name.to_owned(),
            extra: Vec::new(),
        }
    }
}

/// How seatsync proves who it is.
#[derive(Debug, Clone)]
pub enum Bind {
    /// The password is not empty.
    Simple {
        dn: String,
        password: SecretString,
    },
    Anonymous,
    /// SASL EXTERNAL: a TLS client certificate, or the peer of an `ldapi` socket.
    External {
        client_certificate: Option<ClientCertificate>,
    },
    /// SASL GSSAPI: the Kerberos ticket, or the keytab, of the environment; of several the one of this principal.
    Gssapi {
        principal: Option<String>,
    },
}

/// PEM files of a TLS client certificate and its key.
#[derive(Debug, Clone)]
pub struct ClientCertificate {
    pub certificate: PathBuf,
    pub key: PathBuf,
}
