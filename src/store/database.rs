//! Opening the state: to change it, one run at a time, or only to read it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};
use tokio::sync::{Mutex, MutexGuard};

use crate::ports::EdgeError;
use crate::store::error::StoreError;
use crate::store::lock::RunLock;
use crate::store::schema;

/// The state, open.
#[derive(Debug)]
pub struct Store {
    connection: Mutex<SqliteConnection>,
    path: PathBuf,
    /// `None` where the state is only read.
    _lock: Option<RunLock>,
}

impl Store {
    /// Opens the state for a run that changes it, and makes it where there is none. No other run may have it open so.
    pub async fn open(path: &Path, now: Timestamp) -> Result<Store, EdgeError> {
        let lock = RunLock::acquire(path, now)?;
        keep_private(path).map_err(|cause| StoreError::Lock { path: path.to_owned(), cause })?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10));
        let mut connection = connect(path, &options).await?;
        schema::migrate(&mut connection).await.map_err(|cause| StoreError::opening(path, cause))?;
        Ok(Store { connection: Mutex::new(connection), path: path.to_owned(), _lock: Some(lock) })
    }

    /// Opens the state only to read it, and leaves no trace; `None` where there is none.
    pub async fn open_existing(path: &Path) -> Result<Option<Store>, EdgeError> {
        let is_there = fs::metadata(path).is_ok_and(|about| about.len() > 0);
        if !is_there {
            return Ok(None);
        }
        // Reading a database in WAL mode makes files beside it, unless SQLite may take it for immutable. It is that
        // while there is no log: changes reach the file itself only from one.
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let options = SqliteConnectOptions::new()
            .filename(path)
            .read_only(true)
            .immutable(!Path::new(&log).exists())
            .busy_timeout(Duration::from_secs(10));
        let mut connection = connect(path, &options).await?;
        let version =
            schema::version(&mut connection).await.map_err(|cause| StoreError::opening(path, cause))?;
        let store = Store { connection: Mutex::new(connection), path: path.to_owned(), _lock: None };
        Ok((version > 0).then_some(store))
    }

    /// Closes the file in peace: what is in its log goes into the file itself.
    pub async fn close(self) {
        // What was committed is safe in the log, whatever becomes of closing.
        let _ = self.connection.into_inner().close().await;
    }

    /// The one connection; what is asked at once waits in line.
    pub async fn connection(&self) -> MutexGuard<'_, SqliteConnection> {
        self.connection.lock().await
    }

    /// Something in the tables that no seatsync writes.
    pub fn damaged(&self, what: impl Into<String>) -> StoreError {
        StoreError::Damaged { path: self.path.clone(), what: what.into() }
    }
}

/// Makes the file its owner's alone, and where there is none, one that is; SQLite gives the files beside it the same mode.
fn keep_private(path: &Path) -> io::Result<()> {
    let file = File::options().append(true).create(true).open(path)?;
    #[cfg(unix)]
    // A file that belongs to somebody else stays as they made it.
    drop(file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600)));
    #[cfg(not(unix))]
    drop(file);
    Ok(())
}

/// Connects, and looks whether the file is an intact state that this program knows.
async fn connect(path: &Path, options: &SqliteConnectOptions) -> Result<SqliteConnection, StoreError> {
    let failed = |cause| StoreError::opening(path, cause);
    let mut connection = options.connect().await.map_err(failed)?;
    let check = sqlx::query("PRAGMA quick_check(1)").fetch_one(&mut connection).await.map_err(failed)?;
    let answer: String = check.try_get(0).map_err(failed)?;
    if answer != "ok" {
        return Err(StoreError::Damaged { path: path.to_owned(), what: answer });
    }
    let found = schema::version(&mut connection).await.map_err(failed)?;
    if found > schema::VERSION {
        return Err(StoreError::Newer { path: path.to_owned(), found, known: schema::VERSION });
    }
    Ok(connection)
}
