//! REST's refusals, in GitLab's several shapes.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// A status and the JSON that goes with it.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    body: Value,
}

impl Refusal {
    pub(crate) fn unauthorised() -> Refusal {
        Refusal::message(StatusCode::UNAUTHORIZED, "401 Unauthorized")
    }

    /// `invalid_token`: the token was good once.
    pub(crate) fn invalid_token(description: &str) -> Refusal {
        let body = json!({ "error": "invalid_token", "error_description": description });
        Refusal { status: StatusCode::UNAUTHORIZED, body }
    }

    /// The description is rack-oauth2's default; what GitLab itself puts there was not seen.
    pub(crate) fn insufficient_scope(scopes: &[&str]) -> Refusal {
        let body = json!({
            "error": "insufficient_scope",
            "error_description": "The request requires higher privileges than provided by the access token.",
            "scope": scopes.join(" "),
        });
        Refusal { status: StatusCode::FORBIDDEN, body }
    }

    pub(crate) fn forbidden() -> Refusal {
        Refusal::message(StatusCode::FORBIDDEN, "403 Forbidden")
    }

    /// GitLab's words vary with the state of the account; clients can count on the status alone.
    pub(crate) fn account_not_active() -> Refusal {
        Refusal::message(StatusCode::FORBIDDEN, "403 Forbidden - Your account has been blocked.")
    }

    /// `404 <what> Not Found`, also for what the caller may not know of.
    pub(crate) fn not_found(what: &str) -> Refusal {
        Refusal::message(StatusCode::NOT_FOUND, &format!("404 {what} Not Found"))
    }

    pub(crate) fn no_such_route() -> Refusal {
        Refusal::error(StatusCode::NOT_FOUND, "404 Not Found")
    }

    pub(crate) fn bad_request(message: &str) -> Refusal {
        Refusal::message(StatusCode::BAD_REQUEST, message)
    }

    /// A parameter that Grape, GitLab's REST framework, does not let through.
    pub(crate) fn bad_parameter(message: &str) -> Refusal {
        Refusal::error(StatusCode::BAD_REQUEST, message)
    }

    pub(crate) fn method_not_allowed(message: &str) -> Refusal {
        Refusal::error(StatusCode::METHOD_NOT_ALLOWED, message)
    }

    fn message(status: StatusCode, message: &str) -> Refusal {
        Refusal { status, body: json!({ "message": message }) }
    }

    fn error(status: StatusCode, error: &str) -> Refusal {
        Refusal { status, body: json!({ "error": error }) }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}
