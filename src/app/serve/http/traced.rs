//! A span for each request to the port, without anything in it that whoever asks has chosen.

use axum::extract::Request;
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use tracing::field::Empty;
use tracing::{Instrument as _, debug_span};

/// Probes and scrapes come every few seconds, and would be most of what is traced.
const UNTRACED: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

pub async fn traced(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if UNTRACED.contains(&path) {
        return next.run(request).await;
    }
    let span = debug_span!(
        "request",
        otel.kind = "server",
        http.request.method = method(request.method()),
        http.route = room(path),
        http.response.status_code = Empty,
    );
    let response = next.run(request).instrument(span.clone()).await;
    span.record("http.response.status_code", i64::from(response.status().as_u16()));
    response
}

/// The methods of HTTP; others are one to us, as OpenTelemetry's conventions have it.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "_OTHER",
    }
}

/// The first part of a path that is ours; what follows may name somebody.
fn room(path: &str) -> &'static str {
    const ROOMS: [&str; 5] = ["/runs", "/plans", "/scim", "/saml", "/approvals"];
    let is_in =
        |room: &&str| path.strip_prefix(room).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    ROOMS.into_iter().find(is_in).unwrap_or("other")
}
