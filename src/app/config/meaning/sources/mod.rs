//! What the sources mean, one kind a file.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::app::config::complaint::Complaint;
use crate::app::config::file::File;
use crate::app::config::reading::Reading;
use crate::app::config::written::Written;
use crate::model::person::SourceName;
use crate::model::policy::Matching;
use crate::model::roster::Patience;
use crate::sources::csv::config::CsvConfig;
use crate::sources::ldap::config::{LdapConfig, LdifConfig};
use crate::sources::saml::config::SamlConfig;
use crate::sources::scim::config::ScimConfig;
use crate::sources::scim_push::config::ScimPushConfig;

pub mod csv;
pub mod entries;
pub mod ldap;
pub mod ldif;
pub mod matching;
pub mod saml;
pub mod scim;
pub mod scim_push;
pub mod user_attributes;

#[cfg(test)]
mod tests;

/// One source, of whatever kind.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "there are a handful of sources, each moved once")]
pub enum SourceConfig {
    Ldap(LdapConfig),
    Ldif(LdifConfig),
    Csv(CsvConfig),
    Scim(ScimConfig),
    ScimPush(ScimPushConfig),
    Saml(SamlConfig),
}

impl SourceConfig {
    pub fn name(&self) -> &SourceName {
        match self {
            SourceConfig::Ldap(source) => &source.name,
            SourceConfig::Ldif(source) => &source.name,
            SourceConfig::Csv(source) => &source.name,
            SourceConfig::Scim(source) => &source.name,
            SourceConfig::ScimPush(source) => &source.name,
            SourceConfig::Saml(source) => &source.name,
        }
    }

    /// How long what was pushed into it is believed; `None` where nothing is.
    pub fn patience(&self) -> Option<Patience> {
        match self {
            SourceConfig::ScimPush(source) => Some(source.patience),
            SourceConfig::Ldap(_)
            | SourceConfig::Ldif(_)
            | SourceConfig::Csv(_)
            | SourceConfig::Scim(_)
            | SourceConfig::Saml(_) => None,
        }
    }

    /// Whether it may be read by its changes.
    pub fn is_incremental(&self) -> bool {
        match self {
            SourceConfig::Ldap(source) => source.incremental,
            SourceConfig::Ldif(_)
            | SourceConfig::Csv(_)
            | SourceConfig::Scim(_)
            | SourceConfig::ScimPush(_)
            | SourceConfig::Saml(_) => false,
        }
    }
}

/// The sources that nothing is wrong with, by kind and name, and how the people of all are matched.
pub fn sources(
    file: &File,
    reading: &mut Reading<'_>,
) -> (Vec<SourceConfig>, BTreeMap<SourceName, Matching>) {
    let mut sources = Sources::default();
    sources.take(&file.ldap, ldap::ldap, SourceConfig::Ldap, reading);
    sources.take(&file.ldif, ldif::ldif, SourceConfig::Ldif, reading);
    sources.take(&file.csv, csv::csv, SourceConfig::Csv, reading);
    sources.take(&file.scim, scim::scim, SourceConfig::Scim, reading);
    sources.take(&file.scim_push, scim_push::scim_push, SourceConfig::ScimPush, reading);
    let has_group = file.gitlab.as_ref().is_some_and(|gitlab| gitlab.value.top_level_group.is_some());
    let saml = |name, written: &_, reading: &mut Reading<'_>| saml::saml(name, written, has_group, reading);
    sources.take(&file.saml, saml, SourceConfig::Saml, reading);
    (sources.meant, sources.matching)
}

#[derive(Default)]
struct Sources {
    meant: Vec<SourceConfig>,
    matching: BTreeMap<SourceName, Matching>,
    taken: BTreeSet<String>,
}

impl Sources {
    /// Takes in all sections of one kind.
    fn take<W, C>(
        &mut self,
        sections: &BTreeMap<String, Written<W>>,
        meaning: impl Fn(SourceName, &W, &mut Reading<'_>) -> (Matching, Option<C>),
        kind: impl Fn(C) -> SourceConfig,
        reading: &mut Reading<'_>,
    ) {
        for (name, Written { value, span }) in sections {
            self.name(name, span, reading);
            let name = SourceName::new(name);
            let (matching, source) = meaning(name.clone(), value, reading);
            self.matching.insert(name, matching);
            self.meant.extend(source.map(&kind));
        }
    }

    fn name(&mut self, name: &str, span: &Range<usize>, reading: &mut Reading<'_>) {
        if name.trim().is_empty() {
            reading.complain(Complaint::new(span, "a source needs a name").help("write `[csv.NAME]`"));
        } else if !self.taken.insert(name.to_owned()) {
            let complaint = Complaint::new(span, format!("two sources are named `{name}`"));
            reading.complain(complaint.help("rules and reports tell sources apart by their names alone"));
        }
    }
}
