//! `[ldap.NAME]` as written.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::app::config::file::sources::entries::{Attributes, DirectorySchema};
use crate::app::config::file::sources::matching::MatchStep;
use crate::app::config::written::{DurationText, Secret, Written};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ldap {
    /// `ldaps://`, `ldap://` or `ldapi://`; tried in this order. `ldaps+srv://DOMAIN` and `ldap+srv://DOMAIN` stand for the
    /// servers that DNS names for a domain.
    #[schemars(required)]
    pub urls: Option<Written<Vec<Written<String>>>>,
    /// Whom to ask for the servers of a domain: an IP address, or one with a port. Unset: the system's name servers.
    pub dns_servers: Option<Vec<Written<String>>>,
    /// What kind of directory it is: how groups name their members, and which attributes mean what.
    #[schemars(required)]
    pub schema: Option<DirectorySchema>,
    /// Below which everything lies.
    #[schemars(required)]
    pub base_dn: Option<Written<String>>,
    /// How seatsync proves who it is.
    #[schemars(required)]
    pub bind: Option<Written<Bind>>,
    /// Encrypts an `ldap://` connection before anything is sent.
    #[schemars(extend("default" = false))]
    pub start_tls: Option<bool>,
    /// PEM file of the authorities to trust instead of the system's.
    pub ca_file: Option<Written<String>>,
    /// Whether the server's certificate is checked.
    #[schemars(extend("default" = true))]
    pub tls_verify: Option<bool>,
    /// Allows unencrypted `ldap://` to a host that is not this one.
    #[schemars(extend("default" = false))]
    pub allow_plaintext: Option<bool>,
    /// Below which groups are searched. Unset: `base_dn`.
    pub group_base_dn: Option<Written<String>>,
    /// Below which people are searched. Unset: `base_dn`.
    pub person_base_dn: Option<Written<String>>,
    /// An LDAP filter that groups must match besides.
    pub group_filter: Option<Written<String>>,
    /// An LDAP filter that people must match besides.
    pub person_filter: Option<Written<String>>,
    /// How many entries the server is asked for at a time.
    #[schemars(range(min = 1, max = 10_000), extend("default" = 1000))]
    pub page_size: Option<u32>,
    /// Whether only what has changed is read where that is safe: by DirSync of Active Directory, or by content
    /// synchronisation (RFC 4533) of OpenLDAP. What the directory says of people is then kept in the state.
    #[schemars(extend("default" = false))]
    pub incremental: Option<bool>,
    /// For each operation, and for each answer of a search.
    #[schemars(extend("default" = "30s"))]
    pub timeout: Option<Written<DurationText>>,
    /// Whether members of groups in a group count as its members.
    #[schemars(extend("default" = true))]
    pub nested_groups: Option<bool>,
    /// Whether a person's primary group counts as a group of theirs. Unset: for `active_directory` only.
    pub primary_group: Option<bool>,
    /// Whether people whose entry is disabled in Active Directory are entitled too.
    #[schemars(extend("default" = false))]
    pub include_disabled: Option<bool>,
    /// Which attributes mean what. Unset: as the schema is known for.
    pub attributes: Option<Attributes>,
    /// The steps by which the account of a person is found, tried in this order; ambiguous is never guessed.
    #[schemars(extend("default" = ["identity", "email", "username"]))]
    pub match_by: Option<Written<Vec<MatchStep>>>,
    /// The provider whose `extern_uid` in GitLab `identity` compares.
    #[schemars(extend("default" = "ldapmain"))]
    pub identity_provider: Option<Written<String>>,
    /// The attribute that is compared with `extern_uid`. Unset: the DN, compared as DNs are.
    pub identity_attribute: Option<Written<String>>,
}

/// Exactly one of `dn` with `password`, `gssapi`, `external` or `anonymous`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bind {
    /// The DN to bind as, with `password`.
    pub dn: Option<Written<String>>,
    /// The password of `dn`.
    pub password: Option<Written<Secret>>,
    /// Kerberos, with the ticket (`KRB5CCNAME`) or the keytab (`KRB5_CLIENT_KTNAME`) of the environment.
    pub gssapi: Option<Written<bool>>,
    /// Which of several principals of the environment it is, with `gssapi`.
    pub principal: Option<Written<String>>,
    /// SASL EXTERNAL: a TLS client certificate, or the peer of an `ldapi` socket.
    pub external: Option<Written<bool>>,
    /// PEM file of the client certificate, with `external` and `key`.
    pub certificate: Option<Written<String>>,
    /// PEM file of the key of `certificate`.
    pub key: Option<Written<String>>,
    /// Nobody in particular.
    pub anonymous: Option<Written<bool>>,
}
