//! A state to tell stories of, and what happens in them.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use seatsync::model::account::AccountId;
use seatsync::model::add_on::AddOn;
use seatsync::model::approval::Warrant;
use seatsync::model::holding::{Change, Memory, SeatKey};
use seatsync::model::outcome::Outcome;
use seatsync::model::person::{PersonId, PersonKey, SourceName};
use seatsync::model::plan::Bookkeeping;
use seatsync::model::rule::RuleName;
use seatsync::ports::{EdgeError, Intent, Journal as _, Opening, Recollection as _, RunId};
use seatsync::store::database::Store;
use seatsync::store::place::{Place, Server};
use seatsync::store::schema;
use sqlx::{AnyConnection, Connection as _};
use tempfile::TempDir;
use url::Url;

use crate::support::postgres::{Postgres, ask};

/// Where a state is or will be.
pub(crate) enum State {
    File(TempDir),
    Server { server: Arc<Postgres>, url: String },
}

impl State {
    pub(crate) fn file() -> State {
        State::File(tempfile::tempdir().unwrap())
    }

    /// In an empty database.
    pub(crate) async fn server() -> State {
        let server = Postgres::shared();
        let url = server.database().await;
        State::Server { server, url }
    }

    pub(crate) fn place(&self) -> Place {
        match self {
            State::File(folder) => Place::File(file_of(folder)),
            State::Server { url, .. } => server_at(url),
        }
    }

    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.place(), day(0)).await.unwrap()
    }

    pub(crate) async fn memory(&self, now: Timestamp) -> Memory {
        let store = Store::open_existing(&self.place()).await.unwrap().expect("there is a state");
        let memory = store.recall(now).await.unwrap();
        store.close().await;
        memory
    }

    /// One more of the same kind.
    pub(crate) async fn another(&self) -> State {
        match self {
            State::File(_) => State::file(),
            State::Server { .. } => State::server().await,
        }
    }

    /// Makes the tables of an older version.
    pub(crate) async fn made_by(&self, version: i64) {
        sqlx::any::install_default_drivers();
        let mut connection = AnyConnection::connect(&self.url("?mode=rwc")).await.unwrap();
        schema::migrate(&self.place(), &mut connection, 0, version).await.unwrap();
        connection.close().await.unwrap();
    }

    pub(crate) async fn tables(&self) -> Vec<String> {
        self.ask(match self {
            State::File(_) => "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name",
            State::Server { .. } => {
                "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
            }
        })
        .await
    }

    /// For a client of the database; a file may need parameters.
    fn url(&self, parameters: &str) -> String {
        match self {
            State::File(folder) => format!("sqlite:{}{parameters}", file_of(folder).display()),
            State::Server { url, .. } => url.clone(),
        }
    }

    /// What a seatsync that is not written yet does to it.
    pub(crate) fn newer(&self) -> &'static str {
        match self {
            State::File(_) => "PRAGMA user_version = 99",
            State::Server { .. } => "UPDATE schema_version SET version = 99",
        }
    }

    /// Asks or orders as another program would.
    pub(crate) async fn ask(&self, sql: &str) -> Vec<String> {
        ask(&self.url(""), sql).await
    }
}

pub(crate) fn server_at(url: &str) -> Place {
    Place::Server(Server::new(Url::parse(url).unwrap(), None))
}

fn file_of(folder: &TempDir) -> PathBuf {
    folder.path().join("seatsync.db")
}

pub(crate) fn day(number: i64) -> Timestamp {
    let start: Timestamp = "2026-11-22T04:00:00Z".parse().unwrap();
    start + SignedDuration::from_hours(24 * number)
}

pub(crate) fn seat(account: u64) -> SeatKey {
    SeatKey { add_on: AddOn::DuoPro, account: AccountId(account) }
}

pub(crate) fn person(id: &str) -> PersonKey {
    PersonKey { source: SourceName::new("corp"), id: PersonId::new(id) }
}

pub(crate) fn intent(change: Change, account: u64) -> Intent {
    Intent {
        change,
        seat: seat(account),
        person: Some(person("p")),
        because: "entitled",
        rule: Some(RuleName::new("platform")),
    }
}

pub(crate) fn refused() -> Outcome {
    Outcome::Refused { because: "no".to_owned() }
}

pub(crate) fn deferred() -> Outcome {
    Outcome::Deferred { because: "later".to_owned() }
}

pub(crate) async fn begin(store: &Store, now: Timestamp, digest: &str, bookkeeping: &Bookkeeping) -> RunId {
    try_begin(store, now, digest, bookkeeping).await.unwrap()
}

pub(crate) async fn try_begin(
    store: &Store,
    now: Timestamp,
    digest: &str,
    bookkeeping: &Bookkeeping,
) -> Result<RunId, EdgeError> {
    let warrant = Warrant { kind: "limits", file: None, keys: Vec::new() };
    store.begin(now, &Opening { digest, bookkeeping, observation: "sha256:0", warrant: &warrant }).await
}

/// One whole run that sends one change.
pub(crate) async fn run(
    store: &Store,
    now: Timestamp,
    change: Change,
    account: u64,
    outcome: Outcome,
) -> RunId {
    let run = begin(store, now, "sha256:1", &Bookkeeping::default()).await;
    store.intend(run, now, &[intent(change, account)]).await.unwrap();
    store.settle(run, now, &[(change, seat(account), outcome)]).await.unwrap();
    store.finish(run, now, "done").await.unwrap();
    run
}
