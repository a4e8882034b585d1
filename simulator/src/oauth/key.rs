//! The key that signs ID tokens, and its public half as the world sees it.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use ring::digest::{SHA256, digest};
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::rsa::PublicKeyComponents;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

/// Everybody may know it: it protects nothing but a rehearsal.
const OURS: &str = include_str!("signing_key.pem");

pub(crate) struct SigningKey {
    pair: RsaKeyPair,
}

impl SigningKey {
    pub(crate) fn ours() -> SigningKey {
        let base64: String = OURS.lines().filter(|line| !line.starts_with('-')).collect();
        let der = BASE64.decode(base64.as_bytes()).expect("our own key is in base64");
        SigningKey { pair: RsaKeyPair::from_pkcs8(&der).expect("our own key is an RSA key in PKCS#8") }
    }

    /// The public half (RFC 7517), named by its thumbprint (RFC 7638) as GitLab names it.
    pub(crate) fn public(&self) -> Value {
        let (n, e) = self.numbers();
        json!({ "kty": "RSA", "kid": self.id(), "e": e, "n": n, "use": "sig", "alg": "RS256" })
    }

    /// A token with these claims, signed by RS256.
    pub(crate) fn signed(&self, claims: &Value) -> String {
        let text = self.unsigned(&json!({ "typ": "JWT", "kid": self.id(), "alg": "RS256" }), claims);
        let signature = self.signature(&text);
        format!("{text}.{signature}")
    }

    /// The same with the public key as a shared secret (HS256), which no client may believe.
    pub(crate) fn confused(&self, claims: &Value) -> String {
        let text = self.unsigned(&json!({ "typ": "JWT", "kid": self.id(), "alg": "HS256" }), claims);
        let (n, _) = self.numbers();
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, n.as_bytes()), text.as_bytes());
        format!("{text}.{}", BASE64URL_NOPAD.encode(tag.as_ref()))
    }

    /// Header and claims, before anybody has signed them.
    pub(crate) fn unsigned(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        format!("{}.{}", part(header), part(claims))
    }

    fn signature(&self, text: &str) -> String {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
            .expect("a key of 2048 bits signs any text");
        BASE64URL_NOPAD.encode(&signature)
    }

    fn id(&self) -> String {
        let (n, e) = self.numbers();
        let thumbprint = format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#);
        BASE64URL_NOPAD.encode(digest(&SHA256, thumbprint.as_bytes()).as_ref())
    }

    fn numbers(&self) -> (String, String) {
        let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(self.pair.public());
        (BASE64URL_NOPAD.encode(&n), BASE64URL_NOPAD.encode(&e))
    }
}

/// Something that nobody guesses.
pub(crate) fn random() -> String {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).expect("the system has random numbers");
    BASE64URL_NOPAD.encode(&bytes)
}
