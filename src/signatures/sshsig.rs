//! Signing a plan file with an SSH key, and checking what was signed.

use jiff::Timestamp;
use ssh_key::{Algorithm, HashAlg, LineEnding, PrivateKey, PublicKey, SshSig};

use crate::model::approval::{Signer, Unaccepted};
use crate::signatures::allowed_signers::AllowedSigners;

/// What the signature is for: one made for anything else (a commit, a file, a login) is no approval.
pub const NAMESPACE: &str = "seatsync";

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
    let signature = key.sign(NAMESPACE, HashAlg::Sha512, bytes).map_err(SigningError::Sign)?;
    signature.to_pem(LineEnding::LF).map_err(SigningError::Sign)
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
