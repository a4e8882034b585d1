//! `/metrics`, in the text format of OpenMetrics.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

use crate::app::serve::http::desk::Desk;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub async fn metrics(State(desk): State<Desk>) -> impl IntoResponse {
    for (source, standing) in desk.reception.standings().await {
        desk.board.standing().metrics.roster(&source, &standing);
    }
    let text = desk.board.standing().metrics.text();
    ([(CONTENT_TYPE, OPEN_METRICS)], text)
}
