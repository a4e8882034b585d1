//! What was proven, as a source.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::model::group::GroupRef;
use crate::model::person::{Person, SourceName};
use crate::model::snapshot::{Snapshot, SourceKind};
use crate::ports::saml::Testimonies;
use crate::ports::{Clock, EdgeError, Probe, Source};
use crate::sources::saml::config::{MetadataPlace, SamlConfig};
use crate::sources::saml::provider::Provider;
use crate::sources::saml::roster::snapshot;

/// Reads what the state remembers; the identity provider is asked nothing, as nobody can ask it for everybody.
pub struct SamlSource {
    config: Arc<SamlConfig>,
    provider: Provider,
    testimonies: Arc<dyn Testimonies>,
    clock: Arc<dyn Clock>,
}

impl SamlSource {
    pub fn new(
        config: SamlConfig,
        testimonies: Arc<dyn Testimonies>,
        clock: Arc<dyn Clock>,
    ) -> Result<SamlSource, EdgeError> {
        let config = Arc::new(config);
        let provider = Provider::new(Arc::clone(&config), Arc::clone(&clock))?;
        Ok(SamlSource { config, provider, testimonies, clock })
    }
}

impl Source for SamlSource {
    fn name(&self) -> &SourceName {
        &self.config.name
    }

    fn kind(&self) -> SourceKind {
        SourceKind::Saml
    }

    fn read<'a>(&'a self, wanted: &'a [GroupRef]) -> BoxFuture<'a, Result<Snapshot, EdgeError>> {
        Box::pin(async move {
            let SamlConfig { name, valid_for, .. } = &*self.config;
            let hearing = self.testimonies.hearing(name).await?;
            Ok(snapshot(name, &hearing, wanted, *valid_for, self.clock.now()))
        })
    }

    /// Of those whose word holds: one that has lapsed is forgotten.
    fn find<'a>(&'a self, asked: &'a str) -> BoxFuture<'a, Result<Vec<Arc<Person>>, EdgeError>> {
        Box::pin(async move {
            let people = self.read(&[]).await?.people.into_iter();
            Ok(people.filter(|person| person.answers_to(asked)).collect())
        })
    }

    /// Whether people could prove anything: what is wrong with the metadata, its keys and the clock.
    fn probe(&self) -> BoxFuture<'_, Result<Probe, EdgeError>> {
        Box::pin(async move {
            let place = match &self.config.metadata {
                MetadataPlace::File(path) => path.display().to_string(),
                MetadataPlace::Web(url) => url.to_string(),
            };
            let (product, trouble) = match self.provider.current().await {
                Ok(provider) => {
                    let mut trouble = provider.trouble.clone();
                    if provider.sign_on.is_none() && !self.config.idp_initiated {
                        trouble.push(format!(
                            "`{}` names no place where browsers sign on, and `idp_initiated` is not allowed",
                            provider.entity_id
                        ));
                    }
                    if self.config.query_after.is_some() && provider.attributes.is_none() {
                        trouble.push(format!(
                            "`{}` answers no queries: remove `query_after`",
                            provider.entity_id
                        ));
                    }
                    (Some(format!("SAML identity provider {}", provider.entity_id)), trouble)
                }
                Err(error) => (None, vec![EdgeError::from(error).in_one_line()]),
            };
            Ok(Probe { place, product, trouble })
        })
    }
}
