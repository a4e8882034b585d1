//! What becomes of a seat that somebody holds: grace, tenure, management, protection and use.

use jiff::civil::date;
use jiff::{SignedDuration, ToSpan};
use seatsync::model::account::{DuoActivity, Standing};
use seatsync::model::add_on::AddOn::DuoEnterprise;
use seatsync::model::holding::Change::{Assign, Revoke};
use seatsync::model::policy::{AdoptPolicy, RevokePolicy};
use seatsync::model::rule::Rule;

use crate::platform;
use crate::world::{World, rule};

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

#[test]
fn grace_begins_with_the_first_apply_that_saw_it_and_then_the_seat_goes() {
    let mut world = platform(1)
        .policy(DuoEnterprise, |policy| policy.grace = days(7))
        .person("ada", &["Platform"])
        .account("zoe")
        .ours(DuoEnterprise, "zoe", 90);
    let seat = world.seat(DuoEnterprise, "zoe");
    assert_eq!(world.verdicts(), ["enterprise ada: wait (no_seat)", "enterprise zoe: leave (grace)"]);
    assert_eq!(world.plan().bookkeeping.grace_started, [seat]);
    world.input.memory.grace.insert(seat, world.days_ago(7));
    assert_eq!(
        world.verdicts(),
        ["enterprise ada: assign (entitled)", "enterprise zoe: revoke (no_longer_entitled)"]
    );
}

#[test]
fn coming_back_cancels_the_grace() {
    let mut world = platform(1).person("zoe", &["Platform"]).ours(DuoEnterprise, "zoe", 90);
    let seat = world.seat(DuoEnterprise, "zoe");
    world.input.memory.grace.insert(seat, world.days_ago(6));
    assert_eq!(world.verdicts(), ["enterprise zoe: keep (entitled)"]);
    assert_eq!(world.plan().bookkeeping.grace_cancelled, [seat]);
}

#[test]
fn a_seat_is_not_taken_back_before_its_minimum_tenure() {
    let world = platform(1)
        .policy(DuoEnterprise, |policy| policy.minimum_tenure = days(10))
        .person("ada", &["Platform"])
        .account("zoe")
        .ours(DuoEnterprise, "zoe", 9);
    assert_eq!(
        world.verdicts(),
        ["enterprise ada: wait (no_seat)", "enterprise zoe: leave (minimum_tenure)"]
    );
}

#[test]
fn a_seat_that_is_not_ours_is_left_alone_unless_the_configuration_says_otherwise() {
    let world = platform(1).person("ada", &["Platform"]).account("zoe").holder(DuoEnterprise, "zoe");
    assert_eq!(world.verdicts(), ["enterprise ada: wait (no_seat)", "enterprise zoe: leave (not_managed)"]);
    let all = world.policy(DuoEnterprise, |policy| policy.revoke = RevokePolicy::All);
    assert_eq!(
        all.verdicts(),
        ["enterprise ada: assign (entitled)", "enterprise zoe: revoke (no_longer_entitled)"]
    );
    let never = all.policy(DuoEnterprise, |policy| policy.revoke = RevokePolicy::Never);
    assert_eq!(never.verdicts(), ["enterprise ada: wait (no_seat)", "enterprise zoe: leave (revoke_never)"]);
}

#[test]
fn entitled_holders_are_adopted_and_others_are_not() {
    let world = platform(2)
        .person("ada", &["Platform"])
        .account("zoe")
        .holder(DuoEnterprise, "ada")
        .holder(DuoEnterprise, "zoe");
    let adopted = |world: &World| world.plan().bookkeeping.adopt.into_keys().collect::<Vec<_>>();
    assert_eq!(adopted(&world), [world.seat(DuoEnterprise, "ada")]);
    let none = world.policy(DuoEnterprise, |policy| policy.adopt = AdoptPolicy::None);
    assert!(adopted(&none).is_empty());
    let all = none.policy(DuoEnterprise, |policy| policy.adopt = AdoptPolicy::All);
    assert_eq!(adopted(&all), [all.seat(DuoEnterprise, "ada"), all.seat(DuoEnterprise, "zoe")]);
}

#[test]
fn the_protected_are_never_touched_in_either_direction() {
    let world = platform(2)
        .policy(DuoEnterprise, |policy| policy.protect = ["ada".to_owned(), "root".to_owned()].into())
        .person("ada", &["Platform"])
        .account("root")
        .ours(DuoEnterprise, "root", 90);
    assert_eq!(world.verdicts(), ["enterprise ada: leave (protected)", "enterprise root: leave (protected)"]);
}

#[test]
fn the_blocked_lose_their_seats_and_bots_get_none() {
    let world = platform(2)
        .person("ada", &["Platform"])
        .person("bot", &["Platform"])
        .account_is("ada", |ada| ada.standing = Standing::Inactive { state: "blocked".into() })
        .account_is("bot", |bot| bot.standing = Standing::Bot)
        .ours(DuoEnterprise, "ada", 1);
    assert_eq!(
        world.verdicts(),
        ["enterprise ada: revoke (not_eligible)", "enterprise bot: wait (not_eligible)"]
    );
}

#[test]
fn the_last_day_of_an_entitlement_is_included() {
    let until = |day| {
        World::new()
            .purchase(DuoEnterprise, 1)
            .policy(DuoEnterprise, |policy| policy.grace = SignedDuration::ZERO)
            .rule(Rule { until: Some(day), ..rule("trial", DuoEnterprise, &["Trial"]) })
            .person("ada", &["Trial"])
            .ours(DuoEnterprise, "ada", 1)
    };
    let today = date(2026, 11, 22);
    assert_eq!(until(today).verdicts(), ["enterprise ada: keep (entitled)"]);
    let ended = until(today.checked_sub(1.day()).unwrap());
    assert_eq!(ended.verdicts(), ["enterprise ada: revoke (until_passed)"]);
    assert_eq!(ended.findings(), ["rule_ended"]);
}

#[test]
fn an_unused_seat_is_reclaimed_and_not_given_back_to_the_same_person() {
    let mut world = platform(1)
        .policy(DuoEnterprise, |policy| policy.reclaim_inactive_after = Some(days(90)))
        .person("ada", &["Platform"])
        .person("bob", &["Platform"])
        .account_is("ada", |ada| ada.last_duo_activity = DuoActivity::On(date(2026, 7, 1)))
        .ours(DuoEnterprise, "ada", 200);
    assert_eq!(world.verdicts(), ["enterprise ada: revoke (inactive)", "enterprise bob: assign (entitled)"]);
    let seat = world.seat(DuoEnterprise, "ada");
    world.input.seats.purchases[0].holders.clear();
    world.input.memory.reclaimed.insert(seat, world.input.now);
    assert_eq!(world.verdicts(), ["enterprise ada: wait (inactive)", "enterprise bob: wait (no_seat)"]);
}

#[test]
fn a_change_that_somebody_else_undid_twice_is_not_made_a_third_time() {
    let world = platform(2)
        .person("ada", &["Platform"])
        .account("zoe")
        .ours(DuoEnterprise, "zoe", 90)
        .changed(DuoEnterprise, "ada", &[Assign, Assign])
        .changed(DuoEnterprise, "zoe", &[Revoke, Revoke]);
    assert_eq!(world.verdicts(), ["enterprise ada: wait (contested)", "enterprise zoe: leave (contested)"]);
    assert_eq!(world.findings(), ["contested"]);
}
