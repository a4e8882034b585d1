//! Small worlds, drawn at random, in which seats are contended for and much is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use seatsync::model::account::{Account, AccountId, DuoActivity, Identity, MatchBy, Standing};
use seatsync::model::add_on::AddOn;
use seatsync::model::group::{Group, GroupRef, Member, NestingPath};
use seatsync::model::holding::{Change, Holding, Memory, Origin, PastChange, SeatKey, SourceSize};
use seatsync::model::person::{Attribute, ExternUid, Person, PersonId, PersonKey, SourceName};
use seatsync::model::policy::{AddOnPolicy, AdoptPolicy, Contention, Limits, Matching, Policy, RevokePolicy};
use seatsync::model::purchase::{Instance, Purchase, PurchaseId, PurchaseReading, Scope, SeatReading};
use seatsync::model::rule::{Rule, RuleName};
use seatsync::model::snapshot::{Coverage, GroupReading, GroupState, Snapshot, SourceKind};
use seatsync::planning::input::PlanningInput;

const HUMANS: usize = 8;
const GROUPS: usize = 4;
const SOURCES: [&str; 2] = ["corp", "hr"];
const TODAY: Date = date(2026, 11, 22);

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

/// One key in nine is another's, one is absent.
fn key() -> impl Strategy<Value = Option<usize>> {
    prop_oneof![14 => Just(Some(0)), 1 => Just(None), 1 => (1..HUMANS).prop_map(Some)]
}

fn of_whom(human: usize, key: Option<usize>) -> Option<usize> {
    key.map(|offset| (human + offset) % HUMANS)
}

fn days_ago(days: i64) -> Timestamp {
    "2026-11-22T00:00:00Z".parse::<Timestamp>().unwrap() - SignedDuration::from_hours(24 * days)
}

/// People, accounts and their names sort differently, so that no order is right by accident.
fn account_id(human: usize) -> AccountId {
    AccountId(90 - human as u64)
}

fn person_id(human: usize) -> PersonId {
    PersonId::new(&format!("{}", (human * 5) % HUMANS))
}

#[derive(Debug, Clone)]
struct PersonDraft {
    username: Option<usize>,
    email: Option<usize>,
    second_email: Option<usize>,
    identity: Option<usize>,
    departments: Vec<&'static str>,
}

fn person() -> impl Strategy<Value = PersonDraft> {
    let departments = vec(prop_oneof![Just("R&D"), Just("Sales")], 0..3);
    (key(), key(), weighted(0.05, 0..HUMANS), key(), departments).prop_map(
        |(username, email, second_email, identity, departments)| PersonDraft {
            username,
            email,
            second_email,
            identity,
            departments,
        },
    )
}

impl PersonDraft {
    fn build(&self, human: usize) -> Person {
        let address = |of| format!("P{of}@corp.example").into_boxed_str();
        Person {
            id: person_id(human),
            username: of_whom(human, self.username).map(|of| format!("P{of}").into()),
            name: None,
            emails: of_whom(human, self.email).into_iter().chain(self.second_email).map(address).collect(),
            identity: of_whom(human, self.identity).map(|of| format!("UID=p{of}, DC=corp").into()),
            attributes: if self.departments.is_empty() {
                Vec::new()
            } else {
                vec![Attribute {
                    name: "department".into(),
                    values: self.departments.iter().map(|value| (*value).into()).collect(),
                }]
            },
        }
    }
}

#[derive(Debug, Clone)]
struct GroupDraft {
    state: u8,
    members: Vec<Option<bool>>,
}

fn group() -> impl Strategy<Value = GroupDraft> {
    let state = prop_oneof![40 => Just(0_u8), 1 => 1_u8..5];
    (state, vec(weighted(0.5, any::<bool>()), HUMANS))
        .prop_map(|(state, members)| GroupDraft { state, members })
}

fn group_ref(index: usize) -> GroupRef {
    GroupRef::Name(format!("g{index}").into())
}

fn snapshot(name: &str, people: &[Option<PersonDraft>], groups: &[GroupDraft]) -> Snapshot {
    let present: Vec<(usize, &PersonDraft)> = people
        .iter()
        .enumerate()
        .filter_map(|(human, draft)| draft.as_ref().map(|draft| (human, draft)))
        .collect();
    let readings = groups.iter().enumerate().map(|(index, draft)| {
        let found = |coverage| GroupState::Found {
            group: Group { id: format!("{index}").into(), name: format!("g{index}").into() },
            members: present
                .iter()
                .zip(0_u32..)
                .filter_map(|((human, _), person)| {
                    let nested = draft.members[*human]?;
                    let way: &[&str] = if nested { &["outer", "inner"] } else { &["outer"] };
                    Some(Member {
                        person,
                        path: NestingPath(way.iter().map(|name| (*name).into()).collect()),
                    })
                })
                .collect(),
            coverage,
        };
        let state = match draft.state {
            0 => found(Coverage::Complete),
            1 => found(Coverage::Partial { because: "a range is missing".to_owned() }),
            2 => GroupState::Missing,
            3 => GroupState::Ambiguous { candidates: vec!["cn=1".to_owned(), "cn=2".to_owned()] },
            _ => GroupState::Unread { because: "busy".to_owned() },
        };
        GroupReading { reference: group_ref(index), state }
    });
    Snapshot {
        source: SourceName::new(name),
        kind: SourceKind::Ldap,
        reading: Coverage::Complete,
        people: present.iter().map(|(human, draft)| Arc::new(draft.build(*human))).collect(),
        groups: readings.collect(),
        findings: Vec::new(),
    }
}

#[derive(Debug, Clone)]
struct AccountDraft {
    renamed: bool,
    email: Option<usize>,
    identity: Option<usize>,
    standing: Standing,
    activity: DuoActivity,
    listed: bool,
}

fn account() -> impl Strategy<Value = AccountDraft> {
    let standing = prop_oneof![
        12 => Just(Standing::Eligible),
        1 => Just(Standing::Inactive { state: "blocked".into() }),
        1 => Just(Standing::Bot),
        1 => Just(Standing::NotAMember),
    ];
    let activity = prop_oneof![
        3 => Just(DuoActivity::NotTold),
        1 => Just(DuoActivity::Never),
        1 => Just(DuoActivity::On(date(2026, 8, 1))),
        1 => Just(DuoActivity::On(TODAY)),
    ];
    (proptest::bool::weighted(0.1), key(), key(), standing, activity, proptest::bool::weighted(0.95))
        .prop_map(|(renamed, email, identity, standing, activity, listed)| AccountDraft {
            renamed,
            email,
            identity,
            standing,
            activity,
            listed,
        })
}

impl AccountDraft {
    fn build(&self, human: usize) -> Account {
        let username = if self.renamed { format!("renamed{human}") } else { format!("p{human}") };
        Account {
            id: account_id(human),
            username: username.into(),
            emails: of_whom(human, self.email)
                .map(|of| format!("p{of}@corp.example").into())
                .into_iter()
                .collect(),
            identities: of_whom(human, self.identity)
                .map(|of| Identity {
                    provider: "ldapmain".into(),
                    extern_uid: ExternUid::new(&format!("uid=P{of},dc=corp")),
                })
                .into_iter()
                .collect(),
            standing: self.standing.clone(),
            last_duo_activity: self.activity,
        }
    }
}

/// What GitLab's listing of holders tells of an account.
fn bare(account: &Account) -> Account {
    Account { emails: Vec::new(), identities: Vec::new(), ..account.clone() }
}

#[derive(Debug, Clone)]
struct SeatsDraft {
    purchased: u32,
    hidden: u32,
    holds: Vec<bool>,
}

fn seats() -> impl Strategy<Value = SeatsDraft> {
    let hidden = prop_oneof![6 => Just(0_u32), 1 => 1_u32..3];
    (0_u32..7, hidden, vec(proptest::bool::weighted(0.4), HUMANS))
        .prop_map(|(purchased, hidden, holds)| SeatsDraft { purchased, hidden, holds })
}

impl SeatsDraft {
    fn build(&self, add_on: AddOn, accounts: &[Option<(Arc<Account>, bool)>]) -> PurchaseReading {
        let mut holders: Vec<AccountId> = accounts
            .iter()
            .zip(&self.holds)
            .filter_map(|(account, holds)| account.as_ref().filter(|_| *holds).map(|(account, _)| account.id))
            .collect();
        holders.sort_unstable();
        let assigned = u32::try_from(holders.len()).unwrap() + self.hidden;
        let id =
            PurchaseId(format!("gid://gitlab/GitlabSubscriptions::AddOnPurchase/{}", add_on.key()).into());
        PurchaseReading { purchase: Purchase { id, add_on, purchased: self.purchased, assigned }, holders }
    }
}

fn rule() -> impl Strategy<Value = Rule> {
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
fn named(rule: Rule, index: usize) -> Rule {
    Rule { name: RuleName::new(&format!("rule-{}", 9 - index)), ..rule }
}

fn policy() -> impl Strategy<Value = AddOnPolicy> {
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

fn tiers() -> impl Strategy<Value = Vec<AddOn>> {
    proptest::sample::select(vec![
        vec![],
        vec![AddOn::DuoEnterprise, AddOn::DuoPro],
        vec![AddOn::DuoPro, AddOn::DuoEnterprise],
    ])
}

fn limits() -> impl Strategy<Value = Limits> {
    (0_u32..5, 0_u32..101, 0_u32..101, 0_u32..3).prop_map(|(revocations, percent, shrink, members)| Limits {
        max_revocations: revocations,
        max_revocations_percent: percent,
        max_source_shrink_percent: shrink,
        min_group_members: members,
    })
}

fn matching() -> impl Strategy<Value = Matching> {
    let steps =
        proptest::sample::subsequence(vec![MatchBy::Identity, MatchBy::Email, MatchBy::Username], 1..4);
    (steps.prop_shuffle(), proptest::bool::weighted(0.9)).prop_map(|(match_by, provider)| Matching {
        match_by,
        identity_provider: provider.then(|| "ldapmain".into()),
    })
}

#[derive(Debug, Clone)]
struct Past {
    holding: Option<(i64, Option<usize>)>,
    grace: Option<i64>,
    reclaimed: Option<i64>,
    changes: Vec<bool>,
}

fn past() -> impl Strategy<Value = Past> {
    (
        weighted(0.4, (0_i64..40, key())),
        weighted(0.2, 0_i64..10),
        weighted(0.05, 0_i64..10),
        prop_oneof![6 => Just(vec![]), 1 => vec(any::<bool>(), 1..4)],
    )
        .prop_map(|(holding, grace, reclaimed, changes)| Past { holding, grace, reclaimed, changes })
}

fn last_run() -> impl Strategy<Value = Option<Timestamp>> {
    prop_oneof![10 => Just(None), 10 => Just(Some(days_ago(1))), 1 => Just(Some(days_ago(-2)))]
}

fn memory(pasts: &[Vec<Past>], last_run_at: Option<Timestamp>, size: Option<u64>) -> Memory {
    let mut memory = Memory { last_run_at, ..Memory::default() };
    for (add_on, pasts) in AddOn::ALL.into_iter().zip(pasts) {
        for (human, past) in pasts.iter().enumerate() {
            let seat = SeatKey { add_on, account: account_id(human) };
            if let Some((days, link)) = past.holding {
                let person = of_whom(human, link)
                    .map(|of| PersonKey { source: SourceName::new(SOURCES[0]), id: person_id(of) });
                let holding = Holding { origin: Origin::Assigned, since: days_ago(days), person };
                memory.holdings.insert(seat, holding);
            }
            memory.grace.extend(past.grace.map(|days| (seat, days_ago(days))));
            memory.reclaimed.extend(past.reclaimed.map(|days| (seat, days_ago(days))));
            memory.recent.extend(past.changes.iter().map(|assign| PastChange {
                seat,
                change: if *assign { Change::Assign } else { Change::Revoke },
                at: days_ago(5),
            }));
        }
    }
    if let Some(people) = size {
        memory.sizes.insert(SourceName::new(SOURCES[0]), SourceSize { people, groups: BTreeMap::new() });
    }
    memory
}
