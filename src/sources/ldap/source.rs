//! A directory server as a source: connects, walks the groups that rules name, and tells what it saw.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _};
use rustls::ClientConfig;

use crate::model::group::GroupRef;
use crate::model::person::SourceName;
use crate::model::snapshot::{Snapshot, SourceKind};
use crate::ports::{Clock, EdgeError, Probe, Progress, Source};
use crate::sources::ldap::config::LdapConfig;
use crate::sources::ldap::decode::Decoder;
use crate::sources::ldap::error::LdapError;
use crate::sources::ldap::live::Live;
use crate::sources::ldap::opening::open;
use crate::sources::ldap::probe::probe;
use crate::sources::ldap::reading::snapshot;
use crate::sources::ldap::tls;
use crate::sources::ldap::walk::walk;

/// No directory takes this long; a server that dribbles for ever does.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// A directory read over the network.
pub struct LdapSource {
    config: LdapConfig,
    tls: Option<Arc<ClientConfig>>,
    /// Accounts of Active Directory end at a moment.
    clock: Arc<dyn Clock>,
    progress: Option<Arc<dyn Progress>>,
}

impl LdapSource {
    /// Reads the certificates that the configuration names; connects to nobody yet.
    pub fn new(
        config: LdapConfig,
        clock: Arc<dyn Clock>,
        progress: Option<Arc<dyn Progress>>,
    ) -> Result<LdapSource, LdapError> {
        let tls = tls::client_config(&config)?;
        Ok(LdapSource { config, tls, clock, progress })
    }

    async fn read_groups(&self, wanted: &[GroupRef]) -> Result<Snapshot, LdapError> {
        let connection = open(&self.config, self.tls.as_ref()).await?;
        let live = Live::new(&connection, &self.config);
        let decoder = Decoder::new(&self.config.directory, self.clock.now());
        let what = format!("ldap {}: people", self.config.name);
        let told = |people| {
            if let Some(progress) = &self.progress {
                progress.at(&what, people, None);
            }
        };
        let (roots, graph) = tokio::time::timeout(LONGEST, walk(&live, &decoder, wanted, &told))
            .await
            .map_err(|_| LdapError::TooLong { minutes: LONGEST.as_secs() / 60 })?;
        let nested = self.config.directory.nested_groups;
        Ok(snapshot(&self.config.name, SourceKind::Ldap, wanted, roots, graph, nested))
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
        async move { Ok(self.read_groups(wanted).await?) }.boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<Probe, EdgeError>> {
        async move {
            let connection = open(&self.config, self.tls.as_ref()).await?;
            Ok(probe(&connection, &self.config).await)
        }
        .boxed()
    }
}
