//! What can go wrong with the state, and the next step.

use std::io;
use std::path::{Path, PathBuf};

use crate::ports::EdgeError;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("failed to open the state `{}`", path.display())]
    Open {
        path: PathBuf,
        #[source]
        cause: sqlx::Error,
    },
    #[error("the state `{}` is damaged: {what}", path.display())]
    Damaged { path: PathBuf, what: String },
    #[error("the state `{}` was written by a newer seatsync: its schema is {found}, and this one knows {known}", path.display())]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error("another run has the state `{}`: {holder}", path.display())]
    Taken { path: PathBuf, holder: String },
    #[error("failed to lock the state with `{}`", path.display())]
    Lock {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("failed to read {what} from the state")]
    Read {
        what: &'static str,
        #[source]
        cause: sqlx::Error,
    },
    #[error("failed to write {what} to the state")]
    Write {
        what: &'static str,
        #[source]
        cause: sqlx::Error,
    },
}

impl StoreError {
    /// Tells a file that is no intact database from one that could not be opened.
    pub fn opening(path: &Path, cause: sqlx::Error) -> StoreError {
        // SQLITE_CORRUPT and SQLITE_NOTADB, https://sqlite.org/rescode.html.
        let code = cause.as_database_error().and_then(|error| error.code());
        match code.as_deref() {
            Some("11" | "26") => StoreError::Damaged {
                path: path.to_owned(),
                what: "it is no intact SQLite database".to_owned(),
            },
            Some(_) | None => StoreError::Open { path: path.to_owned(), cause },
        }
    }

    pub fn reading(what: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
        move |cause| StoreError::Read { what, cause }
    }

    pub fn writing(what: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
        move |cause| StoreError::Write { what, cause }
    }

    fn hint(&self) -> &'static str {
        match self {
            StoreError::Open { .. } | StoreError::Lock { .. } => {
                "the folder must exist, and seatsync must be allowed to write in it; `[state] url` says where it is"
            }
            StoreError::Damaged { .. } => {
                "restore it from a backup, or move it away: without it seatsync forgets its history and which seats \
                 are its own, and takes no wrong seat for that"
            }
            StoreError::Newer { .. } => "run the newer seatsync, or move the file away and begin a new one",
            StoreError::Taken { .. } => "wait until it is done; a run that was killed holds nothing any more",
            StoreError::Read { .. } => "look at it with `sqlite3 FILE 'pragma integrity_check'`",
            StoreError::Write { .. } => "see that the disk is not full and that seatsync may write the file",
        }
    }
}

impl From<StoreError> for EdgeError {
    fn from(error: StoreError) -> EdgeError {
        let hint = error.hint();
        EdgeError::new(error).hinting(hint)
    }
}
