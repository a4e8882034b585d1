//! The journal: each step of a run is one transaction, on the disk before the step after it.

use jiff::Timestamp;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection as _, Row as _};

use crate::model::holding::{Change, Origin, SeatKey, SourceSize};
use crate::model::outcome::Outcome;
use crate::model::person::{PersonKey, SourceName};
use crate::ports::{EdgeError, Intent, Journal, Opening, RunId};
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::holdings::origin_key;
use crate::store::rows::{account, micros};
use crate::store::{approvals, audit};

impl Journal for Store {
    async fn begin(&self, now: Timestamp, opening: &Opening<'_>) -> Result<RunId, EdgeError> {
        let mut connection = self.connection().await;
        let written = write_begin(&mut connection, now, opening).await;
        Ok(written.map_err(StoreError::writing("the begin of a run"))?)
    }

    async fn intend(&self, run: RunId, now: Timestamp, changes: &[Intent]) -> Result<(), EdgeError> {
        let mut connection = self.connection().await;
        let written = write_intents(&mut connection, run, now, changes).await;
        Ok(written.map_err(StoreError::writing("changes about to be sent"))?)
    }

    async fn settle(
        &self,
        run: RunId,
        now: Timestamp,
        outcomes: &[(Change, SeatKey, Outcome)],
    ) -> Result<(), EdgeError> {
        let mut connection = self.connection().await;
        let written = write_outcomes(&mut connection, run, now, outcomes).await;
        Ok(written.map_err(StoreError::writing("what came of changes"))?)
    }

    async fn finish(&self, run: RunId, now: Timestamp, ended: &str) -> Result<(), EdgeError> {
        let mut connection = self.connection().await;
        let written = write_end(&mut connection, run, now, ended).await;
        Ok(written.map_err(StoreError::writing("the end of a run"))?)
    }
}

async fn write_begin(
    connection: &mut SqliteConnection,
    now: Timestamp,
    opening: &Opening<'_>,
) -> Result<RunId, sqlx::Error> {
    let Opening { digest, bookkeeping, .. } = *opening;
    let mut transaction = connection.begin().await?;
    let run = sqlx::query("INSERT INTO runs (started_at, digest) VALUES (?, ?)")
        .bind(micros(now))
        .bind(digest)
        .execute(&mut *transaction)
        .await?
        .last_insert_rowid();
    audit::begun(&mut transaction, now, RunId(run), opening).await?;
    if let Some(file) = &opening.warrant.file {
        approvals::used(&mut transaction, file, RunId(run)).await?;
    }

    for (seat, person) in &bookkeeping.adopt {
        sqlx::query(
            "INSERT INTO holdings (add_on, account, origin, since, source, person) VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT DO NOTHING",
        )
        .bind(seat.add_on.key())
        .bind(account(seat.account))
        .bind(origin_key(Origin::Adopted))
        .bind(micros(now))
        .bind(person.as_ref().map(|person| person.source.as_str()))
        .bind(person.as_ref().map(|person| person.id.as_str()))
        .execute(&mut *transaction)
        .await?;
    }
    for (seat, person) in &bookkeeping.persons {
        sqlx::query("UPDATE holdings SET source = ?, person = ? WHERE add_on = ? AND account = ?")
            .bind(person.source.as_str())
            .bind(person.id.as_str())
            .bind(seat.add_on.key())
            .bind(account(seat.account))
            .execute(&mut *transaction)
            .await?;
    }
    for seat in &bookkeeping.forget {
        forget(&mut transaction, seat).await?;
    }
    for seat in &bookkeeping.grace_started {
        sqlx::query("INSERT INTO grace (add_on, account, since) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
            .bind(seat.add_on.key())
            .bind(account(seat.account))
            .bind(micros(now))
            .execute(&mut *transaction)
            .await?;
    }
    for seat in &bookkeeping.grace_cancelled {
        stop_grace(&mut transaction, seat).await?;
    }
    for seat in &bookkeeping.reclaimed {
        sqlx::query("INSERT OR REPLACE INTO reclaimed (add_on, account, at) VALUES (?, ?, ?)")
            .bind(seat.add_on.key())
            .bind(account(seat.account))
            .bind(micros(now))
            .execute(&mut *transaction)
            .await?;
    }
    for seat in &bookkeeping.reclaimed_cancelled {
        sqlx::query("DELETE FROM reclaimed WHERE add_on = ? AND account = ?")
            .bind(seat.add_on.key())
            .bind(account(seat.account))
            .execute(&mut *transaction)
            .await?;
    }
    for (source, size) in &bookkeeping.sizes {
        write_size(&mut transaction, source, size).await?;
    }
    transaction.commit().await?;
    Ok(RunId(run))
}

async fn write_end(
    connection: &mut SqliteConnection,
    run: RunId,
    now: Timestamp,
    ended: &str,
) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    sqlx::query("UPDATE runs SET finished_at = ?, ended = ? WHERE id = ?")
        .bind(micros(now))
        .bind(ended)
        .bind(run.0)
        .execute(&mut *transaction)
        .await?;
    audit::ended(&mut transaction, now, run, ended).await?;
    transaction.commit().await
}

async fn write_size(
    connection: &mut SqliteConnection,
    source: &SourceName,
    size: &SourceSize,
) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM source_sizes WHERE source = ?")
        .bind(source.as_str())
        .execute(&mut *connection)
        .await?;
    sqlx::query("INSERT INTO source_sizes (source, people) VALUES (?, ?)")
        .bind(source.as_str())
        .bind(size.people.cast_signed())
        .execute(&mut *connection)
        .await?;
    for (group, people) in &size.groups {
        sqlx::query("INSERT INTO group_sizes (source, name, people) VALUES (?, ?, ?)")
            .bind(source.as_str())
            .bind(group.as_str())
            .bind(people.cast_signed())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn write_intents(
    connection: &mut SqliteConnection,
    run: RunId,
    now: Timestamp,
    changes: &[Intent],
) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    for intent in changes {
        let written = sqlx::query(
            "INSERT INTO changes (run, at, add_on, account, change, because, rule) VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(run.0)
        .bind(micros(now))
        .bind(intent.seat.add_on.key())
        .bind(account(intent.seat.account))
        .bind(intent.change.key())
        .bind(intent.because)
        .bind(intent.rule.as_ref().map(|rule| rule.as_str()))
        .execute(&mut *transaction)
        .await?;
        if intent.change == Change::Assign {
            let person = intent.person.as_ref();
            hold(&mut transaction, &intent.seat, person, now, written.last_insert_rowid()).await?;
        }
    }
    audit::sent(&mut transaction, now, run, changes).await?;
    transaction.commit().await
}

/// From here on the seat is ours. Whatever was remembered of it belongs to a seat that is no longer held.
async fn hold(
    connection: &mut SqliteConnection,
    seat: &SeatKey,
    person: Option<&PersonKey>,
    now: Timestamp,
    intent: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT OR REPLACE INTO holdings (add_on, account, origin, since, source, person, intent)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(seat.add_on.key())
    .bind(account(seat.account))
    .bind(origin_key(Origin::Assigned))
    .bind(micros(now))
    .bind(person.map(|person| person.source.as_str()))
    .bind(person.map(|person| person.id.as_str()))
    .bind(intent)
    .execute(&mut *connection)
    .await?;
    stop_grace(connection, seat).await
}

async fn write_outcomes(
    connection: &mut SqliteConnection,
    run: RunId,
    now: Timestamp,
    outcomes: &[(Change, SeatKey, Outcome)],
) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    for (change, seat, outcome) in outcomes {
        let row = settled_row(&mut transaction, run, now, *change, seat, outcome).await?;
        match (change, outcome.is_done()) {
            (Change::Assign, true) | (Change::Revoke, false) => {}
            (Change::Assign, false) => {
                sqlx::query("DELETE FROM holdings WHERE intent = ?")
                    .bind(row)
                    .execute(&mut *transaction)
                    .await?;
            }
            (Change::Revoke, true) => forget(&mut transaction, seat).await?,
        }
    }
    audit::settled(&mut transaction, now, run, outcomes).await?;
    transaction.commit().await
}

/// Writes an outcome to the change that was sent last, of this run or of one that was killed; one that was never sent
/// gets a row of its own. Returns the row.
async fn settled_row(
    connection: &mut SqliteConnection,
    run: RunId,
    now: Timestamp,
    change: Change,
    seat: &SeatKey,
    outcome: &Outcome,
) -> Result<i64, sqlx::Error> {
    let because = match outcome {
        Outcome::Applied | Outcome::AlreadySo => None,
        Outcome::Refused { because } | Outcome::Deferred { because } => Some(because.as_str()),
    };
    let sent = sqlx::query(
        "SELECT id FROM changes WHERE outcome IS NULL AND change = ? AND add_on = ? AND account = ? ORDER BY id DESC",
    )
    .bind(change.key())
    .bind(seat.add_on.key())
    .bind(account(seat.account))
    .fetch_all(&mut *connection)
    .await?;
    let mut sent = sent.iter().map(|row| row.try_get::<i64, _>("id"));
    let Some(latest) = sent.next().transpose()? else {
        let written = sqlx::query(
            "INSERT INTO changes (run, at, add_on, account, change, outcome, outcome_because)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(run.0)
        .bind(micros(now))
        .bind(seat.add_on.key())
        .bind(account(seat.account))
        .bind(change.key())
        .bind(outcome.key())
        .bind(because)
        .execute(&mut *connection)
        .await?;
        return Ok(written.last_insert_rowid());
    };
    write_outcome(connection, latest, outcome.key(), because).await?;
    // Two killed runs may have sent the same change; it happened once at most, so it is counted once.
    for earlier in sent {
        write_outcome(connection, earlier?, "deferred", Some("sent again by a later run")).await?;
    }
    Ok(latest)
}

async fn write_outcome(
    connection: &mut SqliteConnection,
    row: i64,
    outcome: &str,
    because: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE changes SET outcome = ?, outcome_because = ? WHERE id = ?")
        .bind(outcome)
        .bind(because)
        .bind(row)
        .execute(connection)
        .await?;
    Ok(())
}

/// The seat is not held any more, so neither is it ours nor does grace run for it.
async fn forget(connection: &mut SqliteConnection, seat: &SeatKey) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM holdings WHERE add_on = ? AND account = ?")
        .bind(seat.add_on.key())
        .bind(account(seat.account))
        .execute(&mut *connection)
        .await?;
    stop_grace(connection, seat).await
}

async fn stop_grace(connection: &mut SqliteConnection, seat: &SeatKey) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM grace WHERE add_on = ? AND account = ?")
        .bind(seat.add_on.key())
        .bind(account(seat.account))
        .execute(connection)
        .await?;
    Ok(())
}
