//! Signing a plan file with an SSH key, and checking what was signed.

use jiff::Timestamp;
use rsa::pkcs1v15::SigningKey;
use rsa::signature::{SignatureEncoding as _, Signer as _};
use rsa::{BigUint, RsaPrivateKey};
use sha2::Sha512;
use ssh_key::private::RsaKeypair;
use ssh_key::public::KeyData;
use ssh_key::{Algorithm, HashAlg, LineEnding, PrivateKey, PublicKey, Signature, SshSig};

use crate::model::approval::{Signer, Unaccepted};
use crate::signatures::allowed_signers::{AllowedSigners, NAMESPACE};

/// Why a key did not sign.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    #[error("`{0}` is a security key: it signs with `ssh-keygen -Y sign -n seatsync -f KEY PLAN.json`")]
    SecurityKey(Algorithm),
    #[error("failed to sign")]
    Sign(#[source] ssh_key::Error),
}

/// Signs bytes as `ssh-keygen -Y sign -n seatsync` does. The key must be decrypted.
pub fn sign(key: &PrivateKey, bytes: &[u8]) -> Result<String, SigningError> {
    if matches!(key.algorithm(), Algorithm::SkEd25519 | Algorithm::SkEcdsaSha2NistP256) {
        return Err(SigningError::SecurityKey(key.algorithm()));
    }
    let signature = match key.key_data().rsa() {
        Some(pair) => sign_rsa(pair, bytes),
        None => key.sign(NAMESPACE, HashAlg::Sha512, bytes),
    };
    signature.map_err(SigningError::Sign)?.to_pem(LineEnding::LF).map_err(SigningError::Sign)
}

/// `ssh-key` 0.6 cannot: where it makes the private key, it takes its first prime twice.
fn sign_rsa(pair: &RsaKeypair, bytes: &[u8]) -> Result<SshSig, ssh_key::Error> {
    let crypto = |_| ssh_key::Error::Crypto;
    let (public, private) = (&pair.public, &pair.private);
    let primes = vec![BigUint::try_from(&private.p)?, BigUint::try_from(&private.q)?];
    let key = RsaPrivateKey::from_components(
        BigUint::try_from(&public.n)?,
        BigUint::try_from(&public.e)?,
        BigUint::try_from(&private.d)?,
        primes,
    )
    .map_err(crypto)?;
    let data = SshSig::signed_data(NAMESPACE, HashAlg::Sha512, bytes)?;
    let signed = SigningKey::<Sha512>::new(key).try_sign(&data).map_err(|_| ssh_key::Error::Crypto)?;
    let algorithm = Algorithm::Rsa { hash: Some(HashAlg::Sha512) };
    let signature = Signature::new(algorithm, signed.to_vec())?;
    SshSig::new(KeyData::Rsa(public.clone()), NAMESPACE, HashAlg::Sha512, signature)
}

/// Whether one of the allowed signers signed these bytes, and who.
pub fn check(
    armored: &[u8],
    bytes: &[u8],
    allowed: &AllowedSigners,
    now: Timestamp,
) -> Result<Signer, Unaccepted> {
    // Line feeds of other systems, and blanks around it, are no part of what was signed.
    let text = String::from_utf8_lossy(armored).replace("\r\n", "\n");
    let signature = SshSig::from_pem(text.trim()).map_err(|_| Unaccepted::NoSignature)?;
    if signature.namespace() != NAMESPACE {
        return Err(Unaccepted::OtherNamespace { found: signature.namespace().escape_debug().to_string() });
    }
    let key = PublicKey::from(signature.public_key().clone());
    let signer = allowed.signer(key.key_data(), now)?;
    if key.verify(NAMESPACE, bytes, &signature).is_err() {
        return Err(Unaccepted::OtherContent { key: signer.key });
    }
    if is_security_key(signature.algorithm()) && !was_touched(&signature) {
        return Err(Unaccepted::Untouched { key: signer.key });
    }
    Ok(signer)
}

fn is_security_key(algorithm: Algorithm) -> bool {
    matches!(algorithm, Algorithm::SkEd25519 | Algorithm::SkEcdsaSha2NistP256)
}

/// The first of the five last bytes are the flags; bit 0 is the presence of a person (PROTOCOL.u2f of OpenSSH).
fn was_touched(signature: &SshSig) -> bool {
    let bytes = signature.signature_bytes();
    bytes.len().checked_sub(5).and_then(|at| bytes.get(at)).is_some_and(|flags| flags & 1 == 1)
}
