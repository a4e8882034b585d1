//! `GET /plans/latest`: the plan of the last run, in the form that `seatsync apply PLAN.json` takes.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::app::serve::http::bearer::Bearer;
use crate::app::serve::http::desk::Desk;
use crate::ports::EdgeError;

/// Out of the state, so that a restart and another replica make no difference.
pub async fn latest(_: Bearer, State(desk): State<Desk>) -> Response {
    match document(&desk).await {
        Ok(Some(plan)) => ([(CONTENT_TYPE, "application/json")], plan).into_response(),
        Ok(None) => (StatusCode::NOT_FOUND, "no run of this sidecar has made a plan yet\n").into_response(),
        Err(error) => {
            tracing::error!(error = error.chain(), hint = error.hint, "the latest plan cannot be read");
            (StatusCode::SERVICE_UNAVAILABLE, "the state cannot be opened\n").into_response()
        }
    }
}

async fn document(desk: &Desk) -> Result<Option<Vec<u8>>, EdgeError> {
    let Some(store) = desk.pages.archive.store().await? else { return Ok(None) };
    match store.latest_plan().await? {
        Some(about) => store.plan_document(&about.fingerprint).await,
        None => Ok(None),
    }
}
