//! The two add-on queries: purchases and lists of accounts.

use jiff::civil::date;
use serde_json::{Value, json};
use simulator::http::server::Simulator;
use simulator::world::account::{Account, AccountId, AccountState};
use simulator::world::purchase::Purchase;

use crate::support::{DUO_PRO, INACCESSIBLE, acme, company, graphql, purchase_gid, start, with_holders};

const ELIGIBLE: &str = "query E($ids: [GitlabSubscriptionsAddOnPurchaseID!]!, $f: String, $s: String,
    $o: GitlabSubscriptionsUserSort, $first: Int, $after: String) {
  selfManagedAddOnEligibleUsers(addOnType: CODE_SUGGESTIONS, addOnPurchaseIds: $ids, filterByAssignedSeat: $f,
      search: $s, sort: $o, first: $first, after: $after) {
    nodes { username state addOnAssignments(addOnPurchaseIds: $ids) { nodes { addOnPurchase { id name } } } }
    pageInfo { endCursor hasNextPage hasPreviousPage startCursor } count } }";

/// The connection that these variables ask for, besides the purchase.
async fn eligible(simulator: &Simulator, variables: Value) -> Value {
    let mut whole = json!({ "ids": [purchase_gid(3)] });
    whole.as_object_mut().unwrap().extend(variables.as_object().unwrap().clone());
    let answer = graphql(simulator, "admin", ELIGIBLE, whole).await;
    answer["data"]["selfManagedAddOnEligibleUsers"].clone()
}

fn usernames(connection: &Value) -> Vec<&str> {
    let nodes = connection["nodes"].as_array().unwrap();
    nodes.iter().map(|node| node["username"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn purchases_are_listed_while_they_last() {
    let mut world = company();
    world.add_purchase(Purchase::new(4, "DUO_ENTERPRISE", 5).expiring_on(date(2026, 11, 22)));
    world.add_purchase(Purchase::new(5, "DUO_AMAZON_Q", 5).starting_on(date(2026, 11, 22)));
    world.add_purchase(Purchase::new(6, "SELF_HOSTED_DAP", 5).starting_on(date(2026, 11, 23)));
    let simulator = start(world).await;
    let query = "{ addOnPurchases { id name purchasedQuantity assignedQuantity } }";
    let answer = graphql(&simulator, "admin", query, json!({})).await;
    let row = |id, name, purchased| json!({ "id": purchase_gid(id), "name": name, "purchasedQuantity": purchased, "assignedQuantity": 0 });
    let rows = [row(3, "CODE_SUGGESTIONS", 3), row(5, "DUO_AMAZON_Q", 5), row(8, "DUO_CORE", 20)];
    assert_eq!(answer, json!({ "data": { "addOnPurchases": rows } }));

    simulator.world().today = date(2026, 11, 21);
    let answer = graphql(&simulator, "admin", query, json!({})).await;
    assert_eq!(answer["data"]["addOnPurchases"][1]["name"], "DUO_ENTERPRISE");
}

#[tokio::test]
async fn whoever_may_not_see_purchases_sees_none_and_no_error() {
    let simulator = start(company()).await;
    for token in ["ada", ""] {
        let answer = graphql(&simulator, token, "{ addOnPurchases { id } }", json!({})).await;
        assert_eq!(answer, json!({ "data": { "addOnPurchases": [] } }), "token `{token}`");
    }
    let answer = graphql(&simulator, "reader", "{ addOnPurchases { id } }", json!({})).await;
    assert_eq!(answer["data"]["addOnPurchases"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn on_gitlab_com_purchases_belong_to_the_group() {
    let simulator = start(acme()).await;
    let query = "query($n: NamespaceID) { addOnPurchases(namespaceId: $n) { name } }";
    for (namespace, seen) in [
        (json!("gid://gitlab/Group/100"), 2),
        (json!("gid://gitlab/Namespace/100"), 2),
        (json!("gid://gitlab/Group/101"), 0),
        (Value::Null, 0),
    ] {
        let answer = graphql(&simulator, "owner", query, json!({ "n": namespace })).await;
        assert_eq!(answer["data"]["addOnPurchases"].as_array().unwrap().len(), seen, "{namespace}");
        let answer = graphql(&simulator, "ada", query, json!({ "n": namespace })).await;
        assert_eq!(answer, json!({ "data": { "addOnPurchases": [] } }));
    }
}

#[tokio::test]
async fn eligible_accounts_are_active_humans() {
    let simulator = start(with_holders(company(), &[8])).await;
    let list = eligible(&simulator, json!({ "o": "ID_ASC" })).await;
    assert_eq!(usernames(&list), ["root", "ada", "bob", "cyd", "mia"]);
    assert_eq!(list["count"], 5);
    let seat = json!({ "addOnPurchase": { "id": purchase_gid(3), "name": "CODE_SUGGESTIONS" } });
    assert_eq!(list["nodes"][2]["addOnAssignments"]["nodes"], json!([seat]));
    assert_eq!(list["nodes"][1]["addOnAssignments"]["nodes"], json!([]));
}

#[tokio::test]
async fn the_list_of_holders_includes_those_no_longer_eligible() {
    let simulator = start(with_holders(company(), &[8, 20])).await;
    let holders = eligible(&simulator, json!({ "f": "true" })).await;
    assert_eq!(usernames(&holders), ["bob", "dan"]);
    assert_eq!(holders["nodes"][1]["state"], "blocked");
    let others = eligible(&simulator, json!({ "f": "false" })).await;
    assert_eq!(usernames(&others), ["root", "ada", "cyd", "mia"]);
    let all = eligible(&simulator, json!({ "f": "maybe" })).await;
    assert_eq!(usernames(&all), ["root", "ada", "bob", "cyd", "mia"]);

    simulator.world().edit_purchase(DUO_PRO, |purchase| purchase.expires_on = date(2026, 1, 1));
    let holders = eligible(&simulator, json!({ "f": "true" })).await;
    assert_eq!(usernames(&holders), [""; 0], "the filter sees active purchases only");
}

#[tokio::test]
async fn a_list_can_be_ordered_and_searched_but_not_both() {
    let mut world = company();
    world.edit_account(AccountId(8), |bob| {
        bob.last_activity_on = Some(date(2026, 1, 1));
        bob.public_email = Some("robert@example.com".to_owned());
    });
    world.edit_account(AccountId(9), |cyd| cyd.last_activity_on = Some(date(2026, 2, 1)));
    let simulator = start(world).await;
    let list = eligible(&simulator, json!({ "o": "NAME_DESC" })).await;
    assert_eq!(usernames(&list), ["root", "mia", "cyd", "bob", "ada"]);
    let list = eligible(&simulator, json!({ "o": "LAST_ACTIVITY_ON_DESC", "first": 2 })).await;
    assert_eq!(usernames(&list), ["cyd", "bob"]);
    let list = eligible(&simulator, json!({ "s": "robert@example.com" })).await;
    assert_eq!(usernames(&list), ["bob"]);
    simulator.world().add_account(Account::human(50, "adam"));
    let list = eligible(&simulator, json!({ "s": "ada", "o": "ID_DESC" })).await;
    assert_eq!(usernames(&list), ["ada", "adam"]);
}

#[tokio::test]
async fn cursors_are_offsets_and_drift_when_the_list_changes() {
    let simulator = start(with_holders(company(), &[7, 8, 9])).await;
    let first = eligible(&simulator, json!({ "f": "true", "first": 2 })).await;
    assert_eq!(usernames(&first), ["ada", "bob"]);
    let info =
        json!({ "startCursor": "MQ", "endCursor": "Mg", "hasNextPage": true, "hasPreviousPage": false });
    assert_eq!(first["pageInfo"], info);

    simulator.world().unseat(DUO_PRO, AccountId(7));
    let second = eligible(&simulator, json!({ "f": "true", "first": 2, "after": "Mg" })).await;
    assert_eq!(usernames(&second), [""; 0], "cyd slipped past between the pages");
    let info =
        json!({ "startCursor": null, "endCursor": null, "hasNextPage": false, "hasPreviousPage": true });
    assert_eq!(second["pageInfo"], info);
}

#[tokio::test]
async fn a_page_holds_100_rows_at_most() {
    let mut world = company();
    for id in 1000..1250 {
        world.add_account(Account::human(id, &format!("p{id}")));
    }
    let simulator = start(world).await;
    for first in [json!(500), Value::Null] {
        let page = eligible(&simulator, json!({ "first": first })).await;
        assert_eq!(usernames(&page).len(), 100);
        assert_eq!(page["pageInfo"]["endCursor"], "MTAw");
    }
    let page = eligible(&simulator, json!({ "after": "MjAw" })).await;
    assert_eq!((usernames(&page).len(), &page["pageInfo"]["hasNextPage"]), (55, &json!(false)));
}

#[tokio::test]
async fn the_lists_are_for_those_who_manage_seats() {
    let simulator = start(company()).await;
    let answer = graphql(&simulator, "ada", ELIGIBLE, json!({ "ids": [purchase_gid(3)] })).await;
    assert_eq!(answer["data"], json!({ "selfManagedAddOnEligibleUsers": null }));
    assert_eq!(answer["errors"][0]["message"], INACCESSIBLE);
}

#[tokio::test]
async fn on_gitlab_com_the_list_hangs_below_the_top_level_group() {
    let mut world = with_holders(acme(), &[25]);
    world.edit_account(AccountId(9), |cyd| cyd.state = AccountState::Banned);
    let simulator = start(world).await;
    let query = "query($path: ID!, $ids: [GitlabSubscriptionsAddOnPurchaseID!]!, $f: String) { namespace(fullPath: $path) {
        id addOnEligibleUsers(addOnType: CODE_SUGGESTIONS, addOnPurchaseIds: $ids, filterByAssignedSeat: $f) {
          nodes { username } } } }";
    let ids = [purchase_gid(3)];
    let ask = async |token, path: &str, filter: Option<&str>| {
        graphql(&simulator, token, query, json!({ "path": path, "ids": ids, "f": filter })).await
    };
    let answer = ask("owner", "acme", None).await;
    assert_eq!(answer["data"]["namespace"]["id"], "gid://gitlab/Group/100");
    assert_eq!(usernames(&answer["data"]["namespace"]["addOnEligibleUsers"]), ["olga", "ada", "bob"]);
    let answer = ask("owner", "acme", Some("true")).await;
    assert_eq!(usernames(&answer["data"]["namespace"]["addOnEligibleUsers"]), ["mia"]);

    let answer = ask("owner", "acme/lab", None).await;
    let text = "Add on eligible users can only be queried on a root namespace";
    assert_eq!(answer["errors"][0]["message"], text);
    assert_eq!(answer["errors"][0]["path"], json!(["namespace", "addOnEligibleUsers"]));
    let answer = ask("ada", "acme", None).await;
    assert_eq!(answer["errors"][0]["message"], INACCESSIBLE);
    let answer = ask("owner", "elsewhere", None).await;
    assert_eq!(answer, json!({ "data": { "namespace": null } }));
    let answer = graphql(&simulator, "owner", ELIGIBLE, json!({ "ids": ids })).await;
    assert_eq!(answer["errors"][0]["message"], INACCESSIBLE, "that list is for instances");
}

#[tokio::test]
async fn old_versions_lack_newer_fields() {
    let mut world = company();
    world.settings.version = "17.8.0-ee".parse().unwrap();
    let simulator = start(world).await;
    let query = "{ selfManagedAddOnEligibleUsers(addOnType: CODE_SUGGESTIONS, addOnPurchaseIds: []) {
        nodes { lastDuoActivityOn } } }";
    let answer = graphql(&simulator, "admin", query, json!({})).await;
    assert_eq!(answer["errors"][0]["message"], "Field 'lastDuoActivityOn' doesn't exist on type 'AddOnUser'");
    simulator.world().settings.version = "17.9.0-ee".parse().unwrap();
    let answer = graphql(&simulator, "admin", query, json!({})).await;
    assert!(answer.get("errors").is_none());
}
