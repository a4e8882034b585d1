//! Rosters: what identity providers push to us, kept beside whoever runs.
//!
//! Each edit is one transaction that first marks the roster as written, so that on a server edits to one roster come one
//! after the other, whichever replica received them. See `docs/decisions/0002-pushed-rosters.md`.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use sqlx::any::AnyRow;
use sqlx::{Any, AnyConnection, Connection as _, Row as _, Transaction};

use crate::model::person::SourceName;
use crate::model::roster::{Description, Edit, Edited, Entry, EntryKind, Selection, Standing};
use crate::ports::EdgeError;
use crate::ports::roster::RosterWriter;
use crate::store::beside::Beside;
use crate::store::bulk;
use crate::store::place::Place;
use crate::store::roster_edits::{change, create, delete, name_key};
use crate::store::values::{Cell, micros, storable};

/// It is written down that a provider was heard of as often as this, and no oftener.
const HEARD: SignedDuration = SignedDuration::from_secs(60);

pub const COLUMNS: &str = "id, external_id, name, active, version, created_at, modified_at, body";

/// The rosters of a state, open to be edited.
pub struct StoredRosters {
    beside: Beside,
    heard: Mutex<BTreeMap<SourceName, Timestamp>>,
}

impl StoredRosters {
    /// Nothing is opened yet.
    pub fn at(place: &Place) -> StoredRosters {
        StoredRosters { beside: Beside::at(place), heard: Mutex::default() }
    }

    pub fn is_at(&self, place: &Place) -> bool {
        self.beside.place.to_string() == place.to_string()
    }

    /// The provider has shown its token: it lives, even if it has nothing to tell.
    pub async fn heard(&self, source: &SourceName, now: Timestamp) -> Result<(), EdgeError> {
        let is_news =
            |heard: Option<&Timestamp>| heard.is_none_or(|heard| now.duration_since(*heard).abs() > HEARD);
        if !is_news(self.heard.lock().unwrap_or_else(PoisonError::into_inner).get(source)) {
            return Ok(());
        }
        self.beside
            .work("that a provider was heard of", async |connection| {
                let heard = sqlx::query("UPDATE rosters SET heard_at = $1 WHERE source = $2");
                heard.bind(micros(now)).bind(source.as_str()).execute(connection).await?;
                Ok(())
            })
            .await?;
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).insert(source.clone(), now);
        Ok(())
    }

    /// `None` where nothing was ever pushed.
    pub async fn standing(&self, source: &SourceName) -> Result<Option<Standing>, EdgeError> {
        let read = self
            .beside
            .work("how things stand with a roster", async |connection| standing(connection, source).await);
        Ok(read.await?)
    }
}

impl RosterWriter for StoredRosters {
    async fn entries(
        &self,
        source: &SourceName,
        kind: EntryKind,
        wanted: &Selection,
    ) -> Result<Vec<Entry>, EdgeError> {
        let read = self.beside.work("what was pushed", async |connection| {
            let rows = selected(connection, source, kind, wanted).await?;
            rows.iter().map(|row| entry(row, kind)).collect()
        });
        Ok(read.await?)
    }

    async fn size(&self, source: &SourceName, kind: EntryKind) -> Result<u64, EdgeError> {
        let standing = self.standing(source).await?;
        Ok(standing.map_or(0, |standing| match kind {
            EntryKind::Person => standing.people,
            EntryKind::Group => standing.groups,
        }))
    }

    async fn members(
        &self,
        source: &SourceName,
        group: &str,
        among: Option<&[String]>,
    ) -> Result<Vec<(String, Option<EntryKind>)>, EdgeError> {
        let read = self
            .beside
            .work("members of a group", async |connection| members(connection, source, group, among).await);
        Ok(read.await?)
    }

    async fn edit(&self, source: &SourceName, now: Timestamp, edit: &Edit) -> Result<Edited, EdgeError> {
        let written = self.beside.work("what was pushed", async |connection| {
            let mut transaction = begin(connection, source, now).await?;
            let edited = match edit {
                Edit::Create { kind, id, description, members } => {
                    create(&mut transaction, source, now, (*kind, id), description, members).await?
                }
                Edit::Change { kind, id, version, description, members } => {
                    let which = (*kind, id.as_str(), *version);
                    change(&mut transaction, source, now, which, description, members).await?
                }
                Edit::Delete { kind, id, version } => {
                    delete(&mut transaction, source, now, (*kind, id, *version)).await?
                }
            };
            match edited {
                Edited::Done => transaction.commit().await?,
                Edited::NameTaken | Edited::Moved => transaction.rollback().await?,
            }
            Ok(edited)
        });
        Ok(written.await?)
    }

    async fn missed(&self, source: &SourceName, now: Timestamp, id: &str) -> Result<(), EdgeError> {
        let written = self.beside.work("that a provider knows more than we do", async |connection| {
            sqlx::query(
                "UPDATE rosters SET doubted_at = $1
                 WHERE source = $2 AND confirmed_at IS NOT NULL AND doubted_at IS NULL
                 AND NOT EXISTS (SELECT 1 FROM roster_gone WHERE source = $2 AND id = $3)
                 AND NOT EXISTS (SELECT 1 FROM roster_entries WHERE source = $2 AND id = $3)",
            )
            .bind(micros(now))
            .bind(source.as_str())
            .bind(storable(id))
            .execute(connection)
            .await
        });
        if written.await?.rows_affected() > 0 {
            tracing::warn!(source = source.as_str(), "a provider asked for an entry that was never here");
        }
        Ok(())
    }
}

/// A transaction that marks the roster as written first: on a server that parts it from any other edit of the same
/// roster, and on a file it takes the right to write before anything is read.
async fn begin<'c>(
    connection: &'c mut AnyConnection,
    source: &SourceName,
    now: Timestamp,
) -> Result<Transaction<'c, Any>, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    sqlx::query(
        "INSERT INTO rosters (source, people, groups, heard_at, written_at) VALUES ($1, 0, 0, $2, $2)
         ON CONFLICT (source) DO UPDATE SET heard_at = excluded.heard_at, written_at = excluded.written_at",
    )
    .bind(source.as_str())
    .bind(micros(now))
    .execute(&mut *transaction)
    .await?;
    Ok(transaction)
}

pub async fn standing(
    connection: &mut AnyConnection,
    source: &SourceName,
) -> Result<Option<Standing>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT people, groups, heard_at, written_at, taken_at, confirmed_at, doubted_at FROM rosters WHERE source = $1",
    )
    .bind(source.as_str())
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let time = |name: &str| Ok::<_, sqlx::Error>(row.try_get::<Option<i64>, _>(name)?.map(at));
    let count = |name: &str| Ok::<_, sqlx::Error>(row.try_get::<i64, _>(name)?.try_into().unwrap_or(0));
    Ok(Some(Standing {
        people: count("people")?,
        groups: count("groups")?,
        heard_at: time("heard_at")?.unwrap_or_default(),
        written_at: time("written_at")?,
        taken_at: time("taken_at")?,
        confirmed_at: time("confirmed_at")?,
        doubted_at: time("doubted_at")?,
    }))
}

/// The columns of [`COLUMNS`].
pub fn entry(row: &AnyRow, kind: EntryKind) -> Result<Entry, sqlx::Error> {
    Ok(Entry {
        kind,
        id: row.try_get("id")?,
        description: Description {
            external_id: row.try_get("external_id")?,
            name: row.try_get("name")?,
            active: row.try_get::<i64, _>("active")? != 0,
            body: row.try_get("body")?,
        },
        version: row.try_get("version")?,
        created_at: at(row.try_get("created_at")?),
        modified_at: at(row.try_get("modified_at")?),
    })
}

async fn selected(
    connection: &mut AnyConnection,
    source: &SourceName,
    kind: EntryKind,
    wanted: &Selection,
) -> Result<Vec<AnyRow>, sqlx::Error> {
    let by = |condition: &str| {
        let sql =
            format!("SELECT {COLUMNS} FROM roster_entries WHERE source = $1 AND kind = $2 AND {condition}");
        // Both halves are our own.
        sqlx::AssertSqlSafe(sql)
    };
    let query = match wanted {
        Selection::Id(_) => sqlx::query(by("id = $3")),
        Selection::ExternalId(_) => sqlx::query(by("external_id = $3 ORDER BY number")),
        Selection::Name(_) => sqlx::query(by("name_key = $3 ORDER BY number")),
        Selection::Member(_) => sqlx::query(by(
            "id IN (SELECT group_id FROM roster_members WHERE source = $1 AND member = $3) ORDER BY number",
        )),
        Selection::Page { .. } => sqlx::query(by("number > 0 ORDER BY number LIMIT $3 OFFSET $4")),
    };
    let query = query.bind(source.as_str()).bind(kind.key());
    let query = match wanted {
        Selection::Id(text) | Selection::ExternalId(text) | Selection::Member(text) => {
            query.bind(storable(text))
        }
        Selection::Name(name) => query.bind(name_key(name)),
        Selection::Page { skip, most } => {
            let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
            query.bind(number(*most)).bind(number(*skip))
        }
    };
    query.fetch_all(connection).await
}

async fn members(
    connection: &mut AnyConnection,
    source: &SourceName,
    group: &str,
    among: Option<&[String]>,
) -> Result<Vec<(String, Option<EntryKind>)>, sqlx::Error> {
    let of = |row: &AnyRow| {
        let kind: Option<&str> = row.try_get("kind")?;
        let known = [EntryKind::Person, EntryKind::Group].into_iter();
        let kind = kind.and_then(|key| known.into_iter().find(|kind| kind.key() == key));
        Ok::<_, sqlx::Error>((row.try_get("member")?, kind))
    };
    let sql = "SELECT m.member AS member, e.kind AS kind FROM roster_members m
               LEFT JOIN roster_entries e ON e.source = m.source AND e.kind IN ('person', 'group') AND e.id = m.member";
    let rows = match among {
        None => {
            let sql = format!("{sql} WHERE m.source = $1 AND m.group_id = $2 ORDER BY m.member");
            let query = sqlx::query(sqlx::AssertSqlSafe(sql));
            query.bind(source.as_str()).bind(storable(group)).fetch_all(connection).await?
        }
        Some(among) => {
            let text = |text| Cell::Text(Some(text));
            let among: Vec<_> = among.iter().map(|member| [text(member)]).collect();
            let sql = format!(
                "{sql} WHERE m.source = $1 AND m.group_id = $2 AND m.member IN (VALUES {{rows}}) ORDER BY m.member"
            );
            bulk::fetch(connection, &sql, [text(source.as_str()), text(group)], &among).await?
        }
    };
    rows.iter().map(of).collect()
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or_default()
}
