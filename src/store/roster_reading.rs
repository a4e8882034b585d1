//! Reading a roster for a run, and saying of it that it is all there is.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::TryStreamExt as _;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use sqlx::{AnyConnection, Row as _};

use crate::model::group::GroupRef;
use crate::model::person::SourceName;
use crate::model::roster::{Entry, EntryKind, RosterGroup, RosterReading, Standing};
use crate::ports::EdgeError;
use crate::ports::roster::RosterReader;
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::place::Place;
use crate::store::roster::{COLUMNS, entry, standing};
use crate::store::values::{Cell, micros};
use crate::store::{audit, bulk};

/// Entries asked for at once.
const CHUNK: usize = 1000;

/// The rosters of a state, to be read, each time anew.
pub struct RostersAt(pub Place);

impl RosterReader for RostersAt {
    fn read<'a>(
        &'a self,
        source: &'a SourceName,
        wanted: &'a [GroupRef],
        person: &'a mut (dyn FnMut(Entry) + Send),
    ) -> BoxFuture<'a, Result<RosterReading, EdgeError>> {
        Box::pin(async move {
            let Some(store) = Store::open_existing(&self.0).await? else {
                return Ok(RosterReading::default());
            };
            let read = async {
                let mut connection = store.connection().await;
                read(&mut connection, &self.0, source, wanted, person).await
            };
            let read = read.await.map_err(StoreError::reading("what was pushed"));
            store.close().await;
            Ok(read?)
        })
    }

    fn everyone<'a>(
        &'a self,
        source: &'a SourceName,
        person: &'a mut (dyn FnMut(Entry) + Send),
    ) -> BoxFuture<'a, Result<(), EdgeError>> {
        Box::pin(async move {
            let Some(store) = Store::open_existing(&self.0).await? else { return Ok(()) };
            let read = async { everyone(&mut *store.connection().await, source, person).await };
            let read = read.await.map_err(StoreError::reading("what was pushed"));
            store.close().await;
            Ok(read?)
        })
    }
}

impl Store {
    /// How things stand with the roster of a source.
    pub async fn standing_of(&self, source: &SourceName) -> Result<Option<Standing>, EdgeError> {
        let failed = StoreError::reading("how things stand with a roster");
        Ok(standing(&mut *self.connection().await, source).await.map_err(failed)?)
    }

    /// Writes down, and into the record, that somebody says of a roster that it is all there is, or that it is not.
    /// `false` where nothing was ever pushed.
    pub async fn confirm_roster(
        &self,
        source: &SourceName,
        complete: bool,
        now: Timestamp,
    ) -> Result<bool, EdgeError> {
        let failed = StoreError::writing("that a roster is complete");
        let written = self.written(async {
            let mut connection = self.connection().await;
            let mut transaction = self.right()?.begin(&mut connection).await?;
            let Some(standing) = standing(&mut transaction, source).await.map_err(&failed)? else {
                return Ok(false);
            };
            sqlx::query("UPDATE rosters SET confirmed_at = $1, doubted_at = NULL WHERE source = $2")
                .bind(complete.then(|| micros(now)))
                .bind(source.as_str())
                .execute(&mut *transaction)
                .await
                .map_err(&failed)?;
            audit::roster(&mut transaction, now, source, complete, &standing).await.map_err(&failed)?;
            transaction.commit().await.map_err(&failed)?;
            Ok(true)
        });
        Ok(written.await?)
    }
}

impl Store {
    /// Forgets whatever was pushed into a source; `false` where nothing ever was.
    pub async fn forget_roster(&self, source: &SourceName, now: Timestamp) -> Result<bool, EdgeError> {
        let failed = StoreError::writing("that a roster is forgotten");
        let written = self.written(async {
            let mut connection = self.connection().await;
            let mut transaction = self.right()?.begin(&mut connection).await?;
            let Some(standing) = standing(&mut transaction, source).await.map_err(&failed)? else {
                return Ok(false);
            };
            for sql in [
                "DELETE FROM roster_members WHERE source = $1",
                "DELETE FROM roster_entries WHERE source = $1",
                "DELETE FROM roster_gone WHERE source = $1",
                "DELETE FROM rosters WHERE source = $1",
            ] {
                let delete = sqlx::query(sql).bind(source.as_str()).execute(&mut *transaction).await;
                delete.map_err(&failed)?;
            }
            audit::roster(&mut transaction, now, source, false, &standing).await.map_err(&failed)?;
            transaction.commit().await.map_err(&failed)?;
            Ok(true)
        });
        Ok(written.await?)
    }
}

/// All of it as it was at one instant, whatever is pushed meanwhile.
async fn read(
    connection: &mut AnyConnection,
    place: &Place,
    source: &SourceName,
    wanted: &[GroupRef],
    person: &mut (dyn FnMut(Entry) + Send),
) -> Result<RosterReading, sqlx::Error> {
    let begin = match place {
        Place::File(_) => "BEGIN",
        Place::Server(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    };
    sqlx::raw_sql(begin).execute(&mut *connection).await?;
    let standing = standing(connection, source).await?;
    let groups = groups(connection, source).await?;
    let named = groups.iter().filter(|group| wanted.iter().any(|wanted| group.answers_to(wanted)));
    let named = named.map(|group| group.id.clone()).collect();
    let members = members(connection, source, &groups, named).await?;
    people(connection, source, &members, person).await?;
    sqlx::raw_sql("COMMIT").execute(&mut *connection).await?;
    Ok(RosterReading { standing, groups, members })
}

async fn everyone(
    connection: &mut AnyConnection,
    source: &SourceName,
    person: &mut (dyn FnMut(Entry) + Send),
) -> Result<(), sqlx::Error> {
    let sql =
        format!("SELECT {COLUMNS} FROM roster_entries WHERE source = $1 AND kind = 'person' ORDER BY id");
    // Both halves are our own.
    let mut rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(source.as_str()).fetch(connection);
    while let Some(row) = rows.try_next().await? {
        person(entry(&row, EntryKind::Person)?);
    }
    Ok(())
}

async fn groups(
    connection: &mut AnyConnection,
    source: &SourceName,
) -> Result<Vec<RosterGroup>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT id, external_id, name FROM roster_entries WHERE source = $1 AND kind = 'group' ORDER BY id",
    )
    .bind(source.as_str())
    .fetch_all(connection)
    .await?;
    let group = |row: &sqlx::any::AnyRow| {
        Ok(RosterGroup {
            id: row.try_get("id")?,
            external_id: row.try_get("external_id")?,
            name: row.try_get("name")?,
        })
    };
    rows.iter().map(group).collect()
}

/// Of these groups and of all that are in them.
async fn members(
    connection: &mut AnyConnection,
    source: &SourceName,
    groups: &[RosterGroup],
    named: Vec<String>,
) -> Result<BTreeMap<String, Vec<String>>, sqlx::Error> {
    let known: BTreeSet<&str> = groups.iter().map(|group| group.id.as_str()).collect();
    let mut members: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut next = named;
    while !next.is_empty() {
        for group in &next {
            members.insert(group.clone(), Vec::new());
        }
        let text = |text| Cell::Text(Some(text));
        let rows: Vec<_> = next.iter().map(|group| [text(group)]).collect();
        let sql =
            "SELECT group_id, member FROM roster_members WHERE source = $1 AND group_id IN (VALUES {rows})
                   ORDER BY group_id, member";
        let found = bulk::fetch(connection, sql, [text(source.as_str())], &rows).await?;
        let mut below = BTreeSet::new();
        for row in &found {
            let (group, member): (&str, String) = (row.try_get("group_id")?, row.try_get("member")?);
            if known.contains(member.as_str()) && !members.contains_key(&member) {
                below.insert(member.clone());
            }
            members.entry(group.to_owned()).or_default().push(member);
        }
        next = below.into_iter().collect();
    }
    for list in members.values_mut() {
        list.sort_unstable();
    }
    Ok(members)
}

async fn people(
    connection: &mut AnyConnection,
    source: &SourceName,
    members: &BTreeMap<String, Vec<String>>,
    person: &mut (dyn FnMut(Entry) + Send),
) -> Result<(), sqlx::Error> {
    let ids: BTreeSet<&str> = members.values().flatten().map(String::as_str).collect();
    let ids: Vec<&str> = ids.into_iter().collect();
    let sql = format!(
        "SELECT {COLUMNS} FROM roster_entries WHERE source = $1 AND kind = 'person' AND id IN (VALUES {{rows}}) ORDER BY id"
    );
    let text = |text| Cell::Text(Some(text));
    for some in ids.chunks(CHUNK) {
        let some: Vec<_> = some.iter().map(|id| [text(id)]).collect();
        for row in bulk::fetch(connection, &sql, [text(source.as_str())], &some).await? {
            person(entry(&row, EntryKind::Person)?);
        }
    }
    Ok(())
}
