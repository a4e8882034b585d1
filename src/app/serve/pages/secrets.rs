//! Secrets that we make, and what of them may be kept or shown.

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest as _, Sha256};

/// 256 bits that nobody guesses.
pub fn random() -> String {
    let mut bytes = [0; 32];
    let random = rustls::crypto::ring::default_provider().secure_random;
    random.fill(&mut bytes).expect("the system has random numbers");
    BASE64URL_NOPAD.encode(&bytes)
}

/// What is kept of a session's secret: whoever reads the state cannot go on with it.
pub fn kept(session: &str) -> String {
    hash("session", session)
}

/// What the forms of a session hold: nobody knows it who does not know the session's secret.
pub fn form_token(session: &str) -> String {
    hash("form", session)
}

/// Compares without telling by the time it takes how much of it was right.
pub fn is_same(a: &str, b: &str) -> bool {
    Sha256::digest(a) == Sha256::digest(b)
}

fn hash(purpose: &str, secret: &str) -> String {
    BASE64URL_NOPAD.encode(&Sha256::digest(format!("seatsync {purpose}\n{secret}")))
}
