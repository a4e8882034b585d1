//! What makes an ID token one of ours (OpenID Connect Core 1.0, section 3.1.3.7).

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

use crate::model::account::AccountId;

/// Clocks differ by so many seconds at most. GitLab's tokens live for two minutes.
const CLOCK_SKEW: u64 = 30;

/// Whom GitLab signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// It never changes, unlike the name.
    pub account: AccountId,
    pub username: String,
}

/// What the token must say.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub nonce: &'a str,
}

/// Why a token counts for nothing.
#[derive(Debug, thiserror::Error)]
pub enum IdTokenError {
    #[error("it is no token, or not one for us, or it has expired")]
    Invalid(#[source] jsonwebtoken::errors::Error),
    #[error("it is signed with a key that GitLab does not show")]
    UnknownKey,
    #[error("it is for other applications too")]
    OtherAudiences,
    #[error("it is of another sign-in")]
    OtherNonce,
    #[error("its subject is no number of an account")]
    NoAccount,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    aud: serde_json::Value,
    nonce: Option<String>,
    preferred_username: String,
}

/// Checks the signature, and that GitLab issued the token for us, now and for this sign-in. Only RS256 counts, which is
/// what GitLab signs with: neither no signature nor one with a shared secret.
pub fn checked(token: &str, keys: &JwkSet, expected: &Expected<'_>) -> Result<Arrival, IdTokenError> {
    let header = jsonwebtoken::decode_header(token).map_err(IdTokenError::Invalid)?;
    let key = header.kid.and_then(|kid| keys.find(&kid)).ok_or(IdTokenError::UnknownKey)?;
    let key = DecodingKey::from_jwk(key).map_err(IdTokenError::Invalid)?;
    let mut validation = Validation::new(Algorithm::RS256);
    validation.leeway = CLOCK_SKEW;
    validation.set_audience(&[expected.client_id]);
    validation.set_issuer(&[expected.issuer]);
    validation.set_required_spec_claims(&["aud", "exp", "iss", "sub"]);
    let claims: Claims =
        jsonwebtoken::decode(token, &key, &validation).map_err(IdTokenError::Invalid)?.claims;
    if claims.aud.as_array().is_some_and(|all| all.len() != 1) {
        return Err(IdTokenError::OtherAudiences);
    }
    if claims.nonce.as_deref() != Some(expected.nonce) {
        return Err(IdTokenError::OtherNonce);
    }
    let account = claims.sub.parse().map(AccountId).map_err(|_| IdTokenError::NoAccount)?;
    Ok(Arrival { account, username: claims.preferred_username })
}
