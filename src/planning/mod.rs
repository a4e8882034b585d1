//! First floor: the pure verbs that turn what was observed into a plan, one file a decision.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::model::account::{Account, AccountId};
use crate::model::add_on::AddOn;
use crate::model::plan::{Bookkeeping, Plan, SourceSummary};
use crate::model::purchase::PurchaseReading;
use crate::planning::claims::Claims;
use crate::planning::holders::Holders;
use crate::planning::input::PlanningInput;
use crate::planning::reconcile::{Desk, Tiers};
use crate::planning::rules::RuleReading;

pub mod accounts;
pub mod allocation;
pub mod claims;
pub mod condition;
pub mod explain;
pub mod findings;
pub mod guard;
pub mod holders;
pub mod input;
pub mod matching;
pub mod reconcile;
pub mod rules;

/// Decides what becomes of every account and add-on. The same input gives the same plan, byte for byte.
pub fn plan(input: &PlanningInput) -> Plan {
    let rules = rules::read(input);
    let accounts = accounts::accounts(input);
    let matches = matching::match_people(input, &accounts, &rules);
    let (claims, unmatched) = claims::gather(&rules, &matches);
    let accounts: HashMap<AccountId, Arc<Account>> =
        accounts.into_iter().map(|account| (account.id, account)).collect();
    let contested = holders::contested(&input.memory);
    let is_doubtful = |id| matches.doubtful.contains(&id);

    let policies: BTreeMap<AddOn, _> =
        claims.keys().map(|add_on| (*add_on, input.policy.add_on(*add_on))).collect();
    let desks: Vec<Desk<'_>> = in_order(input, &claims)
        .into_iter()
        .map(|add_on| Desk {
            holders: Holders {
                add_on,
                now: input.now,
                policy: &policies[&add_on],
                memory: &input.memory,
                claims: &claims[&add_on],
                frozen: frozen(input, &rules, add_on),
                contested: &contested,
                doubtful: &is_doubtful,
            },
            reading: input.seats.purchases.iter().find(|reading| reading.purchase.add_on == add_on),
            rules: rules
                .iter()
                .filter(|reading| reading.rule.add_on == add_on && !reading.ended)
                .map(|reading| (&reading.rule.name, reading.rule))
                .collect(),
            accounts: &accounts,
            is_tier: input.policy.tiers.contains(&add_on),
        })
        .collect();

    let untouched = |reading: &&PurchaseReading| {
        input.policy.tiers.contains(&reading.purchase.add_on)
            && !claims.contains_key(&reading.purchase.add_on)
    };
    let mut tiers = Tiers::beside(input.seats.purchases.iter().filter(untouched));
    let mut bookkeeping = Bookkeeping { sizes: guard::sizes(input), ..Bookkeeping::default() };
    let mut reconciled = Vec::new();
    for (index, desk) in desks.iter().enumerate() {
        let worse: Vec<&Desk<'_>> = desks[index + 1..].iter().filter(|desk| desk.is_tier).collect();
        reconciled.push(reconcile::reconcile(desk, &worse, &mut tiers, &mut bookkeeping));
    }
    bookkeeping.sort();

    let mut findings = findings::gather(&findings::Evidence {
        input,
        rules: &rules,
        claims: &claims,
        desks: &desks,
        reconciled: &reconciled,
    });
    findings.extend(matches.findings.iter().cloned());
    findings.sort();
    findings.dedup();

    let (mut add_ons, mut decisions) = (Vec::new(), Vec::new());
    for part in reconciled {
        add_ons.push(part.summary);
        decisions.extend(part.decisions);
    }
    add_ons.sort_by_key(|summary| summary.add_on);
    decisions.sort_by(|a, b| a.order().cmp(&b.order()));
    let mut plan = Plan {
        made_at: input.now,
        instance: input.seats.instance.clone(),
        sources: sources(input),
        add_ons,
        decisions,
        unmatched,
        findings,
        refusals: Vec::new(),
        frozen: rules
            .iter()
            .filter(|reading| !reading.ended)
            .filter_map(|reading| Some((reading.rule.name.clone(), reading.frozen.first()?.reason())))
            .collect(),
        bookkeeping,
    };
    plan.refusals = guard::refusals(&plan, input);
    plan
}

/// The add-ons that rules name: tiers first, the best of them before the others. No other is touched.
fn in_order(input: &PlanningInput, claims: &BTreeMap<AddOn, Claims>) -> Vec<AddOn> {
    let tiers = input.policy.tiers.iter().copied();
    let others = AddOn::ALL.into_iter().filter(|add_on| !input.policy.tiers.contains(add_on));
    tiers.chain(others).filter(|add_on| claims.contains_key(add_on)).collect()
}

/// Why no seat of this add-on may be taken from anybody.
fn frozen(input: &PlanningInput, rules: &[RuleReading<'_>], add_on: AddOn) -> Option<String> {
    if input.clock_ran_backwards() {
        return Some("the clock stands before the last run".to_owned());
    }
    rules.iter().filter(|reading| reading.rule.add_on == add_on && !reading.ended).find_map(|reading| {
        Some(format!("rule {} is frozen: {}", reading.rule.name, reading.frozen.first()?.reason()))
    })
}

fn sources(input: &PlanningInput) -> Vec<SourceSummary> {
    let mut sources: Vec<SourceSummary> = input
        .snapshots
        .iter()
        .map(|snapshot| SourceSummary {
            source: snapshot.source.clone(),
            kind: snapshot.kind,
            people: snapshot.people.len(),
            groups: snapshot.groups_found(),
            coverage: snapshot.coverage(),
        })
        .collect();
    sources.sort_by(|a, b| a.source.cmp(&b.source));
    sources
}
