//! Webhooks: what is posted, how it is signed, and what happens where nobody answers.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use jiff::Timestamp;
use seatsync::model::notice::NoticeKind;
use seatsync::notify::config::{Shape, WebhookConfig};
use seatsync::notify::webhook::Webhook;
use seatsync::ports::{Carrier as _, Clock, NotCarried};
use serde_json::{Value, json};

use crate::{assigned, letter, waiting};

#[derive(Clone, Default)]
struct Received(Arc<Mutex<Vec<(HeaderMap, String)>>>);

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }
}

fn config(url: &str, shape: Shape) -> WebhookConfig {
    WebhookConfig {
        name: "chat".into(),
        url: url.to_owned().into(),
        shape,
        signing_secret: Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned().into()),
        ca_file: None,
        kinds: NoticeKind::OPERATION.into(),
    }
}

/// What arrived, and what the sender made of the answer.
async fn posted(shape: Shape, answer: StatusCode) -> (Vec<(HeaderMap, String)>, Result<(), NotCarried>) {
    let received = Received::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let receive = async move |State(received): State<Received>, headers: HeaderMap, body: String| {
        received.0.lock().unwrap().push((headers, body));
        answer
    };
    let app = Router::new().route("/hook", post(receive)).with_state(received.clone());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let webhook = Webhook::new(config(&url, shape), Arc::new(Noon)).unwrap();
    let parcel = webhook.pack(&waiting(), &letter(&waiting()), Noon.now()).unwrap();
    let carried = webhook.carry(&parcel).await;
    let received = received.0.lock().unwrap().clone();
    (received, carried)
}

#[tokio::test]
async fn a_webhook_gets_json_with_an_id_a_time_and_a_signature() {
    let (received, carried) = posted(Shape::Json, StatusCode::NO_CONTENT).await;
    carried.unwrap();
    let (headers, body) = &received[0];
    assert_eq!(
        serde_json::from_str::<Value>(body).unwrap(),
        json!({
            "type": "people_wait", "timestamp": "2026-11-22T12:00:00Z",
            "data": { "add_on": "duo_enterprise", "waiting": 3 },
            "summary": "3 people wait for a seat of Duo Enterprise",
        })
    );
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["webhook-timestamp"], "1795348800");
    assert!(headers["webhook-id"].to_str().unwrap().starts_with("msg_"));
    assert!(headers["webhook-signature"].to_str().unwrap().starts_with("v1,"));
}

#[tokio::test]
async fn slack_and_mattermost_get_a_text() {
    let (received, _) = posted(Shape::Slack, StatusCode::OK).await;
    let body: Value = serde_json::from_str(&received[0].1).unwrap();
    assert!(body["text"].as_str().unwrap().starts_with("*3 people wait for a seat of Duo Enterprise*\n"));
}

#[tokio::test]
async fn what_may_pass_is_tried_again_and_what_will_not_is_given_up() {
    for (answer, again) in [
        (StatusCode::SERVICE_UNAVAILABLE, true),
        (StatusCode::TOO_MANY_REQUESTS, true),
        (StatusCode::GONE, false),
        (StatusCode::FOUND, false),
    ] {
        let (_, carried) = posted(Shape::Json, answer).await;
        assert_eq!(carried.unwrap_err().again, again, "{answer}");
    }
}

#[tokio::test]
async fn a_webhook_that_is_not_there_is_told_without_its_address() {
    let webhook =
        Webhook::new(config("http://127.0.0.1:1/secret-path", Shape::Json), Arc::new(Noon)).unwrap();
    let parcel = webhook.pack(&waiting(), &letter(&waiting()), Noon.now()).unwrap();
    let error = webhook.carry(&parcel).await.unwrap_err();
    assert_eq!((error.because.as_str(), error.again), ("it could not be reached", true));
}

#[test]
fn a_webhook_hears_nothing_of_peoples_own_seats() {
    let webhook = Webhook::new(config("http://127.0.0.1:1/", Shape::Json), Arc::new(Noon)).unwrap();
    let notice = assigned(Some("ada@example.com"));
    assert!(webhook.pack(&notice, &letter(&notice), Noon.now()).is_none());
}

#[test]
fn a_webhook_that_can_reach_nobody_is_none() {
    let why = |config| Webhook::new(config, Arc::new(Noon)).err().unwrap().in_one_line();
    let nowhere = why(config("hook", Shape::Json));
    assert_eq!(nowhere, "the address of the webhook `chat` is no URL: relative URL without a base");
    let key = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let untrusted =
        why(WebhookConfig { ca_file: Some(key.into()), ..config("https://chat.test/", Shape::Json) });
    assert!(untrusted.contains("/Cargo.toml` holds no certificate; hint: `ca_file` names"), "{untrusted}");
}
