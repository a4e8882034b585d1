//! Which path goes where.

use axum::Router;
use axum::routing::{get, post};

use crate::app::serve::http::desk::Desk;
use crate::app::serve::pages::{door, plans, votes};

pub fn router() -> Router<Desk> {
    Router::new()
        .route("/plans", get(plans::desk))
        .route("/plans/{plan}/report", get(plans::report))
        .route("/plans/{plan}/plan.json", get(plans::plan))
        .route("/plans/{plan}/votes", post(votes::cast))
        .route("/plans/sign-in", get(door::depart))
        .route("/plans/sign-in/callback", get(door::arrive))
        .route("/plans/sign-out", post(door::sign_out))
}
