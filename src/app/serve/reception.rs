//! The reception: whose pushes are taken, into which source, and where they are kept.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::app::config::Config;
use crate::app::token::TokenDigest;
use crate::model::person::SourceName;
use crate::model::roster::Standing;
use crate::store::roster::StoredRosters;

/// Requests worked on at once: each may hold a body and an answer of some megabytes. Others wait in line.
const AT_ONCE: usize = 4;

/// For the state to tell how things stand.
const PATIENCE: Duration = Duration::from_secs(2);

/// Shared by all requests; changes when the configuration is read again.
pub struct Reception {
    open: Mutex<Arc<Open>>,
    pub places: Semaphore,
}

/// What one configuration says.
struct Open {
    receivers: BTreeMap<SourceName, Vec<TokenDigest>>,
    rosters: Arc<StoredRosters>,
    is_tls: bool,
}

/// Proof that a request showed a token of a source.
pub struct Guest {
    pub source: SourceName,
    pub rosters: Arc<StoredRosters>,
    /// Whether the port itself speaks TLS.
    pub is_tls: bool,
}

impl Reception {
    pub fn new(config: &Config) -> Reception {
        let rosters = Arc::new(StoredRosters::at(&config.state.place));
        Reception { open: Mutex::new(Arc::new(Open::of(config, rosters))), places: Semaphore::new(AT_ONCE) }
    }

    /// Tokens may come and go; what is open stays so, unless the state is another one.
    pub fn configure(&self, config: &Config) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let rosters = if open.rosters.is_at(&config.state.place) {
            Arc::clone(&open.rosters)
        } else {
            Arc::new(StoredRosters::at(&config.state.place))
        };
        *open = Arc::new(Open::of(config, rosters));
    }

    /// Whoever shows a token of the source. That there is no such source is told to nobody else.
    pub fn admitted(&self, name: &str, token: &str) -> Option<Guest> {
        let open = self.open();
        let (source, tokens) = open.receivers.iter().find(|(source, _)| source.as_str() == name)?;
        // All are looked at: the time says nothing of which one it was.
        let known = tokens.iter().fold(false, |known, digest| known | digest.is_of(token));
        known.then(|| Guest {
            source: source.clone(),
            rosters: Arc::clone(&open.rosters),
            is_tls: open.is_tls,
        })
    }

    /// How things stand with each roster, as far as the state tells in time.
    pub async fn standings(&self) -> Vec<(SourceName, Standing)> {
        let open = self.open();
        let read = async {
            let mut standings = Vec::new();
            for source in open.receivers.keys() {
                if let Ok(Some(standing)) = open.rosters.standing(source).await {
                    standings.push((source.clone(), standing));
                }
            }
            standings
        };
        tokio::time::timeout(PATIENCE, read).await.unwrap_or_default()
    }

    fn open(&self) -> Arc<Open> {
        Arc::clone(&self.open.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Open {
    fn of(config: &Config, rosters: Arc<StoredRosters>) -> Open {
        Open { receivers: config.serve.receivers.clone(), rosters, is_tls: config.serve.tls.is_some() }
    }
}
