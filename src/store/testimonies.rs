//! What identity providers said of people: their last words, which assertions were taken in, and which requests wait.

use std::collections::BTreeMap;

use futures_util::future::{BoxFuture, FutureExt as _};
use jiff::{SignedDuration, Timestamp};
use sqlx::{AnyConnection, Connection as _};

use crate::model::person::SourceName;
use crate::model::testimony::{Believed, Heard, Hearing, ProvenGroups, Testimony};
use crate::ports::EdgeError;
use crate::ports::saml::{Expectation, TakenIn, Terms, Testimonies};
use crate::store::beside::Beside;
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::place::Place;
use crate::store::testimony_text;
use crate::store::values::micros;

/// Anybody may ask to sign on; whoever asks more often than people do only fills the state.
const MOST_REQUESTS: i64 = 10_000;

/// It is written down as often as this that people can be heard, and no oftener.
const ATTENDED: SignedDuration = SignedDuration::from_secs(60);

/// The testimonies of a state.
pub struct StoredTestimonies {
    beside: Beside,
    attended: std::sync::Mutex<BTreeMap<SourceName, Timestamp>>,
}

impl StoredTestimonies {
    /// Nothing is opened yet.
    pub fn at(place: &Place) -> StoredTestimonies {
        StoredTestimonies { beside: Beside::at(place), attended: std::sync::Mutex::default() }
    }

    async fn recall(&self, source: &SourceName) -> Result<Hearing, EdgeError> {
        let Some(store) = Store::open_existing(&self.beside.place).await? else {
            return Ok(Hearing::default());
        };
        let hearing = store.hearing(source).await;
        store.close().await;
        hearing
    }

    fn was_just_attended(&self, source: &SourceName, now: Timestamp) -> bool {
        let attended = self.attended.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        attended.get(source).is_some_and(|attended| now.duration_since(*attended).abs() < ATTENDED)
    }

    async fn write_attendance(
        &self,
        source: &SourceName,
        now: Timestamp,
        terms: Terms,
    ) -> Result<(), EdgeError> {
        if self.was_just_attended(source, now) {
            return Ok(());
        }
        let forget = now.checked_sub(terms.keep).unwrap_or(Timestamp::MIN);
        let work = self.beside.work("that people can be heard", async |connection| {
            attend(connection, source, now, terms.longest_break).await?;
            for (sql, before) in [
                ("DELETE FROM saml_assertions WHERE remember_until < $1 AND source = $2", now),
                ("DELETE FROM saml_requests WHERE waits_until < $1 AND source = $2", now),
                ("DELETE FROM saml_testimonies WHERE said_at < $1 AND source = $2", forget),
            ] {
                sqlx::query(sql).bind(micros(before)).bind(source.as_str()).execute(&mut *connection).await?;
            }
            Ok(())
        });
        work.await?;
        let mut attended = self.attended.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        attended.insert(source.clone(), now);
        Ok(())
    }
}

impl Testimonies for StoredTestimonies {
    fn hearing<'a>(&'a self, source: &'a SourceName) -> BoxFuture<'a, Result<Hearing, EdgeError>> {
        self.recall(source).boxed()
    }

    fn attend<'a>(
        &'a self,
        source: &'a SourceName,
        now: Timestamp,
        terms: Terms,
    ) -> BoxFuture<'a, Result<(), EdgeError>> {
        self.write_attendance(source, now, terms).boxed()
    }

    fn expect<'a>(
        &'a self,
        source: &'a SourceName,
        request: &'a str,
        now: Timestamp,
        until: Timestamp,
    ) -> BoxFuture<'a, Result<Expectation, EdgeError>> {
        let work = self.beside.work("a request to an identity provider", async move |connection| {
            expect(connection, source, request, now, until).await
        });
        async move { Ok(work.await?) }.boxed()
    }

    fn take_in<'a>(
        &'a self,
        source: &'a SourceName,
        now: Timestamp,
        believed: &'a Believed,
    ) -> BoxFuture<'a, Result<TakenIn, EdgeError>> {
        let work = self.beside.work("what an identity provider said", async move |connection| {
            take_in(connection, source, now, believed).await
        });
        async move { Ok(work.await?) }.boxed()
    }
}

impl Store {
    /// What a source was told.
    pub async fn hearing(&self, source: &SourceName) -> Result<Hearing, EdgeError> {
        let failed = StoreError::reading("what identity providers said");
        let mut connection = self.connection().await;
        let open = sqlx::query("SELECT open_since FROM saml_sources WHERE source = $1").bind(source.as_str());
        let open = open.fetch_optional(&mut *connection).await.map_err(&failed)?;
        let words =
            "SELECT person, said_at, body FROM saml_testimonies WHERE source = $1 ORDER BY person, known";
        let rows =
            sqlx::query(words).bind(source.as_str()).fetch_all(&mut *connection).await.map_err(&failed)?;
        let mut people: BTreeMap<String, Heard> = BTreeMap::new();
        for row in &rows {
            let body: String = self.column(row, "body")?;
            let said_at = self.time(row, "said_at")?;
            let unreadable = || self.damaged("`body` of a testimony is none");
            let testimony = testimony_text::read(&body, said_at).ok_or_else(unreadable)?;
            let heard = people.entry(self.column(row, "person")?).or_default();
            match &testimony.groups {
                ProvenGroups::Known(_) => heard.known = Some(testimony),
                ProvenGroups::Unknown(_) => heard.unknown = Some(testimony),
            }
        }
        let open_since = open.as_ref().map(|row| self.time(row, "open_since")).transpose()?;
        Ok(Hearing { open_since, people: people.into_values().collect() })
    }
}

async fn attend(
    connection: &mut AnyConnection,
    source: &SourceName,
    now: Timestamp,
    longest_break: SignedDuration,
) -> Result<(), sqlx::Error> {
    // A clock that ran backwards leaves the count as it is, and longer.
    let earliest = now.checked_sub(longest_break).unwrap_or(Timestamp::MIN);
    sqlx::query(
        "INSERT INTO saml_sources (source, open_since, attended_at) VALUES ($1, $2, $2)
         ON CONFLICT (source) DO UPDATE SET attended_at = excluded.attended_at,
         open_since = CASE WHEN saml_sources.attended_at < $3 THEN excluded.open_since ELSE saml_sources.open_since END",
    )
    .bind(source.as_str())
    .bind(micros(now))
    .bind(micros(earliest))
    .execute(connection)
    .await?;
    Ok(())
}

async fn expect(
    connection: &mut AnyConnection,
    source: &SourceName,
    request: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Expectation, sqlx::Error> {
    let noted = sqlx::query(
        "INSERT INTO saml_requests (request, source, waits_until) SELECT $1, $2, $3
         WHERE (SELECT count(*) FROM saml_requests WHERE source = $2 AND waits_until > $4) < $5",
    )
    .bind(request)
    .bind(source.as_str())
    .bind(micros(until))
    .bind(micros(now))
    .bind(MOST_REQUESTS)
    .execute(connection)
    .await?;
    Ok(if noted.rows_affected() == 1 { Expectation::Noted } else { Expectation::TooMany })
}

/// The assertion is written down first: of two that bring the same one at once, one waits for the other.
async fn take_in(
    connection: &mut AnyConnection,
    source: &SourceName,
    now: Timestamp,
    believed: &Believed,
) -> Result<TakenIn, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    let fresh = sqlx::query(
        "INSERT INTO saml_assertions (source, assertion, remember_until) VALUES ($1, $2, $3)
         ON CONFLICT (source, assertion) DO NOTHING",
    )
    .bind(source.as_str())
    .bind(&believed.assertion)
    .bind(micros(believed.remember_until))
    .execute(&mut *transaction)
    .await?;
    // What was begun and not committed is undone.
    if fresh.rows_affected() == 0 {
        transaction.rollback().await?;
        return Ok(TakenIn::Replayed);
    }
    if let Some(request) = &believed.answers {
        let asked =
            sqlx::query("DELETE FROM saml_requests WHERE request = $1 AND source = $2 AND waits_until > $3")
                .bind(request)
                .bind(source.as_str())
                .bind(micros(now))
                .execute(&mut *transaction)
                .await?;
        if asked.rows_affected() == 0 {
            transaction.rollback().await?;
            return Ok(TakenIn::NotAsked);
        }
    }
    keep(&mut transaction, source, &believed.testimony).await?;
    transaction.commit().await?;
    Ok(TakenIn::New)
}

/// Of each person the last word counts, in the order in which the words were said.
async fn keep(
    connection: &mut AnyConnection,
    source: &SourceName,
    testimony: &Testimony,
) -> Result<(), sqlx::Error> {
    let known = match testimony.groups {
        ProvenGroups::Known(_) => 1_i64,
        ProvenGroups::Unknown(_) => 0,
    };
    sqlx::query(
        "INSERT INTO saml_testimonies (source, person, known, said_at, body) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (source, person, known) DO UPDATE SET said_at = excluded.said_at, body = excluded.body
         WHERE excluded.said_at >= saml_testimonies.said_at",
    )
    .bind(source.as_str())
    .bind(&*testimony.person.id)
    .bind(known)
    .bind(micros(testimony.said_at))
    .bind(testimony_text::written(testimony))
    .execute(connection)
    .await?;
    Ok(())
}
