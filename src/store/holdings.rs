//! Recalling what earlier runs left: the memory that planning starts from.

use jiff::{SignedDuration, Timestamp};

use crate::model::holding::{Change, Holding, Memory, Origin, PastChange, PastPurchase, SeatKey, SourceSize};
use crate::model::person::SourceName;
use crate::model::purchase::PurchaseId;
use crate::ports::{EdgeError, Recollection};
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::values::micros;

impl Recollection for Store {
    async fn recall(&self, now: Timestamp) -> Result<Memory, EdgeError> {
        let mut memory = Memory::default();
        self.recall_holdings(&mut memory).await?;
        self.recall_clocks(&mut memory).await?;
        self.recall_sizes(&mut memory).await?;
        self.recall_recent(now, &mut memory).await?;
        self.recall_purchases(&mut memory).await?;
        memory.home = self.home().await?;
        memory.in_flight = self.in_flight().await?;
        Ok(memory)
    }
}

impl Store {
    async fn recall_holdings(&self, memory: &mut Memory) -> Result<(), StoreError> {
        let rows = sqlx::query("SELECT add_on, account, origin, since, source, person FROM holdings")
            .fetch_all(&mut *self.connection().await)
            .await
            .map_err(StoreError::reading("the seats that are ours"))?;
        for row in &rows {
            let origin: &str = self.column(row, "origin")?;
            let origin = [Origin::Assigned, Origin::Adopted]
                .into_iter()
                .find(|known| origin_key(*known) == origin)
                .ok_or_else(|| self.damaged(format!("`{origin}` is no origin of a seat")))?;
            let holding = Holding { origin, since: self.time(row, "since")?, person: self.person(row)? };
            memory.holdings.insert(self.seat(row)?, holding);
        }
        Ok(())
    }

    async fn recall_clocks(&self, memory: &mut Memory) -> Result<(), StoreError> {
        let rows = sqlx::query("SELECT add_on, account, since FROM grace")
            .fetch_all(&mut *self.connection().await)
            .await
            .map_err(StoreError::reading("running grace"))?;
        for row in &rows {
            memory.grace.insert(self.seat(row)?, self.time(row, "since")?);
        }
        let rows = sqlx::query("SELECT add_on, account, at FROM reclaimed")
            .fetch_all(&mut *self.connection().await)
            .await
            .map_err(StoreError::reading("reclaimed seats"))?;
        for row in &rows {
            memory.reclaimed.insert(self.seat(row)?, self.time(row, "at")?);
        }
        Ok(())
    }

    async fn recall_sizes(&self, memory: &mut Memory) -> Result<(), StoreError> {
        let people = |people: i64| u64::try_from(people).unwrap_or_default();
        let rows = sqlx::query("SELECT source, people FROM source_sizes")
            .fetch_all(&mut *self.connection().await)
            .await
            .map_err(StoreError::reading("the sizes of sources"))?;
        for row in &rows {
            let size = SourceSize { people: people(self.column(row, "people")?), ..SourceSize::default() };
            memory.sizes.insert(SourceName::new(self.column(row, "source")?), size);
        }
        let rows = sqlx::query("SELECT source, name, people FROM group_sizes")
            .fetch_all(&mut *self.connection().await)
            .await
            .map_err(StoreError::reading("the sizes of groups"))?;
        for row in &rows {
            if let Some(size) = memory.sizes.get_mut(&SourceName::new(self.column(row, "source")?)) {
                size.groups.insert(self.column(row, "name")?, people(self.column(row, "people")?));
            }
        }
        Ok(())
    }

    async fn recall_purchases(&self, memory: &mut Memory) -> Result<(), StoreError> {
        let rows = sqlx::query("SELECT add_on, purchase, purchased, seen_at FROM purchases")
            .fetch_all(&mut *self.connection().await)
            .await
            .map_err(StoreError::reading("the purchases"))?;
        for row in &rows {
            let purchased: i64 = self.column(row, "purchased")?;
            let past = PastPurchase {
                id: PurchaseId(self.column::<&str>(row, "purchase")?.into()),
                purchased: u32::try_from(purchased).unwrap_or_default(),
                seen_at: self.time(row, "seen_at")?,
            };
            memory.purchases.insert(self.add_on(row)?, past);
        }
        Ok(())
    }

    async fn home(&self) -> Result<Option<String>, StoreError> {
        let row = sqlx::query("SELECT name FROM home")
            .fetch_optional(&mut *self.connection().await)
            .await
            .map_err(StoreError::reading("the GitLab that the state is about"))?;
        row.map(|row| self.column(&row, "name")).transpose()
    }

    async fn recall_recent(&self, now: Timestamp, memory: &mut Memory) -> Result<(), StoreError> {
        let days = SignedDuration::from_hours(24 * Memory::RECENT_DAYS);
        let since = now.checked_sub(days).unwrap_or(Timestamp::MIN);
        let rows = sqlx::query(
            "SELECT add_on, account, change, at FROM changes WHERE outcome = 'applied' AND at >= $1 ORDER BY at, id",
        )
        .bind(micros(since))
        .fetch_all(&mut *self.connection().await)
        .await
        .map_err(StoreError::reading("recent changes"))?;
        for row in &rows {
            let (seat, change, at) = (self.seat(row)?, self.change(row)?, self.time(row, "at")?);
            memory.recent.push(PastChange { seat, change, at });
        }
        let row = sqlx::query("SELECT max(started_at) AS started_at FROM runs")
            .fetch_one(&mut *self.connection().await)
            .await
            .map_err(StoreError::reading("the last run"))?;
        memory.last_run_at = self.optional_time(&row, "started_at")?;
        Ok(())
    }

    /// Changes that were sent, or about to be, when a run was killed: each once.
    async fn in_flight(&self) -> Result<Vec<(Change, SeatKey)>, StoreError> {
        let rows = sqlx::query("SELECT DISTINCT change, add_on, account FROM changes WHERE outcome IS NULL")
            .fetch_all(&mut *self.connection().await)
            .await
            .map_err(StoreError::reading("changes in flight"))?;
        let mut changes = rows
            .iter()
            .map(|row| Ok((self.change(row)?, self.seat(row)?)))
            .collect::<Result<Vec<_>, StoreError>>()?;
        changes.sort_unstable();
        Ok(changes)
    }
}

/// The word of the column `origin`.
pub fn origin_key(origin: Origin) -> &'static str {
    match origin {
        Origin::Assigned => "assigned",
        Origin::Adopted => "adopted",
    }
}
