//! The tables, and the steps from one version of them to the next.

use sqlx::AnyConnection;
use sqlx::{AssertSqlSafe, Connection as _, Row as _};

use crate::store::place::Place;

/// The steps, in order: the first makes the tables of an empty state. A step that was released is never changed.
///
/// A step adds tables, which [`stand_in`] can do without. They are written as SQLite takes them, with `INTEGER` for every number, and [`for_postgres`] translates them.
/// Times are microseconds since 1970 in UTC. `changes.outcome` is null from before a change is sent until its outcome is
/// known. `holdings.intent` is the change that brought the seat.
const STEPS: &[&str] = &[
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
    // One row: see `docs/decisions/0001-leadership.md`.
    "
    CREATE TABLE leadership (
        epoch INTEGER NOT NULL,
        holder TEXT NOT NULL,
        since INTEGER NOT NULL
    ) STRICT;
    INSERT INTO leadership (epoch, holder, since) VALUES (0, '', 0);
",
    // The record of what was done, and which approvals were used for it.
    "
    CREATE TABLE approvals (
        file TEXT NOT NULL,
        run INTEGER NOT NULL REFERENCES runs (id),
        PRIMARY KEY (file, run)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE audit (
        seq INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        kind TEXT NOT NULL,
        body TEXT NOT NULL,
        previous TEXT NOT NULL,
        hash TEXT NOT NULL
    ) STRICT;
",
    "
    CREATE TABLE schedules (
        name TEXT PRIMARY KEY,
        settled_until INTEGER NOT NULL,
        succeeded_at INTEGER
    ) STRICT, WITHOUT ROWID;
",
    // `outbox.due_at` is null while a parcel is being carried, and once it is settled; `body` only until then.
    "
    CREATE TABLE purchases (
        add_on TEXT PRIMARY KEY,
        purchase TEXT NOT NULL,
        purchased INTEGER NOT NULL,
        seen_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE watch (
        what TEXT PRIMARY KEY,
        since INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE outbox (
        id INTEGER PRIMARY KEY,
        channel TEXT NOT NULL,
        notice TEXT NOT NULL,
        posted_at INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        due_at INTEGER,
        settled_at INTEGER,
        fate TEXT,
        body TEXT,
        UNIQUE (channel, notice)
    ) STRICT;
    CREATE INDEX outbox_due ON outbox (due_at) WHERE due_at IS NOT NULL;
",
    // What incremental sources remember: see `readings.rs`.
    "
    CREATE TABLE readings (
        source TEXT PRIMARY KEY,
        fingerprint TEXT NOT NULL,
        read_whole_at INTEGER NOT NULL,
        data BLOB NOT NULL
    ) STRICT;
",
    // What identity providers push: see `roster.rs`. Members may come before the people they are, so they refer to none.
    "
    CREATE TABLE rosters (
        source TEXT PRIMARY KEY,
        people INTEGER NOT NULL,
        groups INTEGER NOT NULL,
        heard_at INTEGER NOT NULL,
        written_at INTEGER,
        taken_at INTEGER,
        confirmed_at INTEGER,
        doubted_at INTEGER
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE roster_entries (
        number INTEGER PRIMARY KEY,
        source TEXT NOT NULL,
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        external_id TEXT,
        name TEXT NOT NULL,
        name_key TEXT NOT NULL,
        active INTEGER NOT NULL,
        version INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        modified_at INTEGER NOT NULL,
        body TEXT NOT NULL,
        UNIQUE (source, kind, id)
    ) STRICT;
    CREATE INDEX roster_entries_by_number ON roster_entries (source, kind, number);
    CREATE INDEX roster_entries_by_name ON roster_entries (source, kind, name_key);
    CREATE UNIQUE INDEX roster_usernames ON roster_entries (source, name_key) WHERE kind = 'person';
    CREATE INDEX roster_entries_by_external_id ON roster_entries (source, kind, external_id);

    CREATE TABLE roster_members (
        source TEXT NOT NULL,
        group_id TEXT NOT NULL,
        member TEXT NOT NULL,
        PRIMARY KEY (source, group_id, member)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX roster_groups_of_members ON roster_members (source, member);

    CREATE TABLE roster_gone (
        source TEXT NOT NULL,
        id TEXT NOT NULL,
        PRIMARY KEY (source, id)
    ) STRICT, WITHOUT ROWID;
",
    // One row: the GitLab that all of this is about.
    "
    CREATE TABLE home (
        name TEXT NOT NULL
    ) STRICT;
",
    // What identity providers say of people: see `testimonies.rs`.
    "
    CREATE TABLE saml_sources (
        source TEXT PRIMARY KEY,
        open_since INTEGER NOT NULL,
        attended_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE saml_testimonies (
        source TEXT NOT NULL,
        person TEXT NOT NULL,
        known INTEGER NOT NULL,
        said_at INTEGER NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (source, person, known)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE saml_assertions (
        source TEXT NOT NULL,
        assertion TEXT NOT NULL,
        remember_until INTEGER NOT NULL,
        PRIMARY KEY (source, assertion)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE saml_requests (
        request TEXT PRIMARY KEY,
        source TEXT NOT NULL,
        waits_until INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
",
    // Plans that people see on the pages of the sidecar, and what they say of them: see `plans.rs`, `votes.rs`, `sessions.rs`.
    "
    CREATE TABLE plans (
        fingerprint TEXT PRIMARY KEY,
        schedule TEXT NOT NULL,
        digest TEXT NOT NULL,
        made_at INTEGER NOT NULL,
        seen_at INTEGER NOT NULL,
        ended TEXT NOT NULL,
        waits INTEGER NOT NULL,
        is_latest INTEGER NOT NULL,
        moved TEXT NOT NULL,
        objection TEXT,
        document BLOB NOT NULL,
        report BLOB NOT NULL
    ) STRICT;

    CREATE TABLE votes (
        id INTEGER PRIMARY KEY,
        plan TEXT NOT NULL,
        account INTEGER NOT NULL,
        username TEXT NOT NULL,
        choice TEXT NOT NULL,
        comment TEXT NOT NULL,
        at INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE approvers (
        username TEXT PRIMARY KEY,
        account INTEGER NOT NULL,
        since INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE sessions (
        id TEXT PRIMARY KEY,
        account INTEGER NOT NULL,
        username TEXT NOT NULL,
        began_at INTEGER NOT NULL,
        seen_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
",
];

/// The version that this program reads and writes.
pub const VERSION: i64 = STEPS.len() as i64;

/// The version of a state; 0 where it has no tables yet.
pub async fn version(place: &Place, connection: &mut AnyConnection) -> Result<i64, sqlx::Error> {
    let question = match place {
        Place::File(_) => "PRAGMA user_version",
        Place::Server(_) => "SELECT version FROM schema_version",
    };
    match sqlx::query(question).fetch_one(&mut *connection).await {
        Ok(row) => row.try_get(0),
        Err(sqlx::Error::Database(_)) if !has_table(connection, "schema_version").await? => Ok(0),
        Err(error) => Err(error),
    }
}

/// Takes the steps that are missing on the way to a version, each whole or not at all. Whoever calls it holds the lock
/// of the state.
pub async fn migrate(
    place: &Place,
    connection: &mut AnyConnection,
    from: i64,
    to: i64,
) -> Result<(), sqlx::Error> {
    for (words, version) in steps(place, from).filter(|(_, version)| *version <= to) {
        let mark = match place {
            Place::File(_) => format!("PRAGMA user_version = {version}"),
            Place::Server(_) => format!(
                "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL);
                 DELETE FROM schema_version;
                 INSERT INTO schema_version (version) VALUES ({version})"
            ),
        };
        let mut transaction = connection.begin().await?;
        // Both are our own, and neither a step nor a pragma takes parameters.
        sqlx::raw_sql(AssertSqlSafe(words)).execute(&mut *transaction).await?;
        sqlx::raw_sql(AssertSqlSafe(mark)).execute(&mut *transaction).await?;
        transaction.commit().await?;
    }
    Ok(())
}

/// Gives a session that only reads the tables which an older state lacks, empty and for itself alone, so that it need
/// not know what an older state looks like.
pub async fn stand_in(place: &Place, connection: &mut AnyConnection, from: i64) -> Result<(), sqlx::Error> {
    for (words, _) in steps(place, from) {
        // A temporary table of PostgreSQL may not refer to one that lasts.
        let words =
            words.replace("CREATE TABLE", "CREATE TEMPORARY TABLE").replace(" REFERENCES runs (id)", "");
        sqlx::raw_sql(AssertSqlSafe(words)).execute(&mut *connection).await?;
    }
    Ok(())
}

/// The steps after a version, in the words of the database, and the versions they lead to.
fn steps(place: &Place, from: i64) -> impl Iterator<Item = (String, i64)> {
    let missing = STEPS.iter().zip(1..).filter(move |(_, version)| *version > from);
    missing.map(move |(step, version)| match place {
        Place::File(_) => ((*step).to_owned(), version),
        Place::Server(_) => (for_postgres(step), version),
    })
}

/// Whether there is such a table in the schema of a PostgreSQL session.
pub async fn has_table(connection: &mut AnyConnection, name: &'static str) -> Result<bool, sqlx::Error> {
    let question = "SELECT to_regclass(quote_ident(current_schema()) || '.' || $1) IS NOT NULL";
    sqlx::query(question).bind(name).fetch_one(connection).await?.try_get(0)
}

/// SQLite's `INTEGER` has 64 bits, and as the key of a table numbers its rows.
fn for_postgres(step: &str) -> String {
    step.replace("INTEGER PRIMARY KEY", "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY")
        .replace("INTEGER", "BIGINT")
        .replace("BLOB", "BYTEA")
        .replace(") STRICT, WITHOUT ROWID;", ");")
        .replace(") STRICT;", ");")
}
