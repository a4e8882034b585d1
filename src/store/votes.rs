//! Votes on the plan that waits, and which account the name of an approver stands for.
//!
//! They are written beside whoever leads, by any sidecar that shows the pages. Each goes into the audit record in the same
//! transaction.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::{Any, Connection as _, Transaction};

use crate::model::account::AccountId;
use crate::model::vote::{Choice, NewVote, Vote};
use crate::ports::EdgeError;
use crate::store::audit;
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::values::{account, micros, storable};

/// What became of a vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cast {
    Counted,
    /// The plan waits no more, or another one does.
    PlanIsGone,
}

impl Store {
    /// Writes a vote down, if its plan still waits.
    pub async fn cast_vote(&self, vote: &NewVote<'_>, now: Timestamp) -> Result<Cast, EdgeError> {
        let failed = StoreError::writing("a vote");
        let written = self.written(async {
            let mut connection = self.connection().await;
            let mut transaction = alone(&mut connection).await.map_err(&failed)?;
            let waits = sqlx::query("SELECT 1 FROM plans WHERE fingerprint = $1 AND digest = $2 AND waits = 1")
                .bind(vote.plan)
                .bind(vote.digest)
                .fetch_optional(&mut *transaction)
                .await
                .map_err(&failed)?;
            if waits.is_none() {
                return Ok(Cast::PlanIsGone);
            }
            sqlx::query(
                "INSERT INTO votes (plan, account, username, choice, comment, at) VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(vote.plan)
            .bind(account(vote.account))
            .bind(storable(vote.username))
            .bind(vote.choice.key())
            .bind(storable(vote.comment))
            .bind(micros(now))
            .execute(&mut *transaction)
            .await
            .map_err(&failed)?;
            audit::voted(&mut transaction, now, vote).await.map_err(&failed)?;
            transaction.commit().await.map_err(&failed)?;
            Ok(Cast::Counted)
        });
        Ok(written.await?)
    }

    /// The votes on a plan, in the order in which they were cast.
    pub async fn votes(&self, plan: &str) -> Result<Vec<Vote>, EdgeError> {
        let sql = "SELECT id, account, username, choice, comment, at FROM votes WHERE plan = $1 ORDER BY id";
        let rows = sqlx::query(sql)
            .bind(plan)
            .fetch_all(&mut *self.connection().await)
            .await
            .map_err(StoreError::reading("votes"))?;
        let mut votes = Vec::new();
        for row in &rows {
            let choice: &str = self.column(row, "choice")?;
            let account: i64 = self.column(row, "account")?;
            votes.push(Vote {
                id: self.column(row, "id")?,
                account: AccountId(account.cast_unsigned()),
                username: self.column::<String>(row, "username")?.into(),
                choice: Choice::from_key(choice)
                    .ok_or_else(|| self.damaged(format!("`{choice}` is no vote")))?,
                comment: self.column(row, "comment")?,
                at: self.time(row, "at")?,
            });
        }
        Ok(votes)
    }

    /// The number of the last vote on a plan that waits; 0 before there is one.
    pub async fn last_vote(&self) -> Result<i64, EdgeError> {
        let failed = StoreError::reading("votes");
        let row = sqlx::query("SELECT max(id) AS id FROM votes")
            .fetch_one(&mut *self.connection().await)
            .await
            .map_err(&failed)?;
        Ok(self.column::<Option<i64>>(&row, "id")?.unwrap_or_default())
    }

    /// Which account each name stands for.
    pub async fn pins(&self) -> Result<BTreeMap<Box<str>, AccountId>, EdgeError> {
        let rows = sqlx::query("SELECT username, account FROM approvers")
            .fetch_all(&mut *self.connection().await)
            .await
            .map_err(StoreError::reading("who the approvers are"))?;
        let mut pins = BTreeMap::new();
        for row in &rows {
            let account: i64 = self.column(row, "account")?;
            pins.insert(self.column::<String>(row, "username")?.into(), AccountId(account.cast_unsigned()));
        }
        Ok(pins)
    }

    /// From now on the name stands for this account, unless it stands for another already.
    pub async fn pin(&self, name: &str, to: AccountId, now: Timestamp) -> Result<(), EdgeError> {
        let sql = "INSERT INTO approvers (username, account, since) VALUES ($1, $2, $3) ON CONFLICT (username) DO NOTHING";
        sqlx::query(sql)
            .bind(storable(name))
            .bind(account(to))
            .bind(micros(now))
            .execute(&mut *self.connection().await)
            .await
            .map_err(StoreError::writing("who an approver is"))?;
        Ok(())
    }
}

/// Begins a transaction in which nobody else writes, without the lead: whoever leads changes the same row first, and so
/// one waits for the other. The chain of the audit record needs that.
async fn alone(connection: &mut sqlx::AnyConnection) -> Result<Transaction<'_, Any>, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    sqlx::query("UPDATE leadership SET epoch = epoch").execute(&mut *transaction).await?;
    Ok(transaction)
}
