//! Who gets a seat when there are too few: ranks, quotas, reservations and the reserve.

use seatsync::model::add_on::AddOn::DuoEnterprise;
use seatsync::model::policy::Contention;
use seatsync::model::rule::Rule;

use crate::platform;
use crate::world::{World, rule};

#[test]
fn whoever_is_in_the_group_gets_a_seat_and_whoever_has_one_keeps_it() {
    let world = platform(3)
        .person("ada", &["Platform"])
        .person("bob", &["Platform"])
        .stranger("carl", &["Platform"])
        .account("dora")
        .holder(DuoEnterprise, "bob");
    assert_eq!(
        world.verdicts(),
        [
            "enterprise ada: assign (entitled)",
            "enterprise bob: keep (entitled)",
            "unmatched carl: no_account"
        ]
    );
}

#[test]
fn the_last_in_line_waits() {
    let world = platform(2)
        .rule(Rule { rank: 10, ..rule("leads", DuoEnterprise, &["Leads"]) })
        .person("ada", &["Platform"])
        .person("bob", &["Platform"])
        .person("zoe", &["Leads"]);
    assert_eq!(
        world.verdicts(),
        [
            "enterprise ada: assign (entitled)",
            "enterprise bob: wait (no_seat)",
            "enterprise zoe: assign (entitled)"
        ]
    );
}

#[test]
fn the_reserve_is_never_handed_out() {
    let world = platform(2).policy(DuoEnterprise, |policy| policy.reserve = 2).person("ada", &["Platform"]);
    assert_eq!(world.verdicts(), ["enterprise ada: wait (no_seat)"]);
}

#[test]
fn a_rule_entitles_no_more_than_its_quota() {
    let world = World::new()
        .purchase(DuoEnterprise, 9)
        .rule(Rule { max_seats: Some(1), ..rule("platform", DuoEnterprise, &["Platform"]) })
        .person("ada", &["Platform"])
        .person("bob", &["Platform"]);
    assert_eq!(world.verdicts(), ["enterprise ada: assign (entitled)", "enterprise bob: wait (rule_quota)"]);
}

#[test]
fn one_entitled_by_several_rules_claims_by_the_best_rank_whose_quota_has_room() {
    let world = World::new()
        .purchase(DuoEnterprise, 9)
        .rule(Rule { rank: 1, max_seats: Some(1), ..rule("leads", DuoEnterprise, &["Leads"]) })
        .rule(rule("all", DuoEnterprise, &["All"]))
        .person("ada", &["Leads", "All"])
        .person("bob", &["Leads", "All"]);
    let plan = world.plan();
    let rules: Vec<&str> =
        plan.decisions.iter().map(|decision| decision.grounds.as_ref().unwrap().rule.as_str()).collect();
    assert_eq!(rules, ["leads", "all"]);
}

#[test]
fn a_lowered_quota_takes_no_seat_from_anybody() {
    let world = World::new()
        .purchase(DuoEnterprise, 9)
        .rule(Rule { max_seats: Some(1), ..rule("platform", DuoEnterprise, &["Platform"]) })
        .person("ada", &["Platform"])
        .person("bob", &["Platform"])
        .ours(DuoEnterprise, "ada", 3)
        .ours(DuoEnterprise, "bob", 3);
    assert_eq!(world.verdicts(), ["enterprise ada: keep (entitled)", "enterprise bob: keep (entitled)"]);
    assert_eq!(world.findings(), ["quota_exceeded"]);
}

#[test]
fn a_reserved_seat_waits_for_its_rule() {
    let world = platform(2)
        .rule(Rule { rank: 200, reserved_seats: 1, ..rule("board", DuoEnterprise, &["Board"]) })
        .group("Board")
        .person("ada", &["Platform"])
        .person("bob", &["Platform"]);
    assert_eq!(world.verdicts(), ["enterprise ada: assign (entitled)", "enterprise bob: wait (reserved)"]);
    assert_eq!(
        world.person("zoe", &["Board"]).verdicts(),
        [
            "enterprise ada: assign (entitled)",
            "enterprise bob: wait (no_seat)",
            "enterprise zoe: assign (entitled)"
        ]
    );
}

fn contended() -> World {
    platform(2)
        .policy(DuoEnterprise, |policy| policy.contention = Contention::ByRank)
        .rule(Rule { rank: 10, ..rule("leads", DuoEnterprise, &["Leads"]) })
        .person("ada", &["Platform"])
        .person("bob", &["Platform"])
        .person("zoe", &["Leads"])
        .ours(DuoEnterprise, "ada", 5)
        .ours(DuoEnterprise, "bob", 9)
}

#[test]
fn by_rank_the_worst_ranked_holder_gives_way_and_of_equals_the_one_who_held_for_the_shortest_time() {
    assert_eq!(
        contended().verdicts(),
        [
            "enterprise ada: revoke (outranked)",
            "enterprise bob: keep (entitled)",
            "enterprise zoe: assign (entitled)"
        ]
    );
}

#[test]
fn holders_are_kept_unless_the_configuration_says_by_rank() {
    let world = contended().policy(DuoEnterprise, |policy| policy.contention = Contention::KeepHolders);
    assert_eq!(
        world.verdicts(),
        [
            "enterprise ada: keep (entitled)",
            "enterprise bob: keep (entitled)",
            "enterprise zoe: wait (no_seat)"
        ]
    );
}

#[test]
fn while_more_seats_are_held_than_purchased_nobody_is_outranked() {
    let mut world = contended();
    world.input.seats.purchases[0].purchase.purchased = 1;
    assert_eq!(
        world.verdicts(),
        [
            "enterprise ada: keep (entitled)",
            "enterprise bob: keep (entitled)",
            "enterprise zoe: wait (no_seat)"
        ]
    );
    assert_eq!(world.findings(), ["over_assigned"]);
}

#[test]
fn a_better_rank_is_served_before_a_person_who_fell_back_on_a_worse_one() {
    let world = platform(2)
        .policy(DuoEnterprise, |policy| policy.contention = Contention::ByRank)
        .rule(Rule { rank: 1, max_seats: Some(1), ..rule("board", DuoEnterprise, &["Board"]) })
        .rule(Rule { rank: 10, ..rule("leads", DuoEnterprise, &["Leads"]) })
        .rule(Rule { rank: 5, ..rule("sre", DuoEnterprise, &["SRE"]) })
        .person("ann", &["Board"])
        .person("bea", &["Board", "Leads"])
        .person("sue", &["SRE"])
        .person("zoe", &["Platform"])
        .ours(DuoEnterprise, "ann", 5)
        .ours(DuoEnterprise, "zoe", 5);
    assert_eq!(
        world.verdicts(),
        [
            "enterprise ann: keep (entitled)",
            "enterprise bea: wait (no_seat)",
            "enterprise sue: assign (entitled)",
            "enterprise zoe: revoke (outranked)"
        ]
    );
}

#[test]
fn without_rules_nothing_is_touched() {
    let world = World::new().purchase(DuoEnterprise, 1).account("zoe").ours(DuoEnterprise, "zoe", 90);
    assert!(world.verdicts().is_empty());
    assert_eq!(world.findings(), ["no_rule"]);
}

#[test]
fn without_a_purchase_everybody_waits() {
    let world =
        World::new().rule(rule("platform", DuoEnterprise, &["Platform"])).person("ada", &["Platform"]);
    assert_eq!(world.verdicts(), ["enterprise ada: wait (no_seat)"]);
    assert_eq!(world.findings(), ["purchase_absent"]);
}
