//! Codes that wait to be exchanged, and the access tokens that came of them.

use std::collections::HashMap;

use ring::digest::{SHA256, digest};

use crate::oauth::key::random;
use crate::world::account::AccountId;

/// Doorkeeper's default.
const CODE_SECONDS: u64 = 600;

#[derive(Default)]
pub(crate) struct Grants {
    codes: HashMap<String, Grant>,
    tokens: HashMap<String, AccountId>,
}

/// What somebody granted to an application.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) account: AccountId,
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) scope: String,
    pub(crate) nonce: Option<String>,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) granted_at: u64,
}

/// PKCE (RFC 7636).
#[derive(Debug, Clone)]
pub(crate) struct Challenge {
    pub(crate) value: String,
    pub(crate) is_hashed: bool,
}

impl Grants {
    /// A code for it.
    pub(crate) fn code(&mut self, grant: Grant) -> String {
        let code = random();
        self.codes.insert(code.clone(), grant);
        code
    }

    /// What the code stands for; it is used up.
    pub(crate) fn redeem(&mut self, code: &str, now: u64) -> Option<Grant> {
        self.codes.remove(code).filter(|grant| now <= grant.granted_at + CODE_SECONDS)
    }

    pub(crate) fn access_token(&mut self, account: AccountId) -> String {
        let token = random();
        self.tokens.insert(token.clone(), account);
        token
    }

    pub(crate) fn account_of(&self, token: &str) -> Option<AccountId> {
        self.tokens.get(token).copied()
    }
}

impl Challenge {
    pub(crate) fn is_met_by(&self, verifier: &str) -> bool {
        if !self.is_hashed {
            return self.value == verifier;
        }
        let hash = digest(&SHA256, verifier.as_bytes());
        data_encoding::BASE64URL_NOPAD.encode(hash.as_ref()) == self.value
    }
}
