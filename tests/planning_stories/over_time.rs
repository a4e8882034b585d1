//! What changed since the last run without seatsync: purchases, and seats that somebody else gave or took.

use seatsync::model::add_on::AddOn::{DuoEnterprise, DuoPro};
use seatsync::model::finding::FindingCode;
use seatsync::model::holding::{Change, PastChange, PastPurchase};
use seatsync::model::purchase::PurchaseId;
use seatsync::planning::purchases::follow;

use crate::platform;
use crate::world::{World, rule};

fn past(world: &World, id: &str, purchased: u32) -> PastPurchase {
    let id = PurchaseId(format!("gid://gitlab/GitlabSubscriptions::AddOnPurchase/{id}").into());
    PastPurchase { id, purchased, seen_at: world.days_ago(1) }
}

fn told(world: &World, codes: &[FindingCode]) -> Vec<String> {
    let findings = world.plan().findings;
    findings.into_iter().filter(|one| codes.contains(&one.code)).map(|one| one.message).collect()
}

const PURCHASE: &[FindingCode] = &[FindingCode::PurchaseChanged];
const DRIFT: &[FindingCode] = &[FindingCode::SeatsTaken, FindingCode::SeatsGiven];

#[test]
fn a_purchase_that_shrank_is_told_and_takes_no_seat_from_anybody() {
    let mut world = platform(1).person("ada", &["Platform"]).ours(DuoEnterprise, "ada", 9);
    let before = past(&world, "duo_enterprise", 3);
    world.input.memory.purchases.insert(DuoEnterprise, before);
    assert_eq!(
        told(&world, PURCHASE),
        ["1 seats of Duo Enterprise are purchased, 2 fewer than the 3 of 2026-11-21T04:00:00Z"]
    );
    assert_eq!(world.verdicts(), ["enterprise ada: keep (entitled)"]);
}

#[test]
fn a_purchase_that_vanished_is_told_with_what_it_was() {
    let mut world =
        World::new().rule(rule("platform", DuoEnterprise, &["Platform"])).person("ada", &["Platform"]);
    let before = past(&world, "duo_enterprise", 40);
    world.input.memory.purchases.insert(DuoEnterprise, before);
    assert_eq!(
        told(&world, PURCHASE),
        [
            "40 seats of Duo Enterprise were purchased when seatsync last saw them, at 2026-11-21T04:00:00Z, and now GitLab shows no active purchase"
        ]
    );
}

#[test]
fn a_purchase_that_grew_or_stayed_is_no_news() {
    for before in [1, 2] {
        let mut world = platform(2).person("ada", &["Platform"]);
        let before = past(&world, "duo_enterprise", before);
        world.input.memory.purchases.insert(DuoEnterprise, before);
        assert!(told(&world, PURCHASE).is_empty());
    }
}

#[test]
fn a_purchase_turned_into_another_add_on_takes_its_seats_along() {
    let mut world = platform(3).person("ada", &["Platform"]).account("zoe").ours(DuoEnterprise, "zoe", 90);
    let was_pro = past(&world, "duo_enterprise", 3);
    let mut memory = std::mem::take(&mut world.input.memory);
    memory.holdings = memory
        .holdings
        .into_iter()
        .map(|(seat, held)| (seatsync::model::holding::SeatKey { add_on: DuoPro, ..seat }, held))
        .collect();
    memory.purchases.insert(DuoPro, was_pro);
    world.input.memory = follow(memory, &world.input.seats);
    assert_eq!(world.input.memory.moved, [(DuoPro, DuoEnterprise)]);
    assert_eq!(
        world.verdicts(),
        ["enterprise ada: assign (entitled)", "enterprise zoe: revoke (no_longer_entitled)"]
    );
    assert_eq!(world.plan().bookkeeping.moved, [(DuoPro, DuoEnterprise)]);
    assert_eq!(told(&world, PURCHASE).len(), 1);
}

#[test]
fn a_seat_of_ours_that_is_gone_was_taken_by_somebody_else() {
    let mut world = platform(3).person("ada", &["Platform"]).ours(DuoEnterprise, "ada", 9);
    world.input.seats.purchases[0].holders.clear();
    world.input.seats.purchases[0].purchase.assigned = 0;
    assert_eq!(
        told(&world, DRIFT),
        ["GitLab or somebody else took back seats of Duo Enterprise that are seatsync's own: ada"]
    );
    let seat = world.seat(DuoEnterprise, "ada");
    world.input.memory.in_flight = vec![(Change::Assign, seat)];
    assert!(told(&world, DRIFT).is_empty(), "a killed run may never have sent it");
}

#[test]
fn a_seat_that_we_took_back_and_is_held_again_was_given_by_somebody_else() {
    let mut world = platform(3).account("zoe").holder(DuoEnterprise, "zoe");
    let (seat, at) = (world.seat(DuoEnterprise, "zoe"), world.days_ago(2));
    world.input.memory.recent = vec![PastChange { seat, change: Change::Revoke, at }];
    assert_eq!(
        told(&world, DRIFT),
        ["GitLab or somebody else assigned again seats of Duo Enterprise that seatsync had taken back: zoe"]
    );
}

#[test]
fn of_another_purchase_of_the_same_add_on_nothing_is_ours() {
    let mut world = platform(3).person("ada", &["Platform"]).account("zoe").ours(DuoEnterprise, "zoe", 90);
    let mut memory = std::mem::take(&mut world.input.memory);
    memory.purchases.insert(DuoEnterprise, past(&world, "the_trial", 3));
    world.input.memory = follow(memory, &world.input.seats);
    assert_eq!(
        world.verdicts(),
        ["enterprise ada: assign (entitled)", "enterprise zoe: leave (not_managed)"]
    );
    assert_eq!(world.plan().bookkeeping.replaced, [DuoEnterprise]);
    assert_eq!(
        told(&world, PURCHASE),
        [
            "the purchase of Duo Enterprise is another than at 2026-11-21T04:00:00Z: `gid://gitlab/GitlabSubscriptions::AddOnPurchase/duo_enterprise` instead of `gid://gitlab/GitlabSubscriptions::AddOnPurchase/the_trial`; none of its seats is seatsync's own until it assigns or adopts it"
        ]
    );
}
