//! The provider: its address, its key, whom it let in, and which path goes where.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::routing::{get, post};

use crate::oauth::grants::Grants;
use crate::oauth::key::SigningKey;
use crate::oauth::{authorize, discovery, token, userinfo};
use crate::world::gitlab::World;

/// Shared by its requests.
pub(crate) struct Provider {
    /// What GitLab's administrator set as its address; tokens are issued by it.
    pub(crate) issuer: String,
    pub(crate) key: SigningKey,
    world: Arc<Mutex<World>>,
    grants: Mutex<Grants>,
}

impl Provider {
    pub(crate) fn new(issuer: String, world: Arc<Mutex<World>>) -> Provider {
        Provider { issuer, key: SigningKey::ours(), world, grants: Mutex::default() }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn grants(&self) -> MutexGuard<'_, Grants> {
        self.grants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything that needs no token of the API.
pub(crate) fn router(provider: Arc<Provider>) -> Router {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery::configuration))
        .route("/oauth/discovery/keys", get(discovery::keys))
        .route("/oauth/authorize", get(authorize::ask).post(authorize::decide))
        .route("/oauth/token", post(token::exchange))
        .route("/oauth/userinfo", get(userinfo::tell).post(userinfo::tell))
        .with_state(provider)
}
