//! Drafts of rules, policies and limits.

use jiff::SignedDuration;
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use seatsync::model::account::MatchBy;
use seatsync::model::add_on::AddOn;
use seatsync::model::person::SourceName;
use seatsync::model::policy::{AddOnPolicy, AdoptPolicy, Contention, Limits, Matching, RevokePolicy};
use seatsync::model::rule::{Rule, RuleName};

use crate::judge::drafts::keys::{GROUPS, HUMANS, SOURCES, TODAY, group_ref};

pub(crate) fn rule() -> impl Strategy<Value = Rule> {
    let condition = prop_oneof![
        8 => Just(None),
        2 => Just(Some(r#"person.department == "R&D""#)),
        1 => Just(Some(r#"person.all.department[1] == "R&D""#)),
        1 => Just(Some(r#"person.title != "x""#)),
    ];
    let groups = proptest::sample::subsequence((0..GROUPS).collect::<Vec<_>>(), 1..3);
    let except = prop_oneof![4 => Just(None), 1 => (0..GROUPS).prop_map(Some)];
    let until = prop_oneof![8 => Just(None), 1 => (-1_i64..2).prop_map(Some)];
    let numbers = (
        proptest::sample::select(vec![1_i64, 10, 10, 50]),
        weighted(0.4, 0_u32..4),
        prop_oneof![3 => Just(0_u32), 1 => 1_u32..4],
    );
    (0_usize..2, proptest::bool::weighted(0.7), groups, except, condition, numbers, until).prop_map(
        |(add_on, corp, groups, except, condition, (rank, max_seats, reserved_seats), until)| Rule {
            name: RuleName::new(""),
            add_on: AddOn::ALL[add_on],
            source: SourceName::new(SOURCES[usize::from(!corp)]),
            groups: groups.into_iter().map(group_ref).collect(),
            except_groups: except.into_iter().map(group_ref).collect(),
            condition: condition.map(str::to_owned),
            rank,
            max_seats,
            reserved_seats,
            until: until.map(|days| TODAY.saturating_add(jiff::ToSpan::days(days))),
        },
    )
}

/// Rules are named against their order.
pub(crate) fn named(rule: Rule, index: usize) -> Rule {
    Rule { name: RuleName::new(&format!("rule-{}", 9 - index)), ..rule }
}

pub(crate) fn policy() -> impl Strategy<Value = AddOnPolicy> {
    let days = |days: &[i64]| {
        proptest::sample::select(
            days.iter().map(|days| SignedDuration::from_hours(24 * days)).collect::<Vec<_>>(),
        )
    };
    (
        prop_oneof![3 => Just(0_u32), 1 => 1_u32..3],
        proptest::sample::select(vec![
            RevokePolicy::Managed,
            RevokePolicy::Managed,
            RevokePolicy::All,
            RevokePolicy::Never,
        ]),
        proptest::sample::select(vec![
            AdoptPolicy::Entitled,
            AdoptPolicy::Entitled,
            AdoptPolicy::All,
            AdoptPolicy::None,
        ]),
        proptest::sample::select(vec![Contention::KeepHolders, Contention::ByRank]),
        days(&[0, 0, 1, 7]),
        days(&[0, 0, 0, 3]),
        weighted(0.3, days(&[5, 30])),
        vec(0..HUMANS, 0..2),
    )
        .prop_map(
            |(reserve, revoke, adopt, contention, grace, minimum_tenure, reclaim_inactive_after, protect)| {
                AddOnPolicy {
                    reserve,
                    revoke,
                    adopt,
                    contention,
                    grace,
                    minimum_tenure,
                    reclaim_inactive_after,
                    trial_ends: None,
                    protect: protect.into_iter().map(|human| format!("p{human}")).collect(),
                }
            },
        )
}

pub(crate) fn tiers() -> impl Strategy<Value = Vec<AddOn>> {
    proptest::sample::select(vec![
        vec![],
        vec![AddOn::DuoEnterprise, AddOn::DuoPro],
        vec![AddOn::DuoPro, AddOn::DuoEnterprise],
    ])
}

pub(crate) fn limits() -> impl Strategy<Value = Limits> {
    (0_u32..5, 0_u32..101, 0_u32..101, 0_u32..3).prop_map(|(revocations, percent, shrink, members)| Limits {
        max_revocations: revocations,
        max_revocations_percent: percent,
        max_source_shrink_percent: shrink,
        min_group_members: members,
    })
}

pub(crate) fn matching() -> impl Strategy<Value = Matching> {
    let steps =
        proptest::sample::subsequence(vec![MatchBy::Identity, MatchBy::Email, MatchBy::Username], 1..4);
    (steps.prop_shuffle(), proptest::bool::weighted(0.9)).prop_map(|(match_by, provider)| Matching {
        match_by,
        identity_provider: provider.then(|| "ldapmain".into()),
    })
}
