//! What can go wrong with the state, and the next step.

use std::io;
use std::path::PathBuf;

use crate::ports::EdgeError;
use crate::store::place::Place;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("failed to open the state `{place}`")]
    Open {
        place: Place,
        #[source]
        cause: sqlx::Error,
    },
    #[error("PostgreSQL does not let us in to the state `{place}`")]
    NotLetIn {
        place: Place,
        #[source]
        cause: sqlx::Error,
    },
    #[error("there is no database for the state `{place}`")]
    NoDatabase {
        place: Place,
        #[source]
        cause: sqlx::Error,
    },
    #[error("there is no schema for the state `{place}`: none of its `search_path` exists")]
    NoSchema { place: Place },
    #[error("the state `{place}` is not for us to read and write")]
    NotOurs {
        place: Place,
        #[source]
        cause: sqlx::Error,
    },
    #[error("PostgreSQL {found} is too old for the state `{place}`: it must be {oldest} at least")]
    OldServer { place: Place, found: i64, oldest: i64 },
    #[error("the state `{place}` is damaged: {what}")]
    Damaged { place: Place, what: String },
    #[error(
        "the state `{place}` was written by a newer seatsync: its schema is {found}, and this one knows {known}"
    )]
    Newer { place: Place, found: i64, known: i64 },
    #[error("the state `{place}` is not at the version of this seatsync yet")]
    Older { place: Place },
    #[error("another run has the state `{place}`: {holder}")]
    Taken { place: Place, holder: String },
    #[error("another run took over the state `{place}`, or its server closed our session")]
    Fenced { place: Place },
    #[error("the state `{place}` did not answer in time")]
    Silent { place: Place },
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
    /// Tells the ways apart in which a state cannot be opened.
    pub fn opening(place: &Place, cause: sqlx::Error) -> StoreError {
        let place = place.clone();
        let code = cause.as_database_error().and_then(|error| error.code());
        match (&place, code.as_deref()) {
            // SQLITE_CORRUPT and SQLITE_NOTADB, https://sqlite.org/rescode.html.
            (Place::File(_), Some("11" | "26")) => {
                StoreError::Damaged { place, what: "it is no intact SQLite database".to_owned() }
            }
            // Invalid authorization, invalid catalog name and insufficient privilege,
            // https://www.postgresql.org/docs/current/errcodes-appendix.html.
            (Place::Server(_), Some("28000" | "28P01")) => StoreError::NotLetIn { place, cause },
            (Place::Server(_), Some("3D000")) => StoreError::NoDatabase { place, cause },
            (Place::Server(_), Some("42501")) => StoreError::NotOurs { place, cause },
            (Place::File(_) | Place::Server(_), Some(_) | None) => StoreError::Open { place, cause },
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
            StoreError::Open { place: Place::File(_), .. } | StoreError::Lock { .. } => {
                "the folder must exist, and seatsync must be allowed to write in it; `[state] url` says where it is"
            }
            StoreError::Open { place: Place::Server(_), .. } => {
                "the server must run and be reachable from here, with TLS unless `sslmode` in `[state] url` says otherwise"
            }
            StoreError::NotLetIn { .. } => {
                "see the name in `[state] url`, the password (`[state] password`, PGPASSWORD) and the server's `pg_hba.conf`"
            }
            StoreError::NoDatabase { .. } => {
                "make it: `createdb --owner=NAME DATABASE`; its tables come by themselves"
            }
            StoreError::NoSchema { .. } => "make it: `CREATE SCHEMA NAME AUTHORIZATION ROLE`",
            StoreError::NotOurs { .. } => {
                "let the role of `[state] url` own the schema, or grant it `USAGE, CREATE` there and all on its tables"
            }
            StoreError::OldServer { .. } => {
                "use a newer server, or a file: `[state] url = \"sqlite:seatsync.db\"`"
            }
            StoreError::Damaged { .. } => {
                "restore it from a backup, or move it away: without it seatsync forgets its history and which seats \
                 are its own, and takes no wrong seat for that"
            }
            StoreError::Newer { .. } => "run the newer seatsync, or move the state away and begin a new one",
            StoreError::Older { .. } => {
                "whoever leads brings it there; where nobody does, start `seatsync serve`"
            }
            StoreError::Taken { .. } => "wait until it is done; a run that was killed holds nothing any more",
            StoreError::Fenced { .. } => {
                "nothing more is sent by this run; the next one takes up what was left"
            }
            StoreError::Silent { .. } => "see that the server runs and is reachable from here",
            StoreError::Read { .. } => "a file is looked at with `sqlite3 FILE 'pragma integrity_check'`",
            StoreError::Write { .. } => {
                "see that the disk is not full and that seatsync may write there; the next run takes up what was left"
            }
        }
    }
}

impl From<StoreError> for EdgeError {
    fn from(error: StoreError) -> EdgeError {
        let hint = error.hint();
        EdgeError::new(error).hinting(hint)
    }
}
