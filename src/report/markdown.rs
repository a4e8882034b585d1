//! The plan or its outcome for a merge request or an issue: GitLab Flavored Markdown.

use crate::model::decision::Decision;
use crate::model::outcome::Outcomes;
use crate::model::plan::{AddOnSummary, Plan};
use crate::model::snapshot::Coverage;
use crate::report::document::Document;
use crate::report::inert::{name, sentence};
use crate::report::row::{Row, rows};
use crate::report::since::{Past, UNMATCHED};
use crate::report::words::{self, Counts};

/// Longer lists are folded up.
const LONG: usize = 15;

/// The whole report: what must be looked at first, then the seats, then everyone whose seat is not simply kept.
pub fn page(document: Document<'_>) -> String {
    let plan = document.plan;
    let mut page = Page { text: String::new() };
    page.head(document);
    page.trouble(plan);
    if let Some(outcomes) = document.outcomes {
        page.outcomes(document, outcomes);
    }
    page.seats(plan);
    let rows: Vec<Row<'_>> = rows(document).collect();
    for summary in &plan.add_ons {
        page.add_on(plan, summary, &rows);
    }
    page.unmatched(&rows);
    if let Some(past) = document.since {
        page.since(plan, past);
    }
    page.sources(plan);
    page.text.push_str(&format!("Plan `{}`: {}.\n", plan.digest().short(), words::totals(plan)));
    page.text
}

struct Page {
    text: String,
}

impl Page {
    fn paragraph(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push_str("\n\n");
    }

    /// A table; its cells are Markdown already. A long one is folded up under its title.
    fn table(&mut self, title: &str, head: &[&str], rows: &[Vec<String>]) {
        let is_long = rows.len() > LONG;
        if is_long {
            // The summary is HTML: the titles are ours, and hold none.
            self.paragraph(&format!("<details>\n<summary>{title}</summary>"));
        } else if !title.is_empty() {
            self.paragraph(&format!("**{title}**"));
        }
        self.text.push_str(&format!("| {} |\n|{}\n", head.join(" | "), " --- |".repeat(head.len())));
        for row in rows {
            self.text.push_str(&format!("| {} |\n", row.join(" | ")));
        }
        self.text.push('\n');
        if is_long {
            self.paragraph("</details>");
        }
    }

    fn head(&mut self, document: Document<'_>) {
        let plan = document.plan;
        let counts = Counts::of(&plan.decisions);
        let title = match document.outcomes {
            Some(outcomes) => format!("# Seats: {}", words::came_of(outcomes)),
            None => format!("# Seats: {} to assign, {} to revoke", counts.assign, counts.revoke),
        };
        self.paragraph(&title);
        let instance = &plan.instance;
        self.paragraph(&format!(
            "{} (GitLab {}, {}), planned at {}.",
            name(&instance.url),
            name(&instance.version),
            name(&instance.scope.to_string()),
            words::moment(plan.made_at)
        ));
        if document.outcomes.is_none() && !plan.changes().is_empty() {
            let approval = words::approval(plan);
            self.paragraph(&format!("To approve exactly these changes:\n\n```shell\n{approval}\n```"));
        }
    }

    /// What a reader must know before anything else.
    fn trouble(&mut self, plan: &Plan) {
        let refusals = plan
            .refusals
            .iter()
            .map(|refusal| format!("- **Refused:** {}", sentence(&words::refusal(refusal))));
        let frozen = plan.add_ons.iter().filter_map(|summary| {
            let because = sentence(summary.frozen.as_ref()?);
            Some(format!("- **Nobody loses a seat of {} in this run:** {because}", summary.add_on.title()))
        });
        let findings = plan.findings.iter().map(|finding| {
            format!(
                "- **{}** (`{}`): {}",
                finding.level.title(),
                finding.code.key(),
                sentence(&finding.message)
            )
        });
        let lines: Vec<String> = refusals.chain(frozen).chain(findings).collect();
        if !lines.is_empty() {
            self.paragraph(&lines.join("\n"));
        }
    }

    fn seats(&mut self, plan: &Plan) {
        let rows: Vec<Vec<String>> = plan
            .add_ons
            .iter()
            .map(|summary| {
                let counts = Counts::of(of_add_on(plan, summary));
                let purchased = summary.purchase.as_ref().map_or(0, |purchase| purchase.purchased);
                let numbers = [purchased, summary.reserve, summary.held_before, summary.held_after];
                let verdicts = [counts.assign, counts.revoke, counts.wait, counts.leave, counts.keep];
                let numbers = numbers.iter().map(u32::to_string);
                let cells = numbers.chain(verdicts.iter().map(usize::to_string));
                [summary.add_on.title().to_owned()].into_iter().chain(cells).collect()
            })
            .collect();
        let head = [
            "Add-on",
            "Purchased",
            "Reserve",
            "Held",
            "Held after",
            "Assign",
            "Revoke",
            "Waiting",
            "Left alone",
            "Kept",
        ];
        self.table("", &head, &rows);
    }

    fn add_on(&mut self, plan: &Plan, summary: &AddOnSummary, rows: &[Row<'_>]) {
        self.paragraph(&format!("## {}", summary.add_on.title()));
        let counts = Counts::of(of_add_on(plan, summary));
        let sections = [
            ("assign", counts.assign, "to assign"),
            ("revoke", counts.revoke, "to revoke"),
            ("wait", counts.wait, "waiting"),
            ("leave", counts.leave, "left alone"),
        ];
        for (verdict, count, words) in sections.into_iter().filter(|(_, count, _)| *count > 0) {
            let those =
                rows.iter().filter(|row| row.add_on == Some(summary.add_on) && row.verdict == verdict);
            let cells: Vec<_> = those
                .map(|row| {
                    let username = row.account.map_or("", |(_, username)| username);
                    vec![name(username), label(row), sentence(&row.words.why), sentence(&row.words.so)]
                })
                .collect();
            self.table(&format!("{count} {words}"), &["Account", "Person", "Why", "What follows"], &cells);
        }
        let kept = words::plural(counts.keep, "seat is", "seats are");
        self.paragraph(&format!("{kept} kept as before."));
    }

    fn unmatched(&mut self, rows: &[Row<'_>]) {
        let cells: Vec<_> = rows
            .iter()
            .filter(|row| row.verdict == UNMATCHED)
            .map(|row| {
                let email = row.person.and_then(|known| known.person.email()).unwrap_or_default();
                vec![label(row), name(email), sentence(&row.words.why), sentence(&row.words.so)]
            })
            .collect();
        if !cells.is_empty() {
            self.paragraph("## Entitled, but without an account");
            let title = words::plural(cells.len(), "person", "people");
            self.table(&title, &["Person", "Mail address", "Why", "What follows"], &cells);
        }
    }

    fn since(&mut self, plan: &Plan, past: &Past) {
        self.paragraph(&format!(
            "## Since the plan {} of {}",
            name(past.short()),
            words::moment(past.made_at)
        ));
        let cells: Vec<_> = past
            .moves(plan)
            .iter()
            .map(|one| {
                let named: Vec<String> = one.first().iter().map(|who| name(who)).collect();
                vec![
                    one.add_on.map_or("", |add_on| add_on.title()).to_owned(),
                    sentence(&one.was),
                    sentence(&one.now),
                    one.people.len().to_string(),
                    named.join(", ") + &one.rest(),
                ]
            })
            .collect();
        if cells.is_empty() {
            self.paragraph("Nothing changed.");
        } else {
            self.table("", &["Add-on", "Before", "Now", "How many", "Who"], &cells);
        }
    }

    fn outcomes(&mut self, document: Document<'_>, outcomes: &Outcomes) {
        let undone: Vec<_> = rows(document)
            .filter_map(|row| {
                let (outcome, because) = row.outcome.filter(|(outcome, _)| *outcome != "applied")?;
                let (id, username) = row.account?;
                let who = if username.is_empty() { format!("account {id}") } else { name(username) };
                let add_on = row.add_on.map_or("", |add_on| add_on.title());
                let change = outcomes
                    .changes
                    .iter()
                    .find(|entry| entry.seat.account == id && Some(entry.seat.add_on) == row.add_on);
                let change = change.map_or("", |entry| entry.change.key());
                let because = because.unwrap_or_default();
                Some(vec![
                    outcome.replace('_', " "),
                    change.to_owned(),
                    who,
                    add_on.to_owned(),
                    sentence(because),
                ])
            })
            .collect();
        if !undone.is_empty() {
            let head = ["Outcome", "Change", "Account", "Add-on", "Because"];
            self.table("Not as planned", &head, &undone);
        }
    }

    fn sources(&mut self, plan: &Plan) {
        let cells: Vec<_> = plan
            .sources
            .iter()
            .map(|source| {
                let coverage = match &source.coverage {
                    Coverage::Complete => words::read(source.read_whole_at),
                    Coverage::Partial { because } => format!("**partial:** {}", sentence(because)),
                };
                vec![
                    name(source.source.as_str()),
                    source.kind.key().to_owned(),
                    source.people.to_string(),
                    source.groups.to_string(),
                    coverage,
                ]
            })
            .collect();
        self.paragraph("## Read from");
        self.table("", &["Source", "Kind", "People", "Groups", "Coverage"], &cells);
    }
}

/// The name of the person, where it tells more than the username.
fn label(row: &Row<'_>) -> String {
    row.person.map_or_else(String::new, |known| name(known.person.label()))
}

fn of_add_on<'a>(plan: &'a Plan, summary: &AddOnSummary) -> impl Iterator<Item = &'a Decision> {
    let add_on = summary.add_on;
    plan.decisions.iter().filter(move |decision| decision.add_on == add_on)
}
