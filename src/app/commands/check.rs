//! `seatsync check`: reads the configuration, connects to everything read-only, and says what is wrong.

use std::fmt::Write as _;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use crate::app::brought;
use crate::app::cli::Common;
use crate::app::clock::SystemClock;
use crate::app::commands::plan::recalled;
use crate::app::config::Config;
use crate::app::config::meaning::sign_in::SignInConfig;
use crate::app::exit::Exit;
use crate::app::failure::Failure;
use crate::app::output::{chain, print};
use crate::app::serve::telling::templates;
use crate::app::serve::tray;
use crate::app::{progress, wiring};
use crate::gitlab::openid::sign_in::{SignIn, SignInError};
use crate::gitlab::preflight::{Preflight, Stops};
use crate::model::finding::Level;
use crate::model::plan::Plan;
use crate::model::snapshot::Coverage;
use crate::planning::plan;
use crate::ports::{Clock as _, EdgeError, Probe};
use crate::report::words::{self, plural};
use crate::sync::observe::{observe, read_all};

pub async fn run(common: &Common) -> Result<Exit, Failure> {
    let config = wiring::configuration(common)?;
    let now = SystemClock.now();
    let progress = progress::for_this_terminal();
    let (memory, notebook) = recalled(&config, now).await?;
    let neighbours = wiring::connect(&config, &progress, &notebook)?;
    let mut page = Page::default();
    page.configuration(&config);
    page.other_files(&config);
    let preflight = neighbours.gitlab.preflight().await;
    page.gitlab(&config, &preflight, now.to_zoned(TimeZone::UTC).date());
    if let Some(sign_in) = &config.serve.sign_in {
        let pages = SignIn::new(&config.gitlab, sign_in.application.clone()).map_err(EdgeError::from)?;
        page.sign_in(sign_in, pages.probe().await);
    }
    for source in &neighbours.sources {
        // Why a source cannot be reached is told below, where it is read.
        if let Ok(probe) = source.probe().await {
            page.probe(source.name().as_str(), &probe);
        }
    }
    if preflight.problems.iter().any(|problem| problem.stops == Stops::Planning) {
        for snapshot in read_all(&neighbours.wanted, &neighbours.sources).await {
            page.source(
                snapshot.source.as_str(),
                snapshot.people.len(),
                snapshot.groups_found(),
                &snapshot.coverage(),
                snapshot.read_whole_at,
            );
        }
    } else {
        match observe(&neighbours.wanted, &neighbours.sources, &neighbours.gitlab, memory, now).await {
            Ok(input) => page.plan(&plan(&input)),
            Err(error) => page.trouble(&error.chain(), &error.hint),
        }
    }
    progress.clear();
    page.seat_sync();
    print(&page.text)?;
    Ok(page.exit())
}

/// What was found, worst last remembered for the exit code.
#[derive(Default)]
struct Page {
    text: String,
    failed: bool,
    partial: bool,
}

impl Page {
    fn line(&mut self, label: &str, text: &str) {
        let _ = writeln!(self.text, "{label:<8} {text}");
    }

    fn configuration(&mut self, config: &Config) {
        let (sources, rules) = (config.sources.len(), config.rules.len());
        let (sources, rules) = (plural(sources, "source", "sources"), plural(rules, "rule", "rules"));
        self.line("ok", &format!("configuration {}: {sources}, {rules}", config.path.display()));
    }

    fn other_files(&mut self, config: &Config) {
        let signers = config.allowed_signers.as_ref().map(|_| brought::allowed_signers(config).map(drop));
        let required = config.policy.approval.required;
        let tray = config.serve.approved.as_ref().map(|folder| tray::plans(folder, required).map(drop));
        if let Some(Err(error)) = signers {
            self.failed = true;
            self.line("error", &chain(&error));
        }
        let templates = config.notify.as_ref().map(|notify| templates(notify.templates.as_deref()).map(drop));
        if let Some(Err(error)) = templates {
            self.failed = true;
            self.line("error", &chain(&error));
        }
        if let Some(Err(error)) = tray {
            self.failed = true;
            self.line("error", &format!("no approval can be taken from `[serve] approved`: {error}"));
        }
    }

    fn trouble(&mut self, sentence: &str, hint: &str) {
        self.failed = true;
        self.line("error", sentence);
        if !hint.is_empty() {
            self.line("", &format!("hint: {hint}"));
        }
    }

    fn gitlab(&mut self, config: &Config, preflight: &Preflight, today: Date) {
        if let Some(version) = &preflight.version {
            self.line(
                "ok",
                &format!("GitLab {version} at {}", config.gitlab.url.as_str().trim_end_matches('/')),
            );
        }
        if let Some(token) = &preflight.token {
            let role = preflight.role.map_or_else(String::new, |role| format!(" of {role}"));
            let (label, ends) = ends(token.expires_on, today);
            self.line(
                label,
                &format!("token `{}`{role}: scopes {}, {ends}", token.name, token.scopes.join(", ")),
            );
        }
        for purchase in &preflight.purchases {
            let (title, bought, held) = (purchase.add_on.title(), purchase.purchased, purchase.assigned);
            self.line("ok", &format!("{title}: {bought} seats purchased, {held} held"));
        }
        for problem in &preflight.problems {
            let label = match problem.stops {
                Stops::Planning | Stops::Applying => "error",
                Stops::Nothing => "warning",
            };
            self.failed |= problem.stops != Stops::Nothing;
            self.line(label, &problem.sentence);
            if !problem.hint.is_empty() {
                self.line("", &format!("hint: {}", problem.hint));
            }
        }
    }

    fn sign_in(&mut self, config: &SignInConfig, probed: Result<(), SignInError>) {
        match probed {
            Ok(()) => {
                let (page, back) = (config.page(), &config.application.redirect_uri);
                self.line(
                    "ok",
                    &format!(
                        "GitLab signs people in to {page}, if its application sends them back to {back}"
                    ),
                );
            }
            Err(error) => {
                self.trouble(&format!("nobody can sign in to the pages: {}", chain(&error)), error.hint());
            }
        }
    }

    fn probe(&mut self, name: &str, probe: &Probe) {
        if let Some(product) = &probe.product {
            self.line("ok", &format!("source {name}: {product} at {}", probe.place));
        }
        for trouble in &probe.trouble {
            self.partial = true;
            self.line("error", &format!("source {name}: {trouble}"));
        }
    }

    fn source(
        &mut self,
        name: &str,
        people: usize,
        groups: usize,
        coverage: &Coverage,
        read_whole_at: Option<Timestamp>,
    ) {
        match coverage {
            Coverage::Complete => {
                let (people, groups) =
                    (plural(people, "person", "people"), plural(groups, "group", "groups"));
                self.line(
                    "ok",
                    &format!("source {name}: {people} in {groups}, {}", words::read(read_whole_at)),
                );
            }
            Coverage::Partial { because } => {
                self.partial = true;
                self.line("error", &format!("source {name}: {because}"));
            }
        }
    }

    fn plan(&mut self, plan: &Plan) {
        for source in &plan.sources {
            self.source(
                source.source.as_str(),
                source.people,
                source.groups,
                &source.coverage,
                source.read_whole_at,
            );
        }
        for finding in &plan.findings {
            self.partial |= finding.level == Level::Error;
            self.line(finding.level.key(), &finding.message);
        }
        for refusal in &plan.refusals {
            self.line("warning", &format!("the guard would refuse an apply: {}", words::refusal(refusal)));
        }
        if !plan.unmatched.is_empty() {
            self.line(
                "warning",
                &format!(
                    "{} without an account: `seatsync plan` names them",
                    plural(plan.unmatched.len(), "entitled person", "entitled people")
                ),
            );
        }
    }

    fn seat_sync(&mut self) {
        self.line(
            "info",
            "GitLab does not tell whether its own seat sync is on: make sure that `duo_add_on_groups` is unset, or both will fight over the same seats",
        );
    }

    fn exit(&self) -> Exit {
        if self.failed {
            Exit::Failed
        } else if self.partial {
            Exit::SourcePartial
        } else {
            Exit::Done
        }
    }
}

/// When the token ends, and how much that matters: time enough to make another is two weeks.
fn ends(expires_on: Option<Date>, today: Date) -> (&'static str, String) {
    match expires_on {
        None => ("ok", "never expires".to_owned()),
        Some(day) if today.checked_add(14.days()).is_ok_and(|soon| day <= soon) => {
            ("warning", format!("is refused from {day} on: make a new one before"))
        }
        Some(day) => ("ok", format!("expires on {day}")),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use crate::app::commands::check::ends;

    #[test]
    fn a_token_that_ends_soon_is_warned_of() {
        let today = date(2026, 11, 22);
        assert_eq!(ends(Some(date(2026, 12, 7)), today), ("ok", "expires on 2026-12-07".to_owned()));
        let soon = "is refused from 2026-12-06 on: make a new one before".to_owned();
        assert_eq!(ends(Some(date(2026, 12, 6)), today), ("warning", soon));
        assert_eq!(ends(None, today), ("ok", "never expires".to_owned()));
    }
}
