//! The audit record: written in the same transaction as the step that it tells of, so that no kill parts them.

use jiff::Timestamp;
use serde::Serialize;
use sqlx::{AnyConnection, Row as _};

use crate::model::audit::{AuditLine, GENESIS};
use crate::model::holding::{Change, SeatKey};
use crate::model::outcome::Outcome;
use crate::model::person::SourceName;
use crate::model::roster::Standing;
use crate::model::vote::NewVote;
use crate::ports::{EdgeError, Intent, Opening, RunId};
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::values::micros;

/// What a line says. Keys are in the order of the alphabet, here and in all that follows: the text of a line is hashed.
#[derive(Serialize)]
#[serde(untagged)]
enum Body<'a> {
    Observed { digest: &'a str, run: i64 },
    Planned { digest: &'a str, run: i64 },
    Approved { file: Option<&'a str>, keys: Vec<&'a str>, kind: &'a str, run: i64 },
    Sent { changes: Vec<Entry<'a>>, run: i64 },
    Ended { ended: &'a str, run: i64 },
    Refused { because: &'a str, digest: &'a str, file: Option<&'a str> },
    Roster { complete: bool, groups: u64, people: u64, source: &'a str },
    Voted { account: u64, choice: &'a str, comment: &'a str, digest: &'a str, plan: &'a str },
}

#[derive(Serialize)]
struct Entry<'a> {
    account: u64,
    add_on: &'a str,
    change: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'a str>,
}

/// A run begins: what it saw, what it is to change, and who answers for that.
pub async fn begun(
    connection: &mut AnyConnection,
    now: Timestamp,
    run: RunId,
    opening: &Opening<'_>,
) -> Result<(), sqlx::Error> {
    let (run, warrant) = (run.0, opening.warrant);
    append(connection, now, "observed", &Body::Observed { digest: opening.observation, run }).await?;
    append(connection, now, "planned", &Body::Planned { digest: opening.digest, run }).await?;
    let keys = warrant.keys.iter().map(|key| &**key).collect();
    let body = Body::Approved { file: warrant.file.as_deref(), keys, kind: warrant.kind, run };
    append(connection, now, "approved", &body).await
}

pub async fn sent(
    connection: &mut AnyConnection,
    now: Timestamp,
    run: RunId,
    intents: &[Intent],
) -> Result<(), sqlx::Error> {
    let changes = intents.iter().map(|intent| entry(intent.change, &intent.seat, None)).collect();
    append(connection, now, "sent", &Body::Sent { changes, run: run.0 }).await
}

pub async fn settled(
    connection: &mut AnyConnection,
    now: Timestamp,
    run: RunId,
    outcomes: &[(Change, SeatKey, Outcome)],
) -> Result<(), sqlx::Error> {
    if outcomes.is_empty() {
        return Ok(());
    }
    let entries = outcomes.iter().map(|(change, seat, outcome)| entry(*change, seat, Some(outcome.key())));
    append(connection, now, "settled", &Body::Sent { changes: entries.collect(), run: run.0 }).await
}

pub async fn ended(
    connection: &mut AnyConnection,
    now: Timestamp,
    run: RunId,
    ended: &str,
) -> Result<(), sqlx::Error> {
    append(connection, now, "ended", &Body::Ended { ended, run: run.0 }).await
}

/// Somebody says of what an identity provider pushed that it is all there is, or that it is not.
pub async fn roster(
    connection: &mut AnyConnection,
    now: Timestamp,
    source: &SourceName,
    complete: bool,
    standing: &Standing,
) -> Result<(), sqlx::Error> {
    let Standing { people, groups, .. } = *standing;
    let body = Body::Roster { complete, groups, people, source: source.as_str() };
    append(connection, now, "roster", &body).await
}

/// Somebody approved or rejected a plan. The comment is the one text in the record that a person wrote.
pub async fn voted(
    connection: &mut AnyConnection,
    now: Timestamp,
    vote: &NewVote<'_>,
) -> Result<(), sqlx::Error> {
    let NewVote { plan, digest, account, choice, comment, .. } = vote;
    let body = Body::Voted { account: account.0, choice: choice.key(), comment, digest, plan };
    append(connection, now, "voted", &body).await
}

impl Store {
    /// Writes down that an apply was refused.
    pub async fn record_refusal(
        &self,
        now: Timestamp,
        because: &str,
        digest: &str,
        file: Option<&str>,
    ) -> Result<(), EdgeError> {
        let failed = StoreError::writing("that an apply was refused");
        let written = self.written(async {
            let mut connection = self.connection().await;
            let mut transaction = self.right()?.begin(&mut connection).await?;
            let body = Body::Refused { because, digest, file };
            append(&mut transaction, now, "refused", &body).await.map_err(&failed)?;
            transaction.commit().await.map_err(&failed)
        });
        Ok(written.await?)
    }

    /// The whole record, in its order.
    pub async fn audit(&self) -> Result<Vec<AuditLine>, EdgeError> {
        let rows = sqlx::query("SELECT seq, at, kind, body, previous, hash FROM audit ORDER BY seq")
            .fetch_all(&mut *self.connection().await)
            .await
            .map_err(StoreError::reading("the audit record"))?;
        let line = |row| {
            Ok::<AuditLine, StoreError>(AuditLine {
                seq: self.column(row, "seq")?,
                at: self.time(row, "at")?,
                kind: self.column(row, "kind")?,
                body: self.column(row, "body")?,
                previous: self.column(row, "previous")?,
                hash: self.column(row, "hash")?,
            })
        };
        Ok(rows.iter().map(line).collect::<Result<Vec<AuditLine>, StoreError>>()?)
    }
}

fn entry<'a>(change: Change, seat: &SeatKey, outcome: Option<&'a str>) -> Entry<'a> {
    Entry { account: seat.account.0, add_on: seat.add_on.key(), change: change.key(), outcome }
}

/// Appends a line to the chain. Whoever does has the row of the leadership, so nobody else does so meanwhile.
async fn append(
    connection: &mut AnyConnection,
    now: Timestamp,
    kind: &str,
    body: &Body<'_>,
) -> Result<(), sqlx::Error> {
    let last = sqlx::query("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")
        .fetch_optional(&mut *connection)
        .await?;
    let (seq, previous) = match last {
        Some(row) => (row.try_get::<i64, _>("seq")? + 1, row.try_get::<String, _>("hash")?),
        None => (1, GENESIS.to_owned()),
    };
    // As it is stored, to the microsecond: it is read back to be hashed again.
    let at = Timestamp::from_microsecond(micros(now)).unwrap_or(now);
    let body = serde_json::to_string(body).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    let mut line = AuditLine { seq, at, kind: kind.to_owned(), body, previous, hash: String::new() };
    line.hash = line.sealed();
    sqlx::query("INSERT INTO audit (seq, at, kind, body, previous, hash) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(line.seq)
        .bind(micros(line.at))
        .bind(&line.kind)
        .bind(&line.body)
        .bind(&line.previous)
        .bind(&line.hash)
        .execute(connection)
        .await?;
    Ok(())
}
