//! Verifying who signed, and that both readers read the same.
//!
//! xmlsec (by `samael`) verifies, and hands out the very bytes that it digested. They are read once more by our own
//! reader and compared with what that reader saw in the message: what libxml2 understood is what we understood.

use samael::crypto::{AllowedSignatureAlgorithm, CertificateDer, Crypto, CryptoProvider as _, ReduceMode};

use crate::sources::saml::message::envelope::{Content, Envelope};
use crate::sources::saml::message::names::DSIG;
use crate::sources::saml::message::refusal::Refusal;
use crate::sources::saml::message::xml::{Element, Limits, MESSAGE, parse};

/// What is signed, digested with SHA-2 alone; `samael` asks the same of the digests.
const ALGORITHMS: [AllowedSignatureAlgorithm; 6] = [
    AllowedSignatureAlgorithm::RsaSha256,
    AllowedSignatureAlgorithm::RsaSha384,
    AllowedSignatureAlgorithm::RsaSha512,
    AllowedSignatureAlgorithm::EcdsaSha256,
    AllowedSignatureAlgorithm::EcdsaSha384,
    AllowedSignatureAlgorithm::EcdsaSha512,
];

/// A certificate whose key may sign, in DER. Whose name it bears and until when it is valid is of no matter: the metadata vouches for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey(pub Vec<u8>);

/// What was signed of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    /// All of it; perhaps the assertion once more.
    Response,
    /// The assertion alone: what is around it is anybody's word.
    Assertion,
}

/// Verifies every signature of a message. `text` is what the envelope was read from.
pub fn verify(text: &str, envelope: &Envelope<'_>, keys: &[SigningKey]) -> Result<Signed, Refusal> {
    match (envelope.response_signature, envelope.content) {
        (Some(_), _) => {
            verify_element(text, envelope.response, keys)?;
            Ok(Signed::Response)
        }
        (None, Content::Assertion(assertion)) if envelope.assertion_signature.is_some() => {
            verify_element(text, assertion, keys)?;
            Ok(Signed::Assertion)
        }
        (None, Content::Assertion(_) | Content::Encrypted(_)) => Err(Refusal::Unsigned),
    }
}

/// Verifies every signature of `text`; the outermost one must have signed this very element.
pub fn verify_element(text: &str, signed: &Element, keys: &[SigningKey]) -> Result<(), Refusal> {
    // Without keys `samael` would be asked to believe nobody; it never is.
    let certificates: Vec<CertificateDer> =
        keys.iter().map(|SigningKey(der)| CertificateDer::from(der.clone())).collect();
    xmlsec_quiet::silence();
    let digested = Crypto::reduce_xml_to_signed_with_allowed_algorithms(
        text,
        &certificates,
        ReduceMode::PreDigest,
        Some(&ALGORITHMS),
    );
    let digested = digested.map_err(|_| Refusal::Signature)?;
    // Canonical XML may be longer than what it was made from.
    let read = parse(digested.as_bytes(), Limits { bytes: digested.len(), ..MESSAGE });
    let read = read.map_err(|_| Refusal::ReadTwoWays)?;
    if read == signed.without(DSIG, "Signature") { Ok(()) } else { Err(Refusal::ReadTwoWays) }
}
