//! `/oauth/userinfo`: who the access token is of.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::oauth::claims;
use crate::oauth::provider::Provider;

pub(crate) async fn tell(State(provider): State<Arc<Provider>>, headers: HeaderMap) -> Response {
    let token =
        headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let id = token.and_then(|token| provider.grants().account_of(token));
    let account = id.and_then(|id| provider.world().account(id).cloned());
    match account {
        Some(account) => Json(claims::of(&account, &provider.issuer)).into_response(),
        None => (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")])
            .into_response(),
    }
}
