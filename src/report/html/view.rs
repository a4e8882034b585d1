//! What the template of the page shows, in the words of the page.

use serde::Serialize;

use crate::model::finding::Level;
use crate::model::plan::{AddOnSummary, Plan};
use crate::model::snapshot::Coverage;
use crate::report::document::Document;
use crate::report::html::picture::Picture;
use crate::report::row::Row;
use crate::report::shown::{shortened, shown};
use crate::report::since::Past;
use crate::report::words::{self, Counts};

/// Longer names are cut: nobody reads them, and they would fill the page.
const LONGEST_NAME: usize = 160;

/// Everything of the page but its rows.
#[derive(Debug, Serialize)]
pub struct View {
    pub title: String,
    /// `planned`, `refused`, `applied` or `partly`.
    pub state: &'static str,
    pub state_words: &'static str,
    pub gitlab: String,
    pub version: String,
    pub scope: String,
    pub made_at: String,
    pub digest: String,
    /// What approves the changes, where there are any that are not applied.
    pub approval: Option<String>,
    pub totals: String,
    pub came_of: Option<String>,
    pub trouble: Vec<Trouble>,
    pub add_ons: Vec<AddOnView>,
    pub since: Option<SinceView>,
    pub sources: Vec<SourceView>,
}

/// Something that a reader must know before anything else.
#[derive(Debug, Serialize)]
pub struct Trouble {
    pub kind: &'static str,
    pub label: &'static str,
    pub code: &'static str,
    pub message: Vec<Piece>,
}

/// A piece of a sentence; what stands in backticks is code.
#[derive(Debug, Serialize)]
pub struct Piece {
    pub code: bool,
    pub text: String,
}

#[derive(Debug, Serialize)]
pub struct AddOnView {
    pub key: &'static str,
    pub title: &'static str,
    pub purchased: Option<u32>,
    pub reserve: u32,
    pub held_before: u32,
    pub held_after: u32,
    pub counts: Counts,
    pub picture: Picture,
}

#[derive(Debug, Serialize)]
pub struct SinceView {
    pub made_at: String,
    pub short: String,
    pub moves: Vec<MoveView>,
}

#[derive(Debug, Serialize)]
pub struct MoveView {
    pub add_on: &'static str,
    pub was: String,
    pub now: String,
    pub count: usize,
    pub who: Vec<String>,
    pub rest: String,
}

#[derive(Debug, Serialize)]
pub struct SourceView {
    pub name: String,
    pub kind: &'static str,
    pub people: usize,
    pub groups: usize,
    /// Why it was not read whole.
    pub partial: Option<Vec<Piece>>,
}

/// One row in the words of the page.
#[derive(Debug, Serialize)]
pub struct RowView {
    pub name: String,
    pub username: String,
    pub email: String,
    pub add_on: &'static str,
    pub verdict: &'static str,
    pub sign: &'static str,
    pub stance: String,
    pub reason: String,
    pub rule: String,
    pub path: Vec<String>,
    /// What an earlier plan said, where that was something else.
    pub before: String,
    pub outcome: String,
}

impl View {
    pub fn of(document: Document<'_>) -> View {
        let plan = document.plan;
        let counts = Counts::of(&plan.decisions);
        let (state, state_words) = match document.outcomes {
            Some(outcomes) if outcomes.is_partial() => ("partly", "Applied in part"),
            Some(_) => ("applied", "Applied"),
            None if !plan.refusals.is_empty() => ("refused", "Refused by the guard"),
            None if plan.changes().is_empty() => ("planned", "Nothing to do"),
            None => ("planned", "Within the limits"),
        };
        let title = match document.outcomes {
            Some(outcomes) => words::came_of(outcomes),
            None => format!("{} to assign, {} to revoke", counts.assign, counts.revoke),
        };
        let is_open = document.outcomes.is_none() && !plan.changes().is_empty();
        View {
            title,
            state,
            state_words,
            gitlab: shown(&plan.instance.url).into_owned(),
            version: shown(&plan.instance.version).into_owned(),
            scope: shown(&plan.instance.scope.to_string()).into_owned(),
            made_at: words::moment(plan.made_at),
            digest: plan.digest().as_str().to_owned(),
            approval: is_open.then(|| words::approval(plan)),
            totals: words::totals(plan),
            came_of: document.outcomes.map(words::came_of),
            trouble: trouble(plan),
            add_ons: plan.add_ons.iter().map(|summary| AddOnView::of(summary, plan)).collect(),
            since: document.since.map(|past| SinceView::of(past, plan)),
            sources: plan
                .sources
                .iter()
                .map(|source| SourceView {
                    name: shown(source.source.as_str()).into_owned(),
                    kind: source.kind.key(),
                    people: source.people,
                    groups: source.groups,
                    partial: match &source.coverage {
                        Coverage::Complete => None,
                        Coverage::Partial { because } => Some(pieces(because)),
                    },
                })
                .collect(),
        }
    }
}

/// Refusals first, then what is frozen, then the findings, which are sorted already.
fn trouble(plan: &Plan) -> Vec<Trouble> {
    let refusals = plan.refusals.iter().map(|refusal| Trouble {
        kind: "error",
        label: "Refused",
        code: words::refusal_code(refusal),
        message: pieces(&words::refusal(refusal)),
    });
    let frozen = plan.add_ons.iter().filter_map(|summary| {
        let because = summary.frozen.as_ref()?;
        let message =
            pieces(&format!("nobody loses a seat of {} in this run: {because}", summary.add_on.title()));
        Some(Trouble { kind: "error", label: "Frozen", code: "frozen", message })
    });
    let findings = plan.findings.iter().map(|finding| Trouble {
        kind: match finding.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Info => "info",
        },
        label: finding.level.title(),
        code: finding.code.key(),
        message: pieces(&finding.message),
    });
    refusals.chain(frozen).chain(findings).collect()
}

fn pieces(sentence: &str) -> Vec<Piece> {
    let pieces: Vec<&str> = sentence.split('`').collect();
    let last = pieces.len() - 1;
    let piece = |(place, text): (usize, &&str)| Piece {
        code: place % 2 == 1 && place < last,
        text: shown(text).into_owned(),
    };
    pieces.iter().enumerate().map(piece).collect()
}

impl AddOnView {
    fn of(summary: &AddOnSummary, plan: &Plan) -> AddOnView {
        let counts = Counts::of(plan.decisions.iter().filter(|decision| decision.add_on == summary.add_on));
        AddOnView {
            key: summary.add_on.key(),
            title: summary.add_on.title(),
            purchased: summary.purchase.as_ref().map(|purchase| purchase.purchased),
            reserve: summary.reserve,
            held_before: summary.held_before,
            held_after: summary.held_after,
            counts,
            picture: Picture::of(summary, counts),
        }
    }
}

impl SinceView {
    fn of(past: &Past, plan: &Plan) -> SinceView {
        let moves = past.moves(plan);
        let view = |one: &crate::report::since::Move<'_>| MoveView {
            add_on: one.add_on.map_or("", |add_on| add_on.title()),
            was: shown(&one.was).into_owned(),
            now: one.now.clone(),
            count: one.people.len(),
            who: one.first().iter().map(|name| who(Some(name))).collect(),
            rest: one.rest(),
        };
        SinceView {
            made_at: words::moment(past.made_at),
            short: past.short().to_owned(),
            moves: moves.iter().map(view).collect(),
        }
    }
}

impl RowView {
    pub fn of(row: &Row<'_>, document: Document<'_>) -> RowView {
        let person = row.person.map(|known| &known.person);
        let username = row.account.map_or_else(String::new, |(id, username)| match username {
            "" => format!("account {id}"),
            username => who(Some(username)),
        });
        let is_news = document.since.is_some() && row.is_news();
        RowView {
            name: person.map_or_else(|| username.clone(), |person| who(Some(person.label()))),
            // Of an account of nobody in particular, the username is the name already.
            username: if person.is_some() { username } else { String::new() },
            email: who(person.and_then(|person| person.email())),
            add_on: row.add_on.map_or("", |add_on| add_on.title()),
            verdict: row.verdict,
            sign: sign(row.verdict),
            stance: words::stance(row.verdict).to_owned(),
            reason: reason(row),
            rule: who(row.rule),
            path: row.path.iter().map(|name| who(Some(name))).collect(),
            before: match row.before {
                _ if !is_news => String::new(),
                None => "new".to_owned(),
                Some(before) if before.verdict == row.verdict => {
                    format!("was {}", shown(&before.because.replace('_', " ")))
                }
                Some(before) => format!("was: {}", shown(words::stance(&before.verdict))),
            },
            outcome: row.outcome.map_or_else(String::new, |(outcome, _)| outcome.replace('_', " ")),
        }
    }
}

/// The rule and its groups have columns of their own, so the reason does not repeat them.
fn reason(row: &Row<'_>) -> String {
    let words = &row.words;
    let is_grounds = row.rule.is_some_and(|rule| words.why.starts_with(&format!("rule {rule}")));
    let text = if is_grounds { words.so.clone() } else { format!("{}; {}", words.why, words.so) };
    shown(&text).into_owned()
}

/// A name, safe and not endless; empty where there is none.
pub fn who(name: Option<&str>) -> String {
    shortened(name.unwrap_or_default(), LONGEST_NAME).into_owned()
}

/// What matters comes first: changes, then who gets nothing, then who keeps what they have.
pub fn weight(row: &Row<'_>) -> u8 {
    let failed = row.outcome.is_some_and(|(outcome, _)| outcome != "applied" && outcome != "already_so");
    match row.verdict {
        _ if failed => 0,
        "assign" => 1,
        "revoke" => 2,
        "wait" => 3,
        "unmatched" => 4,
        "leave" => 5,
        _ => 6,
    }
}

fn sign(verdict: &str) -> &'static str {
    match verdict {
        "assign" => "+",
        "revoke" => "−",
        "wait" => "…",
        "unmatched" => "?",
        _ => "=",
    }
}
