//! A directory server as a source: connects, walks the groups that rules name, and tells what it saw.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _};
use rustls::ClientConfig;

use crate::membership::reading::snapshot;
use crate::model::distinguished_name::DistinguishedName;
use crate::model::group::GroupRef;
use crate::model::person::{Person, SourceName};
use crate::model::snapshot::{Snapshot, SourceKind};
use crate::ports::{Clock, EdgeError, Identified, Probe, Progress, Readings, Source};
use crate::sources::ldap::changes::reader::{Reading, read as by_changes};
use crate::sources::ldap::config::LdapConfig;
use crate::sources::ldap::connection::Connection;
use crate::sources::ldap::decode::Decoder;
use crate::sources::ldap::error::LdapError;
use crate::sources::ldap::live::{Live, within};
use crate::sources::ldap::opening::{Candidates, open};
use crate::sources::ldap::probe::probe;
use crate::sources::ldap::strangers::{self, Clue, clues, unread};
use crate::sources::ldap::tls;
use crate::sources::ldap::walk::walk;

/// No directory takes this long; a server that dribbles for ever does.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// Four entries at most.
const LONGEST_PROBE: Duration = Duration::from_secs(5 * 60);

/// A directory read over the network.
pub struct LdapSource {
    config: LdapConfig,
    tls: Option<Arc<ClientConfig>>,
    /// Accounts of Active Directory end at a moment.
    clock: Arc<dyn Clock>,
    progress: Option<Arc<dyn Progress>>,
    readings: Option<Arc<dyn Readings>>,
}

impl LdapSource {
    /// Reads the certificates that the configuration names; connects to nobody yet.
    pub fn new(
        config: LdapConfig,
        clock: Arc<dyn Clock>,
        progress: Option<Arc<dyn Progress>>,
    ) -> Result<LdapSource, LdapError> {
        let tls = tls::client_config(&config)?;
        Ok(LdapSource { config, tls, clock, progress, readings: None })
    }

    /// Where it finds what it remembers, and leaves what it would remember, if it is to be read by its changes.
    pub fn remembering(self, readings: Arc<dyn Readings>) -> LdapSource {
        LdapSource { readings: Some(readings).filter(|_| self.config.incremental), ..self }
    }

    /// Reads from one server after the other until one of them answers to the end. Nothing of one reading goes into
    /// another: two servers may be of different age.
    async fn read_groups(&self, wanted: &[GroupRef]) -> Result<Snapshot, LdapError> {
        let mut candidates = Candidates::find(&self.config, self.tls.as_ref()).await?;
        let mut connection = candidates.next().await?;
        loop {
            let snapshot = self.read_from(&connection, wanted).await;
            let Some(because) = connection.faltered() else { return Ok(snapshot) };
            tracing::warn!(source = %self.config.name, because, "the server failed in the middle of a reading");
            match candidates.next().await {
                Ok(next) => connection = next,
                // A part is better than nothing: it takes no seat from anybody.
                Err(_) => return Ok(snapshot),
            }
        }
    }

    async fn identify_by(&self, clues: &[Clue]) -> Result<Vec<Identified>, LdapError> {
        let connection = open(&self.config, self.tls.as_ref()).await?;
        let live = Live::new(&connection, &self.config);
        let decoder = Decoder::new(&self.config.directory, self.clock.now());
        Ok(strangers::identify(&live, &decoder, clues).await)
    }

    async fn answering(&self, asked: &str) -> Result<Vec<Arc<Person>>, LdapError> {
        let connection = open(&self.config, self.tls.as_ref()).await?;
        let live = Live::new(&connection, &self.config);
        let decoder = Decoder::new(&self.config.directory, self.clock.now());
        live.answering(&decoder, asked).await.map_err(|because| LdapError::Asking { because })
    }

    async fn read_from(&self, connection: &Connection, wanted: &[GroupRef]) -> Snapshot {
        let now = self.clock.now();
        let what = format!("ldap {}: people", self.config.name);
        let told = |people| {
            if let Some(progress) = &self.progress {
                progress.at(&what, people, None);
            }
        };
        let Reading { roots, graph, read_whole_at, finding } = match &self.readings {
            Some(readings) => {
                by_changes(connection, &self.config, readings.as_ref(), wanted, now, &told).await
            }
            None => {
                let live = Live::new(connection, &self.config);
                let decoder = Decoder::new(&self.config.directory, now);
                let (roots, graph) = walk(&live, &decoder, wanted, &told).await;
                Reading { roots, graph, read_whole_at: None, finding: None }
            }
        };
        let nested = self.config.directory.nested_groups;
        let mut snapshot = snapshot(&self.config.name, SourceKind::Ldap, wanted, roots, graph, nested);
        snapshot.read_whole_at = read_whole_at;
        snapshot.findings.extend(finding);
        snapshot
    }
}

impl Source for LdapSource {
    fn name(&self) -> &SourceName {
        &self.config.name
    }

    fn kind(&self) -> SourceKind {
        SourceKind::Ldap
    }

    fn read<'a>(&'a self, wanted: &'a [GroupRef]) -> BoxFuture<'a, Result<Snapshot, EdgeError>> {
        async move {
            let reading = tokio::time::timeout(LONGEST, self.read_groups(wanted)).await;
            Ok(reading.map_err(|_| LdapError::TooLong { minutes: LONGEST.as_secs() / 60 })??)
        }
        .boxed()
    }

    fn identify<'a>(&'a self, names: &'a [Box<str>]) -> BoxFuture<'a, Vec<Identified>> {
        async move {
            let base = DistinguishedName::parse(&self.config.base_dn);
            let people = DistinguishedName::parse(&self.config.person_base_dn);
            let covers = |name: &DistinguishedName| {
                [&base, &people].iter().any(|base| within(base.as_ref(), Some(name)))
            };
            let clues = clues(names, self.config.directory.schema, covers);
            if !strangers::any(&clues) {
                return unread(&clues, "");
            }
            let identified = tokio::time::timeout(LONGEST, self.identify_by(&clues)).await;
            match identified.map_err(|_| LdapError::TooLong { minutes: LONGEST.as_secs() / 60 }).flatten() {
                Ok(identified) => identified,
                Err(error) => unread(&clues, &EdgeError::from(error).chain()),
            }
        }
        .boxed()
    }

    fn find<'a>(&'a self, asked: &'a str) -> BoxFuture<'a, Result<Vec<Arc<Person>>, EdgeError>> {
        async move {
            let found = tokio::time::timeout(LONGEST_PROBE, self.answering(asked)).await;
            Ok(found.map_err(|_| LdapError::TooLong { minutes: LONGEST_PROBE.as_secs() / 60 })??)
        }
        .boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<Probe, EdgeError>> {
        async move {
            let connection = open(&self.config, self.tls.as_ref()).await?;
            let probed = tokio::time::timeout(LONGEST_PROBE, probe(&connection, &self.config)).await;
            Ok(probed.map_err(|_| LdapError::TooLong { minutes: LONGEST_PROBE.as_secs() / 60 })?)
        }
        .boxed()
    }
}
