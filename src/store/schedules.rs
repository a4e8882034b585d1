//! What the sidecar remembers of its schedules, so that a run missed while it was down is caught up once.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::ports::EdgeError;
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::values::micros;

/// What is remembered of one schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScheduleRow {
    /// Runs that were due until then are done with.
    pub settled_until: Timestamp,
    /// When a run of it last went well.
    pub succeeded_at: Option<Timestamp>,
}

impl Store {
    /// By the names of the schedules.
    pub async fn schedules(&self) -> Result<BTreeMap<String, ScheduleRow>, EdgeError> {
        let rows = sqlx::query("SELECT name, settled_until, succeeded_at FROM schedules")
            .fetch_all(&mut *self.connection().await)
            .await
            .map_err(StoreError::reading("the schedules"))?;
        let mut schedules = BTreeMap::new();
        for row in &rows {
            let remembered = ScheduleRow {
                settled_until: self.time(row, "settled_until")?,
                succeeded_at: self.optional_time(row, "succeeded_at")?,
            };
            schedules.insert(self.column(row, "name")?, remembered);
        }
        Ok(schedules)
    }

    /// A run of it is to come to its end, even if whoever begins it does not: nothing counts as done.
    pub async fn owe_schedule(&self, name: &str) -> Result<(), EdgeError> {
        let failed = StoreError::writing("the schedules");
        let written = self.written(async {
            let mut connection = self.connection().await;
            let mut transaction = self.right()?.begin(&mut connection).await?;
            sqlx::query(
                "INSERT INTO schedules (name, settled_until) VALUES ($1, 0)
                 ON CONFLICT (name) DO UPDATE SET settled_until = excluded.settled_until",
            )
            .bind(name)
            .execute(&mut *transaction)
            .await
            .map_err(&failed)?;
            transaction.commit().await.map_err(&failed)
        });
        Ok(written.await?)
    }

    /// A run began then, and is over; it went well or it did not.
    pub async fn settle_schedule(&self, name: &str, began: Timestamp, well: bool) -> Result<(), EdgeError> {
        let failed = StoreError::writing("the schedules");
        let written = self.written(async {
            let mut connection = self.connection().await;
            let mut transaction = self.right()?.begin(&mut connection).await?;
            sqlx::query(
                "INSERT INTO schedules (name, settled_until, succeeded_at) VALUES ($1, $2, $3)
                 ON CONFLICT (name) DO UPDATE SET settled_until = excluded.settled_until,
                     succeeded_at = coalesce(excluded.succeeded_at, schedules.succeeded_at)",
            )
            .bind(name)
            .bind(micros(began))
            .bind(well.then(|| micros(began)))
            .execute(&mut *transaction)
            .await
            .map_err(&failed)?;
            transaction.commit().await.map_err(&failed)
        });
        Ok(written.await?)
    }
}
