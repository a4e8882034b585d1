//! Opening the state: to change it, one run at a time, or only to read it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::{AnyConnection, Connection as _};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{sleep, timeout};

use crate::ports::EdgeError;
use crate::store::error::StoreError;
use crate::store::lead::Lead;
use crate::store::lock::RunLock;
use crate::store::place::Place;
use crate::store::{postgres, schema, sqlite};

/// How long one step of the journal may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server may take a moment to notice that a run was killed.
const KILLED_ATTEMPTS: u32 = 10;
const KILLED_PAUSE: Duration = Duration::from_millis(100);

/// The state, open.
#[derive(Debug)]
pub struct Store {
    /// The one session. On a server it also holds the lock: what is written by it is written by whoever leads.
    connection: Arc<Mutex<AnyConnection>>,
    place: Place,
    /// `None` where the state is only read.
    lead: Option<Lead>,
}

impl Store {
    /// Opens the state for a run that changes it, and makes it where there is none. No other run may have it open so.
    pub async fn open(place: &Place, now: Timestamp) -> Result<Store, EdgeError> {
        let mut attempts = 0;
        loop {
            match Store::lead(place, now).await {
                Err(StoreError::Taken { place: Place::Server(_), .. }) if attempts < KILLED_ATTEMPTS => {
                    attempts += 1;
                    sleep(KILLED_PAUSE).await;
                }
                opened => return Ok(opened?),
            }
        }
    }

    /// The same for whoever can wait: `None` while another has it.
    pub async fn try_lead(place: &Place, now: Timestamp) -> Result<Option<Store>, EdgeError> {
        match Store::lead(place, now).await {
            Ok(store) => Ok(Some(store)),
            Err(StoreError::Taken { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens the state only to read it, and leaves no trace; `None` where there is none.
    pub async fn open_existing(place: &Place) -> Result<Option<Store>, EdgeError> {
        let connection = match place {
            Place::File(path) => sqlite::open_existing(path).await?,
            Place::Server(server) => Some(postgres::connect(server).await?),
        };
        let Some(mut connection) = connection else { return Ok(None) };
        let version = known_version(place, &mut connection).await?;
        if version == 0 {
            return Ok(None);
        }
        let failed = |cause| StoreError::opening(place, cause);
        schema::stand_in(place, &mut connection, version).await.map_err(failed)?;
        if let Place::Server(_) = place {
            postgres::only_read(&mut connection).await.map_err(failed)?;
        }
        Ok(Some(Store { connection: Arc::new(Mutex::new(connection)), place: place.clone(), lead: None }))
    }

    /// Opens the state beside whoever leads, to read it and to write what needs no lead; `None` where no run of this version
    /// has made it yet.
    pub async fn open_beside(place: &Place) -> Result<Option<Store>, EdgeError> {
        let mut connection = match place {
            Place::File(path) if !path.exists() => return Ok(None),
            Place::File(path) => sqlite::open(path).await?,
            Place::Server(server) => postgres::open(server).await?,
        };
        let version = known_version(place, &mut connection).await?;
        let store = Store { connection: Arc::new(Mutex::new(connection)), place: place.clone(), lead: None };
        Ok((version == schema::VERSION).then_some(store))
    }

    /// Whether the session still answers, and the tables are still those of this version.
    pub async fn is_ours(&self) -> bool {
        let version = async { schema::version(&self.place, &mut *self.connection().await).await };
        matches!(timeout(PATIENCE, version).await, Ok(Ok(schema::VERSION)))
    }

    /// Closes the state in peace: what is in the log of a file goes into the file itself, and a server knows at once
    /// that nobody leads.
    pub async fn close(self) {
        if let Some(lead) = self.lead {
            lead.end().await;
        }
        if let Some(connection) = Arc::into_inner(self.connection) {
            // What was committed is safe, whatever becomes of closing.
            let _ = timeout(PATIENCE, connection.into_inner().close()).await;
        }
    }

    /// The one connection; what is asked at once waits in line.
    pub async fn connection(&self) -> MutexGuard<'_, AnyConnection> {
        self.connection.lock().await
    }

    /// Writes `what` in one transaction of [`Lead::begin`]; on a server that does not answer in time nothing more is
    /// written.
    pub async fn written<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        timeout(PATIENCE, work).await.unwrap_or_else(|_| {
            if let Some(lead) = &self.lead {
                lead.give_up();
            }
            Err(StoreError::Silent { place: self.place.clone() })
        })
    }

    /// The right to write.
    pub fn right(&self) -> Result<&Lead, StoreError> {
        self.lead.as_ref().ok_or_else(|| StoreError::Fenced { place: self.place.clone() })
    }

    /// Something in the tables that no seatsync writes.
    pub fn damaged(&self, what: impl Into<String>) -> StoreError {
        StoreError::Damaged { place: self.place.clone(), what: what.into() }
    }

    async fn lead(place: &Place, now: Timestamp) -> Result<Store, StoreError> {
        let (mut connection, lock) = match place {
            Place::File(path) => {
                let lock = RunLock::acquire(path, now)?;
                (sqlite::open(path).await?, Some(lock))
            }
            Place::Server(server) => (postgres::lead(server).await?, None),
        };
        let version = known_version(place, &mut connection).await?;
        let failed = |cause| StoreError::opening(place, cause);
        schema::migrate(place, &mut connection, version, schema::VERSION).await.map_err(failed)?;
        let connection = Arc::new(Mutex::new(connection));
        let lead = Lead::take_over(place, lock, &connection, now).await.map_err(failed)?;
        Ok(Store { connection, place: place.clone(), lead: Some(lead) })
    }
}

/// The version of the tables, unless a newer seatsync made them.
async fn known_version(place: &Place, connection: &mut AnyConnection) -> Result<i64, StoreError> {
    let found = schema::version(place, connection).await;
    let found = found.map_err(|cause| StoreError::opening(place, cause))?;
    if found > schema::VERSION {
        return Err(StoreError::Newer { place: place.clone(), found, known: schema::VERSION });
    }
    Ok(found)
}
