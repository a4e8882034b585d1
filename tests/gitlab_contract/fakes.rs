//! What the simulator is too honest for: servers that lead astray, and servers that are no GitLab.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use seatsync::gitlab::client::Client;
use seatsync::gitlab::config::GitLabConfig;
use seatsync::gitlab::reader::Reader;
use seatsync::model::account::Standing;
use seatsync::model::add_on::AddOn;
use seatsync::model::purchase::Scope;
use seatsync::ports::{AccountReader, EdgeError, SeatReader};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Barrier;
use tokio::time::Instant;

use crate::support::{config, query, reader, words};

/// Answers every request alike; returns its address.
async fn serve<F>(answer: impl Fn(Request) -> F + Clone + Send + Sync + 'static) -> String
where
    F: Future<Output = Response> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    url
}

fn reader_of(url: &str) -> Reader {
    reader(&Arc::new(Client::new(config(url)).unwrap()))
}

async fn seats_of(url: &str) -> EdgeError {
    reader_of(url).seats(&[AddOn::DuoPro]).await.unwrap_err()
}

fn account(id: u64) -> Value {
    json!({ "id": id, "username": format!("p{id}"), "state": "active", "email": "", "identities": [] })
}

fn page(ids: std::ops::RangeInclusive<u64>, next: Option<&str>) -> Response {
    let accounts: Vec<Value> = ids.map(account).collect();
    let link = next.map(|next| [(header::LINK, format!("<{next}>; rel=\"next\""))]);
    match link {
        Some(link) => (link, Json(accounts)).into_response(),
        None => Json(accounts).into_response(),
    }
}

#[tokio::test]
async fn the_token_goes_to_the_configured_gitlab_alone() {
    let strangers = Arc::new(AtomicU32::new(0));
    let visited = Arc::clone(&strangers);
    let stranger = serve(move |_| {
        visited.fetch_add(1, Ordering::Relaxed);
        async { StatusCode::OK.into_response() }
    })
    .await;
    let next = format!("{stranger}/api/v4/users?cursor=second");
    let gitlab = serve(move |request: Request| {
        let next = next.clone();
        async move {
            let path = request.uri().path_and_query().unwrap().as_str().to_owned();
            if path.contains("exclude_humans") {
                Json(json!([])).into_response()
            } else if path == "/api/v4/users?cursor=second" {
                page(101..=150, None)
            } else {
                page(1..=100, Some(&next))
            }
        }
    })
    .await;
    let everybody = [query(&["name:p1"]), query(&["name:p150"])];
    let accounts = reader_of(&gitlab).accounts(&everybody, None).await.unwrap();
    assert_eq!(accounts.iter().map(|one| one.id.0).collect::<Vec<_>>(), [1, 150]);
    assert_eq!(strangers.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_redirect_is_not_followed_but_told() {
    let gitlab = serve(async |_: Request| {
        (StatusCode::FOUND, [(header::LOCATION, "https://login.example.com/?to=x")]).into_response()
    })
    .await;
    let words = words(&seats_of(&gitlab).await);
    assert!(words.contains("redirects `") && words.contains("to `https://login.example.com`\n"), "{words}");
    assert!(words.ends_with("hint: set `gitlab.url` to the address that GitLab itself uses"), "{words}");
}

#[tokio::test]
async fn a_server_that_is_no_gitlab_is_told_by_its_404() {
    let server = serve(async |_: Request| StatusCode::NOT_FOUND.into_response()).await;
    let words = words(&seats_of(&server).await);
    assert!(words.starts_with(&format!("`{server}` knows no `")), "{words}");
    assert!(words.contains("hint: `gitlab.url` is the address of GitLab itself, without `/api`"), "{words}");
}

#[tokio::test]
async fn a_host_that_cannot_be_reached_is_told_with_the_cause_after_three_attempts() {
    // Nobody listens on a port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let client = Arc::new(Client::new(config(&format!("http://127.0.0.1:{port}"))).unwrap());
    let preflight = reader(&client).preflight().await;
    let [problem] = &preflight.problems[..] else { panic!("{preflight:?}") };
    assert!(
        problem.sentence.starts_with(&format!("cannot reach GitLab at `http://127.0.0.1:{port}`: ")),
        "{}",
        problem.sentence
    );
    assert!(problem.sentence.contains("refused"), "{}", problem.sentence);
    assert!(problem.hint.starts_with("check `gitlab.url`"));
    assert_eq!(client.requests(), 3);
}

#[tokio::test]
async fn a_list_that_leads_back_to_itself_or_ends_too_early_is_no_list() {
    let looping = serve(async |_: Request| page(1..=100, Some("http://gitlab/api/v4/users?cursor=x"))).await;
    let people = [query(&["name:p1"]), query(&["name:p2"])];
    let error = reader_of(&looping).accounts(&people, None).await.unwrap_err();
    assert!(words(&error).contains("an account came twice"), "{}", words(&error));
    let short = serve(async |_: Request| page(1..=100, None)).await;
    let many: Vec<_> = (1..=9).map(|id| query(&[&format!("name:p{id}")])).collect();
    let error = reader_of(&short).accounts(&many, Some(800)).await.unwrap_err();
    assert!(words(&error).contains("it is shorter than GitLab's own count"), "{}", words(&error));
}

#[tokio::test]
async fn where_accounts_do_not_tell_bots_are_learnt_from_a_list_of_their_own() {
    let gitlab = serve(async |request: Request| {
        let asked = request.uri().query().unwrap();
        if asked.contains("exclude_humans=true") && asked.contains("&humans=true") {
            Json(json!([])).into_response()
        } else if asked.contains("exclude_humans=true") {
            page(2..=2, None)
        } else {
            page(1..=3, None)
        }
    })
    .await;
    let people: Vec<_> = (1..=3).map(|id| query(&[&format!("name:p{id}")])).collect();
    let accounts = reader_of(&gitlab).accounts(&people, None).await.unwrap();
    let standings: Vec<&Standing> = accounts.iter().map(|account| &account.standing).collect();
    assert_eq!(standings, [&Standing::Eligible, &Standing::Bot, &Standing::Eligible]);
}

#[tokio::test]
async fn where_neither_accounts_nor_filters_tell_bots_nobody_is_called_one() {
    let gitlab = serve(async |_: Request| page(1..=3, None)).await;
    let people: Vec<_> = (1..=3).map(|id| query(&[&format!("name:p{id}")])).collect();
    let accounts = reader_of(&gitlab).accounts(&people, None).await.unwrap();
    assert!(accounts.iter().all(|account| account.standing == Standing::Eligible), "{accounts:?}");
    assert_eq!(accounts.len(), 3);
}

/// Answers GraphQL: one purchase of 3 assigned seats, and holders as given.
async fn gitlab_with_holders(holders: Value) -> String {
    serve(move |request: Request| {
        let holders = holders.clone();
        async move {
            if request.uri().path() == "/api/v4/metadata" {
                return Json(json!({ "version": "18.9.0-ee" })).into_response();
            }
            let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
            let body: Value = serde_json::from_slice(&body).unwrap();
            let purchase = json!({
                "id": "gid://gitlab/GitlabSubscriptions::AddOnPurchase/3", "name": "CODE_SUGGESTIONS",
                "purchasedQuantity": 5, "assignedQuantity": 3
            });
            let data = match body["operationName"].as_str().unwrap() {
                "Purchases" => json!({ "addOnPurchases": [purchase] }),
                _ => json!({ "selfManagedAddOnEligibleUsers": holders }),
            };
            Json(json!({ "data": data })).into_response()
        }
    })
    .await
}

#[tokio::test]
async fn a_page_that_does_not_say_what_follows_is_an_error_and_a_hidden_holder_is_none() {
    let holder = json!({ "id": "gid://gitlab/User/7", "username": "ada", "state": "active", "bot": false });
    let unfinished = json!({ "nodes": [holder], "pageInfo": { "hasNextPage": true, "endCursor": null } });
    let error = seats_of(&gitlab_with_holders(unfinished).await).await;
    assert!(
        words(&error)
            .starts_with("the list of holders cannot be trusted: more is said to follow, but not where"),
        "{}",
        words(&error)
    );
    let hidden = json!({ "nodes": [holder, null], "pageInfo": { "hasNextPage": false, "endCursor": "Mg" } });
    let url = gitlab_with_holders(hidden).await;
    let reading = reader_of(&url).seats(&[AddOn::DuoPro]).await.unwrap();
    assert_eq!((reading.purchases[0].purchase.assigned, reading.purchases[0].holders.len()), (3, 1));
}

#[tokio::test]
async fn when_nothing_remains_of_the_limit_the_next_request_waits_for_its_reset() {
    let times = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&times);
    let gitlab = serve(move |_| {
        let first = seen.lock().unwrap().is_empty();
        seen.lock().unwrap().push(Instant::now());
        async move {
            let left = if first { "0" } else { "9" };
            let limit = [
                ("date", "Sun, 22 Nov 2026 12:00:00 GMT"),
                ("ratelimit-remaining", left),
                ("ratelimit-reset", "1795348801"),
            ];
            (limit, Json(json!({ "version": "18.9.0-ee" }))).into_response()
        }
    })
    .await;
    let client = Client::new(config(&gitlab)).unwrap();
    client.version().await.unwrap();
    drop(client.rest::<Value>("GET /user", client.api(&["user"], &[])).await.unwrap());
    let times = times.lock().unwrap();
    assert!(times[1] - times[0] >= Duration::from_millis(900), "{:?}", times[1] - times[0]);
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let gitlab = serve(async |_: Request| vec![b' '; 80 << 20].into_response()).await;
    let error = Client::new(config(&gitlab)).unwrap().version().await.unwrap_err();
    assert_eq!(error.to_string(), "the answer to `GET /metadata` is longer than 67108864 bytes");
}

#[tokio::test]
async fn pages_that_are_known_to_exist_are_asked_for_at_once() {
    // Neither the version nor the purchases are answered before both are asked for, nor the second page before the third.
    let (start, pages) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let gitlab = serve(move |request: Request| {
        let (start, pages) = (Arc::clone(&start), Arc::clone(&pages));
        async move {
            if request.uri().path() == "/api/v4/metadata" {
                start.wait().await;
                return Json(json!({ "version": "18.9.0-ee" })).into_response();
            }
            let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
            let body: Value = serde_json::from_slice(&body).unwrap();
            if body["operationName"] == "Purchases" {
                start.wait().await;
                let purchase = json!({ "id": "3", "name": "CODE_SUGGESTIONS", "purchasedQuantity": 300, "assignedQuantity": 250 });
                return Json(json!({ "data": { "addOnPurchases": [purchase] } })).into_response();
            }
            let (first, next) = match body["variables"]["after"].as_str() {
                None => (1, Some("MTAw")),
                Some("MTAw") => (101, Some("MjAw")),
                Some(_) => (201, None),
            };
            if first > 1 {
                pages.wait().await;
            }
            let holder = |id| json!({ "id": format!("gid://gitlab/User/{id}"), "username": "p", "state": "active" });
            let nodes: Vec<Value> = (first..=250).take(100).map(holder).collect();
            let page_info = json!({ "hasNextPage": next.is_some(), "endCursor": next });
            let users = json!({ "nodes": nodes, "pageInfo": page_info });
            Json(json!({ "data": { "selfManagedAddOnEligibleUsers": users } })).into_response()
        }
    })
    .await;
    let reading = reader_of(&gitlab).seats(&[AddOn::DuoPro]).await.unwrap();
    assert_eq!(reading.purchases[0].holders.len(), 250);
}

#[tokio::test]
async fn lookups_overlap_as_far_as_the_configuration_allows() {
    // Nobody is answered before four are asked for; a fifth at the same time would be one too many.
    let (four, under_way) = (Arc::new(Barrier::new(4)), Arc::new(AtomicU32::new(0)));
    let gitlab = serve(move |_| {
        let (four, under_way) = (Arc::clone(&four), Arc::clone(&under_way));
        async move {
            let too_many = under_way.fetch_add(1, Ordering::SeqCst) >= 4;
            four.wait().await;
            under_way.fetch_sub(1, Ordering::SeqCst);
            if too_many { StatusCode::BAD_REQUEST.into_response() } else { Json(json!([])).into_response() }
        }
    })
    .await;
    let people: Vec<_> = (1..=8).map(|id| query(&[&format!("name:p{id}")])).collect();
    assert!(reader_of(&gitlab).accounts(&people, Some(900)).await.unwrap().is_empty());
}

/// A top-level group of GitLab.com that counts three members, of whom it shows two.
async fn group_that_hides_a_member() -> String {
    let member = |id: u64| json!({ "id": format!("gid://gitlab/User/{id}"), "username": format!("p{id}"), "state": "active", "bot": false });
    let members = json!({
        "count": 3, "nodes": [member(1), null, member(2)], "pageInfo": { "endCursor": "Mw", "hasNextPage": false }
    });
    serve(move |request: Request| {
        let members = members.clone();
        async move {
            if request.uri().path().starts_with("/api/v4/groups/42/enterprise_users") {
                return Json(json!([{ "id": 3, "username": "p3", "email": "p3@acme.example.com" }]))
                    .into_response();
            }
            let data =
                json!({ "namespace": { "id": "gid://gitlab/Group/42", "addOnEligibleUsers": members } });
            Json(json!({ "data": data })).into_response()
        }
    })
    .await
}

#[tokio::test]
async fn who_may_be_a_hidden_member_is_not_called_none() {
    let url = group_that_hides_a_member().await;
    let scope = Scope::TopLevelGroup { path: "acme".into() };
    let reader = reader(&Arc::new(Client::new(GitLabConfig { scope, ..config(&url) }).unwrap()));
    let accounts = reader.accounts(&[query(&["mail:p3@acme.example.com"])], None).await.unwrap();
    let found: Vec<_> = accounts.iter().map(|one| (one.username(), &one.standing)).collect();
    assert_eq!(found, [("p3", &Standing::Eligible)]);
}
