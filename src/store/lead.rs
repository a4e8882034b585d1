//! Leading: the right to change the state, numbered so that whoever lost it cannot write any more.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::AnyConnection;
use sqlx::{Any, Connection as _, Row as _, Transaction};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::store::error::StoreError;
use crate::store::lock::RunLock;
use crate::store::place::Place;
use crate::store::values::micros;

/// Well below the 20 s after which the server takes a silent session for dead.
const HEARTBEAT: Duration = Duration::from_secs(4);

/// How long one heartbeat may take before the server is given up.
const PATIENCE: Duration = Duration::from_secs(10);

/// The right to change the state, until it is dropped or lost.
#[derive(Debug)]
pub struct Lead {
    /// Each that leads has a higher number than whoever led before. See `docs/decisions/0001-leadership.md`.
    epoch: i64,
    place: Place,
    lost: watch::Sender<bool>,
    heart: Option<JoinHandle<()>>,
    /// Where the state is a file.
    _lock: Option<RunLock>,
}

impl Lead {
    /// Takes over from whoever led before. The caller holds the lock of the state, and `connection` is the session that
    /// holds it where the state is on a server.
    pub async fn take_over(
        place: &Place,
        lock: Option<RunLock>,
        connection: &Arc<Mutex<AnyConnection>>,
        now: Timestamp,
    ) -> Result<Lead, sqlx::Error> {
        let row =
            sqlx::query("UPDATE leadership SET epoch = epoch + 1, holder = $1, since = $2 RETURNING epoch")
                .bind(own_name())
                .bind(micros(now))
                .fetch_one(&mut *connection.lock().await)
                .await?;
        let epoch = row.try_get(0)?;
        let lost = watch::Sender::new(false);
        let heart = match place {
            Place::File(_) => None,
            Place::Server(_) => Some(tokio::spawn(beat(Arc::clone(connection), epoch, lost.clone()))),
        };
        Ok(Lead { epoch, place: place.clone(), lost, heart, _lock: lock })
    }

    /// Begins a transaction that nobody can write who does not lead any more: whoever takes over changes the same row,
    /// so one waits for the other.
    pub async fn begin<'c>(
        &self,
        connection: &'c mut AnyConnection,
    ) -> Result<Transaction<'c, Any>, StoreError> {
        let fenced = || StoreError::Fenced { place: self.place.clone() };
        if self.is_lost() {
            return Err(fenced());
        }
        let failed = StoreError::writing("a mark that this run still leads");
        let mut transaction = connection.begin().await.map_err(&failed)?;
        let marked = sqlx::query("UPDATE leadership SET epoch = epoch WHERE epoch = $1")
            .bind(self.epoch)
            .execute(&mut *transaction)
            .await
            .map_err(&failed)?;
        if marked.rows_affected() == 1 { Ok(transaction) } else { Err(fenced()) }
    }

    pub fn is_lost(&self) -> bool {
        *self.lost.borrow()
    }

    /// Nothing is written any more.
    pub fn give_up(&self) {
        self.lost.send_replace(true);
    }

    /// Returns once the right is lost.
    pub async fn lost(&self) {
        // The sender is our own, so it does not go away while it is waited for.
        let _ = self.lost.subscribe().wait_for(|lost| *lost).await;
    }

    /// Ends the heartbeat, so that the connection is nobody else's.
    pub async fn end(mut self) {
        if let Some(heart) = self.heart.take() {
            heart.abort();
            // It was told to stop: that it did is no error.
            let _ = heart.await;
        }
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        if let Some(heart) = &self.heart {
            heart.abort();
        }
    }
}

/// Keeps the session alive, and notices when it is not, or when somebody else leads.
async fn beat(connection: Arc<Mutex<AnyConnection>>, epoch: i64, lost: watch::Sender<bool>) {
    loop {
        sleep(HEARTBEAT).await;
        let mut connection = connection.lock().await;
        let found = timeout(PATIENCE, current_epoch(&mut connection)).await;
        if !matches!(found, Ok(Ok(found)) if found == epoch) {
            tracing::warn!(?found, epoch, "leadership is lost");
            lost.send_replace(true);
            return;
        }
    }
}

async fn current_epoch(connection: &mut AnyConnection) -> Result<i64, sqlx::Error> {
    sqlx::query("SELECT epoch FROM leadership").fetch_one(connection).await?.try_get(0)
}

/// For whoever comes second: the process, and the machine or pod where it can be told.
fn own_name() -> String {
    let process = std::process::id();
    match fs::read_to_string("/proc/sys/kernel/hostname") {
        Ok(host) => format!("process {process} on {}", host.trim()),
        Err(_) => format!("process {process}"),
    }
}
