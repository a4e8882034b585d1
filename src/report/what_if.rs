//! A plan under other assumptions as JSON: `seatsync.what_if/1`, which no apply reads.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::model::decision::Decision;
use crate::model::holding::SeatKey;
use crate::model::plan::{Plan, Purpose};
use crate::report::json;
use crate::report::since::Past;

/// A plan under other assumptions, and whatever it says otherwise than today's, by add-on and account.
pub fn what_if<'a>(plan: &'a Plan, today: &'a Past) -> impl Serialize + 'a {
    let before = today.seats();
    let after = plan
        .decisions
        .iter()
        .map(|decision| (SeatKey { add_on: decision.add_on, account: decision.account.id }, decision));
    let after: BTreeMap<SeatKey, &Decision> = after.collect();
    let seats: BTreeSet<SeatKey> = before.keys().chain(after.keys()).copied().collect();
    let differences = seats.into_iter().filter_map(|seat| {
        let (today, then) = (before.get(&seat), after.get(&seat));
        let username = then.map(|decision| decision.account.username());
        let username = username.or(today.map(|stance| stance.who.as_str())).unwrap_or_default();
        let today = today.map(|stance| VerdictEntry { verdict: &stance.verdict, because: &stance.because });
        let then = then.map(|decision| VerdictEntry {
            verdict: decision.verdict.key(),
            because: decision.verdict.because(),
        });
        let account = AccountEntry { id: seat.account.0, username };
        (today != then).then_some(DifferenceEntry { add_on: seat.add_on.key(), account, today, then })
    });
    let assumptions = match &plan.purpose {
        Purpose::WhatIf { assumptions } => assumptions.as_slice(),
        Purpose::Rules | Purpose::Undo { .. } => &[],
    };
    WhatIfDocument { plan: json::plan(plan), assumptions, differences: differences.collect() }
}

#[derive(Serialize)]
struct WhatIfDocument<'a, P> {
    #[serde(flatten)]
    plan: P,
    assumptions: &'a [String],
    differences: Vec<DifferenceEntry<'a>>,
}

#[derive(Serialize)]
struct DifferenceEntry<'a> {
    add_on: &'static str,
    account: AccountEntry<'a>,
    today: Option<VerdictEntry<'a>>,
    then: Option<VerdictEntry<'a>>,
}

#[derive(Serialize, PartialEq, Eq)]
struct VerdictEntry<'a> {
    verdict: &'a str,
    because: &'a str,
}

#[derive(Serialize)]
struct AccountEntry<'a> {
    id: u64,
    username: &'a str,
}
