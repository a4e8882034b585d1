//! Edits to a roster, each within a transaction of its own.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use crate::model::person::SourceName;
use crate::model::roster::{Description, Edited, EntryKind, MemberEdits};
use crate::store::bulk;
use crate::store::values::{Cell, micros, storable};

pub async fn create(
    connection: &mut AnyConnection,
    source: &SourceName,
    now: Timestamp,
    (kind, id): (EntryKind, &str),
    description: &Description,
    members: &[String],
) -> Result<Edited, sqlx::Error> {
    let made = sqlx::query(
        "INSERT INTO roster_entries
         (source, kind, id, external_id, name, name_key, active, version, created_at, modified_at, body)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $8, $9) ON CONFLICT DO NOTHING",
    )
    .bind(source.as_str())
    .bind(kind.key())
    .bind(id)
    .bind(description.external_id.as_deref().map(storable))
    .bind(storable(&description.name))
    .bind(name_key(&description.name))
    .bind(i64::from(description.active))
    .bind(micros(now))
    .bind(storable(&description.body))
    .execute(&mut *connection)
    .await?;
    if made.rows_affected() == 0 {
        return Ok(Edited::NameTaken);
    }
    join(connection, source, id, members.iter().map(String::as_str)).await?;
    count(connection, source, kind, 1).await?;
    Ok(Edited::Done)
}

/// An edit that changes nothing leaves the version as it is.
pub async fn change(
    connection: &mut AnyConnection,
    source: &SourceName,
    now: Timestamp,
    (kind, id, version): (EntryKind, &str, i64),
    description: &Description,
    members: &MemberEdits,
) -> Result<Edited, sqlx::Error> {
    let Some((was_active, body)) = found(connection, source, kind, id, version).await? else {
        return Ok(Edited::Moved);
    };
    let key = name_key(&description.name);
    let taken = sqlx::query(
        "SELECT 1 FROM roster_entries WHERE source = $1 AND kind = 'person' AND name_key = $2 AND id <> $3",
    );
    let taken = taken.bind(source.as_str()).bind(&key).bind(id).fetch_optional(&mut *connection).await?;
    if kind == EntryKind::Person && taken.is_some() {
        return Ok(Edited::NameTaken);
    }
    let (joined, left) = edit_members(connection, source, id, members).await?;
    if left > 0 || (was_active && !description.active) {
        took(connection, source, now).await?;
    }
    if joined == 0 && left == 0 && body == storable(&description.body) {
        return Ok(Edited::Done);
    }
    sqlx::query(
        "UPDATE roster_entries SET external_id = $1, name = $2, name_key = $3, active = $4, body = $5,
         version = version + 1, modified_at = $6 WHERE source = $7 AND kind = $8 AND id = $9",
    )
    .bind(description.external_id.as_deref().map(storable))
    .bind(storable(&description.name))
    .bind(key)
    .bind(i64::from(description.active))
    .bind(storable(&description.body))
    .bind(micros(now))
    .bind(source.as_str())
    .bind(kind.key())
    .bind(id)
    .execute(connection)
    .await?;
    Ok(Edited::Done)
}

/// Whoever is gone is in no group, and is remembered as gone.
pub async fn delete(
    connection: &mut AnyConnection,
    source: &SourceName,
    now: Timestamp,
    (kind, id, version): (EntryKind, &str, i64),
) -> Result<Edited, sqlx::Error> {
    if found(connection, source, kind, id, version).await?.is_none() {
        return Ok(Edited::Moved);
    }
    for sql in [
        "UPDATE roster_entries SET version = version + 1 WHERE source = $1 AND kind = 'group'
         AND id IN (SELECT group_id FROM roster_members WHERE source = $1 AND member = $2)",
        "DELETE FROM roster_members WHERE source = $1 AND (member = $2 OR group_id = $2)",
        "DELETE FROM roster_entries WHERE source = $1 AND id = $2",
        "INSERT INTO roster_gone (source, id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    ] {
        sqlx::query(sql).bind(source.as_str()).bind(id).execute(&mut *connection).await?;
    }
    took(connection, source, now).await?;
    count(connection, source, kind, -1).await?;
    Ok(Edited::Done)
}

/// Whether the entry of this version is active, and its body.
async fn found(
    connection: &mut AnyConnection,
    source: &SourceName,
    kind: EntryKind,
    id: &str,
    version: i64,
) -> Result<Option<(bool, String)>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT active, body FROM roster_entries WHERE source = $1 AND kind = $2 AND id = $3 AND version = $4",
    )
    .bind(source.as_str())
    .bind(kind.key())
    .bind(id)
    .bind(version)
    .fetch_optional(connection)
    .await?;
    row.map(|row| Ok((row.try_get::<i64, _>("active")? != 0, row.try_get("body")?))).transpose()
}

/// How many joined and how many left.
async fn edit_members(
    connection: &mut AnyConnection,
    source: &SourceName,
    group: &str,
    edits: &MemberEdits,
) -> Result<(usize, usize), sqlx::Error> {
    if edits.is_empty() {
        return Ok((0, 0));
    }
    let wanted = |joins: bool| {
        let of = edits.after.iter().filter(move |(_, after)| **after == joins);
        of.map(|(member, _)| storable(member))
    };
    let joining: BTreeSet<String> = wanted(true).collect();
    let leaving: Vec<String> = if edits.cleared {
        let all = sqlx::query_scalar::<_, String>(
            "SELECT member FROM roster_members WHERE source = $1 AND group_id = $2",
        );
        let all = all.bind(source.as_str()).bind(group).fetch_all(&mut *connection).await?;
        all.into_iter().filter(|member| !joining.contains(member)).collect()
    } else {
        wanted(false).collect()
    };
    let sql = "DELETE FROM roster_members WHERE source = $1 AND group_id = $2 AND member IN (VALUES {rows})
               RETURNING member";
    let leaving: Vec<_> = leaving.iter().map(|member| [Cell::Text(Some(member))]).collect();
    let left = bulk::fetch(connection, sql, of(source, group), &leaving).await?.len();
    let joined = join(connection, source, group, joining.iter().map(String::as_str)).await?;
    Ok((joined, left))
}

/// How many were not there yet.
async fn join<'a>(
    connection: &mut AnyConnection,
    source: &'a SourceName,
    group: &'a str,
    members: impl Iterator<Item = &'a str>,
) -> Result<usize, sqlx::Error> {
    let sql = "INSERT INTO roster_members (source, group_id, member) VALUES {rows}
               ON CONFLICT DO NOTHING RETURNING member";
    let [source, group] = of(source, group);
    let joining: Vec<_> = members.map(|member| [source, group, Cell::Text(Some(member))]).collect();
    Ok(bulk::fetch(connection, sql, [], &joining).await?.len())
}

fn of<'a>(source: &'a SourceName, group: &'a str) -> [Cell<'a>; 2] {
    [Cell::Text(Some(source.as_str())), Cell::Text(Some(group))]
}

async fn took(
    connection: &mut AnyConnection,
    source: &SourceName,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let took = sqlx::query("UPDATE rosters SET taken_at = $1 WHERE source = $2");
    took.bind(micros(now)).bind(source.as_str()).execute(connection).await?;
    Ok(())
}

async fn count(
    connection: &mut AnyConnection,
    source: &SourceName,
    kind: EntryKind,
    more: i64,
) -> Result<(), sqlx::Error> {
    let column = match kind {
        EntryKind::Person => "people",
        EntryKind::Group => "groups",
    };
    // The column is one of our own.
    let sql = AssertSqlSafe(format!("UPDATE rosters SET {column} = {column} + $1 WHERE source = $2"));
    sqlx::query(sql).bind(more).bind(source.as_str()).execute(connection).await?;
    Ok(())
}

/// A name as it is compared.
pub fn name_key(name: &str) -> String {
    storable(&name.to_lowercase())
}
