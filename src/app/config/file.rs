//! The configuration as written: a mirror of the TOML, and the one place that knows its keys.
//!
//! Nothing is required here and nothing has its default: [`crate::app::config::shape`] has complained of what is missing,
//! and [`crate::app::config::meaning`] fills in the rest. The comments of the keys are what users read in
//! `docs/configuration.md` and in their editors.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::app::config::written::{DateText, DurationText, Secret, Written};

/// The configuration of seatsync.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "seatsync.toml")]
pub struct File {
    /// The GitLab whose seats are kept in step.
    #[schemars(required)]
    pub gitlab: Option<Written<GitLab>>,
    /// Where seatsync remembers what it did. Losing it costs history, never a wrong seat.
    pub state: Option<Written<State>>,
    /// A directory read over the network; NAME is the name of the source.
    #[serde(default)]
    pub ldap: BTreeMap<String, Written<Ldap>>,
    /// An LDIF export of a directory.
    #[serde(default)]
    pub ldif: BTreeMap<String, Written<Ldif>>,
    /// A CSV file with a header line, in UTF-8.
    #[serde(default)]
    pub csv: BTreeMap<String, Written<Csv>>,
    /// The people of these groups are entitled to a seat. An add-on that no rule names is not touched.
    #[serde(default)]
    pub rule: Vec<Written<Rule>>,
    /// How the seats of an add-on are handed out and taken back.
    pub add_on: Option<AddOns>,
    /// Add-ons of which an account holds at most one.
    pub tiers: Option<Tiers>,
    /// The guard: a plan beyond any of these is refused whole. All are inclusive.
    pub limits: Option<Limits>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GitLab {
    /// The address of GitLab, without `/api`.
    #[schemars(required)]
    pub url: Option<Written<String>>,
    /// The token of an administrator with the scope `api` (of an Owner of the top-level group on GitLab.com).
    #[schemars(required)]
    pub token: Option<Written<Secret>>,
    /// On GitLab.com: the path of the top-level group. Unset: the whole instance (self-managed, Dedicated).
    pub top_level_group: Option<Written<String>>,
    /// Our own budget, whatever GitLab would allow.
    #[schemars(range(min = 1), extend("default" = 600))]
    pub requests_per_minute: Option<u32>,
    /// How many requests may be under way at once.
    #[schemars(range(min = 1), extend("default" = 4))]
    pub max_concurrent_requests: Option<u32>,
    /// For one request, from connecting to the last byte.
    #[schemars(extend("default" = "30s"))]
    pub timeout: Option<Written<DurationText>>,
    /// How long one request may wait and be retried altogether before it is given up.
    #[schemars(extend("default" = "10m"))]
    pub retry_deadline: Option<Written<DurationText>>,
    /// PEM file of authorities to trust besides the system's.
    pub ca_file: Option<Written<String>>,
    /// Allows plain `http://` to a host that is not this one.
    #[schemars(extend("default" = false))]
    pub allow_plaintext: Option<bool>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// `sqlite:` and the path of one file.
    #[schemars(extend("default" = "sqlite:seatsync.db"))]
    pub url: Option<Written<String>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ldap {
    /// `ldaps://`, `ldap://` or `ldapi://`; tried in this order.
    #[schemars(required)]
    pub urls: Option<Written<Vec<Written<String>>>>,
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

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ldif {
    /// The file, relative to the configuration file.
    #[schemars(required)]
    pub path: Option<Written<String>>,
    /// What kind of directory it was exported from.
    #[schemars(extend("default" = "rfc2307bis"))]
    pub schema: Option<DirectorySchema>,
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

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Csv {
    /// The file, relative to the configuration file.
    #[schemars(required)]
    pub path: Option<Written<String>>,
    /// Which columns mean what; all others are extra attributes.
    pub columns: Option<Columns>,
    /// One character between the groups of a cell.
    #[schemars(extend("default" = ";"))]
    pub group_separator: Option<Written<String>>,
    /// The steps by which the account of a person is found, tried in this order; ambiguous is never guessed.
    #[schemars(extend("default" = ["identity", "email", "username"]))]
    pub match_by: Option<Written<Vec<MatchStep>>>,
    /// The provider whose `extern_uid` in GitLab `identity` compares. Unset: the step `identity` is skipped.
    pub identity_provider: Option<Written<String>>,
}

/// Exactly one of `dn` with `password`, `gssapi`, `external` or `anonymous`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bind {
    /// The DN to bind as, with `password`.
    pub dn: Option<Written<String>>,
    /// The password of `dn`.
    pub password: Option<Written<Secret>>,
    /// The Kerberos ticket of the environment.
    pub gssapi: Option<Written<bool>>,
    /// SASL EXTERNAL: a TLS client certificate, or the peer of an `ldapi` socket.
    pub external: Option<Written<bool>>,
    /// PEM file of the client certificate, with `external` and `key`.
    pub certificate: Option<Written<String>>,
    /// PEM file of the key of `certificate`.
    pub key: Option<Written<String>>,
    /// Nobody in particular.
    pub anonymous: Option<Written<bool>>,
}

/// Attributes of a directory entry.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attributes {
    /// The unchanging key. Unset: `objectGUID` (Active Directory) or `entryUUID`.
    pub id: Option<Written<String>>,
    /// Unset: `sAMAccountName` (Active Directory) or `uid`.
    pub username: Option<Written<String>>,
    /// All addresses of it are tried.
    #[schemars(extend("default" = "mail"))]
    pub email: Option<Written<String>>,
    /// Unset: `displayName` (Active Directory) or `cn`.
    pub name: Option<Written<String>>,
    /// More of them, for the `where` of rules.
    #[schemars(extend("default" = []))]
    pub extra: Option<Vec<String>>,
}

/// Columns of a CSV file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// The unchanging key of the person.
    #[schemars(extend("default" = "id"))]
    pub id: Option<Written<String>>,
    #[schemars(extend("default" = "username"))]
    pub username: Option<Written<String>>,
    #[schemars(extend("default" = "email"))]
    pub email: Option<Written<String>>,
    #[schemars(extend("default" = "name"))]
    pub name: Option<Written<String>>,
    #[schemars(extend("default" = "groups"))]
    pub groups: Option<Written<String>>,
    /// What `identity` compares with GitLab's `extern_uid`. Unset: the step `identity` is skipped.
    pub identity: Option<Written<String>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Shown wherever the rule decides something; unique.
    #[schemars(required)]
    pub name: Option<Written<String>>,
    /// The add-on it entitles to.
    #[schemars(required)]
    pub add_on: Option<AddOnKey>,
    /// The name of the source of its groups. May be left out where there is one source.
    pub source: Option<Written<String>>,
    /// Any of these: by name, DN or unchanging id. `name:`, `dn:` and `id:` say which where it could be read two ways.
    #[schemars(required)]
    pub groups: Option<Written<Vec<Written<String>>>>,
    /// Whoever is in one of these is not entitled by this rule.
    #[schemars(extend("default" = []))]
    pub except_groups: Option<Vec<Written<String>>>,
    /// A condition in CEL over `person.id`, `.username`, `.email`, `.name` and the extra attributes.
    #[serde(rename = "where")]
    pub condition: Option<Written<String>>,
    /// Lower is served first.
    #[schemars(extend("default" = 100))]
    pub rank: Option<i64>,
    /// A quota for this rule.
    #[schemars(range(min = 1))]
    pub max_seats: Option<u32>,
    /// Seats that only this rule may fill.
    #[schemars(extend("default" = 0))]
    pub reserved_seats: Option<Written<u32>>,
    /// The last day of this entitlement, in UTC.
    pub until: Option<Written<DateText>>,
}

/// Seats of GitLab Enterprise Agile Planning have no API and cannot be managed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-help" = ADD_ON_HELP))]
pub struct AddOns {
    /// GitLab Duo Enterprise.
    pub duo_enterprise: Option<AddOn>,
    /// GitLab Duo Pro.
    pub duo_pro: Option<AddOn>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddOn {
    /// Seats never handed out.
    #[schemars(extend("default" = 0))]
    pub reserve: Option<u32>,
    /// Whose seats may be taken back: of whom seatsync assigned or adopted, of whoever no rule entitles, of nobody.
    #[schemars(extend("default" = "managed"))]
    pub revoke: Option<Revoke>,
    /// Which holders an apply takes into management: those whom a rule entitles, none, or all.
    #[schemars(extend("default" = "entitled"))]
    pub adopt: Option<Adopt>,
    /// With `by_rank` a better-ranked claimant may take a managed seat.
    #[schemars(extend("default" = "keep_holders"))]
    pub contention: Option<Contention>,
    /// How long a holder keeps a seat that no rule backs any more, from the first apply that saw it.
    #[schemars(extend("default" = "7d"))]
    pub grace: Option<Written<DurationText>>,
    /// A seat is not taken back sooner than this.
    #[schemars(extend("default" = "0d"))]
    pub minimum_tenure: Option<Written<DurationText>>,
    /// Takes back seats unused for so long, by GitLab's `lastDuoActivityOn`. Unset: none.
    pub reclaim_inactive_after: Option<Written<DurationText>>,
    /// When a trial ends. GitLab's API does not tell: said here it is planned for, and warned of.
    pub trial_ends: Option<Written<DateText>>,
    /// Usernames never touched.
    #[schemars(extend("default" = []))]
    pub protect: Option<Vec<String>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tiers {
    /// The best first: an account holds the first it is entitled to that has a seat for it.
    #[schemars(extend("default" = []))]
    pub order: Option<Written<Vec<AddOnKey>>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Revocations in one run.
    #[schemars(extend("default" = 20))]
    pub max_revocations: Option<u32>,
    /// Revocations of the seats held, per add-on; up to 3 revocations always pass this one.
    #[schemars(range(max = 100), extend("default" = 10))]
    pub max_revocations_percent: Option<u32>,
    /// People fewer than in the last complete snapshot of a source.
    #[schemars(range(max = 100), extend("default" = 25))]
    pub max_source_shrink_percent: Option<u32>,
    /// A rule whose groups hold fewer people is frozen: no revocation follows from it.
    #[schemars(extend("default" = 1))]
    pub min_group_members: Option<u32>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DirectorySchema {
    ActiveDirectory,
    Rfc2307bis,
    Rfc2307,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MatchStep {
    Identity,
    Email,
    Username,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(extend("x-help" = ADD_ON_HELP))]
pub enum AddOnKey {
    DuoEnterprise,
    DuoPro,
}

const ADD_ON_HELP: &str =
    "the add-ons are `duo_enterprise` and `duo_pro`; seats of Enterprise Agile Planning have no API";

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Revoke {
    Managed,
    All,
    Never,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Adopt {
    Entitled,
    All,
    None,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Contention {
    KeepHolders,
    ByRank,
}
