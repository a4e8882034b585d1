//! The report as a person reads it in a terminal; signs carry the meaning without colour.

use crate::model::decision::{Decision, Verdict};
use crate::model::finding::Level;
use crate::model::holding::{Change, SeatKey};
use crate::model::outcome::{Outcome, Outcomes};
use crate::model::plan::{AddOnSummary, Plan, Purpose};
use crate::model::snapshot::Coverage;
use crate::report::document::Document;
use crate::report::shown::shown;
use crate::report::since::Past;
use crate::report::words;

/// How a report looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    pub color: bool,
}

/// The whole plan: sources, findings, every add-on, what changed since an earlier plan, the guard, and the counts; then
/// what came of it, where it was applied.
pub fn page(document: Document<'_>, look: Look) -> String {
    let plan = document.plan;
    let mut page = Page { text: String::new(), look };
    page.head(plan);
    page.findings(plan);
    for summary in &plan.add_ons {
        page.add_on(plan, summary);
    }
    page.unmatched(plan);
    if let Some(past) = document.since {
        page.since(plan, past);
    }
    page.guard(plan);
    page.totals(plan);
    match document.outcomes {
        Some(outcomes) => page.outcomes(plan, outcomes),
        None if matches!(plan.purpose, Purpose::WhatIf { .. }) => {}
        None if plan.refusals.is_empty() && !plan.changes().is_empty() => {
            page.line(&format!("To approve exactly these changes: {}", words::approval(plan)));
        }
        None => {}
    }
    page.text
}

/// What came of an apply: what was not done, each with its reason, and the counts.
pub fn outcomes(plan: &Plan, outcomes: &Outcomes, look: Look) -> String {
    let mut page = Page { text: String::new(), look };
    page.outcomes(plan, outcomes);
    page.text
}

struct Page {
    text: String,
    look: Look,
}

#[derive(Clone, Copy)]
enum Ink {
    Plain,
    Bold,
    Green,
    Red,
    Yellow,
    Dim,
}

impl Page {
    fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    fn paint(&self, ink: Ink, text: &str) -> String {
        let code = match ink {
            Ink::Plain => return text.to_owned(),
            Ink::Bold => "1",
            Ink::Green => "32",
            Ink::Red => "31",
            Ink::Yellow => "33",
            Ink::Dim => "2",
        };
        if self.look.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn head(&mut self, plan: &Plan) {
        let made = words::moment(plan.made_at);
        let instance = &plan.instance;
        self.line(&format!("{}   GitLab {} ({})   {made}", instance.url, instance.version, instance.scope));
        if let Purpose::WhatIf { assumptions } = &plan.purpose {
            self.line(&format!("What if {}? Nothing of this can be applied.", assumptions.join(", and ")));
        }
        if let Purpose::Undo { run } = &plan.purpose {
            self.line(&format!("The reverse of run {run}; nobody else is decided about"));
        }
        let width =
            plan.sources.iter().map(|source| source.source.as_str().chars().count()).max().unwrap_or(0);
        for source in &plan.sources {
            let coverage = match &source.coverage {
                Coverage::Complete => words::read(source.read_whole_at),
                Coverage::Partial { because } => {
                    self.paint(Ink::Red, &format!("partial: {}", shown(because)))
                }
            };
            let name = pad(source.source.as_str(), width);
            let (people, groups) = (
                words::plural(source.people, "person", "people"),
                words::plural(source.groups, "group", "groups"),
            );
            self.line(&format!("{name}   {}   {people} in {groups}   {coverage}", source.kind.key()));
        }
        self.line("");
    }

    fn findings(&mut self, plan: &Plan) {
        for finding in &plan.findings {
            let ink = match finding.level {
                Level::Error => Ink::Red,
                Level::Warning => Ink::Yellow,
                Level::Info => Ink::Plain,
            };
            let label = self.paint(ink, &format!("{}[{}]", finding.level.key(), finding.code.key()));
            self.line(&format!("{label}: {}", shown(&finding.message)));
        }
        if !plan.findings.is_empty() {
            self.line("");
        }
    }

    fn add_on(&mut self, plan: &Plan, summary: &AddOnSummary) {
        let title = self.paint(Ink::Bold, summary.add_on.title());
        match &summary.purchase {
            None => self.line(&format!("{title}   not purchased")),
            Some(purchase) => self.line(&format!(
                "{title}   {} purchased   {} in reserve   {} held -> {}",
                purchase.purchased, summary.reserve, summary.held_before, summary.held_after
            )),
        }
        if let Some(because) = &summary.frozen {
            let frozen = self.paint(Ink::Red, "nobody loses a seat in this run");
            self.line(&format!("  ! {frozen}: {}", shown(because)));
        }
        let told: Vec<&Decision> = plan
            .decisions
            .iter()
            .filter(|decision| decision.add_on == summary.add_on)
            .filter(|decision| !matches!(decision.verdict, Verdict::Keep { .. }))
            .collect();
        let rows: Vec<_> = told.iter().map(|decision| words::decision(decision)).collect();
        let names = told
            .iter()
            .map(|decision| decision.account.username().chars().count())
            .max()
            .unwrap_or(0)
            .clamp(12, 32);
        let whys = rows.iter().map(|words| words.why.chars().count()).max().unwrap_or(0).clamp(12, 56);
        for (decision, words) in told.iter().zip(&rows) {
            let (sign, ink) = match &decision.verdict {
                Verdict::Assign { .. } => ('+', Ink::Green),
                Verdict::Revoke { .. } => ('-', Ink::Red),
                Verdict::Wait { .. } => ('.', Ink::Yellow),
                Verdict::Leave { .. } | Verdict::Keep { .. } => ('=', Ink::Dim),
            };
            let name =
                self.paint(ink, &format!("{sign} {}", pad(&shown(decision.account.username()), names)));
            self.line(&format!("  {name}  {}  {}", pad(&shown(&words.why), whys), shown(&words.so)));
        }
        let kept = plan
            .decisions
            .iter()
            .filter(|decision| {
                decision.add_on == summary.add_on && matches!(decision.verdict, Verdict::Keep { .. })
            })
            .count();
        self.line(&format!("  {kept} unchanged"));
        self.line("");
    }

    fn unmatched(&mut self, plan: &Plan) {
        if plan.unmatched.is_empty() {
            return;
        }
        self.line("Entitled, but without an account");
        for unmatched in &plan.unmatched {
            let person = &unmatched.person.person;
            let address = person.email().map_or_else(String::new, |email| format!(" <{email}>"));
            let who = format!("{}{address}", person.label());
            self.line(&format!(
                "  ? {}  rule {}  {}",
                pad(&shown(&who), 40),
                unmatched.rule,
                words::unmatched(unmatched.because)
            ));
        }
        self.line("");
    }

    fn since(&mut self, plan: &Plan, past: &Past) {
        let moves = past.moves(plan);
        let (made, short) = (words::moment(past.made_at), past.short());
        self.line(&format!("Since the plan {short} of {made}"));
        let told = moves.iter().map(|one| (one.add_on, format!("{} -> {}", one.was, one.now)));
        let width = told.map(|(_, text)| text.chars().count()).max().unwrap_or(0);
        for one in &moves {
            let add_on = one.add_on.map_or("", |add_on| add_on.title());
            let named: Vec<_> = one.first().iter().map(|who| shown(who)).collect();
            let what = pad(&format!("{} -> {}", one.was, one.now), width);
            self.line(&format!("  ~ {what}  {}  {}{}", pad(add_on, 14), named.join(", "), one.rest()));
        }
        if moves.is_empty() {
            self.line("  nothing changed");
        }
        self.line("");
    }

    fn guard(&mut self, plan: &Plan) {
        for refusal in &plan.refusals {
            let label = self.paint(Ink::Red, "refused");
            self.line(&format!("{label}: {}", words::refusal(refusal)));
        }
        if !plan.refusals.is_empty() && !matches!(plan.purpose, Purpose::WhatIf { .. }) {
            let if_right = if plan.changes().is_empty() {
                "nobody gains or loses a seat yet; if the directory is right, have it believed from now on"
            } else {
                "if these changes are right, approve exactly them"
            };
            self.line(&format!("hint: {if_right}: `{}`", words::approval(plan)));
            self.line("");
        }
    }

    fn totals(&mut self, plan: &Plan) {
        let line = format!("Plan {}: {}", plan.digest().short(), words::totals(plan));
        let line = self.paint(Ink::Bold, &line);
        self.line(&line);
    }

    fn outcomes(&mut self, plan: &Plan, outcomes: &Outcomes) {
        let usernames = plan.usernames();
        let username = |seat: &SeatKey| {
            usernames.get(seat).map_or_else(|| format!("account {}", seat.account), |name| (*name).to_owned())
        };
        for entry in &outcomes.changes {
            let because = match &entry.outcome {
                Outcome::Applied | Outcome::AlreadySo => continue,
                Outcome::Refused { because } | Outcome::Deferred { because } => because,
            };
            let label = self.paint(Ink::Red, entry.outcome.key());
            let what = match entry.change {
                Change::Assign => "seat for",
                Change::Revoke => "revocation from",
            };
            let seat = &entry.seat;
            self.line(&format!(
                "{label}: {what} {} of {}: {}",
                shown(&username(seat)),
                seat.add_on.title(),
                shown(because)
            ));
        }
        for lapsed in &outcomes.lapsed {
            let seat = &lapsed.seat;
            let who = lapsed.username.as_deref().map_or_else(|| username(seat), str::to_owned);
            self.line(&format!(
                "lapsed: {} {} of {}: approved, but {}",
                lapsed.change.key(),
                shown(&who),
                seat.add_on.title(),
                shown(&words::lapsed(lapsed.because, lapsed.change, plan.decision(seat)))
            ));
        }
        if !outcomes.signers.is_empty() {
            let who: Vec<String> =
                outcomes.signers.iter().map(|one| format!("{} ({})", shown(one.name()), one.key)).collect();
            self.line(&format!("approved by {}", who.join(", ")));
        }
        let line = format!("Applied {}: {}", plan.digest().short(), words::came_of(outcomes));
        let line = self.paint(Ink::Bold, &line);
        self.line(&line);
    }
}

fn pad(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(text.chars().count());
    format!("{text}{}", " ".repeat(missing))
}
