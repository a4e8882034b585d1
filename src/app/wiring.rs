//! The wiring: alone names the adapters, and connects them as the configuration says.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::app::cli::Common;
use crate::app::clock::SystemClock;
use crate::app::config::meaning::sources::SourceConfig;
use crate::app::config::secret::environment;
use crate::app::config::{Config, ConfigError};
use crate::gitlab::client::Client;
use crate::gitlab::reader::Reader;
use crate::notify::config::NotifyConfig;
use crate::notify::mail::Mail;
use crate::notify::webhook::Webhook;
use crate::ports::saml::Door;
#[cfg(feature = "saml")]
use crate::ports::saml::Testimonies;
use crate::ports::{Carrier, Clock, EdgeError, Progress, Source};
use crate::sources::csv::source::CsvSource;
use crate::sources::ldap::ldif::LdifSource;
use crate::sources::ldap::source::LdapSource;
#[cfg(feature = "saml")]
use crate::sources::saml::{door::SamlDoor, service::Service, source::SamlSource};
use crate::sources::scim::source::ScimSource;
use crate::sources::scim_push::source::ScimPushSource;
use crate::store::place::Place;
use crate::store::roster_reading::RostersAt;
#[cfg(feature = "saml")]
use crate::store::testimonies::StoredTestimonies;
use crate::sync::notebook::Notebook;
use crate::sync::observe::Wanted;

/// Everything a command may read.
pub struct Neighbours {
    pub wanted: Wanted,
    pub sources: Vec<Arc<dyn Source>>,
    pub client: Arc<Client>,
    pub gitlab: Reader,
}

/// Reads the configuration that the arguments name, or the first of the usual places.
pub fn configuration(common: &Common) -> Result<Config, ConfigError> {
    const USUAL: [&str; 2] = ["seatsync.toml", "/etc/seatsync/seatsync.toml"];
    let named = || environment("SEATSYNC_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from);
    let path = common.config.clone().or_else(named).unwrap_or_else(|| {
        let found = USUAL.into_iter().find(|path| Path::new(path).exists());
        PathBuf::from(found.unwrap_or(USUAL[0]))
    });
    Config::load(&path)
}

/// Makes the adapters. Nothing is contacted yet.
pub fn connect(
    config: &Config,
    progress: &Arc<dyn Progress>,
    notebook: &Arc<Notebook>,
) -> Result<Neighbours, EdgeError> {
    let client = Arc::new(Client::new(config.gitlab.clone())?);
    Ok(Neighbours {
        wanted: Wanted {
            rules: config.rules.clone(),
            policy: config.policy.clone(),
            accounts: Vec::new(),
            formerly: config.formerly.clone(),
        },
        sources: config
            .sources
            .iter()
            .map(|source| source_of(source, &config.state.place, progress, notebook))
            .collect::<Result<_, _>>()?,
        gitlab: Reader::new(Arc::clone(&client), Arc::clone(progress)),
        client,
    })
}

/// Makes the carriers of notices. Nothing is contacted yet.
pub fn carriers(config: &NotifyConfig, clock: &Arc<dyn Clock>) -> Result<Vec<Arc<dyn Carrier>>, EdgeError> {
    let mut carriers: Vec<Arc<dyn Carrier>> = Vec::new();
    if let Some(mail) = &config.mail {
        carriers.push(Arc::new(Mail::new(mail.clone())?));
    }
    for webhook in &config.webhooks {
        carriers.push(Arc::new(Webhook::new(webhook.clone(), Arc::clone(clock))?));
    }
    Ok(carriers)
}

/// Makes the doors at which people prove their groups. Nothing is contacted yet.
#[cfg(feature = "saml")]
pub fn doors(config: &Config) -> Result<Vec<Arc<dyn Door>>, EdgeError> {
    let mut doors: Vec<Arc<dyn Door>> = Vec::new();
    for source in &config.sources {
        if let SourceConfig::Saml(saml) = source {
            let service =
                Service::new(saml.clone(), testimonies(&config.state.place), Arc::new(SystemClock))?;
            doors.push(Arc::new(SamlDoor::new(service)));
        }
    }
    Ok(doors)
}

/// There is none without SAML.
#[cfg(not(feature = "saml"))]
pub fn doors(_: &Config) -> Result<Vec<Arc<dyn Door>>, EdgeError> {
    Ok(Vec::new())
}

#[cfg(feature = "saml")]
fn testimonies(state: &Place) -> Arc<dyn Testimonies> {
    Arc::new(StoredTestimonies::at(state))
}

fn source_of(
    config: &SourceConfig,
    state: &Place,
    progress: &Arc<dyn Progress>,
    notebook: &Arc<Notebook>,
) -> Result<Arc<dyn Source>, EdgeError> {
    let progress = Some(Arc::clone(progress));
    let clock = Arc::new(SystemClock);
    Ok(match config {
        SourceConfig::Ldap(ldap) => {
            let source = LdapSource::new(ldap.clone(), clock, progress)?;
            Arc::new(source.remembering(Arc::clone(notebook) as _))
        }
        SourceConfig::Ldif(ldif) => Arc::new(LdifSource::new(ldif.clone(), clock, progress)),
        SourceConfig::Scim(scim) => Arc::new(ScimSource::new(scim.clone(), progress)?),
        SourceConfig::Csv(csv) => Arc::new(CsvSource::new(csv.clone())),
        SourceConfig::ScimPush(pushed) => {
            Arc::new(ScimPushSource::new(pushed.clone(), Arc::new(RostersAt(state.clone())), clock))
        }
        #[cfg(feature = "saml")]
        SourceConfig::Saml(saml) => Arc::new(SamlSource::new(saml.clone(), testimonies(state), clock)?),
        #[cfg(not(feature = "saml"))]
        SourceConfig::Saml(_) => {
            unreachable!("a configuration with SAML is refused, wherever its state is: {state}")
        }
    })
}
