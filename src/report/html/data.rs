//! The rows as data inside the page: by columns, each repeated text once, so that 50,000 rows are read in a blink.

use std::collections::HashMap;

use serde::Serialize;

use crate::report::document::Document;
use crate::report::html::view::{RowView, who};
use crate::report::row::Row;
use crate::report::words;

/// All rows, as JSON that may stand in a `script` element: no character in it can end the element or begin another.
pub fn data(rows: &[Row<'_>], document: Document<'_>) -> String {
    let json =
        serde_json::to_string(&Columns::of(rows, document)).expect("columns of text and numbers are JSON");
    json.replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e")
}

#[derive(Serialize, Default)]
struct Columns {
    name: Vec<String>,
    username: Vec<String>,
    email: Vec<String>,
    person: Vec<String>,
    account: Vec<Option<u64>>,
    rank: Vec<Option<i64>>,
    news: Vec<u8>,
    add_on: Coded<String>,
    /// The word of the contract, its sign, and what it means.
    verdict: Coded<[String; 3]>,
    because: Coded<String>,
    reason: Coded<String>,
    rule: Coded<String>,
    path: Coded<Vec<String>>,
    source: Coded<String>,
    matched_by: Coded<String>,
    managed: Coded<String>,
    until: Coded<String>,
    before: Coded<String>,
    outcome: Coded<String>,
    outcome_because: Coded<String>,
}

/// A column of which many cells are alike: each text once, and its place for each row.
#[derive(Serialize)]
struct Coded<T> {
    texts: Vec<T>,
    at: Vec<usize>,
    #[serde(skip)]
    places: HashMap<T, usize>,
}

impl<T> Default for Coded<T> {
    fn default() -> Coded<T> {
        Coded { texts: Vec::new(), at: Vec::new(), places: HashMap::new() }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Coded<T> {
    fn push(&mut self, text: T) {
        let place = match self.places.get(&text) {
            Some(place) => *place,
            None => {
                self.texts.push(text.clone());
                self.places.insert(text, self.texts.len() - 1);
                self.texts.len() - 1
            }
        };
        self.at.push(place);
    }
}

impl Columns {
    fn of(rows: &[Row<'_>], document: Document<'_>) -> Columns {
        let mut columns = Columns::default();
        for row in rows {
            let RowView {
                name,
                username,
                email,
                add_on,
                verdict,
                sign,
                stance,
                reason,
                rule,
                path,
                before,
                outcome,
            } = RowView::of(row, document);
            columns.name.push(name);
            columns.username.push(username);
            columns.email.push(email);
            columns.person.push(who(row.person.map(|known| known.person.id())));
            columns.account.push(row.account.map(|(id, _)| id.0));
            columns.rank.push(row.rank);
            columns.news.push(u8::from(document.since.is_some() && row.is_news()));
            columns.add_on.push(add_on.to_owned());
            columns.verdict.push([verdict.to_owned(), sign.to_owned(), stance]);
            columns.because.push(row.because.replace('_', " "));
            columns.reason.push(reason);
            columns.rule.push(rule);
            columns.path.push(path);
            columns.source.push(who(row.person.map(|known| known.source.as_str())));
            columns.matched_by.push(row.matched_by.map_or("", |by| by.key()).to_owned());
            columns.managed.push(
                match row.managed {
                    Some(true) => "yes",
                    Some(false) => "no",
                    None => "",
                }
                .to_owned(),
            );
            columns.until.push(row.until.map(words::moment).unwrap_or_default());
            columns.before.push(before);
            columns.outcome.push(outcome);
            columns.outcome_because.push(who(row.outcome.and_then(|(_, because)| because)));
        }
        columns
    }
}
