//! At most one tier each, and no move that leaves anybody without a seat.

use jiff::SignedDuration;
use seatsync::model::add_on::AddOn::DuoPro;
use seatsync::model::policy::AdoptPolicy;

use crate::platform;
use crate::world::{World, rule};

#[test]
fn whoever_gets_the_better_tier_leaves_the_worse_one() {
    let world = tiers(1).person("ada", &["Platform"]).ours(DuoPro, "ada", 9);
    assert_eq!(world.verdicts(), ["enterprise ada: assign (entitled)", "pro ada: revoke (superseded)"]);
}

#[test]
fn whoever_finds_no_seat_in_the_better_tier_falls_back_on_the_next() {
    let world = tiers(1).person("ada", &["Platform"]).person("bob", &["Platform"]);
    assert_eq!(
        world.verdicts(),
        ["enterprise ada: assign (entitled)", "enterprise bob: wait (no_seat)", "pro bob: assign (entitled)"]
    );
}

#[test]
fn nobody_moves_away_from_a_tier_whose_seat_may_not_be_taken() {
    let world = tiers(1)
        .policy(DuoPro, |policy| policy.adopt = AdoptPolicy::None)
        .person("ada", &["Platform"])
        .holder(DuoPro, "ada");
    assert_eq!(world.verdicts(), ["enterprise ada: wait (other_tier)", "pro ada: keep (entitled)"]);
}

#[test]
fn a_tier_without_rules_is_not_touched_and_its_holders_stay_there() {
    let world = platform(1).purchase(DuoPro, 1).tiers().person("ada", &["Platform"]).holder(DuoPro, "ada");
    assert_eq!(world.verdicts(), ["enterprise ada: wait (other_tier)"]);
}

fn tiers(enterprise_seats: u32) -> World {
    platform(enterprise_seats)
        .purchase(DuoPro, 9)
        .rule(rule("everyone", DuoPro, &["Platform"]))
        .policy(DuoPro, |policy| policy.grace = SignedDuration::ZERO)
        .tiers()
}
