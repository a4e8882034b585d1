//! The plan or its outcome as a table for spreadsheets: RFC 4180, one row a decision and a person without an account.

use std::borrow::Cow;

use csv::{QuoteStyle, Terminator, WriterBuilder};

use crate::report::document::Document;
use crate::report::row::{Row, rows};
use crate::report::words;

/// The names of the columns; more may follow, none is renamed or moved.
const COLUMNS: [&str; 20] = [
    "add_on",
    "verdict",
    "because",
    "username",
    "account_id",
    "name",
    "email",
    "source",
    "person_id",
    "managed",
    "matched_by",
    "rule",
    "rank",
    "path",
    "until",
    "detail",
    "previous_verdict",
    "previous_because",
    "outcome",
    "outcome_because",
];

/// The whole table. What holds nothing is empty: the outcome of a plan, what an earlier plan said where none was given.
pub fn table(document: Document<'_>) -> Vec<u8> {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        // Quotes keep a separator of another country from beginning a cell.
        .quote_style(QuoteStyle::NonNumeric)
        .from_writer(Vec::new());
    let mut written = writer.write_record(COLUMNS);
    for row in rows(document) {
        written = written
            .and_then(|()| writer.write_record(cells(&row).iter().map(|cell| harmless(cell).into_owned())));
    }
    written.expect("memory takes every row, and every row has the same cells");
    writer.into_inner().expect("memory takes every row")
}

fn cells<'a>(row: &'a Row<'_>) -> [Cow<'a, str>; COLUMNS.len()] {
    let person = row.person.map(|known| &known.person);
    let text = |text: Option<&'a str>| Cow::Borrowed(text.unwrap_or_default());
    let path: Vec<&str> = row.path.iter().map(|name| &**name).collect();
    [
        text(row.add_on.map(|add_on| add_on.key())),
        text(Some(row.verdict)),
        text(Some(row.because)),
        text(row.account.map(|(_, username)| username)),
        row.account.map(|(id, _)| id.to_string()).unwrap_or_default().into(),
        text(person.and_then(|person| person.name())),
        text(person.and_then(|person| person.email())),
        text(row.person.map(|known| known.source.as_str())),
        text(person.map(|person| person.id())),
        text(row.managed.map(|managed| if managed { "true" } else { "false" })),
        text(row.matched_by.map(|by| by.key())),
        text(row.rule),
        row.rank.map(|rank| rank.to_string()).unwrap_or_default().into(),
        path.join(" > ").into(),
        row.until.map(words::instant).unwrap_or_default().into(),
        format!("{}; {}", row.words.why, row.words.so).into(),
        text(row.before.map(|before| before.verdict.as_str())),
        text(row.before.map(|before| before.because.as_str())),
        text(row.outcome.map(|(outcome, _)| outcome)),
        text(row.outcome.and_then(|(_, because)| because)),
    ]
}

/// A cell that no spreadsheet takes for a formula: one that begins as one has an apostrophe before it (OWASP, CSV
/// Injection). Numbers, also negative ones, are left as they are.
pub fn harmless(cell: &str) -> Cow<'_, str> {
    const BEGINNINGS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    if cell.starts_with(BEGINNINGS) && cell.parse::<i64>().is_err() {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}
