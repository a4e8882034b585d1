//! An LDIF export as a source: the same walk as on a server, over the entries of a file.

use std::fs::File;
use std::io::BufReader;
use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt as _};

use crate::membership::reading::snapshot;
use crate::model::finding::{Finding, FindingCode, Level};
use crate::model::group::GroupRef;
use crate::model::person::{Person, SourceName};
use crate::model::snapshot::{Snapshot, SourceKind};
use crate::ports::{Clock, EdgeError, Identified, Probe, Progress, Source};
use crate::sources::ldap::config::LdifConfig;
use crate::sources::ldap::decode::Decoder;
use crate::sources::ldap::error::LdapError;
use crate::sources::ldap::ldif_tree::Tree;
use crate::sources::ldap::strangers::{self, clues, unread};
use crate::sources::ldap::walk::walk;

/// A directory read from an export of it.
pub struct LdifSource {
    config: LdifConfig,
    /// Accounts of Active Directory end at a moment.
    clock: Arc<dyn Clock>,
    progress: Option<Arc<dyn Progress>>,
}

impl LdifSource {
    /// Opens nothing yet.
    pub fn new(config: LdifConfig, clock: Arc<dyn Clock>, progress: Option<Arc<dyn Progress>>) -> LdifSource {
        LdifSource { config, clock, progress }
    }

    async fn tree(&self) -> Result<Tree, LdapError> {
        let path = self.config.path.clone();
        let directory = self.config.directory.clone();
        let tree = tokio::task::spawn_blocking(move || {
            let file = File::open(&path).map_err(|cause| LdapError::File { path: path.clone(), cause })?;
            Tree::read(BufReader::new(file), &directory).map_err(|refusal| LdapError::Ldif {
                path,
                line: refusal.line,
                because: refusal.because,
            })
        });
        tree.await.expect("reading a file neither panics nor is aborted")
    }

    async fn read_groups(&self, wanted: &[GroupRef]) -> Result<Snapshot, LdapError> {
        let tree = self.tree().await?;
        let decoder = Decoder::of_export(&tree.directory, self.clock.now());
        let what = format!("ldif {}: people", self.config.name);
        let told = |people| {
            if let Some(progress) = &self.progress {
                progress.at(&what, people, None);
            }
        };
        let (roots, graph) = walk(&tree, &decoder, wanted, &told).await;
        let nested = self.config.directory.nested_groups;
        let mut snapshot = snapshot(&self.config.name, SourceKind::Ldif, wanted, roots, graph, nested);
        snapshot.findings.extend(tree.by_name.then(|| self.known_by_name()));
        Ok(snapshot)
    }
}

impl LdifSource {
    fn known_by_name(&self) -> Finding {
        Finding {
            level: Level::Warning,
            code: FindingCode::IdAbsent,
            rule: None,
            message: format!(
                "no entry of `{}` has the attribute `{}`: people are known by their DN, so that whoever is renamed or moved \
                 is somebody new; export it too (`ldapsearch … '*' '+'`), or name another: `attributes = {{ id = \"…\" }}`",
                self.config.path.display(),
                self.config.directory.attributes.id
            ),
        }
    }
}

impl Source for LdifSource {
    fn name(&self) -> &SourceName {
        &self.config.name
    }

    fn kind(&self) -> SourceKind {
        SourceKind::Ldif
    }

    fn read<'a>(&'a self, wanted: &'a [GroupRef]) -> BoxFuture<'a, Result<Snapshot, EdgeError>> {
        async move { Ok(self.read_groups(wanted).await?) }.boxed()
    }

    fn identify<'a>(&'a self, names: &'a [Box<str>]) -> BoxFuture<'a, Vec<Identified>> {
        async move {
            let clues = clues(names, self.config.directory.schema, |_| true);
            match self.tree().await {
                Ok(tree) => {
                    let decoder = Decoder::of_export(&tree.directory, self.clock.now());
                    strangers::identify(&tree, &decoder, &clues).await
                }
                Err(error) => unread(&clues, &EdgeError::from(error).chain()),
            }
        }
        .boxed()
    }

    fn find<'a>(&'a self, asked: &'a str) -> BoxFuture<'a, Result<Vec<Arc<Person>>, EdgeError>> {
        async move {
            let tree = self.tree().await?;
            Ok(tree.answering(&Decoder::of_export(&tree.directory, self.clock.now()), asked))
        }
        .boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<Probe, EdgeError>> {
        let place = self.config.path.display().to_string();
        async move { Ok(Probe { place, product: Some("LDIF export".to_owned()), trouble: Vec::new() }) }
            .boxed()
    }
}
