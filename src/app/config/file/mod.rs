//! The configuration as written: a mirror of the TOML, and the one place that knows its keys.
//!
//! Nothing is required here and nothing has its default: [`crate::app::config::shape`] has complained of what is missing,
//! and [`crate::app::config::meaning`] fills in the rest. The comments of the keys are what users read in
//! `docs/configuration.md` and in their editors.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::app::config::file::approval::Approval;
use crate::app::config::file::notify::Notify;
use crate::app::config::file::rules::{AddOns, Limits, Rule, Tiers};
use crate::app::config::file::serve::{Schedule, Serve};
use crate::app::config::file::sources::csv::Csv;
use crate::app::config::file::sources::ldap::Ldap;
use crate::app::config::file::sources::ldif::Ldif;
use crate::app::config::file::sources::saml::Saml;
use crate::app::config::file::sources::scim::Scim;
use crate::app::config::file::sources::scim_push::ScimPush;
use crate::app::config::written::{DurationText, Secret, Written};

pub mod approval;
pub mod notify;
pub mod rules;
pub mod serve;
pub mod sources;

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
    /// A SCIM 2.0 service provider whose users and groups are pulled.
    #[serde(default)]
    pub scim: BTreeMap<String, Written<Scim>>,
    /// An LDIF export of a directory.
    #[serde(default)]
    pub ldif: BTreeMap<String, Written<Ldif>>,
    /// A CSV file with a header line, in UTF-8.
    #[serde(default)]
    pub csv: BTreeMap<String, Written<Csv>>,
    /// What an identity provider pushes over SCIM 2.0, to `/scim/v2/NAME` of the port of `seatsync serve`.
    #[serde(default)]
    pub scim_push: BTreeMap<String, Written<ScimPush>>,
    /// Signed assertions of a SAML 2.0 identity provider, by which people prove their groups to `seatsync serve`.
    #[serde(default)]
    pub saml: BTreeMap<String, Written<Saml>>,
    /// The people of these groups are entitled to a seat. An add-on that no rule names is not touched.
    #[serde(default)]
    pub rule: Vec<Written<Rule>>,
    /// How the seats of an add-on are handed out and taken back.
    pub add_on: Option<AddOns>,
    /// Add-ons of which an account holds at most one.
    pub tiers: Option<Tiers>,
    /// The guard: a plan beyond any of these is refused whole. All are inclusive.
    pub limits: Option<Limits>,
    /// The sidecar, `seatsync serve`: one port for its probes, metrics and requests.
    pub serve: Option<Written<Serve>>,
    /// When `seatsync serve` runs by itself. None: a report every hour.
    #[serde(default)]
    pub schedule: Vec<Written<Schedule>>,
    /// Who must have signed a plan before it is applied.
    pub approval: Option<Written<Approval>>,
    /// Whom `seatsync serve` tells, of what, and how.
    pub notify: Option<Notify>,
}

impl File {
    /// The names of all sources, kind by kind.
    pub fn source_names(&self) -> impl Iterator<Item = &str> {
        let names = self.ldap.keys();
        let names = names.chain(self.scim.keys());
        let names = names.chain(self.scim_push.keys());
        let names = names.chain(self.saml.keys());
        let names = names.chain(self.ldif.keys());
        let names = names.chain(self.csv.keys());
        names.map(String::as_str)
    }
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
    /// The address that GitLab had before, with the top-level group where there is one, until the next apply: the state
    /// knows its GitLab by host and path, and is used for no other.
    pub formerly: Option<Written<String>>,
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
    /// `sqlite:` and the path of one file, or `postgres://NAME@HOST/DATABASE` where several replicas run. Another machine
    /// must show a certificate that is good for its name, unless `?sslmode=` says otherwise; `sslrootcert=` names the
    /// authority. `?options=-c search_path=NAME` puts the tables in a schema of their own.
    #[schemars(extend("default" = "sqlite:seatsync.db"))]
    pub url: Option<Written<String>>,
    /// The password for PostgreSQL, where neither the address nor `PGPASSWORD` has it.
    pub password: Option<Written<Secret>>,
}
