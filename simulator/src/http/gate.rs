//! The gate every API request passes: record, incidents, faults, identification, limits.

use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::graphql::request::{GraphqlRequest, Outline};
use crate::http::faults::{Failure, Subject, limited};
use crate::http::requests::RequestRecord;
use crate::http::site::Site;
use crate::http::throttle::{Counted, Standing, unix_now};
use crate::http::wire::Wire;
use crate::rest::signed::Presented;
use crate::world::account::AccountId;
use crate::world::settings::RateLimit;

/// More than any request of this API needs.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// Where GraphQL is asked.
pub(crate) const GRAPHQL: &str = "/api/graphql";

pub(crate) async fn pass(
    State(site): State<Arc<Site>>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let path = parts.uri.path().to_owned();
    let outline = (path == GRAPHQL).then(|| outline(&body));

    let fate = site.faults().strike(&Subject { path: &path, outline: outline.as_ref() });
    for incident in &fate.incidents {
        incident.strike(&mut site.world());
    }
    let presented = identify(&site, &parts.headers);
    let account = presented.account();
    let whole_path = parts.uri.path_and_query().map_or(path.as_str(), |path| path.as_str());
    let number = record(&site, parts.method.as_str(), whole_path, outline.as_ref(), account);

    let latency = site.faults().latency;
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let loses_response = fate.failure == Some(Failure::LoseResponse);
    let response = match fate.failure {
        Some(failure) if !loses_response => {
            if failure == Failure::DropConnection {
                wire.cut();
            }
            failure.response(outline.is_some())
        }
        _ => match limits(&site, account, outline.as_ref()) {
            Err(refusal) => *refusal,
            Ok(standing) => {
                parts.extensions.insert(presented);
                let mut response = next.run(Request::from_parts(parts, Body::from(body))).await;
                if let Some(standing) = standing {
                    standing.add_headers(response.headers_mut());
                }
                response
            }
        },
    };
    if loses_response {
        wire.cut();
    }
    let status = (!wire.is_cut()).then(|| response.status().as_u16());
    site.requests().end(number, status);
    response
}

fn outline(body: &Bytes) -> Outline {
    serde_json::from_slice::<GraphqlRequest>(body).map_or_else(|_| Outline::default(), |it| Outline::of(&it))
}

/// Who presents which token, in either of GitLab's headers.
fn identify(site: &Site, headers: &HeaderMap) -> Presented {
    let private = headers.get("private-token").and_then(|value| value.to_str().ok());
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| value.strip_prefix("Bearer "));
    let token = private.or(bearer).filter(|token| !token.is_empty());
    token.map_or(Presented::Nothing, |token| match site.world().caller(token) {
        Ok(caller) => Presented::Good(caller),
        Err(refusal) => Presented::Bad(refusal),
    })
}

fn record(
    site: &Site,
    method: &str,
    path: &str,
    outline: Option<&Outline>,
    account: Option<AccountId>,
) -> u64 {
    let outline = outline.cloned().unwrap_or_default();
    site.requests().begin(RequestRecord {
        number: 0,
        method: method.to_owned(),
        path: path.to_owned(),
        operation: outline.operation,
        root_fields: outline.root_fields,
        ids: outline.ids,
        account,
        status: None,
    })
}

/// Counts the request against every limit. Answers what its headers are to say, or the refusal.
fn limits(
    site: &Site,
    account: Option<AccountId>,
    outline: Option<&Outline>,
) -> Result<Option<Standing>, Box<Response>> {
    let Some(account) = account else { return Ok(None) };
    let settings = site.world().settings.clone();
    let mut counters = site.counters();
    let now = unix_now();
    let mut standing = None;
    if let Some(limit) = settings.throttle {
        let here = counters.count(Counted::Http, account, limit, now);
        if here.is_exceeded() {
            return Err(Box::new(here.refusal()));
        }
        // Before 18.6 the headers came with the refusal alone.
        standing = settings.version.is_at_least(18, 6).then_some(here);
    }
    let is_graphql = outline.is_some();
    if let Some(limit) = settings.application_limit {
        let here = counters.count(Counted::Application, account, limit, now);
        if here.is_exceeded() {
            let interval = (!is_graphql).then_some(u64::from(limit.period_seconds));
            return Err(Box::new(limited(is_graphql, interval)));
        }
    }
    let assigns = outline.is_some_and(|outline| outline.goes_by("userAddOnAssignmentBulkCreate"));
    if assigns && settings.bulk_create_limit > 0 {
        let limit = RateLimit { requests: settings.bulk_create_limit, period_seconds: 60 };
        if counters.count(Counted::BulkCreate, account, limit, now).is_exceeded() {
            // Whether this one carries `Retry-After` is not known: without is the harder case.
            return Err(Box::new(limited(true, None)));
        }
    }
    Ok(standing)
}
