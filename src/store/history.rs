//! History: past runs, what came of each change, and the story of one account.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sqlx::any::AnyRow;

use crate::model::account::AccountId;
use crate::model::holding::{Change, SeatKey};
use crate::model::rule::RuleName;
use crate::ports::{EdgeError, RunId};
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::values::account;

/// One run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRow {
    pub id: RunId,
    pub started_at: Timestamp,
    /// `None` for a run that is under way, or was killed.
    pub finished_at: Option<Timestamp>,
    pub digest: String,
    /// `done`, `partial` or `failed`; `None` as above.
    pub ended: Option<String>,
    /// How many changes came to which outcome; `sent` for those that are not known yet.
    pub counts: BTreeMap<String, u64>,
}

/// One change of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRow {
    pub run: RunId,
    /// When it was about to be sent; when it was settled, where it never was.
    pub at: Timestamp,
    pub seat: SeatKey,
    pub change: Change,
    /// The verdict's reason code; `None` where the change was never sent.
    pub because: Option<String>,
    pub rule: Option<RuleName>,
    /// `applied`, `already_so`, `refused` or `deferred`; `None` while it is not known.
    pub outcome: Option<String>,
    pub outcome_because: Option<String>,
}

impl Store {
    /// The latest runs, the last one first.
    pub async fn runs(&self, limit: u32) -> Result<Vec<RunRow>, EdgeError> {
        let rows = sqlx::query("SELECT * FROM runs ORDER BY id DESC LIMIT $1")
            .bind(i64::from(limit))
            .fetch_all(&mut *self.connection().await)
            .await
            .map_err(StoreError::reading("past runs"))?;
        let mut runs = Vec::with_capacity(rows.len());
        for row in &rows {
            runs.push(self.run_row(row).await?);
        }
        Ok(runs)
    }

    /// One run and its changes in the order in which they were sent.
    pub async fn run(&self, id: RunId) -> Result<Option<(RunRow, Vec<ChangeRow>)>, EdgeError> {
        let row = sqlx::query("SELECT * FROM runs WHERE id = $1")
            .bind(id.0)
            .fetch_optional(&mut *self.connection().await)
            .await
            .map_err(StoreError::reading("a past run"))?;
        let Some(row) = row else { return Ok(None) };
        let run = self.run_row(&row).await?;
        let rows = sqlx::query("SELECT * FROM changes WHERE run = $1 ORDER BY id")
            .bind(id.0)
            .fetch_all(&mut *self.connection().await)
            .await
            .map_err(StoreError::reading("the changes of a run"))?;
        Ok(Some((run, self.change_rows(&rows)?)))
    }

    /// What GitLab carried out for a run; `None` where there is no such run.
    pub async fn applied_in(&self, id: RunId) -> Result<Option<BTreeSet<(Change, SeatKey)>>, EdgeError> {
        let Some((_, changes)) = self.run(id).await? else { return Ok(None) };
        let applied = changes.into_iter().filter(|change| change.outcome.as_deref() == Some("applied"));
        Ok(Some(applied.map(|change| (change.change, change.seat)).collect()))
    }

    /// Whatever was ever changed for an account, the oldest first.
    pub async fn history(&self, id: AccountId) -> Result<Vec<ChangeRow>, EdgeError> {
        let rows = sqlx::query("SELECT * FROM changes WHERE account = $1 ORDER BY id")
            .bind(account(id))
            .fetch_all(&mut *self.connection().await)
            .await
            .map_err(StoreError::reading("the history of an account"))?;
        Ok(self.change_rows(&rows)?)
    }

    async fn run_row(&self, row: &AnyRow) -> Result<RunRow, StoreError> {
        let id: i64 = self.column(row, "id")?;
        let counted = sqlx::query(
            "SELECT coalesce(outcome, 'sent') AS outcome, count(*) AS many FROM changes WHERE run = $1 GROUP BY 1",
        )
        .bind(id)
        .fetch_all(&mut *self.connection().await)
        .await
        .map_err(StoreError::reading("the outcomes of a run"))?;
        let mut counts = BTreeMap::new();
        for row in &counted {
            let many: i64 = self.column(row, "many")?;
            counts.insert(self.column(row, "outcome")?, many.cast_unsigned());
        }
        Ok(RunRow {
            id: RunId(id),
            started_at: self.time(row, "started_at")?,
            finished_at: self.optional_time(row, "finished_at")?,
            digest: self.column(row, "digest")?,
            ended: self.column(row, "ended")?,
            counts,
        })
    }

    fn change_rows(&self, rows: &[AnyRow]) -> Result<Vec<ChangeRow>, StoreError> {
        rows.iter()
            .map(|row| {
                let rule: Option<&str> = self.column(row, "rule")?;
                Ok(ChangeRow {
                    run: RunId(self.column(row, "run")?),
                    at: self.time(row, "at")?,
                    seat: self.seat(row)?,
                    change: self.change(row)?,
                    because: self.column(row, "because")?,
                    rule: rule.map(RuleName::new),
                    outcome: self.column(row, "outcome")?,
                    outcome_because: self.column(row, "outcome_because")?,
                })
            })
            .collect()
    }
}
