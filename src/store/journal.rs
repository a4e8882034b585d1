//! The journal: each step of a run is one transaction of whoever leads, on the disk before the step after it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::AnyConnection;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use crate::model::holding::{Change, Origin, SeatKey};
use crate::model::outcome::Outcome;
use crate::model::plan::Bookkeeping;
use crate::ports::{EdgeError, Intent, Journal, Opening, RunId};
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::holdings::origin_key;
use crate::store::values::{Cell, account, micros};
use crate::store::{approvals, audit, bulk};

impl Journal for Store {
    async fn begin(&self, now: Timestamp, opening: &Opening<'_>) -> Result<RunId, EdgeError> {
        let failed = StoreError::writing("the begin of a run");
        let run = self.written(async {
            let mut connection = self.connection().await;
            let mut transaction = self.right()?.begin(&mut connection).await?;
            let run = write_run(&mut transaction, now, opening.digest).await.map_err(&failed)?;
            write_bookkeeping(&mut transaction, now, opening.bookkeeping).await.map_err(&failed)?;
            audit::begun(&mut transaction, now, run, opening).await.map_err(&failed)?;
            if let Some(file) = &opening.warrant.file {
                approvals::used(&mut transaction, file, run).await.map_err(&failed)?;
            }
            transaction.commit().await.map_err(&failed)?;
            Ok(run)
        });
        Ok(run.await?)
    }

    async fn intend(&self, run: RunId, now: Timestamp, changes: &[Intent]) -> Result<(), EdgeError> {
        let failed = StoreError::writing("changes about to be sent");
        let written = self.written(async {
            let mut connection = self.connection().await;
            let mut transaction = self.right()?.begin(&mut connection).await?;
            write_intents(&mut transaction, run, now, changes).await.map_err(&failed)?;
            audit::sent(&mut transaction, now, run, changes).await.map_err(&failed)?;
            transaction.commit().await.map_err(&failed)
        });
        Ok(written.await?)
    }

    async fn settle(
        &self,
        run: RunId,
        now: Timestamp,
        outcomes: &[(Change, SeatKey, Outcome)],
    ) -> Result<(), EdgeError> {
        let failed = StoreError::writing("what came of changes");
        let written = self.written(async {
            let mut connection = self.connection().await;
            let mut transaction = self.right()?.begin(&mut connection).await?;
            write_outcomes(&mut transaction, run, now, outcomes).await.map_err(&failed)?;
            audit::settled(&mut transaction, now, run, outcomes).await.map_err(&failed)?;
            transaction.commit().await.map_err(&failed)
        });
        Ok(written.await?)
    }

    async fn lost(&self) {
        match self.right() {
            Ok(lead) => lead.lost().await,
            // Who never led loses nothing.
            Err(_) => std::future::pending().await,
        }
    }

    async fn finish(&self, run: RunId, now: Timestamp, ended: &str) -> Result<(), EdgeError> {
        let failed = StoreError::writing("the end of a run");
        let written = self.written(async {
            let mut connection = self.connection().await;
            let mut transaction = self.right()?.begin(&mut connection).await?;
            sqlx::query("UPDATE runs SET finished_at = $1, ended = $2 WHERE id = $3")
                .bind(micros(now))
                .bind(ended)
                .bind(run.0)
                .execute(&mut *transaction)
                .await
                .map_err(&failed)?;
            audit::ended(&mut transaction, now, run, ended).await.map_err(&failed)?;
            transaction.commit().await.map_err(&failed)
        });
        Ok(written.await?)
    }
}

async fn write_run(
    connection: &mut AnyConnection,
    now: Timestamp,
    digest: &str,
) -> Result<RunId, sqlx::Error> {
    let row = sqlx::query("INSERT INTO runs (started_at, digest) VALUES ($1, $2) RETURNING id")
        .bind(micros(now))
        .bind(digest)
        .fetch_one(connection)
        .await?;
    Ok(RunId(row.try_get("id")?))
}

async fn write_bookkeeping(
    connection: &mut AnyConnection,
    now: Timestamp,
    bookkeeping: &Bookkeeping,
) -> Result<(), sqlx::Error> {
    write_home(connection, bookkeeping).await?;
    write_purchases(connection, now, bookkeeping).await?;
    let at = Cell::Number(micros(now));
    let since = |seats: &[SeatKey]| -> Vec<[Cell<'static>; 3]> {
        seats.iter().map(|seat| [key(seat)[0], key(seat)[1], at]).collect()
    };

    let adopted: Vec<_> = bookkeeping
        .adopt
        .iter()
        .map(|(seat, person)| {
            let [add_on, account] = key(seat);
            let source = person.as_ref().map(|person| person.source.as_str());
            let id = person.as_ref().map(|person| person.id.as_str());
            let origin = Cell::Text(Some(origin_key(Origin::Adopted)));
            [add_on, account, origin, at, Cell::Text(source), Cell::Text(id)]
        })
        .collect();
    let sql = "INSERT INTO holdings (add_on, account, origin, since, source, person) VALUES {rows} ON CONFLICT DO NOTHING";
    bulk::execute(connection, sql, &adopted).await?;

    let persons: Vec<_> = bookkeeping
        .persons
        .iter()
        .map(|(seat, person)| {
            let [add_on, account] = key(seat);
            [add_on, account, Cell::Text(Some(person.source.as_str())), Cell::Text(Some(person.id.as_str()))]
        })
        .collect();
    let sql =
        "UPDATE holdings SET source = fresh.column3, person = fresh.column4 FROM (VALUES {rows}) AS fresh
               WHERE holdings.add_on = fresh.column1 AND holdings.account = fresh.column2";
    bulk::execute(connection, sql, &persons).await?;

    forget(connection, &keys(&bookkeeping.forget)).await?;
    let sql = "INSERT INTO grace (add_on, account, since) VALUES {rows} ON CONFLICT DO NOTHING";
    bulk::execute(connection, sql, &since(&bookkeeping.grace_started)).await?;
    stop_grace(connection, &keys(&bookkeeping.grace_cancelled)).await?;
    let sql = "INSERT INTO reclaimed (add_on, account, at) VALUES {rows}
               ON CONFLICT (add_on, account) DO UPDATE SET at = excluded.at";
    bulk::execute(connection, sql, &since(&bookkeeping.reclaimed)).await?;
    let sql = "DELETE FROM reclaimed WHERE (add_on, account) IN (VALUES {rows})";
    bulk::execute(connection, sql, &keys(&bookkeeping.reclaimed_cancelled)).await?;
    write_sizes(connection, bookkeeping).await
}

async fn write_home(connection: &mut AnyConnection, bookkeeping: &Bookkeeping) -> Result<(), sqlx::Error> {
    let Some(home) = &bookkeeping.home else { return Ok(()) };
    sqlx::query("DELETE FROM home").execute(&mut *connection).await?;
    sqlx::query("INSERT INTO home (name) VALUES ($1)").bind(home.as_str()).execute(connection).await?;
    Ok(())
}

/// What is remembered of an add-on whose purchase has become another's goes along with it; of one that another purchase
/// has replaced, nothing is.
async fn write_purchases(
    connection: &mut AnyConnection,
    now: Timestamp,
    bookkeeping: &Bookkeeping,
) -> Result<(), sqlx::Error> {
    const MOVES: [&str; 7] = [
        "DELETE FROM holdings WHERE add_on = $2 AND account IN (SELECT account FROM holdings WHERE add_on = $1)",
        "UPDATE holdings SET add_on = $1 WHERE add_on = $2",
        "DELETE FROM grace WHERE add_on = $2 AND account IN (SELECT account FROM grace WHERE add_on = $1)",
        "UPDATE grace SET add_on = $1 WHERE add_on = $2",
        "DELETE FROM reclaimed WHERE add_on = $2 AND account IN (SELECT account FROM reclaimed WHERE add_on = $1)",
        "UPDATE reclaimed SET add_on = $1 WHERE add_on = $2",
        "DELETE FROM purchases WHERE add_on <> $1 AND add_on = $2",
    ];
    const FORGETS: [&str; 3] = [
        "DELETE FROM holdings WHERE add_on = $1",
        "DELETE FROM grace WHERE add_on = $1",
        "DELETE FROM reclaimed WHERE add_on = $1",
    ];
    for add_on in &bookkeeping.replaced {
        for step in FORGETS {
            sqlx::query(step).bind(add_on.key()).execute(&mut *connection).await?;
        }
    }
    for (from, to) in &bookkeeping.moved {
        for step in MOVES {
            sqlx::query(step).bind(to.key()).bind(from.key()).execute(&mut *connection).await?;
        }
    }
    let purchases: Vec<_> = bookkeeping
        .purchases
        .iter()
        .map(|purchase| {
            let (add_on, id) = (Cell::Text(Some(purchase.add_on.key())), Cell::Text(Some(&*purchase.id.0)));
            [add_on, id, Cell::Number(purchase.purchased.into()), Cell::Number(micros(now))]
        })
        .collect();
    let sql = "INSERT INTO purchases (add_on, purchase, purchased, seen_at) VALUES {rows}
               ON CONFLICT (add_on) DO UPDATE SET purchase = excluded.purchase,
                   purchased = excluded.purchased, seen_at = excluded.seen_at";
    bulk::execute(connection, sql, &purchases).await
}

/// The groups of a source that was read go with its old size.
async fn write_sizes(connection: &mut AnyConnection, bookkeeping: &Bookkeeping) -> Result<(), sqlx::Error> {
    let name = |name| Cell::Text(Some(name));
    let number = |people: u64| Cell::Number(people.cast_signed());
    let sizes = &bookkeeping.sizes;
    let sources: Vec<_> = sizes.keys().map(|source| [name(source.as_str())]).collect();
    bulk::execute(connection, "DELETE FROM source_sizes WHERE source IN (VALUES {rows})", &sources).await?;
    let people: Vec<_> =
        sizes.iter().map(|(source, size)| [name(source.as_str()), number(size.people)]).collect();
    bulk::execute(connection, "INSERT INTO source_sizes (source, people) VALUES {rows}", &people).await?;
    let groups: Vec<_> = sizes
        .iter()
        .flat_map(|(source, size)| size.groups.iter().map(move |(group, people)| (source, group, people)))
        .map(|(source, group, people)| [name(source.as_str()), name(group.as_str()), number(*people)])
        .collect();
    bulk::execute(connection, "INSERT INTO group_sizes (source, name, people) VALUES {rows}", &groups).await
}

async fn write_intents(
    connection: &mut AnyConnection,
    run: RunId,
    now: Timestamp,
    changes: &[Intent],
) -> Result<(), sqlx::Error> {
    let at = Cell::Number(micros(now));
    let rows: Vec<_> = changes
        .iter()
        .map(|intent| {
            let [add_on, account] = key(&intent.seat);
            let change = Cell::Text(Some(intent.change.key()));
            let rule = Cell::Text(intent.rule.as_ref().map(|rule| rule.as_str()));
            [Cell::Number(run.0), at, add_on, account, change, Cell::Text(Some(intent.because)), rule]
        })
        .collect();
    let sql = "INSERT INTO changes (run, at, add_on, account, change, because, rule) VALUES {rows}
               RETURNING id, change, add_on, account";
    let written = bulk::fetch(connection, sql, [], &rows).await?;
    let ids = ids(&written)?;

    // From here on the seats are ours. Whatever was remembered of them belongs to seats that are no longer held.
    let assigned: Vec<&Intent> = changes.iter().filter(|intent| intent.change == Change::Assign).collect();
    let held: Vec<_> = assigned
        .iter()
        .map(|intent| {
            let [add_on, account] = key(&intent.seat);
            let source = intent.person.as_ref().map(|person| person.source.as_str());
            let id = intent.person.as_ref().map(|person| person.id.as_str());
            let row = ids.get(&Wording::of(intent.change, &intent.seat)).and_then(|ids| ids.last());
            let row = Cell::Number(*row.expect("every row that was written was answered"));
            let origin = Cell::Text(Some(origin_key(Origin::Assigned)));
            [add_on, account, origin, at, Cell::Text(source), Cell::Text(id), row]
        })
        .collect();
    let sql = "INSERT INTO holdings (add_on, account, origin, since, source, person, intent) VALUES {rows}
               ON CONFLICT (add_on, account) DO UPDATE SET origin = excluded.origin, since = excluded.since,
               source = excluded.source, person = excluded.person, intent = excluded.intent";
    bulk::execute(connection, sql, &held).await?;
    let seats: Vec<_> = assigned.iter().map(|intent| key(&intent.seat)).collect();
    stop_grace(connection, &seats).await
}

/// Writes each outcome to the change that was sent last, of this run or of one that was killed; one that was never sent
/// gets a row of its own.
async fn write_outcomes(
    connection: &mut AnyConnection,
    run: RunId,
    now: Timestamp,
    outcomes: &[(Change, SeatKey, Outcome)],
) -> Result<(), sqlx::Error> {
    let wanted: Vec<_> = outcomes
        .iter()
        .map(|(change, seat, _)| [Cell::Text(Some(change.key())), key(seat)[0], key(seat)[1]])
        .collect();
    let sql = "SELECT id, change, add_on, account FROM changes
               WHERE outcome IS NULL AND (change, add_on, account) IN (VALUES {rows}) ORDER BY id";
    let sent = bulk::fetch(connection, sql, [], &wanted).await?;
    let sent = ids(&sent)?;

    let (mut settled, mut never_sent, mut not_given, mut freed) = (vec![], vec![], vec![], vec![]);
    for (change, seat, outcome) in outcomes {
        let because = match outcome {
            Outcome::Applied | Outcome::AlreadySo => None,
            Outcome::Refused { because } | Outcome::Deferred { because } => Some(because.as_str()),
        };
        let (word, because) = (Cell::Text(Some(outcome.key())), Cell::Text(because));
        match sent.get(&Wording::of(*change, seat)).and_then(|rows| rows.split_last()) {
            Some((latest, earlier)) => {
                settled.push([Cell::Number(*latest), word, because]);
                // Two killed runs may have sent the same change; it happened once at most, so it is counted once.
                let again = [Cell::Text(Some("deferred")), Cell::Text(Some("sent again by a later run"))];
                settled.extend(earlier.iter().map(|row| [Cell::Number(*row), again[0], again[1]]));
                if *change == Change::Assign && !outcome.is_done() {
                    not_given.push([Cell::Number(*latest)]);
                }
            }
            None => {
                let [add_on, account] = key(seat);
                let change = Cell::Text(Some(change.key()));
                let at = Cell::Number(micros(now));
                never_sent.push([Cell::Number(run.0), at, add_on, account, change, word, because]);
            }
        }
        if *change == Change::Revoke && outcome.is_done() {
            freed.push(key(seat));
        }
    }

    let sql = "UPDATE changes SET outcome = came.column2, outcome_because = came.column3
               FROM (VALUES {rows}) AS came WHERE changes.id = came.column1";
    bulk::execute(connection, sql, &settled).await?;
    let sql =
        "INSERT INTO changes (run, at, add_on, account, change, outcome, outcome_because) VALUES {rows}";
    bulk::execute(connection, sql, &never_sent).await?;
    bulk::execute(connection, "DELETE FROM holdings WHERE intent IN (VALUES {rows})", &not_given).await?;
    forget(connection, &freed).await
}

/// The seats are not held any more, so neither are they ours nor does grace run for them.
async fn forget(connection: &mut AnyConnection, seats: &[[Cell<'_>; 2]]) -> Result<(), sqlx::Error> {
    let sql = "DELETE FROM holdings WHERE (add_on, account) IN (VALUES {rows})";
    bulk::execute(connection, sql, seats).await?;
    stop_grace(connection, seats).await
}

async fn stop_grace(connection: &mut AnyConnection, seats: &[[Cell<'_>; 2]]) -> Result<(), sqlx::Error> {
    bulk::execute(connection, "DELETE FROM grace WHERE (add_on, account) IN (VALUES {rows})", seats).await
}

/// The columns `add_on` and `account`.
fn key(seat: &SeatKey) -> [Cell<'static>; 2] {
    [Cell::Text(Some(seat.add_on.key())), Cell::Number(account(seat.account))]
}

fn keys(seats: &[SeatKey]) -> Vec<[Cell<'static>; 2]> {
    seats.iter().map(key).collect()
}

/// The change to a seat that a row is of, in the words of its columns.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Wording {
    change: String,
    add_on: String,
    account: i64,
}

impl Wording {
    fn of(change: Change, seat: &SeatKey) -> Wording {
        let add_on = seat.add_on.key().to_owned();
        Wording { change: change.key().to_owned(), add_on, account: account(seat.account) }
    }
}

/// The rows of each change, the oldest first.
fn ids(rows: &[AnyRow]) -> Result<BTreeMap<Wording, Vec<i64>>, sqlx::Error> {
    let mut ids: BTreeMap<_, Vec<i64>> = BTreeMap::new();
    for row in rows {
        let (change, add_on) = (row.try_get("change")?, row.try_get("add_on")?);
        let account = row.try_get("account")?;
        ids.entry(Wording { change, add_on, account }).or_default().push(row.try_get("id")?);
    }
    ids.values_mut().for_each(|ids| ids.sort_unstable());
    Ok(ids)
}
