//! Many rows in one statement, so that thousands of changes do not cost thousands of round trips.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;
use sqlx::{Any, AssertSqlSafe};

use crate::store::values::{Cell, storable};

/// Below what either database takes as parameters of one statement, for rows of ten columns.
const MOST_ROWS: usize = 1000;

/// Executes `sql`, in which `{rows}` stands for the rows in the form `($1, $2), ($3, $4)`.
pub async fn execute<const N: usize>(
    connection: &mut AnyConnection,
    sql: &str,
    rows: &[[Cell<'_>; N]],
) -> Result<(), sqlx::Error> {
    fetch(connection, sql, [], rows).await?;
    Ok(())
}

/// The same, and what it answers. What all rows have in `common` comes first, as `$1` and on: SQLite looks single values up
/// in an index (`member IN (VALUES {rows})`), and for rows of several it reads the whole table.
pub async fn fetch<const C: usize, const N: usize>(
    connection: &mut AnyConnection,
    sql: &str,
    common: [Cell<'_>; C],
    rows: &[[Cell<'_>; N]],
) -> Result<Vec<AnyRow>, sqlx::Error> {
    let mut answered = Vec::new();
    for some in rows.chunks(MOST_ROWS) {
        // What comes from elsewhere is bound; the text is our own.
        let statement = AssertSqlSafe(sql.replace("{rows}", &placeholders(C, some.len(), N)));
        let cells = common.iter().chain(some.iter().flatten());
        let query = cells.fold(sqlx::query::<Any>(statement), |query, cell| match cell {
            Cell::Number(number) => query.bind(*number),
            Cell::Text(text) => query.bind(text.map(storable)),
        });
        // A statement for so many rows is seldom needed twice.
        answered.extend(query.persistent(false).fetch_all(&mut *connection).await?);
    }
    Ok(answered)
}

/// Numbered behind so many others.
fn placeholders(others: usize, rows: usize, columns: usize) -> String {
    let row = |row: usize| {
        let numbers: Vec<String> =
            (1..=columns).map(|column| format!("${}", others + row * columns + column)).collect();
        format!("({})", numbers.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use crate::store::bulk::placeholders;

    #[test]
    fn every_value_has_its_number() {
        assert_eq!(placeholders(0, 2, 3), "($1, $2, $3), ($4, $5, $6)");
        assert_eq!(placeholders(2, 3, 1), "($3), ($4), ($5)");
    }
}
