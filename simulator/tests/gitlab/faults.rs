//! Limits, failures on demand, incidents, and the record of requests.

use std::time::Duration;

use serde_json::json;
use simulator::http::faults::{Failure, Fault, Moment, Target};
use simulator::http::requests::counts;
use simulator::world::account::{AccountId, AccountState};
use simulator::world::incident::Incident;
use simulator::world::settings::RateLimit;
use simulator::world::token::TokenState;

use crate::support::{
    DUO_PRO, account_gids, ask, bulk, company, graphql, holders, purchase_gid, rest, send, single, start,
    with_holders,
};

const PURCHASES: &str = "query Purchases { addOnPurchases { id } }";
const TOO_OFTEN: &str = "This endpoint has been requested too many times. Try again later.";
/// Longer than any test: its window never ends in the middle.
const LONG: u32 = 1_000_000_000;

#[tokio::test]
async fn the_throttle_shows_itself_in_headers_and_then_in_plain_text() {
    let mut world = company();
    world.settings.throttle = Some(RateLimit { requests: 2, period_seconds: LONG });
    let simulator = start(world).await;
    let reply = rest(&simulator, "admin", "/metadata").await;
    let header = |name: &str| reply.headers.get(name).map(String::as_str);
    assert_eq!(header("ratelimit-name"), Some("throttle_authenticated_api"));
    assert_eq!(header("ratelimit-limit"), Some("1"), "brought to a minute");
    assert_eq!((header("ratelimit-observed"), header("ratelimit-remaining")), (Some("1"), Some("1")));
    rest(&simulator, "ada", "/metadata").await;
    assert_eq!(rest(&simulator, "admin", "/metadata").await.status, 200, "counted by account");
    let reply = ask(&simulator, "admin", PURCHASES, json!({})).await;
    assert_eq!((reply.status, &*reply.body), (429, "Retry later\n"));
    for name in ["retry-after", "ratelimit-reset", "ratelimit-resettime", "ratelimit-remaining"] {
        assert!(reply.headers.contains_key(name), "{name} of {reply:?}");
    }
    assert_eq!(reply.headers["content-type"], "text/plain");
}

#[tokio::test]
async fn before_18_6_only_the_refusal_carries_the_headers() {
    let mut world = company();
    world.settings.version = "18.5.0-ee".parse().unwrap();
    world.settings.throttle = Some(RateLimit { requests: 1, period_seconds: LONG });
    let simulator = start(world).await;
    assert!(!rest(&simulator, "admin", "/metadata").await.headers.contains_key("ratelimit-limit"));
    assert!(rest(&simulator, "admin", "/metadata").await.headers.contains_key("ratelimit-limit"));
}

#[tokio::test]
async fn the_application_s_limit_speaks_json_and_shows_no_rate() {
    let mut world = company();
    world.settings.application_limit = Some(RateLimit { requests: 0, period_seconds: 60 });
    let simulator = start(world).await;
    let reply = rest(&simulator, "admin", "/users").await;
    assert_eq!((reply.status, reply.json()), (429, json!({ "message": { "error": TOO_OFTEN } })));
    assert_eq!(reply.headers["retry-after"], "60");
    assert!(!reply.headers.contains_key("ratelimit-limit"));
    let reply = ask(&simulator, "admin", PURCHASES, json!({})).await;
    assert_eq!((reply.status, reply.json()), (429, json!({ "errors": [{ "message": TOO_OFTEN }] })));
    assert!(!reply.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn bulk_assignments_have_a_limit_of_their_own() {
    let mut world = company();
    world.settings.bulk_create_limit = 1;
    let simulator = start(world).await;
    // The window is a minute of the clock, so up to two of three calls may pass.
    let mutation = "mutation($p: GitlabSubscriptionsAddOnPurchaseID!, $u: [UserID!]!) {
        userAddOnAssignmentBulkCreate(input: {addOnPurchaseId: $p, userIds: $u}) { errors } }";
    let mut refused = 0;
    for account in [7, 8, 9] {
        let variables = json!({ "p": purchase_gid(3), "u": account_gids(&[account]) });
        let reply = ask(&simulator, "admin", mutation, variables).await;
        if reply.status == 429 {
            refused += 1;
            assert_eq!(reply.json(), json!({ "errors": [{ "message": TOO_OFTEN }] }));
        }
    }
    assert!(refused >= 1);
    assert_eq!(holders(&simulator).len(), 3 - refused, "the refused were not assigned");
    graphql(&simulator, "admin", PURCHASES, json!({})).await;
}

#[tokio::test]
async fn requests_fail_as_told_and_then_go_well() {
    let simulator = start(company()).await;
    for (failure, status, kind, body) in [
        (Failure::Throttled { retry_after: 7 }, 429, "text/plain", "Retry later\n"),
        (
            Failure::InternalError,
            500,
            "application/json",
            r#"{"errors":[{"message":"Internal server error"}]}"#,
        ),
        (Failure::BadGateway, 502, "text/html", "<html>"),
        (
            Failure::TimedOut,
            503,
            "application/json",
            r#"{"errors":[{"message":"Request timed out. Please try a less complex"#,
        ),
        (
            Failure::Answer {
                status: 403,
                content_type: "text/plain".to_owned(),
                body: "Blocked".to_owned(),
            },
            403,
            "text/plain",
            "Blocked",
        ),
    ] {
        simulator.faults().fail_next(Target::Operation("Purchases".to_owned()), failure.clone());
        let reply = ask(&simulator, "admin", PURCHASES, json!({})).await;
        assert_eq!(reply.status, status, "{failure:?}");
        assert!(reply.headers["content-type"].starts_with(kind) && reply.body.starts_with(body), "{reply:?}");
        graphql(&simulator, "admin", PURCHASES, json!({})).await;
    }
}

#[tokio::test]
async fn a_fault_waits_for_its_kind_of_request_and_its_turn() {
    let simulator = start(company()).await;
    let target = Target::Path("/api/v4/users".to_owned());
    simulator.faults().add(Fault { target, after: 1, times: 2, failure: Failure::BadGateway });
    assert_eq!(rest(&simulator, "admin", "/metadata").await.status, 200);
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(rest(&simulator, "admin", "/users").await.status);
    }
    assert_eq!(statuses, [200, 502, 502, 200]);
    simulator
        .faults()
        .fail_next(Target::Operation("userAddOnAssignmentBulkCreate".to_owned()), Failure::BadGateway);
    graphql(&simulator, "admin", PURCHASES, json!({})).await;
    assert_eq!(simulator.faults().pending().len(), 1);
}

#[tokio::test]
async fn a_lost_response_leaves_its_work_done_and_a_dropped_request_none() {
    let simulator = start(company()).await;
    let body = json!({
        "query": "mutation($p: GitlabSubscriptionsAddOnPurchaseID!, $u: [UserID!]!) {
            userAddOnAssignmentBulkCreate(input: {addOnPurchaseId: $p, userIds: $u}) { errors } }",
        "variables": { "p": purchase_gid(3), "u": account_gids(&[7]) },
    })
    .to_string();
    simulator.faults().fail_next(Target::Any, Failure::DropConnection);
    assert!(send(&simulator, "POST", "/api/graphql", "admin", &body).await.is_none());
    assert!(holders(&simulator).is_empty());
    simulator.faults().fail_next(Target::Any, Failure::LoseResponse);
    assert!(send(&simulator, "POST", "/api/graphql", "admin", &body).await.is_none());
    assert_eq!(holders(&simulator), ["ada"]);
    let again = send(&simulator, "POST", "/api/graphql", "admin", &body).await.unwrap();
    assert_eq!(again.json(), json!({ "data": { "userAddOnAssignmentBulkCreate": { "errors": [] } } }));
    let statuses: Vec<Option<u16>> = simulator.requests().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [None, None, Some(200)]);
}

#[tokio::test]
async fn incidents_strike_before_the_chosen_mutation() {
    let simulator = start(with_holders(company(), &[9])).await;
    let block = Incident::AccountChangesState { account: AccountId(8), state: AccountState::Blocked };
    simulator.faults().schedule(Moment::BeforeMutation(2), block);
    simulator
        .faults()
        .schedule(Moment::BeforeMutation(3), Incident::ResizePurchase { purchase: DUO_PRO, quantity: 1 });
    simulator.faults().schedule(Moment::BeforeMutation(4), Incident::ExpirePurchase { purchase: DUO_PRO });
    bulk(&simulator, "admin", "userAddOnAssignmentBulkCreate", 3, &[7]).await;
    graphql(&simulator, "admin", PURCHASES, json!({})).await;
    let code = |answer: &serde_json::Value| answer["data"]["userAddOnAssignmentCreate"]["errors"][0].clone();
    let answer = single(&simulator, "admin", "userAddOnAssignmentCreate", 3, 8).await;
    assert_eq!(code(&answer), "INVALID_USER_MEMBERSHIP");
    let answer = single(&simulator, "admin", "userAddOnAssignmentCreate", 3, 25).await;
    assert_eq!(code(&answer), "NO_SEATS_AVAILABLE");
    let answer = single(&simulator, "admin", "userAddOnAssignmentCreate", 3, 7).await;
    assert_eq!(answer["errors"][0]["path"], json!(["userAddOnAssignmentCreate"]));
}

#[tokio::test]
async fn a_token_may_be_revoked_in_the_middle() {
    let simulator = start(company()).await;
    let revoke = Incident::TokenChangesState { token: "admin".to_owned(), state: TokenState::Revoked };
    simulator.faults().schedule(Moment::AfterRequests(2), revoke);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(rest(&simulator, "admin", "/metadata").await.status);
    }
    assert_eq!(statuses, [200, 200, 401]);
}

#[tokio::test]
async fn every_request_is_on_record() {
    let simulator = start(company()).await;
    bulk(&simulator, "admin", "userAddOnAssignmentBulkCreate", 3, &[7, 8]).await;
    rest(&simulator, "unknown", "/users?username=ada").await;
    let requests = simulator.requests();
    assert_eq!(requests[0].operation.as_deref(), Some("M"));
    assert_eq!(
        (requests[0].ids, requests[0].account, requests[0].status),
        (2, Some(AccountId(1)), Some(200))
    );
    assert_eq!(
        (&*requests[1].path, requests[1].account, requests[1].status),
        ("/api/v4/users?username=ada", None, Some(401))
    );
    let expected = [("GET /api/v4/users".to_owned(), 1), ("userAddOnAssignmentBulkCreate".to_owned(), 1)];
    assert_eq!(counts(&requests), expected.into());
}

#[tokio::test]
async fn another_process_pulls_the_same_levers() {
    let simulator = start(with_holders(company(), &[7])).await;
    let control = async |method, path: &str, body: serde_json::Value| {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        send(&simulator, method, &format!("/simulator{path}"), "", &body).await.unwrap()
    };
    let fault =
        json!({ "target": { "operation": "Purchases" }, "failure": { "throttled": { "retry_after": 3 } } });
    assert_eq!(control("POST", "/faults", fault).await.status, 201);
    assert_eq!(control("GET", "/faults", json!(null)).await.json().as_array().unwrap().len(), 1);
    assert_eq!(ask(&simulator, "admin", PURCHASES, json!({})).await.headers["retry-after"], "3");
    assert_eq!(control("POST", "/faults", json!({ "failure": "bad_gateway", "times": 9 })).await.status, 201);
    assert_eq!(control("DELETE", "/faults", json!(null)).await.status, 204);
    assert_eq!(rest(&simulator, "admin", "/metadata").await.status, 200);

    let resize = json!({ "incident": { "kind": "resize_purchase", "purchase": 3, "quantity": 0 } });
    assert_eq!(control("POST", "/incidents", resize).await.status, 204);
    let nobody = json!({ "incident": { "kind": "account_is_deleted", "account": 404 } });
    assert_eq!(control("POST", "/incidents", nobody).await.status, 404);
    let later = json!({ "incident": { "kind": "clean_up_seats" }, "moment": { "after_requests": 0 } });
    assert_eq!(control("POST", "/incidents", later).await.status, 201);
    assert_eq!(
        control("POST", "/incidents", json!({ "incident": { "kind": "earthquake" } })).await.status,
        422
    );
    let state = control("GET", "/state", json!(null)).await.json();
    assert_eq!(state["purchases"][0]["holders"], json!([{ "id": 7, "username": "ada" }]));
    rest(&simulator, "admin", "/metadata").await;
    let state = control("GET", "/state", json!(null)).await.json();
    assert_eq!(state["purchases"][0]["holders"], json!([]), "cleaned up before that request");

    let record = control("GET", "/requests", json!(null)).await.json();
    assert_eq!((&record["total"], &record["counts"]["GET /api/v4/metadata"]), (&json!(3), &json!(2)));
    assert_eq!(control("POST", "/latency", json!({ "milliseconds": 1 })).await.status, 204);
    assert_eq!(simulator.faults().latency, Duration::from_millis(1));
}
