//! Who is signed in to the pages, on whichever sidecar, also after a restart. What a browser holds is not kept, only its hash.

use jiff::{SignedDuration, Timestamp};

use crate::model::account::AccountId;
use crate::ports::EdgeError;
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::values::{account, micros, storable};

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    pub account: AccountId,
    pub username: String,
    pub began_at: Timestamp,
    pub seen_at: Timestamp,
}

/// How long a session lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// Without a request.
    pub idle: SignedDuration,
    /// From signing in, whatever happens.
    pub whole: SignedDuration,
}

impl Store {
    /// Begins a session, and forgets those that are over.
    pub async fn begin_session(
        &self,
        hash: &str,
        who: (AccountId, &str),
        lifetime: Lifetime,
        now: Timestamp,
    ) -> Result<(), EdgeError> {
        let failed = StoreError::writing("a session");
        let mut connection = self.connection().await;
        sqlx::query("DELETE FROM sessions WHERE began_at < $1 OR seen_at < $2")
            .bind(micros(before(now, lifetime.whole)))
            .bind(micros(before(now, lifetime.idle)))
            .execute(&mut *connection)
            .await
            .map_err(&failed)?;
        sqlx::query(
            "INSERT INTO sessions (id, account, username, began_at, seen_at) VALUES ($1, $2, $3, $4, $4)",
        )
        .bind(hash)
        .bind(account(who.0))
        .bind(storable(who.1))
        .bind(micros(now))
        .execute(&mut *connection)
        .await
        .map_err(&failed)?;
        Ok(())
    }

    /// The session, if it is not over; it is seen now.
    pub async fn session(
        &self,
        hash: &str,
        lifetime: Lifetime,
        now: Timestamp,
    ) -> Result<Option<SessionRow>, EdgeError> {
        let row = sqlx::query(
            "UPDATE sessions SET seen_at = $1 WHERE id = $2 AND began_at >= $3 AND seen_at >= $4
             RETURNING account, username, began_at, seen_at",
        )
        .bind(micros(now))
        .bind(hash)
        .bind(micros(before(now, lifetime.whole)))
        .bind(micros(before(now, lifetime.idle)))
        .fetch_optional(&mut *self.connection().await)
        .await
        .map_err(StoreError::reading("a session"))?;
        let Some(row) = row else { return Ok(None) };
        let account: i64 = self.column(&row, "account")?;
        Ok(Some(SessionRow {
            account: AccountId(account.cast_unsigned()),
            username: self.column(&row, "username")?,
            began_at: self.time(&row, "began_at")?,
            seen_at: self.time(&row, "seen_at")?,
        }))
    }

    pub async fn end_session(&self, hash: &str) -> Result<(), EdgeError> {
        sqlx::query("DELETE FROM sessions WHERE id = $1")
            .bind(hash)
            .execute(&mut *self.connection().await)
            .await
            .map_err(StoreError::writing("that a session is over"))?;
        Ok(())
    }
}

fn before(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_sub(by).unwrap_or(Timestamp::MIN)
}
