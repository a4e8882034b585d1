//! The plan and its outcome as JSON: `seatsync.plan/1` and `seatsync.outcome/1`.

use serde::{Serialize, Serializer};

use crate::model::decision::Decision;
use crate::model::entitlement::KnownPerson;
use crate::model::finding::Finding;
use crate::model::holding::SeatKey;
use crate::model::outcome::{ChangeOutcome, Outcome, Outcomes};
use crate::model::plan::{AddOnSummary, Plan, Purpose, Refusal, SourceSummary, Unmatched};
use crate::model::snapshot::Coverage;
use crate::report::row;
use crate::report::words::{self, Counts};

/// What a plan says that can never be applied.
const WHAT_IF_FORMAT: &str = "seatsync.what_if/1";

/// What the plan's `format` says.
pub const PLAN_FORMAT: &str = "seatsync.plan/1";

/// What the outcome's `format` says.
pub const OUTCOME_FORMAT: &str = "seatsync.outcome/1";

/// The plan, made as it is written: a large company's does not lie in memory twice.
pub fn plan(plan: &Plan) -> impl Serialize + '_ {
    PlanDocument::of(plan)
}

/// The plan and what came of it.
pub fn outcomes<'a>(plan: &'a Plan, outcomes: &'a Outcomes) -> impl Serialize + 'a {
    let usernames = plan.usernames();
    let account = |seat: &SeatKey| AccountEntry {
        id: seat.account.0,
        username: usernames.get(seat).copied().unwrap_or_default(),
    };
    OutcomeDocument {
        format: OUTCOME_FORMAT,
        plan: PlanDocument::of(plan),
        outcomes: outcomes
            .changes
            .iter()
            .map(|entry| OutcomeEntry::of(entry, account(&entry.seat)))
            .collect(),
        lapsed: outcomes
            .lapsed
            .iter()
            .map(|lapsed| {
                let (seat, decided) = (&lapsed.seat, plan.decision(&lapsed.seat));
                let known = account(seat);
                let username = lapsed.username.as_deref().unwrap_or(known.username);
                LapsedEntry {
                    add_on: seat.add_on.key(),
                    account: AccountEntry { username, ..known },
                    change: lapsed.change.key(),
                    because: words::lapsed_code(lapsed.because, decided),
                    detail: words::lapsed(lapsed.because, lapsed.change, decided),
                }
            })
            .collect(),
        approved_by: outcomes
            .signers
            .iter()
            .map(|signer| SignerEntry { name: signer.name(), key: &signer.key })
            .collect(),
    }
}

/// The decisions, one after the other.
struct Decisions<'a>(&'a [Decision]);

impl Serialize for Decisions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(DecisionEntry::of))
    }
}

#[derive(Serialize)]
struct PlanDocument<'a> {
    format: &'static str,
    digest: String,
    made_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    undoes: Option<i64>,
    gitlab: GitLab<'a>,
    sources: Vec<SourceEntry<'a>>,
    add_ons: Vec<AddOnEntry<'a>>,
    decisions: Decisions<'a>,
    unmatched: Vec<UnmatchedEntry<'a>>,
    findings: Vec<FindingEntry<'a>>,
    guard: Guard<'a>,
}

#[derive(Serialize)]
struct GitLab<'a> {
    url: &'a str,
    version: &'a str,
    scope: String,
}

#[derive(Serialize)]
struct SourceEntry<'a> {
    name: &'a str,
    kind: &'static str,
    people: usize,
    groups: usize,
    coverage: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    read_whole_at: Option<String>,
}

#[derive(Serialize)]
struct AddOnEntry<'a> {
    add_on: &'static str,
    purchase: Option<&'a str>,
    purchased: u32,
    reserve: u32,
    held_before: u32,
    held_after: u32,
    tally: Tally,
    #[serde(skip_serializing_if = "Option::is_none")]
    frozen: Option<&'a str>,
}

#[derive(Serialize)]
struct Tally {
    assign: usize,
    keep: usize,
    leave: usize,
    revoke: usize,
    wait: usize,
}

#[derive(Serialize)]
struct DecisionEntry<'a> {
    add_on: &'static str,
    verdict: &'static str,
    because: &'static str,
    account: AccountEntry<'a>,
    person: Option<PersonEntry<'a>>,
    managed: bool,
    matched_by: Option<&'static str>,
    rule: Option<&'a str>,
    rank: Option<i64>,
    path: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    detail: String,
}

#[derive(Serialize)]
struct AccountEntry<'a> {
    id: u64,
    username: &'a str,
}

#[derive(Serialize)]
struct PersonEntry<'a> {
    source: &'a str,
    id: &'a str,
    name: Option<&'a str>,
    email: Option<&'a str>,
}

#[derive(Serialize)]
struct UnmatchedEntry<'a> {
    person: PersonEntry<'a>,
    because: &'static str,
    rule: &'a str,
}

#[derive(Serialize)]
struct FindingEntry<'a> {
    code: &'static str,
    level: &'static str,
    rule: Option<&'a str>,
    message: &'a str,
}

#[derive(Serialize)]
struct Guard<'a> {
    verdict: &'static str,
    refusals: Vec<RefusalEntry<'a>>,
}

#[derive(Serialize)]
struct RefusalEntry<'a> {
    code: &'static str,
    limit: u32,
    actual: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    add_on: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    message: String,
}

#[derive(Serialize)]
struct OutcomeDocument<'a> {
    format: &'static str,
    plan: PlanDocument<'a>,
    outcomes: Vec<OutcomeEntry<'a>>,
    lapsed: Vec<LapsedEntry<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    approved_by: Vec<SignerEntry<'a>>,
}

#[derive(Serialize)]
struct SignerEntry<'a> {
    name: &'a str,
    key: &'a str,
}

#[derive(Serialize)]
struct OutcomeEntry<'a> {
    add_on: &'static str,
    account: AccountEntry<'a>,
    change: &'static str,
    outcome: &'static str,
    because: Option<&'a str>,
}

#[derive(Serialize)]
struct LapsedEntry<'a> {
    add_on: &'static str,
    account: AccountEntry<'a>,
    change: &'static str,
    because: &'static str,
    detail: String,
}

impl<'a> PlanDocument<'a> {
    fn of(plan: &'a Plan) -> PlanDocument<'a> {
        let refusals: Vec<_> = plan.refusals.iter().map(RefusalEntry::of).collect();
        PlanDocument {
            format: match plan.purpose {
                Purpose::Rules | Purpose::Undo { .. } => PLAN_FORMAT,
                Purpose::WhatIf { .. } => WHAT_IF_FORMAT,
            },
            digest: plan.digest().as_str().to_owned(),
            undoes: plan.purpose.undoes(),
            made_at: words::instant(plan.made_at),
            gitlab: GitLab {
                url: &plan.instance.url,
                version: &plan.instance.version,
                scope: plan.instance.scope.to_string(),
            },
            sources: plan.sources.iter().map(SourceEntry::of).collect(),
            add_ons: plan.add_ons.iter().map(|summary| AddOnEntry::of(summary, plan)).collect(),
            decisions: Decisions(&plan.decisions),
            unmatched: plan.unmatched.iter().map(UnmatchedEntry::of).collect(),
            findings: plan.findings.iter().map(FindingEntry::of).collect(),
            guard: Guard { verdict: if refusals.is_empty() { "pass" } else { "refuse" }, refusals },
        }
    }
}

impl<'a> SourceEntry<'a> {
    fn of(source: &'a SourceSummary) -> SourceEntry<'a> {
        let (coverage, because) = match &source.coverage {
            Coverage::Complete => ("complete", None),
            Coverage::Partial { because } => ("partial", Some(because.as_str())),
        };
        SourceEntry {
            name: source.source.as_str(),
            kind: source.kind.key(),
            people: source.people,
            groups: source.groups,
            coverage,
            because,
            read_whole_at: source.read_whole_at.map(|at| at.to_string()),
        }
    }
}

impl<'a> AddOnEntry<'a> {
    fn of(summary: &'a AddOnSummary, plan: &Plan) -> AddOnEntry<'a> {
        let Counts { assign, keep, leave, revoke, wait } =
            Counts::of(plan.decisions.iter().filter(|decision| decision.add_on == summary.add_on));
        AddOnEntry {
            add_on: summary.add_on.key(),
            purchase: summary.purchase.as_ref().map(|purchase| &*purchase.id.0),
            purchased: summary.purchase.as_ref().map_or(0, |purchase| purchase.purchased),
            reserve: summary.reserve,
            held_before: summary.held_before,
            held_after: summary.held_after,
            tally: Tally { assign, keep, leave, revoke, wait },
            frozen: summary.frozen.as_deref(),
        }
    }
}

impl<'a> DecisionEntry<'a> {
    fn of(decision: &'a Decision) -> DecisionEntry<'a> {
        let words = words::decision(decision);
        DecisionEntry {
            add_on: decision.add_on.key(),
            verdict: decision.verdict.key(),
            because: decision.verdict.because(),
            account: AccountEntry { id: decision.account.id.0, username: decision.account.username() },
            person: decision.person.as_ref().map(PersonEntry::of),
            managed: decision.managed,
            matched_by: decision.matched_by.map(|by| by.key()),
            rule: decision.grounds.as_ref().map(|grounds| grounds.rule.as_str()),
            rank: decision.grounds.as_ref().map(|grounds| grounds.rank),
            path: decision
                .grounds
                .as_ref()
                .map(|grounds| grounds.path.names().iter().map(|name| &**name).collect()),
            until: row::until(&decision.verdict).map(words::instant),
            detail: format!("{}; {}", words.why, words.so),
        }
    }
}

impl<'a> PersonEntry<'a> {
    fn of(known: &'a KnownPerson) -> PersonEntry<'a> {
        PersonEntry {
            source: known.source.as_str(),
            id: known.person.id(),
            name: known.person.name(),
            email: known.person.email(),
        }
    }
}

impl<'a> UnmatchedEntry<'a> {
    fn of(unmatched: &'a Unmatched) -> UnmatchedEntry<'a> {
        UnmatchedEntry {
            person: PersonEntry::of(&unmatched.person),
            because: unmatched.because.key(),
            rule: unmatched.rule.as_str(),
        }
    }
}

impl<'a> FindingEntry<'a> {
    fn of(finding: &'a Finding) -> FindingEntry<'a> {
        FindingEntry {
            code: finding.code.key(),
            level: finding.level.key(),
            rule: finding.rule.as_ref().map(|rule| rule.as_str()),
            message: &finding.message,
        }
    }
}

impl<'a> RefusalEntry<'a> {
    fn of(refusal: &'a Refusal) -> RefusalEntry<'a> {
        let (limit, actual, add_on, source) = match refusal {
            Refusal::TooManyRevocations { limit, actual } => (*limit, *actual, None, None),
            Refusal::TooManyRevocationsPercent { add_on, limit, actual } => {
                (*limit, *actual, Some(add_on.key()), None)
            }
            Refusal::SourceShrank { source, limit, actual, .. } => {
                (*limit, *actual, None, Some(source.as_str()))
            }
        };
        RefusalEntry {
            code: words::refusal_code(refusal),
            limit,
            actual,
            add_on,
            source,
            message: words::refusal(refusal),
        }
    }
}

impl<'a> OutcomeEntry<'a> {
    fn of(entry: &'a ChangeOutcome, account: AccountEntry<'a>) -> OutcomeEntry<'a> {
        OutcomeEntry {
            add_on: entry.seat.add_on.key(),
            account,
            change: entry.change.key(),
            outcome: entry.outcome.key(),
            because: match &entry.outcome {
                Outcome::Applied | Outcome::AlreadySo => None,
                Outcome::Refused { because } | Outcome::Deferred { because } => Some(because),
            },
        }
    }
}
