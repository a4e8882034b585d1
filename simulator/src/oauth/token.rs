//! `/oauth/token`: a code for tokens, once.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Form, Json};
use data_encoding::BASE64;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::http::throttle::unix_now;
use crate::oauth::claims;
use crate::oauth::grants::Grant;
use crate::oauth::provider::Provider;
use crate::world::application::Lie;

/// OAuth 2.0, section 4.1.3, and PKCE.
#[derive(Debug, Deserialize)]
pub(crate) struct Request {
    grant_type: Option<String>,
    code: Option<String>,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
}

pub(crate) async fn exchange(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    Form(request): Form<Request>,
) -> Response {
    let Some(client_id) = client(&provider, &headers, &request) else {
        let words = "Client authentication failed due to unknown client, no client authentication included, or \
                     unsupported authentication method.";
        return error(StatusCode::UNAUTHORIZED, "invalid_client", words);
    };
    if request.grant_type.as_deref() != Some("authorization_code") {
        let words = "The authorization grant type is not supported by the authorization server.";
        return error(StatusCode::BAD_REQUEST, "unsupported_grant_type", words);
    }
    let now = unix_now();
    let grant = provider.grants().redeem(request.code.as_deref().unwrap_or_default(), now);
    let Some(grant) = grant.filter(|grant| grant.is_for(&client_id, &request)) else {
        let words = "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI \
                     used in the authorization request, or was issued to another client.";
        return error(StatusCode::BAD_REQUEST, "invalid_grant", words);
    };
    let (account, lie) = {
        let world = provider.world();
        (world.account(grant.account).cloned(), world.lie)
    };
    let Some(account) = account else {
        return error(StatusCode::BAD_REQUEST, "invalid_grant", "The account is gone.");
    };
    let claims = claims::of_id_token(&account, &provider.issuer, &client_id, grant.nonce.as_deref(), now);
    let mut answer = json!({
        "access_token": provider.grants().access_token(account.id),
        "token_type": "Bearer",
        "expires_in": 7200,
        "refresh_token": crate::oauth::key::random(),
        "scope": grant.scope,
        "created_at": now,
    });
    if grant.scope.split(' ').any(|scope| scope == "openid")
        && let Some(token) = id_token(&provider, claims, lie, now)
    {
        answer["id_token"] = token.into();
    }
    Json(answer).into_response()
}

impl Grant {
    fn is_for(&self, client_id: &str, request: &Request) -> bool {
        let verifier = request.code_verifier.as_deref().unwrap_or_default();
        self.client_id == client_id
            && request.redirect_uri.as_ref() == Some(&self.redirect_uri)
            && self.challenge.as_ref().is_none_or(|challenge| challenge.is_met_by(verifier))
    }
}

/// The application that showed its secret, in either way that GitLab takes.
fn client(provider: &Provider, headers: &HeaderMap, request: &Request) -> Option<String> {
    let basic =
        headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Basic "));
    let (id, secret) = match basic {
        Some(basic) => {
            let decoded = String::from_utf8(BASE64.decode(basic.as_bytes()).ok()?).ok()?;
            let (id, secret) = decoded.split_once(':')?;
            // Each is encoded as a form before it goes into the header (RFC 6749, section 2.3.1).
            let plain = |text: &str| {
                let pair = format!("x={text}");
                url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, text)| text.into_owned())
            };
            (plain(id)?, plain(secret)?)
        }
        None => (request.client_id.clone()?, request.client_secret.clone()?),
    };
    let world = provider.world();
    let application = world.application(&id)?;
    (application.client_secret == secret).then_some(id)
}

fn id_token(
    provider: &Provider,
    mut claims: Map<String, Value>,
    lie: Option<Lie>,
    now: u64,
) -> Option<String> {
    let key = &provider.key;
    let mut say = |name: &str, value: Value| drop(claims.insert(name.to_owned(), value));
    match lie {
        Some(Lie::OtherIssuer) => say("iss", "https://gitlab.attacker.example".into()),
        Some(Lie::OtherAudience) => say("aud", "another-application".into()),
        Some(Lie::OtherNonce) => say("nonce", "of-another-sign-in".into()),
        Some(Lie::Expired) => say("exp", (now - 3600).into()),
        Some(Lie::OtherKey | Lie::Unsigned | Lie::KeyConfusion | Lie::Altered | Lie::Missing) | None => {}
    }
    let claims = Value::Object(claims);
    match lie {
        Some(Lie::Missing) => None,
        Some(Lie::Unsigned) => {
            Some(format!("{}.", key.unsigned(&json!({ "typ": "JWT", "alg": "none" }), &claims)))
        }
        Some(Lie::KeyConfusion) => Some(key.confused(&claims)),
        Some(Lie::OtherKey) => {
            let token = key.signed(&claims);
            let (text, signature) = token.rsplit_once('.')?;
            Some(format!("{text}.{}", signature.chars().rev().collect::<String>()))
        }
        Some(Lie::Altered) => {
            let signature = key.signed(&claims).rsplit_once('.')?.1.to_owned();
            let mut other = claims;
            other["sub"] = "1".into();
            let token = key.signed(&other);
            Some(format!("{}.{signature}", token.rsplit_once('.')?.0))
        }
        Some(Lie::OtherIssuer | Lie::OtherAudience | Lie::OtherNonce | Lie::Expired) | None => {
            Some(key.signed(&claims))
        }
    }
}

fn error(status: StatusCode, error: &str, words: &str) -> Response {
    (status, Json(json!({ "error": error, "error_description": words }))).into_response()
}
