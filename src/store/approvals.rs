//! Which plan files were applied, so that no approval is used twice.

use std::collections::BTreeMap;

use sqlx::AnyConnection;

use crate::model::holding::{Change, SeatKey};
use crate::ports::{EdgeError, RunId};
use crate::store::database::Store;
use crate::store::error::StoreError;

/// One change of an approval that was sent before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    pub run: RunId,
    /// Whether it is known that GitLab did it; it is not where the run was killed.
    pub settled: bool,
}

/// Writes down that a run applies a plan file.
pub async fn used(connection: &mut AnyConnection, file: &str, run: RunId) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO approvals (file, run) VALUES ($1, $2)")
        .bind(file)
        .bind(run.0)
        .execute(connection)
        .await?;
    Ok(())
}

impl Store {
    /// The changes that earlier runs carried out, or may have, under the plan file with this fingerprint.
    pub async fn done_under(&self, file: &str) -> Result<BTreeMap<(Change, SeatKey), Sent>, EdgeError> {
        let rows = sqlx::query(
            "SELECT c.run, c.add_on, c.account, c.change, c.outcome FROM changes c
             JOIN approvals a ON a.run = c.run
             WHERE a.file = $1 AND (c.outcome IS NULL OR c.outcome IN ('applied', 'already_so')) ORDER BY c.id",
        )
        .bind(file)
        .fetch_all(&mut *self.connection().await)
        .await
        .map_err(StoreError::reading("what was done under an approval"))?;
        let mut done = BTreeMap::new();
        for row in &rows {
            let outcome: Option<String> = self.column(row, "outcome")?;
            let sent = Sent { run: RunId(self.column(row, "run")?), settled: outcome.is_some() };
            done.insert((self.change(row)?, self.seat(row)?), sent);
        }
        Ok(done)
    }
}
