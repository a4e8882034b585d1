//! Who signs a REST request, and what the token was made for.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::rest::refusal::Refusal;
use crate::world::account::AccountId;
use crate::world::gitlab::World;
use crate::world::token::{Caller, TokenRefusal};

/// The token a request presents. The gate puts it into the request's extensions.
#[derive(Debug, Clone)]
pub(crate) enum Presented {
    Nothing,
    Good(Caller),
    Bad(TokenRefusal),
}

impl Presented {
    pub(crate) fn account(&self) -> Option<AccountId> {
        match self {
            Presented::Good(caller) => Some(caller.account.id),
            Presented::Nothing | Presented::Bad(_) => None,
        }
    }

    /// The caller, whatever the token was made for.
    pub(crate) fn caller(&self) -> Result<&Caller, Refusal> {
        match self {
            Presented::Good(caller) => Ok(caller),
            Presented::Nothing | Presented::Bad(TokenRefusal::Unknown) => Err(Refusal::unauthorised()),
            Presented::Bad(TokenRefusal::Expired) => Err(Refusal::invalid_token(
                "Token is expired. You can either do re-authorization or token refresh.",
            )),
            Presented::Bad(TokenRefusal::Revoked) => {
                Err(Refusal::invalid_token("Token was revoked. You have to re-authorize from the user."))
            }
            Presented::Bad(TokenRefusal::AccountNotActive) => Err(Refusal::account_not_active()),
        }
    }

    /// The caller, provided the token may read the API or has one of the other `scopes`.
    pub(crate) fn reader(&self, scopes: &[&str]) -> Result<&Caller, Refusal> {
        let caller = self.caller()?;
        let wanted = [&["api", "read_api"], scopes].concat();
        if caller.token.has_any(&wanted) { Ok(caller) } else { Err(Refusal::insufficient_scope(&wanted)) }
    }
}

impl<S: Sync> FromRequestParts<S> for Presented {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Presented, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or(Presented::Nothing))
    }
}

/// Whether REST lets this caller act as an administrator: with Admin Mode on, only by a scope of its own.
pub(crate) fn is_admin(world: &World, caller: &Caller) -> bool {
    caller.account.admin && (!world.settings.admin_mode || caller.token.has_any(&["admin_mode"]))
}
