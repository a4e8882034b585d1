//! What every resolver of one request sees.

use std::cell::Cell;
use std::sync::{Mutex, MutexGuard, PoisonError};

use apollo_compiler::resolvers::FieldError;

use crate::graphql::complexity::Complexity;
use crate::world::account::Account;
use crate::world::gitlab::World;
use crate::world::seats::INACCESSIBLE;
use crate::world::token::Caller;

/// One request: the world it asks about, who asks, and what it costs.
pub(crate) struct Scene<'w> {
    pub(crate) world: &'w Mutex<World>,
    pub(crate) caller: Option<&'w Caller>,
    pub(crate) complexity: Complexity,
    /// Set when the server is to break down after what it did: the answer is then HTTP 500.
    pub(crate) broke: Cell<bool>,
}

impl<'w> Scene<'w> {
    /// The world, for as long as one field is resolved: like GitLab, a request is no single transaction.
    pub(crate) fn world(&self) -> MutexGuard<'w, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who asks, provided they may change seats and hold a token made for it.
    pub(crate) fn writer(&self) -> Result<&'w Account, FieldError> {
        let writer = self.caller.filter(|caller| caller.token.has_any(&["api"]));
        writer.map(|caller| caller.account.as_ref()).ok_or_else(inaccessible)
    }

    /// Whether who asks may see seats and purchases.
    pub(crate) fn may_admin_seats(&self) -> bool {
        self.caller.is_some_and(|caller| self.world().may_admin_seats(&caller.account))
    }
}

pub(crate) fn inaccessible() -> FieldError {
    FieldError { message: INACCESSIBLE.to_owned() }
}
