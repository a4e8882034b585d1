//! First floor: the pure verbs that turn what was observed into a plan, one file a decision.

use std::collections::BTreeMap;

use crate::model::add_on::AddOn;
use crate::model::plan::{Bookkeeping, Plan, Purpose, SourceSummary};
use crate::model::purchase::PurchaseReading;
use crate::planning::accounts::Accounts;
use crate::planning::claims::Claims;
use crate::planning::decisions::Decisions;
use crate::planning::desk::{Desk, Tiers};
use crate::planning::dossiers::Archive;
use crate::planning::hands::Hands;
use crate::planning::holders::Holders;
use crate::planning::input::PlanningInput;
use crate::planning::rules::RuleReading;

pub mod accounts;
pub mod allocation;
pub mod answers;
pub mod approval;
pub mod books;
pub mod claims;
pub mod condition;
pub mod decisions;
pub mod desk;
pub mod dossiers;
pub mod drift;
pub mod entitling;
pub mod explain;
pub mod findings;
pub mod fingerprint;
pub mod guard;
pub mod hands;
pub mod hearing;
pub mod holders;
pub mod in_part;
pub mod input;
pub mod matching;
pub mod notices;
pub mod observation;
pub mod opinions;
pub mod order;
pub mod purchases;
pub mod reconcile;
pub mod remedies;
pub mod room;
pub mod rules;
pub mod supposing;
pub mod trial;
pub mod undo;
pub mod votes;
pub mod what_if;

/// Decides what becomes of every account and add-on. The same input gives the same plan, byte for byte.
pub fn plan(input: &PlanningInput) -> Plan {
    let people = input.snapshots.iter().map(|snapshot| snapshot.people.len()).sum();
    plan_with(Hands::worth(people), input)
}

/// [`plan`], with as many hands. How many there are changes nothing in the plan.
pub fn plan_with(hands: Hands, input: &PlanningInput) -> Plan {
    let read_rules = || (rules::read(input), order::of_people(&input.snapshots));
    let ((rules, people), accounts) = hands.both(read_rules, || Accounts::of(input));
    let matches = matching::match_people(hands, input, &accounts, &rules);
    let (claims, unmatched) = claims::gather(hands, &rules, &matches, &people, accounts.len());
    drop(matches.people);
    let contested = holders::contested(&input.memory);

    let policies: BTreeMap<AddOn, _> =
        claims.keys().map(|add_on| (*add_on, input.policy.add_on(*add_on))).collect();
    let desks: Vec<Desk<'_>> = in_order(input, &claims)
        .into_iter()
        .map(|add_on| {
            let claims = &claims[&add_on];
            let reading = input.seats.purchases.iter().find(|reading| reading.purchase.add_on == add_on);
            let holders = reading.map_or(&[][..], |reading| &reading.holders);
            Desk {
                holders: Holders {
                    add_on,
                    now: input.now,
                    policy: &policies[&add_on],
                    lapsed: &claims.lapsed,
                    frozen: frozen(input, &rules, add_on),
                    contested: &contested,
                    doubtful: &matches.doubtful,
                },
                archive: Archive {
                    add_on,
                    accounts: &accounts,
                    holders,
                    holds: accounts.are_among(holders),
                    claims,
                    memory: &input.memory,
                },
                reading,
                rules: rules
                    .iter()
                    .filter(|reading| reading.rule.add_on == add_on && !reading.ended)
                    .collect(),
                is_tier: input.policy.tiers.contains(&add_on),
            }
        })
        .collect();

    let untouched = |reading: &&PurchaseReading| {
        input.policy.tiers.contains(&reading.purchase.add_on)
            && !claims.contains_key(&reading.purchase.add_on)
    };
    let mut tiers = Tiers::beside(&accounts, input.seats.purchases.iter().filter(untouched));
    let mut bookkeeping = Bookkeeping {
        sizes: guard::sizes(input),
        home: Some(input.seats.instance.home()),
        moved: input.memory.moved.clone(),
        replaced: input.memory.replaced.clone(),
        purchases: input.seats.purchases.iter().map(|reading| reading.purchase.clone()).collect(),
        ..Bookkeeping::default()
    };
    let (mut reconciled, mut decisions) = (Vec::new(), Decisions::of(hands, &accounts));
    for (index, desk) in desks.iter().enumerate() {
        let worse: Vec<&Desk<'_>> = desks[index + 1..].iter().filter(|desk| desk.is_tier).collect();
        let reconcile = || reconcile::reconcile(hands, desk, &worse, &mut tiers, &mut bookkeeping);
        let (_, (result, decided)) = hands.both(|| decisions.catch_up(), reconcile);
        decisions.take_up(result.summary.add_on, decided);
        reconciled.push(result);
    }
    bookkeeping.sort();

    let evidence =
        findings::Evidence { input, rules: &rules, claims: &claims, desks: &desks, reconciled: &reconciled };
    let (decisions, mut findings) = hands.both(
        || decisions.finish(),
        || {
            [findings::gather(&evidence), purchases::findings(input), drift::findings(input, &accounts)]
                .concat()
        },
    );
    findings.extend(matches.findings);
    findings.extend(findings::of_seats(&decisions));
    findings.sort();
    findings.dedup();

    let mut add_ons: Vec<_> = reconciled.into_iter().map(|part| part.summary).collect();
    add_ons.sort_by_key(|summary| summary.add_on);
    let mut plan = Plan {
        purpose: Purpose::Rules,
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
fn in_order(input: &PlanningInput, claims: &BTreeMap<AddOn, Claims<'_>>) -> Vec<AddOn> {
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
            read_whole_at: snapshot.read_whole_at,
        })
        .collect();
    sources.sort_by(|a, b| a.source.cmp(&b.source));
    sources
}
