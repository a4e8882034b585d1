//! A decision, or a person without an account, as a row of a table: CSV, HTML and Markdown show the same.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::model::account::{Account, AccountId, MatchBy};
use crate::model::add_on::AddOn;
use crate::model::decision::{Decision, LeaveReason, Verdict};
use crate::model::entitlement::{Grounds, KnownPerson};
use crate::model::holding::SeatKey;
use crate::model::outcome::Outcome;
use crate::model::plan::Unmatched;
use crate::report::document::Document;
use crate::report::since::{Stance, UNMATCHED};
use crate::report::words::{self, Words};

/// The verdict on an approved change that no longer holds, of an account that the plan does not decide about.
pub const LAPSED: &str = "lapsed";

/// Everything that a table may show of one decision or person.
#[derive(Debug)]
pub struct Row<'a> {
    pub add_on: Option<AddOn>,
    /// The words of the contract, [`UNMATCHED`] or [`LAPSED`].
    pub verdict: &'static str,
    pub because: &'static str,
    pub account: Option<(AccountId, &'a str)>,
    pub person: Option<&'a KnownPerson>,
    /// Whether the seat is seatsync's; of a person without an account nothing is said.
    pub managed: Option<bool>,
    pub matched_by: Option<MatchBy>,
    pub rule: Option<&'a str>,
    pub rank: Option<i64>,
    /// The nested groups, the one that the rule names first.
    pub path: &'a [Box<str>],
    pub until: Option<Timestamp>,
    pub words: Words,
    /// What the earlier plan said, where there is one.
    pub before: Option<&'a Stance>,
    /// What came of the change, and why.
    pub outcome: Option<(&'static str, Option<&'a str>)>,
}

impl Row<'_> {
    /// Whether the earlier plan, of which the document knows, said something else.
    pub fn is_news(&self) -> bool {
        self.before.is_none_or(|before| before.verdict != self.verdict || before.because != self.because)
    }
}

/// A row for each decision, then one for each person without an account, in the order of the plan; at last approved
/// changes that no longer hold, of accounts that the plan does not decide about.
pub fn rows<'a>(document: Document<'a>) -> impl Iterator<Item = Row<'a>> {
    let plan = document.plan;
    let mut came = came(document);
    let mut rows: Vec<Row<'a>> = Vec::with_capacity(plan.decisions.len() + plan.unmatched.len());
    for decision in &plan.decisions {
        let seat = SeatKey { add_on: decision.add_on, account: decision.account.id };
        let before = document.since.and_then(|past| past.seat(seat));
        rows.push(of_decision(decision, before, came.remove(&seat)));
    }
    for unmatched in &plan.unmatched {
        let before = document.since.and_then(|past| past.unmatched(&unmatched.person.key()));
        rows.push(of_unmatched(unmatched, before));
    }
    let mut rest: Vec<_> = came.into_iter().collect();
    rest.sort_unstable_by_key(|(seat, _)| *seat);
    rows.extend(rest.into_iter().map(|(seat, outcome)| of_lapsed(seat, outcome)));
    rows.into_iter()
}

/// What came of each change. Approved changes that no longer hold have lapsed.
fn came<'a>(document: Document<'a>) -> HashMap<SeatKey, (&'static str, Option<&'a str>)> {
    let Some(outcomes) = document.outcomes else { return HashMap::new() };
    let lapsed = outcomes.lapsed.iter().map(|lapsed| {
        let because = words::lapsed_code(lapsed.because, document.plan.decision(&lapsed.seat));
        (lapsed.seat, (LAPSED, Some(because)))
    });
    let changed = outcomes.changes.iter().map(|entry| {
        let because = match &entry.outcome {
            Outcome::Applied | Outcome::AlreadySo => None,
            Outcome::Refused { because } | Outcome::Deferred { because } => Some(because.as_str()),
        };
        (entry.seat, (entry.outcome.key(), because))
    });
    lapsed.chain(changed).collect()
}

fn of_decision<'a>(
    decision: &'a Decision,
    before: Option<&'a Stance>,
    outcome: Option<(&'static str, Option<&'a str>)>,
) -> Row<'a> {
    let account: &'a Account = &decision.account;
    let grounds: Option<&'a Grounds> = decision.grounds.as_ref();
    Row {
        add_on: Some(decision.add_on),
        verdict: decision.verdict.key(),
        because: decision.verdict.because(),
        account: Some((account.id, account.username())),
        person: decision.person.as_ref(),
        managed: Some(decision.managed),
        matched_by: decision.matched_by,
        rule: grounds.map(|grounds| grounds.rule.as_str()),
        rank: grounds.map(|grounds| grounds.rank),
        path: grounds.map_or(&[], |grounds| grounds.path.names()),
        until: until(&decision.verdict),
        words: words::decision(decision),
        before,
        outcome,
    }
}

fn of_unmatched<'a>(unmatched: &'a Unmatched, before: Option<&'a Stance>) -> Row<'a> {
    Row {
        add_on: None,
        verdict: UNMATCHED,
        because: unmatched.because.key(),
        account: None,
        person: Some(&unmatched.person),
        managed: None,
        matched_by: None,
        rule: Some(unmatched.rule.as_str()),
        rank: None,
        path: &[],
        until: None,
        words: Words {
            why: format!("rule {}", unmatched.rule),
            so: words::unmatched(unmatched.because).to_owned(),
        },
        before,
        outcome: None,
    }
}

fn of_lapsed<'a>(seat: SeatKey, outcome: (&'static str, Option<&'a str>)) -> Row<'a> {
    Row {
        add_on: Some(seat.add_on),
        verdict: LAPSED,
        because: "",
        account: Some((seat.account, "")),
        person: None,
        managed: None,
        matched_by: None,
        rule: None,
        rank: None,
        path: &[],
        until: None,
        words: Words { why: "approved, but no longer so".to_owned(), so: "left out".to_owned() },
        before: None,
        outcome: Some(outcome),
    }
}

/// Until when a seat is left that nothing backs.
pub fn until(verdict: &Verdict) -> Option<Timestamp> {
    match verdict {
        Verdict::Leave {
            because: LeaveReason::Grace { until, .. } | LeaveReason::MinimumTenure { until },
        } => Some(*until),
        Verdict::Assign { .. }
        | Verdict::Keep { .. }
        | Verdict::Leave { .. }
        | Verdict::Revoke { .. }
        | Verdict::Wait { .. } => None,
    }
}
