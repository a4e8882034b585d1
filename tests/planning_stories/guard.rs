//! Short stories of the guard: which plans may be applied unattended, and what an approval lets through.

use jiff::SignedDuration;
use seatsync::model::add_on::AddOn::{DuoEnterprise, DuoPro};
use seatsync::model::holding::{Change, SeatKey, SourceSize};
use seatsync::model::plan::Refusal;
use seatsync::model::policy::Contention;
use seatsync::model::rule::Rule;
use seatsync::planning::guard::{Approval, Refused, approve};

use crate::world::{World, rule};

/// So many seats are held; the first `leavers` of their holders are in no group any more.
fn company(held: u32, leavers: u32) -> World {
    let mut world = World::new()
        .purchase(DuoEnterprise, held)
        .rule(rule("platform", DuoEnterprise, &["Platform"]))
        .person("boss", &["Platform"])
        .policy(DuoEnterprise, |policy| policy.grace = SignedDuration::ZERO);
    for number in 0..held {
        let name = format!("p{number:02}");
        let groups: &[&str] = if number < leavers { &[] } else { &["Platform"] };
        world = world.person(&name, groups).ours(DuoEnterprise, &name, 90);
    }
    world
}

#[test]
fn the_limits_are_inclusive() {
    let mut world = company(40, 5);
    world.input.policy.limits.max_revocations = 5;
    world.input.policy.limits.max_revocations_percent = 13;
    assert_eq!(world.plan().refusals, []);
    world.input.policy.limits.max_revocations = 4;
    world.input.policy.limits.max_revocations_percent = 12;
    assert_eq!(
        world.plan().refusals,
        [
            Refusal::TooManyRevocations { limit: 4, actual: 5 },
            Refusal::TooManyRevocationsPercent { add_on: DuoEnterprise, limit: 12, actual: 13 }
        ]
    );
}

#[test]
fn up_to_three_revocations_always_pass_the_limit_in_percent() {
    assert_eq!(company(4, 3).plan().refusals, []);
    assert_eq!(
        company(4, 4).plan().refusals,
        [Refusal::TooManyRevocationsPercent { add_on: DuoEnterprise, limit: 10, actual: 100 }]
    );
}

#[test]
fn a_source_that_shrank_is_not_believed() {
    let mut world = company(3, 0);
    let mut told_of = |people| {
        let groups = [("name:Platform".to_owned(), people)].into();
        let source = world.input.snapshots[0].source.clone();
        world.input.memory.sizes.insert(source, SourceSize { people, groups });
        world.plan().refusals
    };
    assert_eq!(told_of(5), []);
    assert!(matches!(
        told_of(6).as_slice(),
        [Refusal::SourceShrank { limit: 25, actual: 34, before: 6, now: 4, .. }]
    ));
}

#[test]
fn a_refused_plan_may_still_be_approved_by_its_digest() {
    let mut world = company(4, 4);
    world.input.policy.limits.max_revocations = 0;
    assert!(matches!(approve(world.plan(), &Approval::Limits), Err(Refused::ByLimits { .. })));
    let written = world.plan().digest().short().to_owned();
    let approved = approve(world.plan(), &Approval::Digest { written }).unwrap();
    assert_eq!(approved.changes().len(), 5);
    let other = Approval::Digest { written: "sha256:000000".to_owned() };
    let Err(refused) = approve(world.plan(), &other) else { panic!("another plan was approved") };
    assert!(refused.to_string().starts_with("the plan has moved since it was approved"), "{refused}");
}

#[test]
fn the_digest_outlives_unrelated_news() {
    let world = company(4, 1);
    let before = world.plan().digest();
    assert_eq!(before, world.stranger("newcomer", &["Platform"]).plan().digest());
}

fn change(change: Change, seat: SeatKey) -> (Change, SeatKey) {
    (change, seat)
}

#[test]
fn only_what_was_approved_is_done_and_what_no_longer_holds_has_lapsed() {
    let world = company(2, 1);
    let gone = change(Change::Revoke, world.seat(DuoEnterprise, "p00"));
    let stays = change(Change::Revoke, world.seat(DuoEnterprise, "p01"));
    let approved = approve(world.plan(), &Approval::StillTrue { changes: [gone, stays].into() }).unwrap();
    assert_eq!(approved.changes().iter().copied().collect::<Vec<_>>(), [gone]);
    assert_eq!(approved.lapsed(), [stays]);
}

#[test]
fn a_seat_whose_revocation_was_not_approved_is_not_handed_out() {
    let world = company(2, 1);
    let new = change(Change::Assign, world.seat(DuoEnterprise, "boss"));
    let approved = approve(world.plan(), &Approval::StillTrue { changes: [new].into() }).unwrap();
    assert!(approved.changes().is_empty());
    assert_eq!(approved.lapsed(), [new]);
}

#[test]
fn a_move_between_tiers_is_approved_whole_or_not_at_all() {
    let world = World::new()
        .purchase(DuoEnterprise, 1)
        .purchase(DuoPro, 1)
        .tiers()
        .rule(Rule { rank: 1, ..rule("leads", DuoEnterprise, &["Leads"]) })
        .rule(rule("platform", DuoEnterprise, &["Platform"]))
        .rule(rule("everyone", DuoPro, &["Leads"]))
        .policy(DuoEnterprise, |policy| policy.contention = Contention::ByRank)
        .person("ada", &["Leads"])
        .person("bob", &["Platform"])
        .ours(DuoPro, "ada", 9)
        .ours(DuoEnterprise, "bob", 9);
    assert_eq!(
        world.verdicts(),
        [
            "enterprise ada: assign (entitled)",
            "enterprise bob: revoke (outranked)",
            "pro ada: revoke (superseded)"
        ]
    );
    let arrive = change(Change::Assign, world.seat(DuoEnterprise, "ada"));
    let leave = change(Change::Revoke, world.seat(DuoPro, "ada"));
    let give_way = change(Change::Revoke, world.seat(DuoEnterprise, "bob"));
    for part in [vec![arrive, leave], vec![leave], vec![arrive]] {
        let approval = Approval::StillTrue { changes: part.iter().copied().collect() };
        let approved = approve(world.plan(), &approval).unwrap();
        assert!(approved.changes().is_empty(), "{part:?}: {:?}", approved.changes());
    }
    let whole = Approval::StillTrue { changes: [arrive, leave, give_way].into() };
    assert_eq!(approve(world.plan(), &whole).unwrap().changes().len(), 3);
}
