//! Which request goes where, and what every request is bounded by.

use axum::Router;
use axum::middleware;
use axum::routing::get;

use crate::app::serve::http::desk::Desk;
use crate::app::serve::http::{bounds, health, metrics, plans, runs, traced};

pub fn router(desk: Desk) -> Router {
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::metrics))
        .route("/runs", get(runs::last).post(runs::ask))
        .route("/plans/latest", get(plans::latest))
        .with_state(desk)
        .layer(middleware::from_fn(bounds::bounded))
        .layer(middleware::from_fn(traced::traced))
}
