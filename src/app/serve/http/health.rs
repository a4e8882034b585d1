//! `/healthz`: the process answers. `/readyz`: it also does its work.

use axum::extract::State;
use axum::http::StatusCode;

use crate::app::serve::http::desk::Desk;
use crate::app::serve::readiness::{Readiness, readiness};

pub async fn alive() -> &'static str {
    "alive\n"
}

/// 200 and the role, or 503 and why not. A standby is ready.
pub async fn ready(State(desk): State<Desk>) -> (StatusCode, String) {
    let readiness = readiness(&desk.board.standing(), desk.clock.now());
    match readiness {
        Readiness::Ready(role) => (StatusCode::OK, format!("ready: {}\n", role.key())),
        Readiness::StateUnreachable => {
            (StatusCode::SERVICE_UNAVAILABLE, "not ready: the state cannot be opened\n".to_owned())
        }
        Readiness::Late { schedule } => {
            let words = format!("not ready: of `{schedule}` two runs in a row were missed or failed\n");
            (StatusCode::SERVICE_UNAVAILABLE, words)
        }
    }
}
