//! `GET /plans/latest`: the plan of the last run, in the form that `seatsync apply PLAN.json` takes.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::app::serve::http::bearer::Bearer;
use crate::app::serve::http::desk::Desk;

pub async fn latest(_: Bearer, State(desk): State<Desk>) -> Response {
    let plan = desk.board.standing().plan.clone();
    match plan {
        Some(plan) => ([(CONTENT_TYPE, "application/json")], plan).into_response(),
        None => (StatusCode::NOT_FOUND, "no run of this sidecar has made a plan yet\n").into_response(),
    }
}
