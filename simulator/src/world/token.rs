//! An access token and who may do what with it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::world::account::{Account, AccountId};
use crate::world::gitlab::World;

/// A personal, group or service-account access token: GitLab treats them alike here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub value: String,
    /// The account it acts as; what it may do follows from that account.
    pub account: AccountId,
    pub scopes: Vec<String>,
    pub state: TokenState,
}

/// Whether a token still opens anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenState {
    Valid,
    Expired,
    Revoked,
}

impl Token {
    pub fn new(value: &str, account: u64, scopes: &[&str]) -> Token {
        Token {
            value: value.to_owned(),
            account: AccountId(account),
            scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
            state: TokenState::Valid,
        }
    }

    pub fn in_state(mut self, state: TokenState) -> Token {
        self.state = state;
        self
    }

    pub fn has_any(&self, scopes: &[&str]) -> bool {
        self.scopes.iter().any(|scope| scopes.contains(&scope.as_str()))
    }
}

/// Who sends a request: the account behind a valid token, and what the token was made for.
#[derive(Debug, Clone)]
pub struct Caller {
    pub account: Arc<Account>,
    pub token: Token,
}

/// Why a token opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenRefusal {
    Unknown,
    Expired,
    Revoked,
    /// The token is good, but its account is blocked, deactivated or banned.
    AccountNotActive,
}

impl World {
    /// Who stands behind a token's value.
    pub fn caller(&self, token: &str) -> Result<Caller, TokenRefusal> {
        let token = self.token(token).ok_or(TokenRefusal::Unknown)?;
        match token.state {
            TokenState::Valid => {}
            TokenState::Expired => return Err(TokenRefusal::Expired),
            TokenState::Revoked => return Err(TokenRefusal::Revoked),
        }
        let account = self.account(token.account).ok_or(TokenRefusal::Unknown)?;
        if !account.is_active() {
            return Err(TokenRefusal::AccountNotActive);
        }
        Ok(Caller { account: Arc::clone(account), token: token.clone() })
    }
}
