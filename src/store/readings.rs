//! What incremental sources keep of a reading: the one place of the state that holds what a directory says of people.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::person::SourceName;
use crate::ports::{EdgeError, Remembered};
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::values::micros;

impl Store {
    /// What these sources left.
    pub async fn readings(
        &self,
        sources: &BTreeSet<SourceName>,
    ) -> Result<BTreeMap<SourceName, Remembered>, EdgeError> {
        let mut readings = BTreeMap::new();
        for source in sources {
            let row = sqlx::query("SELECT fingerprint, read_whole_at, data FROM readings WHERE source = $1")
                .bind(source.as_str())
                .fetch_optional(&mut *self.connection().await)
                .await
                .map_err(StoreError::reading("what a source remembers"))?;
            if let Some(row) = &row {
                let remembered = Remembered {
                    fingerprint: self.column(row, "fingerprint")?,
                    read_whole_at: self.time(row, "read_whole_at")?,
                    data: self.column(row, "data")?,
                };
                readings.insert(source.clone(), remembered);
            }
        }
        Ok(readings)
    }

    /// Keeps what sources left, and forgets what others left once: nothing stays but of sources that are still read by
    /// their changes.
    pub async fn keep_readings(
        &self,
        sources: &BTreeSet<SourceName>,
        left: &BTreeMap<SourceName, Arc<Remembered>>,
    ) -> Result<(), EdgeError> {
        let failed = StoreError::writing("what sources remember");
        let written = self.written(async {
            let mut connection = self.connection().await;
            let mut transaction = self.right()?.begin(&mut connection).await?;
            let kept = sqlx::query_scalar::<_, String>("SELECT source FROM readings");
            for source in kept.fetch_all(&mut *transaction).await.map_err(&failed)? {
                let source = SourceName::new(&source);
                if left.contains_key(&source) || !sources.contains(&source) {
                    let forget = sqlx::query("DELETE FROM readings WHERE source = $1").bind(source.as_str());
                    forget.execute(&mut *transaction).await.map_err(&failed)?;
                }
            }
            for (source, remembered) in left {
                let keep =
                    "INSERT INTO readings (source, fingerprint, read_whole_at, data) VALUES ($1, $2, $3, $4)";
                sqlx::query(keep)
                    .bind(source.as_str())
                    .bind(&remembered.fingerprint)
                    .bind(micros(remembered.read_whole_at))
                    .bind(&remembered.data)
                    .execute(&mut *transaction)
                    .await
                    .map_err(&failed)?;
            }
            transaction.commit().await.map_err(&failed)
        });
        Ok(written.await?)
    }
}
