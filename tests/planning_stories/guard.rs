//! Short stories of the guard: which plans may be applied unattended, and what an approval lets through.

use jiff::SignedDuration;
use seatsync::model::add_on::AddOn::{DuoEnterprise, DuoPro};
use seatsync::model::approval::{ApprovalPolicy, PlanFile};
use seatsync::model::holding::{Change, SeatKey, SourceSize};
use seatsync::model::outcome::LapsedReason;
use seatsync::model::plan::{Digest, Refusal};
use seatsync::model::policy::Contention;
use seatsync::model::rule::Rule;
use seatsync::planning::guard::{Approval, ApprovedPlan, Refused, approve};
use seatsync::report::words;

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
fn a_group_that_was_emptied_is_not_believed_however_small_a_part_it_is() {
    let mut world = company(30, 0).rule(rule("small", DuoEnterprise, &["Small"])).group("Small");
    let groups = [("name:Platform".to_owned(), 31), ("name:Small".to_owned(), 1)].into();
    let source = world.input.snapshots[0].source.clone();
    world.input.memory.sizes.insert(source, SourceSize { people: 31, groups });
    let refusals = world.plan().refusals;
    let [refusal @ Refusal::SourceShrank { limit: 25, actual: 100, .. }] = refusals.as_slice() else {
        panic!("{refusals:?}")
    };
    assert_eq!(
        words::refusal(refusal),
        "group `Small` of source `corp` was emptied: it held 1 when it was last read whole, and at most 25 % less is believed (`max_source_shrink_percent`)"
    );
    world.input.policy.limits.max_source_shrink_percent = 100;
    assert_eq!(world.plan().refusals, []);
}

#[test]
fn a_refused_plan_may_still_be_approved_by_its_digest() {
    let mut world = company(4, 4);
    world.input.policy.limits.max_revocations = 0;
    assert!(matches!(
        approve(world.plan(), &Approval::Limits, &ApprovalPolicy::default()),
        Err(Refused::ByLimits { .. })
    ));
    let digest = world.plan().digest();
    let approved = approved(&world, Approval::Digest { digest: digest.clone() });
    assert_eq!(approved.changes().len(), 5);
    let other = Approval::Digest { digest: Digest::of([]) };
    let Err(refused) = approve(world.plan(), &other, &ApprovalPolicy::default()) else {
        panic!("another plan was approved")
    };
    assert!(refused.to_string().starts_with("the plan has moved since it was approved"), "{refused}");
}

#[test]
fn the_digest_outlives_unrelated_news() {
    let world = company(4, 1);
    let before = world.plan().digest();
    assert_eq!(before, world.stranger("newcomer", &["Platform"]).plan().digest());
}

fn approved(world: &World, approval: Approval) -> ApprovedPlan {
    approve(world.plan(), &approval, &ApprovalPolicy::default()).unwrap()
}

fn file(changes: &[(Change, SeatKey)]) -> PlanFile {
    let made_at = "2026-11-22T03:00:00Z".parse().unwrap();
    PlanFile::new("sha256:0".to_owned(), made_at, changes.iter().copied().collect(), [].into())
}

/// Somebody approved these changes, and those that still hold are to be made.
fn still_true(changes: &[(Change, SeatKey)]) -> Approval {
    Approval::File { file: Box::new(file(changes)), in_part: true }
}

fn told(approved: &ApprovedPlan) -> Vec<((Change, SeatKey), LapsedReason)> {
    approved.lapsed().iter().map(|lapsed| ((lapsed.change, lapsed.seat), lapsed.because)).collect()
}

fn change(change: Change, seat: SeatKey) -> (Change, SeatKey) {
    (change, seat)
}

#[test]
fn only_what_was_approved_is_done_and_what_no_longer_holds_has_lapsed() {
    let world = company(2, 1);
    let gone = change(Change::Revoke, world.seat(DuoEnterprise, "p00"));
    let stays = change(Change::Revoke, world.seat(DuoEnterprise, "p01"));
    let approved = approved(&world, still_true(&[gone, stays]));
    assert_eq!(approved.changes().iter().copied().collect::<Vec<_>>(), [gone]);
    assert_eq!(told(&approved), [(stays, LapsedReason::DecidedOtherwise)]);
}

#[test]
fn a_seat_whose_revocation_was_not_approved_is_not_handed_out() {
    let world = company(2, 1);
    let new = change(Change::Assign, world.seat(DuoEnterprise, "boss"));
    let approved = approved(&world, still_true(&[new]));
    assert!(approved.changes().is_empty());
    assert_eq!(told(&approved), [(new, LapsedReason::NoSeat)]);
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
        let approved = approved(&world, still_true(&part));
        assert!(approved.changes().is_empty(), "{part:?}: {:?}", approved.changes());
    }
    assert_eq!(approved(&world, still_true(&[arrive, leave, give_way])).changes().len(), 3);
}

#[test]
fn no_change_of_an_approval_is_carried_out_twice() {
    let world = company(2, 1);
    let gone = change(Change::Revoke, world.seat(DuoEnterprise, "p00"));
    let new = change(Change::Assign, world.seat(DuoEnterprise, "boss"));
    let used = |done: &[(Change, SeatKey)], in_part| {
        let done = done.iter().map(|change| (*change, 7)).collect();
        let file = Box::new(PlanFile { done, ..file(&[gone, new]) });
        approve(world.plan(), &Approval::File { file, in_part }, &ApprovalPolicy::default())
    };
    assert_eq!(used(&[], false).unwrap().changes().len(), 2);
    // Somebody undid both by hand: the plan is the same again, and the approval is used up.
    for in_part in [false, true] {
        let refused = used(&[gone, new], in_part).unwrap_err().to_string();
        assert_eq!(refused, "the approval was used: run 7 carried out 2 of its 2 changes");
    }
    // What an interrupted run left may still be done, and that alone.
    assert!(matches!(used(&[new], false), Err(Refused::Used { run: 7, done: 1, all: 2, .. })));
    let rest = used(&[new], true).unwrap();
    assert_eq!(rest.changes().iter().copied().collect::<Vec<_>>(), [gone]);
    assert_eq!(told(&rest), [(new, LapsedReason::DoneBefore { run: 7 })]);
}

#[test]
fn where_signatures_are_required_nothing_else_is_an_approval() {
    let world = company(2, 1);
    let policy = ApprovalPolicy { required: true, ..ApprovalPolicy::default() };
    let digest = world.plan().digest();
    let changes = world.plan().changes();
    let file = || Box::new(file(&changes));
    for approval in [
        Approval::Limits,
        Approval::Digest { digest },
        Approval::File { file: file(), in_part: false },
        Approval::File { file: file(), in_part: true },
    ] {
        let refused = approve(world.plan(), &approval, &policy);
        assert!(matches!(refused, Err(Refused::NotApproved { .. })), "{approval:?}");
    }
    // A run that changes no seat needs nobody's approval.
    assert!(approve(World::new().plan(), &Approval::Limits, &policy).is_ok());
}
