//! The tables, and the steps from one version of them to the next.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection as _, Row as _};

/// The steps, in order: the first makes the tables of an empty file. A step that was released is never changed.
///
/// Times are microseconds since 1970 in UTC. `changes.outcome` is null from before a change is sent until its outcome is
/// known. `holdings.intent` is the change that brought the seat.
const STEPS: [&str; 2] = [
    "
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY,
        started_at INTEGER NOT NULL,
        finished_at INTEGER,
        digest TEXT NOT NULL,
        ended TEXT
    ) STRICT;

    CREATE TABLE changes (
        id INTEGER PRIMARY KEY,
        run INTEGER NOT NULL REFERENCES runs (id),
        at INTEGER NOT NULL,
        add_on TEXT NOT NULL,
        account INTEGER NOT NULL,
        change TEXT NOT NULL,
        because TEXT,
        rule TEXT,
        outcome TEXT,
        outcome_because TEXT
    ) STRICT;
    CREATE INDEX changes_by_run ON changes (run);
    CREATE INDEX changes_by_seat ON changes (account, add_on);
    CREATE INDEX changes_in_flight ON changes (id) WHERE outcome IS NULL;
    CREATE INDEX changes_by_time ON changes (at);

    CREATE TABLE holdings (
        add_on TEXT NOT NULL,
        account INTEGER NOT NULL,
        origin TEXT NOT NULL,
        since INTEGER NOT NULL,
        source TEXT,
        person TEXT,
        intent INTEGER REFERENCES changes (id),
        PRIMARY KEY (add_on, account)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE grace (
        add_on TEXT NOT NULL,
        account INTEGER NOT NULL,
        since INTEGER NOT NULL,
        PRIMARY KEY (add_on, account)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE reclaimed (
        add_on TEXT NOT NULL,
        account INTEGER NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (add_on, account)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE source_sizes (
        source TEXT PRIMARY KEY,
        people INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE group_sizes (
        source TEXT NOT NULL REFERENCES source_sizes (source) ON DELETE CASCADE,
        name TEXT NOT NULL,
        people INTEGER NOT NULL,
        PRIMARY KEY (source, name)
    ) STRICT, WITHOUT ROWID;
",
    "
    CREATE TABLE readings (
        source TEXT PRIMARY KEY,
        fingerprint TEXT NOT NULL,
        read_whole_at INTEGER NOT NULL,
        data BLOB NOT NULL
    ) STRICT;
",
];

/// The version from which there are `readings`.
pub const READINGS: i64 = 2;

/// The version that this program reads and writes.
pub const VERSION: i64 = STEPS.len() as i64;

/// The version of a file; 0 where it has no tables yet.
pub async fn version(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query("PRAGMA user_version").fetch_one(connection).await?.try_get(0)
}

/// Takes the steps that are missing, each whole or not at all.
pub async fn migrate(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let from = usize::try_from(version(connection).await?).unwrap_or(STEPS.len());
    for (at, step) in STEPS.into_iter().enumerate().skip(from) {
        let mut transaction = connection.begin().await?;
        sqlx::raw_sql(step).execute(&mut *transaction).await?;
        // A pragma takes no parameters; the number is our own.
        let mark = sqlx::AssertSqlSafe(format!("PRAGMA user_version = {}", at + 1));
        sqlx::raw_sql(mark).execute(&mut *transaction).await?;
        transaction.commit().await?;
    }
    Ok(())
}
