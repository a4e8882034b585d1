//! The instance, and the token that asks about it.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use crate::rest::paging::Paging;
use crate::rest::refusal::Refusal;
use crate::rest::signed::{Presented, is_admin};
use crate::world::account::{Account, AccountKind};
use crate::world::gitlab::World;
use crate::world::settings::Scope;

/// `GET /metadata`, and `/version`.
pub(crate) async fn metadata(
    State(world): State<Arc<Mutex<World>>>,
    presented: Presented,
) -> Result<Json<Value>, Refusal> {
    presented.reader(&["read_user", "ai_features"])?;
    let world = world.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(Json(json!({
        "version": world.settings.version,
        "revision": "0000000",
        "kas": { "enabled": false, "externalUrl": null, "externalK8sProxyUrl": null, "version": null },
        "enterprise": true,
    })))
}

/// `GET /personal_access_tokens/self`: needs no scope at all.
pub(crate) async fn own_token(presented: Presented) -> Result<Json<Value>, Refusal> {
    let caller = presented.caller()?;
    Ok(Json(json!({
        "id": 1,
        "name": "seatsync",
        "revoked": false,
        "created_at": "2020-01-01T00:00:00.000Z",
        "description": null,
        "scopes": caller.token.scopes,
        "user_id": caller.account.id,
        "last_used_at": null,
        "active": true,
        "expires_at": "2099-12-31",
    })))
}

/// `GET /license`: for administrators of an instance. Its `add_ons` are GitLab's old ones, never Duo's.
pub(crate) async fn licence(
    State(world): State<Arc<Mutex<World>>>,
    presented: Presented,
) -> Result<Json<Value>, Refusal> {
    let caller = presented.reader(&[])?;
    let world = world.lock().unwrap_or_else(PoisonError::into_inner);
    if *world.scope() != Scope::Instance || !is_admin(&world, caller) {
        return Err(Refusal::forbidden());
    }
    let active = world.eligible_accounts().len();
    Ok(Json(json!({
        "id": 1,
        "plan": "ultimate",
        "created_at": "2020-01-01T00:00:00.000Z",
        "starts_at": "2020-01-01",
        "expires_at": "2099-12-31",
        "historical_max": active,
        "maximum_user_count": active,
        "licensee": { "Name": "Example", "Company": "Example", "Email": "admin@example.com" },
        "add_ons": {},
        "expired": false,
        "overage": 0,
        "user_limit": 0,
        "active_users": active,
    })))
}

/// `GET /service_accounts`: for administrators of an instance.
pub(crate) async fn service_accounts(
    State(world): State<Arc<Mutex<World>>>,
    presented: Presented,
    page: Paging,
) -> Result<Response, Refusal> {
    let caller = presented.reader(&[])?;
    let world = world.lock().unwrap_or_else(PoisonError::into_inner);
    if *world.scope() != Scope::Instance || !is_admin(&world, caller) {
        return Err(Refusal::forbidden());
    }
    let accounts = world.accounts().filter(|account| account.kind == AccountKind::ServiceAccount);
    let accounts: Vec<&Arc<Account>> = accounts.collect();
    Ok(page.offset_page(&accounts, |account| {
        json!({ "id": account.id, "username": account.username, "name": account.name, "email": account.email })
    }))
}
