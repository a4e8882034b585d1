//! A service provider as a source: asks what it offers, walks the groups that rules name, and tells what it saw.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _};

use crate::membership::reading::snapshot;
use crate::model::group::GroupRef;
use crate::model::person::{Person, SourceName};
use crate::model::snapshot::{Snapshot, SourceKind};
use crate::ports::{EdgeError, Probe, Progress, Source};
use crate::sources::scim::asked::answering;
use crate::sources::scim::config::ScimConfig;
use crate::sources::scim::connection::Connection;
use crate::sources::scim::decode::Decoder;
use crate::sources::scim::directory::Directory;
use crate::sources::scim::error::ScimError;
use crate::sources::scim::probe::probe;
use crate::sources::scim::walk::walk;

/// No service provider takes this long; one that dribbles for ever does.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// A handful of requests.
const LONGEST_PROBE: Duration = Duration::from_secs(5 * 60);

/// A service provider that is pulled from.
pub struct ScimSource {
    config: ScimConfig,
    connection: Connection,
    progress: Option<Arc<dyn Progress>>,
}

impl ScimSource {
    /// Reads the certificates that the configuration names; connects to nobody yet.
    pub fn new(config: ScimConfig, progress: Option<Arc<dyn Progress>>) -> Result<ScimSource, ScimError> {
        let connection = Connection::new(&config)?;
        Ok(ScimSource { config, connection, progress })
    }

    /// Tells how many people have been read.
    fn told(&self) -> impl Fn(u64) + Send + Sync {
        let what = format!("scim {}: people", self.config.name);
        move |people| {
            if let Some(progress) = &self.progress {
                progress.at(&what, people, None);
            }
        }
    }

    async fn read_groups(&self, wanted: &[GroupRef]) -> Result<Snapshot, ScimError> {
        let directory = Directory::open(&self.connection, &self.config).await?;
        let decoder = Decoder::new(&self.config);
        let (roots, graph) = walk(&directory, &decoder, wanted, &self.told()).await;
        tracing::info!(source = %self.config.name, requests = self.connection.requests(), "read over SCIM");
        let nested = self.config.nested_groups;
        Ok(snapshot(&self.config.name, SourceKind::Scim, wanted, roots, graph, nested))
    }

    async fn answering(&self, asked: &str) -> Result<Vec<Arc<Person>>, ScimError> {
        let directory = Directory::open(&self.connection, &self.config).await?;
        answering(&directory, &Decoder::new(&self.config), asked, &self.told()).await
    }
}

impl Source for ScimSource {
    fn name(&self) -> &SourceName {
        &self.config.name
    }

    fn kind(&self) -> SourceKind {
        SourceKind::Scim
    }

    fn read<'a>(&'a self, wanted: &'a [GroupRef]) -> BoxFuture<'a, Result<Snapshot, EdgeError>> {
        async move {
            let reading = tokio::time::timeout(LONGEST, self.read_groups(wanted)).await;
            Ok(reading.map_err(|_| ScimError::TooSlow { minutes: LONGEST.as_secs() / 60 })??)
        }
        .boxed()
    }

    fn find<'a>(&'a self, asked: &'a str) -> BoxFuture<'a, Result<Vec<Arc<Person>>, EdgeError>> {
        async move {
            let found = tokio::time::timeout(LONGEST, self.answering(asked)).await;
            Ok(found.map_err(|_| ScimError::TooSlow { minutes: LONGEST.as_secs() / 60 })??)
        }
        .boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<Probe, EdgeError>> {
        async move {
            let probed = tokio::time::timeout(LONGEST_PROBE, probe(&self.connection, &self.config)).await;
            Ok(probed.map_err(|_| ScimError::TooSlow { minutes: LONGEST_PROBE.as_secs() / 60 })??)
        }
        .boxed()
    }
}
