//! What a page tells of a plan, read back from its JSON: the very document that people approve.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::add_on::AddOn;
use crate::report::shown::{shortened, shown};

/// So many changes stand on the page; all of them are in the report.
const MOST_CHANGES: usize = 100;

/// Longer names are cut: nobody reads them, and they would fill the page.
const LONGEST_NAME: usize = 160;

/// A plan in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub gitlab: String,
    pub assign: usize,
    pub revoke: usize,
    /// The limits that it goes beyond, in sentences.
    pub refusals: Vec<String>,
    /// What else to look at first, in sentences.
    pub findings: Vec<String>,
    pub add_ons: Vec<SeatsView>,
    /// Revocations first: they hurt if they are wrong.
    pub changes: Vec<ChangeView>,
    /// How many changes are not among them.
    pub more: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeatsView {
    pub title: String,
    pub purchased: u32,
    pub reserve: u32,
    pub held_before: u32,
    pub held_after: u32,
    pub waiting: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangeView {
    pub verdict: String,
    pub username: String,
    pub name: String,
    pub add_on: String,
    pub rule: String,
    pub reason: String,
}

impl Summary {
    /// Reads the document of a plan.
    pub fn of(document: &[u8]) -> Result<Summary, serde_json::Error> {
        let document: Document = serde_json::from_slice(document)?;
        let is = |verdict: &'static str| move |entry: &&Entry| entry.verdict == verdict;
        let (revoke, assign) =
            (document.decisions.iter().filter(is("revoke")), document.decisions.iter().filter(is("assign")));
        let (revoked, assigned) = (revoke.clone().count(), assign.clone().count());
        let errors = document.findings.iter().filter(|finding| finding.level != "info");
        Ok(Summary {
            gitlab: shown(&document.gitlab.url).into_owned(),
            assign: assigned,
            revoke: revoked,
            refusals: document.guard.refusals.iter().map(|refusal| plain(&refusal.message)).collect(),
            findings: errors.map(|finding| plain(&finding.message)).collect(),
            add_ons: document.add_ons.iter().map(SeatsView::of).collect(),
            changes: revoke.chain(assign).take(MOST_CHANGES).map(ChangeView::of).collect(),
            more: (revoked + assigned).saturating_sub(MOST_CHANGES),
        })
    }
}

impl SeatsView {
    fn of(seats: &Seats) -> SeatsView {
        SeatsView {
            title: title(&seats.add_on),
            purchased: seats.purchased,
            reserve: seats.reserve,
            held_before: seats.held_before,
            held_after: seats.held_after,
            waiting: seats.tally.get("wait").copied().unwrap_or_default(),
        }
    }
}

impl ChangeView {
    fn of(entry: &Entry) -> ChangeView {
        let short = |text: &str| shortened(text, LONGEST_NAME).into_owned();
        let username = match entry.account.username.as_deref() {
            None | Some("") => format!("account {}", entry.account.id),
            Some(name) => short(name),
        };
        let name = entry.person.as_ref().and_then(|person| person.name.as_deref());
        ChangeView {
            verdict: entry.verdict.clone(),
            username,
            name: name.map(short).unwrap_or_default(),
            add_on: title(&entry.add_on),
            rule: entry.rule.as_deref().map(short).unwrap_or_default(),
            reason: short(&entry.detail),
        }
    }
}

/// A sentence without the signs that mark code in it.
fn plain(sentence: &str) -> String {
    shown(sentence).replace('`', "")
}

fn title(add_on: &str) -> String {
    AddOn::from_key(add_on).map_or_else(|| add_on.to_owned(), |known| known.title().to_owned())
}

#[derive(Deserialize)]
struct Document {
    gitlab: GitLab,
    add_ons: Vec<Seats>,
    decisions: Vec<Entry>,
    findings: Vec<Finding>,
    guard: Guard,
}

#[derive(Deserialize)]
struct GitLab {
    url: String,
}

#[derive(Deserialize)]
struct Seats {
    add_on: String,
    purchased: u32,
    reserve: u32,
    held_before: u32,
    held_after: u32,
    tally: BTreeMap<String, usize>,
}

#[derive(Deserialize)]
struct Entry {
    add_on: String,
    verdict: String,
    account: Account,
    person: Option<Person>,
    rule: Option<String>,
    #[serde(default)]
    detail: String,
}

#[derive(Deserialize)]
struct Account {
    id: u64,
    username: Option<String>,
}

#[derive(Deserialize)]
struct Person {
    name: Option<String>,
}

#[derive(Deserialize)]
struct Finding {
    level: String,
    message: String,
}

#[derive(Deserialize)]
struct Guard {
    refusals: Vec<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    message: String,
}
