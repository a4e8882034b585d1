//! The four mutations, case by case.

use jiff::civil::date;
use serde_json::{Value, json};
use simulator::world::account::{Account, AccountId, AccountKind, AccountState, Membership};
use simulator::world::purchase::Purchase;

use crate::support::{
    DUO_PRO, INACCESSIBLE, account_gids, acme, ask, bulk, company, graphql, holders, purchase_gid, single,
    start, with_holders,
};

const CREATE: &str = "userAddOnAssignmentCreate";
const REMOVE: &str = "userAddOnAssignmentRemove";
const BULK_CREATE: &str = "userAddOnAssignmentBulkCreate";
const BULK_REMOVE: &str = "userAddOnAssignmentBulkRemove";

/// A top-level error with the payload null.
fn top_level(mutation: &str, message: &str) -> Value {
    json!({
        "data": { mutation: null },
        "errors": [{ "message": message, "locations": [{ "line": 2, "column": 3 }], "path": [mutation] }],
    })
}

/// An error in the payload, everything else null.
fn refused(mutation: &str, code: &str) -> Value {
    let accounts = if mutation.contains("Bulk") { "users" } else { "user" };
    json!({ "data": { mutation: { "errors": [code], "addOnPurchase": null, accounts: null } } })
}

fn done_many(mutation: &str, assigned: u32, usernames: &[&str]) -> Value {
    let nodes: Vec<Value> = usernames.iter().map(|name| json!({ "username": name })).collect();
    json!({ "data": { mutation: {
        "errors": [], "addOnPurchase": { "assignedQuantity": assigned }, "users": { "nodes": nodes },
    } } })
}

fn done_one(mutation: &str, assigned: u32, username: &str) -> Value {
    json!({ "data": { mutation: {
        "errors": [], "addOnPurchase": { "assignedQuantity": assigned }, "user": { "username": username },
    } } })
}

#[tokio::test]
async fn an_unknown_expired_or_future_purchase_is_inaccessible_to_all_four() {
    let mut world = company();
    world.add_purchase(Purchase::new(4, "DUO_ENTERPRISE", 5).expiring_on(date(2026, 11, 22)));
    world.add_purchase(Purchase::new(5, "DUO_AMAZON_Q", 5).starting_on(date(2026, 11, 23)));
    let simulator = start(world).await;
    for purchase in [99, 4, 5] {
        for mutation in [CREATE, REMOVE] {
            let answer = single(&simulator, "admin", mutation, purchase, 7).await;
            assert_eq!(answer, top_level(mutation, INACCESSIBLE), "purchase {purchase}");
        }
        for mutation in [BULK_CREATE, BULK_REMOVE] {
            let answer = bulk(&simulator, "admin", mutation, purchase, &[7]).await;
            assert_eq!(answer, top_level(mutation, INACCESSIBLE), "purchase {purchase}");
        }
    }
}

#[tokio::test]
async fn a_token_of_no_administrator_or_for_reading_only_is_told_the_same() {
    let simulator = start(company()).await;
    for token in ["ada", "reader", ""] {
        let answer = bulk(&simulator, token, BULK_CREATE, 3, &[7]).await;
        assert_eq!(answer, top_level(BULK_CREATE, INACCESSIBLE), "token `{token}`");
    }
    assert!(holders(&simulator).is_empty());
}

#[tokio::test]
async fn an_unknown_account_is_an_error_of_the_mutation_s_own_kind() {
    let simulator = start(with_holders(company(), &[7])).await;
    for mutation in [CREATE, REMOVE] {
        let answer = single(&simulator, "admin", mutation, 3, 404).await;
        assert_eq!(answer, top_level(mutation, INACCESSIBLE));
    }
    let answer = bulk(&simulator, "admin", BULK_CREATE, 3, &[8, 404]).await;
    assert_eq!(answer, refused(BULK_CREATE, "INVALID_USER_ID_PRESENT"));
    let answer = bulk(&simulator, "admin", BULK_REMOVE, 3, &[404]).await;
    assert_eq!(answer, refused(BULK_REMOVE, "NO_ASSIGNMENTS_FOUND"));
    let answer = bulk(&simulator, "admin", BULK_REMOVE, 3, &[7, 404]).await;
    assert_eq!(answer, done_many(BULK_REMOVE, 0, &["ada"]));
}

#[tokio::test]
async fn no_accounts_at_all_are_inaccessible() {
    let simulator = start(company()).await;
    for mutation in [BULK_CREATE, BULK_REMOVE] {
        let answer = bulk(&simulator, "admin", mutation, 3, &[]).await;
        assert_eq!(answer, top_level(mutation, INACCESSIBLE));
    }
}

#[tokio::test]
async fn a_hundred_pass_and_one_more_is_told_less_than_100() {
    let mut world = company();
    for id in 1000..1101 {
        world.add_account(Account::human(id, &format!("p{id}")));
    }
    world.edit_purchase(DUO_PRO, |purchase| purchase.quantity = 500);
    let simulator = start(world).await;
    let ids: Vec<u64> = (1000..1101).collect();
    let answer = bulk(&simulator, "admin", BULK_CREATE, 3, &ids).await;
    let text = "The number of users to be assigned in a single API call should be less than 100.";
    assert_eq!(answer, top_level(BULK_CREATE, text));
    let answer = bulk(&simulator, "admin", BULK_REMOVE, 3, &ids).await;
    let text = "The number of users to be unassigned in a single API call should be less than 100.";
    assert_eq!(answer, top_level(BULK_REMOVE, text));
    let answer = bulk(&simulator, "admin", BULK_CREATE, 3, &[7; 101]).await;
    assert!(
        answer["errors"][0]["message"].as_str().unwrap().contains("less than 100"),
        "counted before duplicates go"
    );
    bulk(&simulator, "admin", BULK_CREATE, 3, &ids[..100]).await;
    assert_eq!(holders(&simulator).len(), 100);
}

#[tokio::test]
async fn before_17_6_the_limit_is_50() {
    let mut world = company();
    world.settings.version = "17.5.2-ee".parse().unwrap();
    let simulator = start(world).await;
    let answer = bulk(&simulator, "admin", BULK_CREATE, 3, &[7; 51]).await;
    let text = "The number of users to be assigned in a single API call should be less than 50.";
    assert_eq!(answer, top_level(BULK_CREATE, text));
    let answer = bulk(&simulator, "admin", BULK_CREATE, 3, &[7; 50]).await;
    assert_eq!(answer, done_many(BULK_CREATE, 1, &["ada"]));
}

#[tokio::test]
async fn whoever_has_a_seat_is_assigned_again_without_effect() {
    let simulator = start(with_holders(company(), &[7])).await;
    let answer = single(&simulator, "admin", CREATE, 3, 7).await;
    assert_eq!(answer, done_one(CREATE, 1, "ada"));
    let answer = bulk(&simulator, "admin", BULK_CREATE, 3, &[7, 8]).await;
    assert_eq!(answer, done_many(BULK_CREATE, 2, &["bob", "ada"]));
}

#[tokio::test]
async fn an_over_assigned_purchase_refuses_its_own_holders_in_bulk_but_not_singly() {
    let mut world = with_holders(company(), &[7, 8]);
    world.edit_purchase(DUO_PRO, |purchase| purchase.quantity = 1);
    let simulator = start(world).await;
    let answer = bulk(&simulator, "admin", BULK_CREATE, 3, &[7]).await;
    assert_eq!(answer, refused(BULK_CREATE, "NOT_ENOUGH_SEATS"));
    let answer = single(&simulator, "admin", CREATE, 3, 7).await;
    assert_eq!(answer, done_one(CREATE, 2, "ada"));
}

#[tokio::test]
async fn one_seat_short_assigns_nobody() {
    let mut world = company();
    world.edit_purchase(DUO_PRO, |purchase| purchase.quantity = 2);
    let simulator = start(world).await;
    let answer = bulk(&simulator, "admin", BULK_CREATE, 3, &[7, 8, 9]).await;
    assert_eq!(answer, refused(BULK_CREATE, "NOT_ENOUGH_SEATS"));
    assert!(holders(&simulator).is_empty());
    bulk(&simulator, "admin", BULK_CREATE, 3, &[7, 8]).await;
    let answer = single(&simulator, "admin", CREATE, 3, 9).await;
    assert_eq!(answer, refused(CREATE, "NO_SEATS_AVAILABLE"));
}

#[tokio::test]
async fn every_ineligible_kind_is_refused() {
    let mut world = company();
    for (id, state) in [
        (30, AccountState::Banned),
        (31, AccountState::LdapBlocked),
        (32, AccountState::BlockedPendingApproval),
    ] {
        world.add_account(Account::human(id, &format!("p{id}")).in_state(state));
    }
    let simulator = start(world).await;
    for account in [20, 21, 22, 23, 24, 30, 31, 32] {
        let answer = single(&simulator, "admin", CREATE, 3, account).await;
        assert_eq!(answer, refused(CREATE, "INVALID_USER_MEMBERSHIP"), "account {account}");
        let answer = bulk(&simulator, "admin", BULK_CREATE, 3, &[7, account]).await;
        assert_eq!(answer, refused(BULK_CREATE, "INVALID_USER_ID_PRESENT"), "account {account}");
    }
    let answer = single(&simulator, "admin", CREATE, 3, 25).await;
    assert_eq!(answer, done_one(CREATE, 1, "mia"), "an instance knows no minimal access");
}

#[tokio::test]
async fn on_gitlab_com_membership_decides() {
    let mut world = acme();
    for (id, membership) in
        [(30, Membership::PendingInvite), (31, Membership::NamespaceBanned), (32, Membership::NotMember)]
    {
        world.add_account(Account::human(id, &format!("p{id}")).with_membership(membership));
    }
    world.add_account(
        Account::of_kind(40, "group-token", AccountKind::ProjectBot).with_membership(Membership::Owner),
    );
    let simulator = start(world).await;
    for account in [25, 30, 31, 32, 40] {
        let answer = single(&simulator, "owner", CREATE, 3, account).await;
        assert_eq!(answer, refused(CREATE, "INVALID_USER_MEMBERSHIP"), "account {account}");
    }
    let answer = bulk(&simulator, "owner", BULK_CREATE, 3, &[2, 7]).await;
    assert_eq!(answer, done_many(BULK_CREATE, 2, &["ada", "olga"]));
}

#[tokio::test]
async fn checks_come_in_gitlab_s_order() {
    let mut world = company();
    world.add_purchase(Purchase::new(6, "DUO_AMAZON_Q", 0));
    world.add_purchase(Purchase::new(9, "PRODUCT_ANALYTICS", 0));
    let simulator = start(world).await;
    // No seat, not assignable, not eligible: the first one speaks.
    let answer = single(&simulator, "admin", CREATE, 6, 20).await;
    assert_eq!(answer, refused(CREATE, "NO_SEATS_AVAILABLE"));
    let answer = single(&simulator, "admin", CREATE, 8, 20).await;
    assert_eq!(answer, refused(CREATE, "SEAT_ASSIGNMENT_NOT_SUPPORTED"));
    let answer = bulk(&simulator, "admin", BULK_CREATE, 9, &[20]).await;
    assert_eq!(answer, refused(BULK_CREATE, "INCOMPATIBLE_ADD_ON"));
    let answer = bulk(&simulator, "admin", BULK_CREATE, 6, &[20]).await;
    assert_eq!(answer, refused(BULK_CREATE, "INVALID_USER_ID_PRESENT"));
    let answer = bulk(&simulator, "admin", BULK_CREATE, 6, &[7]).await;
    assert_eq!(answer, refused(BULK_CREATE, "NOT_ENOUGH_SEATS"));
}

#[tokio::test]
async fn bulk_assignment_to_an_add_on_without_seats_breaks_after_writing() {
    let simulator = start(company()).await;
    let query = "mutation($p: GitlabSubscriptionsAddOnPurchaseID!, $u: [UserID!]!) {
        userAddOnAssignmentBulkCreate(input: {addOnPurchaseId: $p, userIds: $u}) { errors } }";
    let variables = json!({ "p": purchase_gid(8), "u": account_gids(&[7]) });
    let reply = ask(&simulator, "admin", query, variables.clone()).await;
    assert_eq!(
        (reply.status, reply.json()),
        (500, json!({ "errors": [{ "message": "Internal server error" }] }))
    );
    assert_eq!(simulator.world().purchases().last().unwrap().assigned(), 1);

    simulator.world().settings.seat_assignment_mail = false;
    let answer = graphql(&simulator, "admin", query, variables).await;
    assert_eq!(answer, json!({ "data": { "userAddOnAssignmentBulkCreate": { "errors": [] } } }));
}

#[tokio::test]
async fn removing_singly_what_is_not_there_answers_null_without_an_error() {
    let simulator = start(with_holders(company(), &[7])).await;
    assert_eq!(single(&simulator, "admin", REMOVE, 3, 7).await, done_one(REMOVE, 0, "ada"));
    assert_eq!(single(&simulator, "admin", REMOVE, 3, 7).await, json!({ "data": { REMOVE: null } }));
}

#[tokio::test]
async fn removing_in_bulk_takes_what_matches_and_echoes_all() {
    let simulator = start(with_holders(company(), &[7, 8, 20])).await;
    let answer = bulk(&simulator, "admin", BULK_REMOVE, 3, &[7, 9, 20]).await;
    assert_eq!(answer, done_many(BULK_REMOVE, 1, &["dan", "cyd", "ada"]));
    assert_eq!(holders(&simulator), ["bob"]);
    let answer = bulk(&simulator, "admin", BULK_REMOVE, 3, &[7]).await;
    assert_eq!(answer, refused(BULK_REMOVE, "NO_ASSIGNMENTS_FOUND"));
}

#[tokio::test]
async fn jobs_in_the_background_free_seats() {
    let mut world = with_holders(company(), &[7, 8, 9]);
    world.edit_account(AccountId(7), |ada| ada.last_duo_activity_on = Some(date(2026, 11, 1)));
    world.edit_account(AccountId(9), |cyd| cyd.state = AccountState::Blocked);
    assert_eq!(world.clean_up_seats(), [(DUO_PRO, AccountId(9))]);
    world.seat(DUO_PRO, AccountId(25));
    world.edit_purchase(DUO_PRO, |purchase| purchase.quantity = 1);
    // Of those who never used it, the most recent goes first; who used it stays longest.
    assert_eq!(world.clean_up_seats(), [(DUO_PRO, AccountId(25)), (DUO_PRO, AccountId(8))]);
    assert_eq!(world.holder_names(DUO_PRO), ["ada"]);
}

#[tokio::test]
async fn another_tier_keeps_the_purchase_s_id_and_its_holders() {
    let simulator = start(with_holders(company(), &[7])).await;
    assert!(simulator.world().flip_purchase(DUO_PRO));
    let answer =
        graphql(&simulator, "admin", "{ addOnPurchases { id name assignedQuantity } }", json!({})).await;
    let first = json!({ "id": purchase_gid(3), "name": "DUO_ENTERPRISE", "assignedQuantity": 1 });
    assert_eq!(answer["data"]["addOnPurchases"][0], first);
}
