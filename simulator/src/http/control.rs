//! `/simulator/…`: a look behind the curtain and the levers, for tests in other processes. Loopback only.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::faults::{Fault, Moment};
use crate::http::requests::counts;
use crate::http::site::Site;
use crate::http::wire::Wire;
use crate::world::incident::Incident;

pub(crate) fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/state", get(state))
        .route("/requests", get(requests).delete(forget_requests))
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/latency", post(set_latency))
        .route("/incidents", post(strike))
        .layer(from_fn(this_machine_only))
        .with_state(site)
}

async fn this_machine_only(ConnectInfo(wire): ConnectInfo<Wire>, request: Request, next: Next) -> Response {
    if wire.is_from_this_machine() { next.run(request).await } else { StatusCode::NOT_FOUND.into_response() }
}

/// Purchases and who holds their seats.
async fn state(State(site): State<Arc<Site>>) -> Json<Value> {
    let world = site.world();
    let holder = |id: &_| world.account(*id).map(|it| json!({ "id": it.id, "username": it.username }));
    let purchases = world.purchases().map(|purchase| {
        json!({
            "id": purchase.id,
            "add_on": purchase.add_on,
            "quantity": purchase.quantity,
            "started_on": purchase.started_on,
            "expires_on": purchase.expires_on,
            "active": purchase.is_active(world.today),
            "holders": purchase.holders.keys().filter_map(holder).collect::<Vec<_>>(),
        })
    });
    Json(json!({ "today": world.today, "purchases": purchases.collect::<Vec<_>>() }))
}

async fn requests(State(site): State<Arc<Site>>) -> Json<Value> {
    let records = site.requests();
    let requests = records.all();
    Json(json!({ "total": requests.len(), "counts": counts(requests), "requests": requests }))
}

async fn forget_requests(State(site): State<Arc<Site>>) -> StatusCode {
    site.requests().forget();
    StatusCode::NO_CONTENT
}

async fn faults(State(site): State<Arc<Site>>) -> Json<Value> {
    Json(json!(site.faults().pending()))
}

async fn add_fault(State(site): State<Arc<Site>>, Json(fault): Json<Fault>) -> StatusCode {
    site.faults().add(fault);
    StatusCode::CREATED
}

async fn clear_faults(State(site): State<Arc<Site>>) -> StatusCode {
    site.faults().clear();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Latency {
    milliseconds: u64,
}

async fn set_latency(State(site): State<Arc<Site>>, Json(latency): Json<Latency>) -> StatusCode {
    site.faults().latency = Duration::from_millis(latency.milliseconds);
    StatusCode::NO_CONTENT
}

/// An incident, now unless a moment is given.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ordered {
    incident: Incident,
    moment: Option<Moment>,
}

async fn strike(State(site): State<Arc<Site>>, Json(ordered): Json<Ordered>) -> StatusCode {
    match ordered.moment {
        Some(moment) => {
            site.faults().schedule(moment, ordered.incident);
            StatusCode::CREATED
        }
        None if ordered.incident.strike(&mut site.world()) => StatusCode::NO_CONTENT,
        None => StatusCode::NOT_FOUND,
    }
}
