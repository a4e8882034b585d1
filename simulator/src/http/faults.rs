//! What is to go wrong: failures of requests, slowness, and incidents at a chosen moment.

use std::time::Duration;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::graphql::request::Outline;
use crate::http::throttle::{Standing, unix_now};
use crate::world::incident::Incident;

/// Everything that is to go wrong. Edited while the simulator runs.
#[derive(Debug, Default)]
pub struct Faults {
    /// How long every request waits before anything else.
    pub latency: Duration,
    faults: Vec<Fault>,
    scheduled: Vec<Scheduled>,
}

/// A failure of the requests that match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    #[serde(default)]
    pub target: Target,
    /// How many matching requests go well first.
    #[serde(default)]
    pub after: u32,
    /// How many fail then.
    #[serde(default = "once")]
    pub times: u32,
    pub failure: Failure,
}

/// Which requests a fault waits for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    #[default]
    Any,
    /// GraphQL requests by the name of the operation or of a root field, `userAddOnAssignmentBulkCreate`.
    Operation(String),
    /// Requests whose path begins so.
    Path(String),
}

/// How a request fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Failure {
    /// The throttle before the application: 429 in plain text, with `Retry-After` in seconds.
    Throttled { retry_after: u64 },
    /// A limit inside the application: 429 in JSON, without `RateLimit-*`.
    Limited { retry_after: Option<u64> },
    /// 500 in JSON.
    InternalError,
    /// 502 in HTML, from a proxy before GitLab.
    BadGateway,
    /// 503 in JSON, when the database gave up.
    TimedOut,
    /// Any answer at all.
    Answer { status: u16, content_type: String, body: String },
    /// The connection closes before anything was done.
    DropConnection,
    /// Everything is done, and the connection closes before the answer.
    LoseResponse,
}

/// An incident and its moment.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Scheduled {
    moment: Moment,
    incident: Incident,
}

/// When an incident happens, counted from when it was scheduled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// Right before the n-th request from now that carries a mutation; 1: the next.
    BeforeMutation(u32),
    /// After n more requests.
    AfterRequests(u32),
}

/// A request as faults see it.
pub(crate) struct Subject<'a> {
    pub(crate) path: &'a str,
    pub(crate) outline: Option<&'a Outline>,
}

/// What befalls one request.
#[derive(Debug, Default)]
pub(crate) struct Fate {
    pub(crate) incidents: Vec<Incident>,
    pub(crate) failure: Option<Failure>,
}

impl Faults {
    pub fn add(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Fails the next request that matches.
    pub fn fail_next(&mut self, target: Target, failure: Failure) {
        self.add(Fault { target, after: 0, times: 1, failure });
    }

    pub fn schedule(&mut self, moment: Moment, incident: Incident) {
        self.scheduled.push(Scheduled { moment, incident });
    }

    /// Forgets all that was to go wrong.
    pub fn clear(&mut self) {
        *self = Faults::default();
    }

    /// Faults that have yet to strike.
    pub fn pending(&self) -> &[Fault] {
        &self.faults
    }

    /// Counts a request and says what befalls it.
    pub(crate) fn strike(&mut self, subject: &Subject<'_>) -> Fate {
        let mut fate = Fate::default();
        let is_mutation = subject.outline.is_some_and(|outline| outline.is_mutation);
        self.scheduled.retain_mut(|scheduled| {
            let due = scheduled.moment.passes(is_mutation);
            if due {
                fate.incidents.push(scheduled.incident.clone());
            }
            !due
        });
        for fault in self.faults.iter_mut().filter(|fault| fault.target.matches(subject)) {
            if fault.after > 0 {
                fault.after -= 1;
            } else if fate.failure.is_none() && fault.times > 0 {
                fault.times -= 1;
                fate.failure = Some(fault.failure.clone());
            }
        }
        self.faults.retain(|fault| fault.times > 0);
        fate
    }
}

impl Moment {
    /// Lets one request go by; says whether the moment has come.
    fn passes(&mut self, is_mutation: bool) -> bool {
        match self {
            Moment::BeforeMutation(left) if is_mutation => {
                *left = left.saturating_sub(1);
                *left == 0
            }
            Moment::BeforeMutation(_) => false,
            Moment::AfterRequests(0) => true,
            Moment::AfterRequests(left) => {
                *left -= 1;
                false
            }
        }
    }
}

impl Target {
    fn matches(&self, subject: &Subject<'_>) -> bool {
        match self {
            Target::Any => true,
            Target::Operation(name) => subject.outline.is_some_and(|outline| outline.goes_by(name)),
            Target::Path(prefix) => subject.path.starts_with(prefix.as_str()),
        }
    }
}

impl Failure {
    /// The answer of a request that fails so. Empty where the connection is cut anyway.
    pub(crate) fn response(&self, is_graphql: bool) -> Response {
        match self {
            Failure::Throttled { retry_after } => Standing::exhausted(*retry_after, unix_now()).refusal(),
            Failure::Limited { retry_after } => limited(is_graphql, *retry_after),
            Failure::InternalError if is_graphql => {
                let body = json!({ "errors": [{ "message": "Internal server error" }] });
                (StatusCode::INTERNAL_SERVER_ERROR, axum::Json(body)).into_response()
            }
            Failure::InternalError => {
                let body = json!({ "message": "500 Internal Server Error" });
                (StatusCode::INTERNAL_SERVER_ERROR, axum::Json(body)).into_response()
            }
            Failure::BadGateway => (
                StatusCode::BAD_GATEWAY,
                [(header::CONTENT_TYPE, "text/html")],
                "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n",
            )
                .into_response(),
            Failure::TimedOut => {
                let message =
                    "Request timed out. Please try a less complex query or a smaller set of records.";
                let body = json!({ "errors": [{ "message": message }] });
                (StatusCode::SERVICE_UNAVAILABLE, axum::Json(body)).into_response()
            }
            Failure::Answer { status, content_type, body } => {
                let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                (status, [(header::CONTENT_TYPE, content_type.clone())], body.clone()).into_response()
            }
            Failure::DropConnection | Failure::LoseResponse => ().into_response(),
        }
    }
}

/// The 429 of a limit inside the application. GraphQL adds no header unless told to.
pub(crate) fn limited(is_graphql: bool, retry_after: Option<u64>) -> Response {
    let words = "This endpoint has been requested too many times. Try again later.";
    let body = if is_graphql {
        json!({ "errors": [{ "message": words }] })
    } else {
        json!({ "message": { "error": words } })
    };
    let mut response = (StatusCode::TOO_MANY_REQUESTS, axum::Json(body)).into_response();
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

fn once() -> u32 {
    1
}
