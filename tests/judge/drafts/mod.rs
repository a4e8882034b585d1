//! Small worlds, drawn at random, in which seats are contended for and much is wrong.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::SignedDuration;
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use seatsync::model::account::{Account, AccountId};
use seatsync::model::add_on::AddOn;
use seatsync::model::approval::ApprovalPolicy;
use seatsync::model::group::GroupRef;
use seatsync::model::person::SourceName;
use seatsync::model::policy::Policy;
use seatsync::model::purchase::{Instance, PurchaseReading, Scope, SeatReading};
use seatsync::model::snapshot::{Snapshot, SourceKind};
use seatsync::planning::input::PlanningInput;

use crate::judge::drafts::configuration::{limits, matching, named, policy, rule, tiers};
use crate::judge::drafts::directory::{group, person, snapshot};
use crate::judge::drafts::gitlab::{account, bare, seats};
use crate::judge::drafts::keys::{GROUPS, HUMANS, SOURCES, days_ago, group_ref};
use crate::judge::drafts::past::{last_run, memory, past};

mod configuration;
mod directory;
mod gitlab;
mod keys;
mod past;

/// Everything that a planner may be given.
pub(crate) fn worlds() -> impl Strategy<Value = PlanningInput> {
    let directories =
        (vec(vec(weighted(0.85, person()), HUMANS), SOURCES.len()), vec(vec(group(), GROUPS), 2));
    let gitlab = (vec(weighted(0.9, account()), HUMANS), vec(weighted(0.9, seats()), 2));
    let configuration = (vec(rule(), 0..6), vec(policy(), 2), tiers(), limits(), vec(matching(), 2));
    let state = (vec(vec(past(), HUMANS), 2), last_run(), weighted(0.5, 0_u64..12));
    (directories, gitlab, configuration, state, 0_i64..24, weighted(0.05, 0_usize..2)).prop_map(
        |(
            (people, groups),
            (accounts, seats),
            (rules, policies, tiers, limits, matching),
            state,
            hour,
            unread,
        )| {
            let now = days_ago(0) + SignedDuration::from_hours(hour);
            let accounts: Vec<Option<(Arc<Account>, bool)>> = accounts
                .into_iter()
                .enumerate()
                .map(|(human, draft)| draft.map(|draft| (Arc::new(draft.build(human)), draft.listed)))
                .collect();
            let snapshots = SOURCES.iter().zip(people).zip(groups).enumerate().map(
                |(index, ((name, people), groups))| {
                    let groups_wanted: Vec<GroupRef> = (0..GROUPS).map(group_ref).collect();
                    if unread == Some(index) {
                        return Snapshot::unread(
                            SourceName::new(name),
                            SourceKind::Ldap,
                            &groups_wanted,
                            "no answer",
                        );
                    }
                    snapshot(name, &people, &groups)
                },
            );
            let (pasts, last_run_at, size) = state;
            let readings: Vec<PurchaseReading> = AddOn::ALL
                .into_iter()
                .zip(&seats)
                .filter_map(|(add_on, seats)| seats.as_ref().map(|seats| seats.build(add_on, &accounts)))
                .collect();
            let held: BTreeSet<AccountId> =
                readings.iter().flat_map(|reading| reading.holders.iter().copied()).collect();
            PlanningInput {
                now,
                rules: rules.into_iter().enumerate().map(|(index, rule)| named(rule, index)).collect(),
                policy: Policy {
                    add_ons: AddOn::ALL.into_iter().zip(policies).collect(),
                    tiers,
                    limits,
                    approval: ApprovalPolicy::default(),
                    matching: SOURCES.iter().map(|name| SourceName::new(name)).zip(matching).collect(),
                },
                snapshots: snapshots.collect(),
                seats: SeatReading {
                    instance: Instance {
                        url: "https://gitlab.example".to_owned(),
                        version: "18.9.0-ee".to_owned(),
                        scope: Scope::Instance,
                    },
                    purchases: readings,
                    holders: accounts
                        .iter()
                        .flatten()
                        .filter(|(account, _)| held.contains(&account.id))
                        .map(|(account, _)| Arc::new(bare(account)))
                        .collect(),
                    eligible_accounts: None,
                },
                accounts: accounts
                    .iter()
                    .flatten()
                    .filter(|(_, listed)| *listed)
                    .map(|(account, _)| Arc::clone(account))
                    .collect(),
                memory: memory(&pasts, last_run_at, size),
            }
        },
    )
}
