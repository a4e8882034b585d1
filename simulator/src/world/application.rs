//! An application that GitLab lets its users sign in to.

use serde::{Deserialize, Serialize};

/// One row of "Applications" in GitLab, confidential, with the scope `openid`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    pub client_id: String,
    pub client_secret: String,
    /// Where users are sent back to; compared whole.
    pub redirect_uris: Vec<String>,
}

impl Application {
    pub fn new(client_id: &str, client_secret: &str, redirect_uri: &str) -> Application {
        Application {
            client_id: client_id.to_owned(),
            client_secret: client_secret.to_owned(),
            redirect_uris: vec![redirect_uri.to_owned()],
        }
    }
}

/// What an ID token says that is not so, as whoever forges one would have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    OtherIssuer,
    OtherAudience,
    OtherNonce,
    /// It ended an hour ago.
    Expired,
    /// Signed with a key that the provider does not show.
    OtherKey,
    /// `alg: none`, without a signature.
    Unsigned,
    /// Signed by HMAC with the public key, which everybody knows.
    KeyConfusion,
    /// Another account's number than that which was signed.
    Altered,
    /// It is not there.
    Missing,
}
