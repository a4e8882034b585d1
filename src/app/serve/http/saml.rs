//! `/saml/NAME`: people sign on with their identity provider, and so prove their groups.
//!
//! Whoever proves something is given no session and no right: an assertion counts for the person it names, whoever brings it.

use std::sync::Arc;

use axum::extract::{Form, Path, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use minijinja::{Environment, context};
use serde::Deserialize;

use crate::app::serve::http::desk::Desk;
use crate::model::testimony::ProvenGroups;
use crate::ports::EdgeError;
use crate::ports::saml::{Admitted, Brought, Door, Invitation, NotAdmitted};

/// What a browser brings is longer than what is read of it, as it is written in base64.
pub const LONGEST_BODY: usize = 1600 * 1024;

const PAGE: &str = include_str!("saml.html");

/// What the identity provider has a browser send. `RelayState` is none of ours.
#[derive(Deserialize)]
pub struct Brings {
    #[serde(rename = "SAMLResponse")]
    saml_response: String,
}

/// Our metadata, for the identity provider.
pub async fn metadata(State(desk): State<Desk>, Path(name): Path<String>) -> Response {
    match desk.doors.named(&name) {
        Some(door) => ([(CONTENT_TYPE, "application/samlmetadata+xml")], door.metadata()).into_response(),
        None => unknown(),
    }
}

/// Sends the browser to the identity provider.
pub async fn sign_on(State(desk): State<Desk>, Path(name): Path<String>) -> Response {
    let Some(door) = desk.doors.named(&name) else { return unknown() };
    match door.invite().await {
        Ok(Invitation::Go { address }) => match HeaderValue::try_from(address) {
            Ok(address) => {
                let headers = [(LOCATION, address), (CACHE_CONTROL, HeaderValue::from_static("no-store"))];
                (StatusCode::SEE_OTHER, headers).into_response()
            }
            Err(_) => page(StatusCode::INTERNAL_SERVER_ERROR, &context! { outcome => "failed" }),
        },
        Ok(Invitation::TooMany) => page(StatusCode::SERVICE_UNAVAILABLE, &context! { outcome => "too_many" }),
        Err(error) => failed(&door, &error),
    }
}

/// The assertion consumer service.
pub async fn consume(
    State(desk): State<Desk>,
    Path(name): Path<String>,
    Form(brings): Form<Brings>,
) -> Response {
    let Some(door) = desk.doors.named(&name) else { return unknown() };
    let source = door.source().as_str();
    match door.admit(brings.saml_response.into_bytes(), Brought::ByBrowser).await {
        Ok(admitted) => {
            desk.board.standing().metrics.proven(source, "taken_in");
            welcome(&admitted)
        }
        // Whoever tries out what is refused for which reason is not told it.
        Err(NotAdmitted::Refused { key, because }) => {
            tracing::warn!(source, reason = key, because, "an assertion is refused");
            desk.board.standing().metrics.proven(source, key);
            page(StatusCode::FORBIDDEN, &context! { outcome => "refused", name })
        }
        Err(NotAdmitted::Failed(error)) => failed(&door, &error),
    }
}

fn welcome(admitted: &Admitted) -> Response {
    let until = admitted.until.strftime("%Y-%m-%d").to_string();
    let (outcome, groups) = match &admitted.groups {
        ProvenGroups::Known(groups) => ("known", groups.len()),
        ProvenGroups::Unknown(_) => ("unknown", 0),
    };
    page(StatusCode::OK, &context! { outcome, groups, until, person => &admitted.person })
}

fn failed(door: &Arc<dyn Door>, error: &EdgeError) -> Response {
    let (source, hint) = (door.source().as_str(), &error.hint);
    tracing::error!(source, error = error.chain(), hint, "nobody can prove their groups");
    page(StatusCode::SERVICE_UNAVAILABLE, &context! { outcome => "failed" })
}

fn unknown() -> Response {
    (StatusCode::NOT_FOUND, "there is no such source\n").into_response()
}

fn page(status: StatusCode, values: &minijinja::Value) -> Response {
    let mut pages = Environment::empty();
    // Whatever ends so is escaped.
    pages.set_auto_escape_callback(|_| minijinja::AutoEscape::Html);
    let text = pages.render_str(PAGE, values).expect("the page is our own");
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, text).into_response()
}
