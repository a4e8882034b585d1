//! The outbox: parcels that wait to be carried, and what was told and still holds.
//!
//! It is written beside the runs, whoever leads: a parcel is taken out in one statement, so nobody carries it twice.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Connection as _, Row as _};
use tokio::sync::Mutex;

use crate::model::notice::{Parcel, Watch};
use crate::ports::{EdgeError, Outbox, ParcelFate, Posted};
use crate::store::bulk;
use crate::store::error::StoreError;
use crate::store::place::Place;
use crate::store::values::{Cell, micros};
use crate::store::{postgres, sqlite};

/// How long it is remembered that something was told. Whatever still holds then is told again.
const MEMORY: SignedDuration = SignedDuration::from_hours(24 * 90);

/// The outbox of a state that exists.
pub struct StoredOutbox {
    connection: Mutex<AnyConnection>,
    place: Place,
}

impl StoredOutbox {
    /// Opens it beside whoever runs.
    pub async fn open(place: &Place) -> Result<StoredOutbox, EdgeError> {
        let connection = match place {
            Place::File(path) => sqlite::open(path).await?,
            Place::Server(server) => postgres::open(server).await?,
        };
        Ok(StoredOutbox { connection: Mutex::new(connection), place: place.clone() })
    }

    /// What was on its way when an earlier process was killed may have arrived: it is not carried again, and said in the
    /// log. Nobody else may be carrying. What was settled long ago is forgotten.
    pub async fn recover(&self, now: Timestamp) -> Result<(), EdgeError> {
        let mut connection = self.connection.lock().await;
        let failed = StoreError::writing("notices that were on their way");
        let lost = sqlx::query(
            "UPDATE outbox SET settled_at = $1, fate = 'perhaps carried', body = NULL
             WHERE due_at IS NULL AND settled_at IS NULL",
        )
        .bind(micros(now))
        .execute(&mut *connection)
        .await
        .map_err(&failed)?
        .rows_affected();
        if lost > 0 {
            tracing::warn!(
                notices = lost,
                "notices were on their way when seatsync was killed: they may have arrived"
            );
        }
        sqlx::query("DELETE FROM outbox WHERE settled_at < $1")
            .bind(micros(now.checked_sub(MEMORY).unwrap_or(Timestamp::MIN)))
            .execute(&mut *connection)
            .await
            .map_err(&failed)?;
        Ok(())
    }

    /// When the next parcel is due; `None` while there is none.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, EdgeError> {
        let failed = StoreError::reading("when a notice is due");
        let row = sqlx::query("SELECT min(due_at) AS due_at FROM outbox WHERE due_at IS NOT NULL")
            .fetch_one(&mut *self.connection.lock().await)
            .await
            .map_err(&failed)?;
        let due: Option<i64> = row.try_get("due_at").map_err(&failed)?;
        Ok(due.map(|due| Timestamp::from_microsecond(due).unwrap_or_default()))
    }

    pub async fn close(self) {
        // What was committed is safe, whatever becomes of closing.
        let _ = self.connection.into_inner().close().await;
    }

    fn posted(&self, row: &AnyRow) -> Result<Posted, sqlx::Error> {
        let (posted_at, attempts): (i64, i64) = (row.try_get("posted_at")?, row.try_get("attempts")?);
        Ok(Posted {
            id: row.try_get("id")?,
            parcel: Parcel {
                key: row.try_get("notice")?,
                channel: row.try_get::<&str, _>("channel")?.into(),
                body: row.try_get::<Option<String>, _>("body")?.unwrap_or_default(),
            },
            posted_at: Timestamp::from_microsecond(posted_at).unwrap_or_default(),
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
        })
    }
}

impl Outbox for StoredOutbox {
    async fn watch(&self) -> Result<Watch, EdgeError> {
        let failed = StoreError::reading("what was told");
        let rows = sqlx::query("SELECT what, since FROM watch")
            .fetch_all(&mut *self.connection.lock().await)
            .await
            .map_err(&failed)?;
        let mut watch = BTreeMap::new();
        for row in &rows {
            let micros = row.try_get("since").map_err(&failed)?;
            let since = Timestamp::from_microsecond(micros).map_err(|_| StoreError::Damaged {
                place: self.place.clone(),
                what: format!("{micros} in `since` is no time"),
            })?;
            watch.insert(row.try_get("what").map_err(&failed)?, since);
        }
        Ok(Watch(watch))
    }

    async fn post(&self, now: Timestamp, parcels: &[Parcel], watch: &Watch) -> Result<(), EdgeError> {
        let failed = StoreError::writing("notices");
        let at = Cell::Number(micros(now));
        let parcels: Vec<_> = parcels
            .iter()
            .map(|parcel| {
                let text = |text| Cell::Text(Some(text));
                [text(&*parcel.channel), text(&parcel.key), text(&parcel.body), at, at, Cell::Number(0)]
            })
            .collect();
        let watched: Vec<_> = watch
            .0
            .iter()
            .map(|(what, since)| [Cell::Text(Some(what)), Cell::Number(micros(*since))])
            .collect();
        let mut connection = self.connection.lock().await;
        let mut transaction = connection.begin().await.map_err(&failed)?;
        let sql = "INSERT INTO outbox (channel, notice, body, posted_at, due_at, attempts) VALUES {rows}
                   ON CONFLICT (channel, notice) DO NOTHING";
        bulk::execute(&mut transaction, sql, &parcels).await.map_err(&failed)?;
        sqlx::query("DELETE FROM watch").execute(&mut *transaction).await.map_err(&failed)?;
        bulk::execute(&mut transaction, "INSERT INTO watch (what, since) VALUES {rows}", &watched)
            .await
            .map_err(&failed)?;
        Ok(transaction.commit().await.map_err(&failed)?)
    }

    async fn take(&self, now: Timestamp) -> Result<Option<Posted>, EdgeError> {
        let failed = StoreError::writing("that a notice is on its way");
        let row = sqlx::query(
            "UPDATE outbox SET due_at = NULL
             WHERE id = (SELECT id FROM outbox WHERE due_at <= $1 ORDER BY due_at, id LIMIT 1) AND due_at IS NOT NULL
             RETURNING id, channel, notice, body, posted_at, attempts",
        )
        .bind(micros(now))
        .fetch_optional(&mut *self.connection.lock().await)
        .await
        .map_err(&failed)?;
        Ok(row.map(|row| self.posted(&row)).transpose().map_err(&failed)?)
    }

    async fn settle(&self, posted: &Posted, fate: ParcelFate, now: Timestamp) -> Result<(), EdgeError> {
        let failed = StoreError::writing("what became of a notice");
        let again = "UPDATE outbox SET due_at = $1, attempts = attempts + 1 WHERE id = $2";
        let over = "UPDATE outbox SET settled_at = $1, fate = $3, body = NULL WHERE id = $2";
        let query = match fate {
            ParcelFate::Again { at } => sqlx::query(again).bind(micros(at)).bind(posted.id),
            ParcelFate::Carried => sqlx::query(over).bind(micros(now)).bind(posted.id).bind("carried"),
            ParcelFate::GivenUp => sqlx::query(over).bind(micros(now)).bind(posted.id).bind("given up"),
        };
        query.execute(&mut *self.connection.lock().await).await.map_err(&failed)?;
        Ok(())
    }
}
