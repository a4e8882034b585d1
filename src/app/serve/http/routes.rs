//! Which request goes where, and what every request is bounded by.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{any, get, post};

use crate::app::serve::http::desk::Desk;
use crate::app::serve::http::{bounds, health, metrics, plans, runs, saml, scim, traced};
use crate::app::serve::pages;

pub fn router(desk: Desk) -> Router {
    // Bounded by itself: whole groups are pushed at once, by whoever has shown a token before.
    let pushed = Router::new()
        .route("/scim/v2/{source}", any(scim::receive))
        .route("/scim/v2/{source}/{*rest}", any(scim::receive));
    // Bounded by itself: an assertion may name thousands of groups.
    let proven = Router::new()
        .route("/saml/{source}", get(saml::sign_on))
        .route("/saml/{source}/metadata", get(saml::metadata))
        .route("/saml/{source}/acs", post(saml::consume))
        .layer(DefaultBodyLimit::max(saml::LONGEST_BODY));
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::metrics))
        .route("/runs", get(runs::last).post(runs::ask))
        .route("/plans/latest", get(plans::latest))
        .merge(pages::routes::router())
        .layer(middleware::from_fn(bounds::bounded))
        .merge(pushed)
        .merge(proven)
        .layer(middleware::from_fn(bounds::timely))
        .layer(middleware::from_fn(traced::traced))
        .with_state(desk)
}
