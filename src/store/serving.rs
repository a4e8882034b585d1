//! Which of several sidecars leads; the others stand by. Apart from the right to change the state, which belongs to each
//! run alone: a person may apply by hand between the runs of a sidecar.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use sqlx::{AnyConnection, Connection as _};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::ports::EdgeError;
use crate::store::error::StoreError;
use crate::store::lock::RunLock;
use crate::store::place::Place;
use crate::store::postgres;

/// Well below the 20 s after which the server takes a silent session for dead.
const HEARTBEAT: Duration = Duration::from_secs(4);

/// How long one heartbeat may take before the server is given up.
const PATIENCE: Duration = Duration::from_secs(10);

/// The right to run on schedule; held until it is dropped or lost, or its process is gone.
#[derive(Debug)]
pub struct Serving {
    is_lost: Arc<AtomicBool>,
    /// Where the state is a file.
    _lock: Option<RunLock>,
    /// Keeps the session that holds the lock, where the state is on a server.
    heart: Option<JoinHandle<()>>,
}

impl Serving {
    /// `None` while another sidecar of the same state leads.
    pub async fn acquire(place: &Place, now: Timestamp) -> Result<Option<Serving>, EdgeError> {
        let is_lost = Arc::new(AtomicBool::new(false));
        match place {
            Place::File(path) => match RunLock::acquire(&beside(path), now) {
                Ok(lock) => Ok(Some(Serving { is_lost, _lock: Some(lock), heart: None })),
                Err(StoreError::Taken { .. }) => Ok(None),
                Err(error) => Err(error.into()),
            },
            Place::Server(server) => Ok(postgres::serve(server).await?.map(|session| {
                let heart = Some(tokio::spawn(beat(session, Arc::clone(&is_lost))));
                Serving { is_lost, _lock: None, heart }
            })),
        }
    }

    /// Whether the server is gone, or has closed our session.
    pub fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Relaxed)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if let Some(heart) = &self.heart {
            heart.abort();
        }
    }
}

async fn beat(mut session: AnyConnection, is_lost: Arc<AtomicBool>) {
    while matches!(timeout(PATIENCE, session.ping()).await, Ok(Ok(()))) {
        sleep(HEARTBEAT).await;
    }
    is_lost.store(true, Ordering::Relaxed);
}

fn beside(state: &Path) -> PathBuf {
    let mut path = state.as_os_str().to_owned();
    path.push(".serve");
    PathBuf::from(path)
}
