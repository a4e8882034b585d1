//! What GitLab says of an account to whoever it signed in to.

use serde_json::{Map, Value, json};

use crate::world::account::Account;

/// GitLab's default.
const ID_TOKEN_SECONDS: u64 = 120;

/// The claims of the scope `openid` alone, as in GitLab: the e-mail address is the public one.
pub(crate) fn of(account: &Account, issuer: &str) -> Map<String, Value> {
    let claims = json!({
        "sub": account.id.0.to_string(),
        "sub_legacy": format!("{:064x}", account.id.0),
        "name": account.name,
        "nickname": account.username,
        "preferred_username": account.username,
        "email": account.public_email,
        "profile": format!("{issuer}/{}", account.username),
        "picture": null,
        "groups_direct": [],
    });
    claims.as_object().cloned().unwrap_or_default()
}

/// Those of an ID token.
pub(crate) fn of_id_token(
    account: &Account,
    issuer: &str,
    client_id: &str,
    nonce: Option<&str>,
    now: u64,
) -> Map<String, Value> {
    let mut claims = of(account, issuer);
    claims.insert("iss".to_owned(), issuer.into());
    claims.insert("aud".to_owned(), client_id.into());
    claims.insert("exp".to_owned(), (now + ID_TOKEN_SECONDS).into());
    claims.insert("iat".to_owned(), now.into());
    claims.insert("auth_time".to_owned(), now.into());
    if let Some(nonce) = nonce {
        claims.insert("nonce".to_owned(), nonce.into());
    }
    claims
}
