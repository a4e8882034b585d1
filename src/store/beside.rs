//! A session that writes beside whoever runs.
//!
//! A run holds the lock of the state for as long as it takes, and writes only now and then: what is written beside it waits
//! for such a moment, and for no run. It touches no table of the runs, and a run none of its: neither needs the other's right.

use std::cmp::Ordering;
use std::time::Duration;

use sqlx::AnyConnection;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::store::error::StoreError;
use crate::store::place::Place;
use crate::store::{postgres, schema, sqlite};

/// How long one piece of work may take.
const PATIENCE: Duration = Duration::from_secs(25);

/// Opened when it is needed, and anew after it failed.
pub struct Beside {
    pub place: Place,
    session: Mutex<Option<AnyConnection>>,
}

impl Beside {
    pub fn at(place: &Place) -> Beside {
        Beside { place: place.clone(), session: Mutex::new(None) }
    }

    /// Does something with the session, and closes it where that failed.
    pub async fn work<T>(
        &self,
        what: &'static str,
        work: impl AsyncFnOnce(&mut AnyConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, StoreError> {
        let mut session = self.session.lock().await;
        let done = timeout(PATIENCE, async {
            if session.is_none() {
                *session = Some(self.open().await?);
            }
            let connection = session.as_mut().expect("it was just opened");
            self.is_ours(connection).await?;
            work(connection).await.map_err(StoreError::writing(what))
        });
        let done = done.await.unwrap_or_else(|_| Err(StoreError::Silent { place: self.place.clone() }));
        if done.is_err() {
            *session = None;
        }
        done
    }

    async fn open(&self) -> Result<AnyConnection, StoreError> {
        match &self.place {
            Place::File(path) => sqlite::open(path).await,
            Place::Server(server) => postgres::open(server).await,
        }
    }

    /// Whether the tables are those of this version, which is asked each time: whoever leads brings them up to its version
    /// while others have them open. Until then, and once a newer one has, nothing is written.
    async fn is_ours(&self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        let found = schema::version(&self.place, connection).await;
        let found = found.map_err(|cause| StoreError::opening(&self.place, cause))?;
        let place = self.place.clone();
        match found.cmp(&schema::VERSION) {
            Ordering::Equal => Ok(()),
            Ordering::Less => Err(StoreError::Older { place }),
            Ordering::Greater => Err(StoreError::Newer { place, found, known: schema::VERSION }),
        }
    }
}
