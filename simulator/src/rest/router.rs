//! Which path goes where.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::get;

use crate::rest::refusal::Refusal;
use crate::rest::{groups, instance, users};
use crate::world::gitlab::World;

/// Everything below `/api/v4`. Requests must carry `Presented` as an extension.
pub(crate) fn router(world: Arc<Mutex<World>>) -> Router {
    Router::new()
        .route("/metadata", get(instance::metadata))
        .route("/version", get(instance::metadata))
        .route("/license", get(instance::licence))
        .route("/personal_access_tokens/self", get(instance::own_token))
        .route("/service_accounts", get(instance::service_accounts))
        .route("/user", get(users::myself))
        .route("/users", get(users::list))
        .route("/users/{id}", get(users::one))
        .route("/groups/{id}", get(groups::one))
        .route("/groups/{id}/saml/identities", get(groups::saml_identities))
        .route("/groups/{id}/scim/identities", get(groups::scim_identities))
        .route("/groups/{id}/saml_users", get(groups::saml_accounts))
        .route("/groups/{id}/enterprise_users", get(groups::enterprise_accounts))
        .route("/groups/{id}/billable_members", get(groups::billable_members))
        .route("/groups/{id}/service_accounts", get(groups::service_accounts))
        .fallback(async || Refusal::no_such_route())
        .with_state(world)
}
