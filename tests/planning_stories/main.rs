//! Short stories of planning: a company in a few words, and the verdict and reason for each person in it.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use jiff::SignedDuration;
use seatsync::model::add_on::AddOn::DuoEnterprise;

use crate::world::{World, rule};

mod guard;
mod holders;
mod notices;
mod over_time;
mod people;
mod remedies;
mod supply;
mod tiers;
mod unknown;
#[path = "../support/world.rs"]
mod world;

/// One rule for one group of Duo Enterprise, without grace.
fn platform(seats: u32) -> World {
    World::new()
        .purchase(DuoEnterprise, seats)
        .rule(rule("platform", DuoEnterprise, &["Platform"]))
        .group("Platform")
        .policy(DuoEnterprise, |policy| policy.grace = SignedDuration::ZERO)
}
