//! `/runs`: what the last run came to, and asking for one.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::app::serve::board::{LastRun, NextRun, Role};
use crate::app::serve::http::bearer::Bearer;
use crate::app::serve::http::desk::Desk;
use crate::app::serve::message::Message;

/// `?schedule=NAME`; the first one where it is left out.
#[derive(Debug, Deserialize)]
pub struct Wanted {
    schedule: Option<String>,
}

#[derive(Serialize)]
struct Answer {
    role: &'static str,
    last: Option<Last>,
    next: Option<Next>,
}

#[derive(Serialize)]
struct Last {
    schedule: String,
    began: String,
    ended_at: String,
    ended: &'static str,
    digest: Option<String>,
    changes: usize,
}

#[derive(Serialize)]
struct Next {
    schedule: String,
    at: String,
}

/// The last run and the next.
pub async fn last(_: Bearer, State(desk): State<Desk>) -> Response {
    let standing = desk.board.standing();
    let answer = Answer {
        role: standing.role.key(),
        last: standing.last.clone().map(Last::of),
        next: standing.next.clone().map(Next::of),
    };
    Json(answer).into_response()
}

/// Asks for a run: it begins as soon as the one under way has ended. Asking twice makes no second one.
pub async fn ask(_: Bearer, State(desk): State<Desk>, Query(wanted): Query<Wanted>) -> (StatusCode, String) {
    let standing = desk.board.standing();
    if standing.role == Role::Standby {
        return (StatusCode::CONFLICT, "this sidecar stands by: ask the one that leads\n".to_owned());
    }
    let known = |name: &str| standing.schedules.iter().any(|schedule| schedule.name == name);
    if let Some(unknown) = wanted.schedule.as_deref().filter(|name| !known(name)) {
        return (StatusCode::NOT_FOUND, format!("there is no schedule `{unknown}`\n"));
    }
    drop(standing);
    match desk.conductor.try_send(Message::Run { schedule: wanted.schedule }) {
        Ok(()) => (StatusCode::ACCEPTED, "the run will begin\n".to_owned()),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "too much is asked for at once\n".to_owned()),
    }
}

impl Last {
    fn of(run: LastRun) -> Last {
        Last {
            schedule: run.schedule,
            began: run.began.to_string(),
            ended_at: run.ended_at.to_string(),
            ended: run.ended.key(),
            digest: run.digest,
            changes: run.changes,
        }
    }
}

impl Next {
    fn of(run: NextRun) -> Next {
        Next { schedule: run.schedule, at: run.at.to_string() }
    }
}
