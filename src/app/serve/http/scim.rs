//! `/scim/v2/NAME`: what identity providers push, taken from whoever shows a token of that source.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{
    ALLOW, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HOST, IF_MATCH, IF_NONE_MATCH, LOCATION,
    RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::form_urlencoded;
use uuid::Uuid;

use crate::app::serve::http::desk::Desk;
use crate::app::serve::reception::Guest;
use crate::provisioning::refusal::{Because, Refusal};
use crate::provisioning::request;
use crate::provisioning::service::{Answer, Service};

/// Some ninety thousand members of a group at once.
const LONGEST_BODY: usize = 8 * 1024 * 1024;

const SCIM: &str = "application/scim+json;charset=utf-8";

/// Answers one request, whatever its method.
pub async fn receive(State(desk): State<Desk>, request: Request) -> Response {
    let path = request.uri().path().strip_prefix("/scim/v2/").unwrap_or_default();
    let (name, rest) = path.find('/').map_or((path, ""), |at| path.split_at(at));
    let name = percent_decode_str(name).decode_utf8_lossy().into_owned();
    let token = bearer(request.headers()).unwrap_or_default().to_owned();
    let Some(guest) = desk.reception.admitted(&name, &token) else {
        let refusal = Refusal::new(Because::Unauthorized, "a token of `[scim_push.NAME] tokens` is needed");
        return refused(&refusal);
    };
    let rest = rest.to_owned();
    let answered = answered(&desk, &guest, &rest, request).await;
    let status = answered.as_ref().map_or_else(Refusal::status, |answer| answer.status);
    desk.board.standing().metrics.pushed(&guest.source, status);
    match answered {
        Ok(answer) => shown(answer),
        Err(refusal) => {
            let (source, because) = (guest.source.as_str(), &refusal.detail);
            tracing::debug!(source, status, because, "a push was refused");
            refused(&refusal)
        }
    }
}

async fn answered(desk: &Desk, guest: &Guest, rest: &str, request: Request) -> Result<Answer, Refusal> {
    let Ok(_place) = desk.reception.places.acquire().await else {
        return Err(Refusal::new(Because::Unavailable, "seatsync ends"));
    };
    let now = desk.clock.now();
    guest.rosters.heard(&guest.source, now).await?;
    let (parts, body) = request.into_parts();
    let base = base(&parts.headers, guest);
    let body = body_of(&parts.headers, body).await?;
    let text = |name: HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let query = parts.uri.query().unwrap_or_default();
    let asked = request::Request {
        method: parts.method.as_str(),
        path: rest,
        parameters: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        content_type: text(CONTENT_TYPE),
        if_match: text(IF_MATCH),
        if_none_match: text(IF_NONE_MATCH),
        body: &body,
    };
    let service = Service {
        roster: guest.rosters.as_ref(),
        source: &guest.source,
        now,
        new_id: Uuid::new_v4().to_string(),
        base: &base,
    };
    service.answer(&asked).await
}

async fn body_of(headers: &HeaderMap, body: Body) -> Result<axum::body::Bytes, Refusal> {
    let too_large =
        || Refusal::new(Because::TooLarge, format!("the body has more than {LONGEST_BODY} bytes"));
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: usize| length > LONGEST_BODY) {
        return Err(too_large());
    }
    to_bytes(body, LONGEST_BODY).await.map_err(|_| too_large())
}

/// The address of the service provider, as the client wrote it: nobody but that client sees it again.
fn base(headers: &HeaderMap, guest: &Guest) -> String {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let of_proxy = HeaderName::from_static("x-forwarded-proto");
    let is_https = guest.is_tls || text(of_proxy).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
    let is_host = |host: &&str| {
        !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]_".contains(c))
    };
    let name = utf8_percent_encode(guest.source.as_str(), NON_ALPHANUMERIC);
    match text(HOST).filter(is_host) {
        Some(host) => format!("{}://{host}/scim/v2/{name}", if is_https { "https" } else { "http" }),
        None => format!("/scim/v2/{name}"),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let shown = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = shown.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn shown(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = match answer.body {
        Some(body) => (status, [(CONTENT_TYPE, SCIM)], body.to_string()).into_response(),
        None => status.into_response(),
    };
    for (name, value) in [(LOCATION, answer.location), (ETAG, answer.tag)] {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn refused(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, [(CONTENT_TYPE, SCIM)], refusal.body().to_string()).into_response();
    let said = match refusal.because {
        Because::Unauthorized => Some((WWW_AUTHENTICATE, "Bearer realm=\"SCIM\"")),
        Because::Unavailable => Some((RETRY_AFTER, "10")),
        Because::MethodNotAllowed => Some((ALLOW, "GET")),
        Because::InvalidFilter
        | Because::TooMany
        | Because::Uniqueness
        | Because::Mutability
        | Because::InvalidSyntax
        | Because::InvalidPath
        | Because::NoTarget
        | Because::InvalidValue
        | Because::Forbidden
        | Because::NotFound
        | Because::OtherVersion
        | Because::TooLarge
        | Because::WrongMediaType
        | Because::NotOffered => None,
    };
    if let Some((name, value)) = said {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
