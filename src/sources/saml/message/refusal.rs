//! Why an assertion is not believed.
//!
//! Until a signature has been verified, whatever a message says may be an attacker's: no refusal repeats a word of it.

use jiff::Timestamp;

use crate::sources::saml::message::xml::XmlRefusal;

/// One reason for each thing that is checked, in the order in which they are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("it is no base64")]
    Base64,
    #[error("it is not read: {0}")]
    Xml(XmlRefusal),
    #[error("it is no response of SAML 2.0")]
    NoResponse,
    #[error("the identity provider did not confirm who it was: {status}")]
    Status { status: String },
    #[error("a {part} is where none belongs")]
    Misplaced { part: Part },
    #[error("there is more than one {part}")]
    Several { part: Part },
    #[error("two of its elements have the same ID")]
    DuplicateId,
    #[error("there is no assertion in it")]
    NoAssertion,
    #[error("its assertion is encrypted, and `decryption_key` is not set")]
    Encrypted,
    #[error("its assertion cannot be decrypted")]
    Undecipherable,
    #[error("neither it nor its assertion is signed")]
    Unsigned,
    #[error("its signature is not made as SAML has it: {because}")]
    SignatureForm { because: &'static str },
    #[error("its signature uses {algorithm}, and only RSA and ECDSA with SHA-2 count")]
    Algorithm { algorithm: Algorithm },
    #[error("its signature covers another element than the one that it stands in")]
    ReferenceElsewhere,
    #[error("its signature is not by any key of the identity provider, or it was altered")]
    Signature,
    #[error("two readers do not read the same in it")]
    ReadTwoWays,
    #[error("it is not understood: {what}")]
    NotUnderstood { what: &'static str },
    #[error("it is by `{found}`, and not by `{expected}`")]
    Issuer { found: String, expected: String },
    #[error("it was sent to another place than `{expected}`")]
    Destination { expected: String },
    #[error("it is signed as a whole, and does not say where it was sent to")]
    NoDestination,
    #[error("it was issued at {at}, which is yet to come: a clock is wrong")]
    IssuedLater { at: Timestamp },
    #[error("it was issued at {at}, which is too long ago")]
    IssuedLongAgo { at: Timestamp },
    #[error("it does not say for whom it is meant")]
    NoAudience,
    #[error("it is not meant for `{expected}`")]
    Audience { expected: String },
    #[error("it is not valid before {at}")]
    NotYetValid { at: Timestamp },
    #[error("it was valid until {at}")]
    Expired { at: Timestamp },
    #[error("it has a condition that nobody here understands")]
    Condition,
    #[error("it names nobody as its bearer")]
    NoBearer,
    #[error("it may not be brought to `{expected}`")]
    Recipient { expected: String },
    #[error("its bearer had to bring it before {at}")]
    BroughtLate { at: Timestamp },
    #[error("the response and its assertion answer different requests")]
    InResponseToDiffers,
    #[error("it answers no request, and `idp_initiated` is not allowed")]
    Unsolicited,
    #[error("it answers no request of ours that still waits")]
    InResponseTo,
    #[error("it was taken in before")]
    Replayed,
    #[error("it does not say whom it is about")]
    NoSubject,
    #[error("its NameID is a transient one, by which nobody can be known again")]
    Transient,
    #[error("it has no attribute `{attribute}`, by which people are known again")]
    NoId { attribute: String },
    #[error("it is about somebody else than was asked for")]
    OtherSubject,
}

/// What a message is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Response,
    Assertion,
    Signature,
    Object,
}

/// What a signature was made with, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    Sha1,
    Hmac,
    Other,
}

impl Refusal {
    /// For logs and metrics; it never changes.
    pub fn key(&self) -> &'static str {
        match self {
            Refusal::Base64 => "base64",
            Refusal::Xml(XmlRefusal::DocumentType) => "document_type",
            Refusal::Xml(XmlRefusal::ProcessingInstruction) => "processing_instruction",
            Refusal::Xml(XmlRefusal::Comment) => "comment",
            Refusal::Xml(XmlRefusal::CData) => "cdata",
            Refusal::Xml(XmlRefusal::Entity) => "entity",
            Refusal::Xml(XmlRefusal::Garbage) => "garbage",
            Refusal::Xml(XmlRefusal::TooDeep) => "too_deep",
            Refusal::Xml(XmlRefusal::TooLong { .. }) => "too_long",
            Refusal::Xml(XmlRefusal::TooMany { .. }) => "too_many",
            Refusal::Xml(XmlRefusal::Encoding) => "encoding",
            Refusal::Xml(XmlRefusal::NotWellFormed) => "not_well_formed",
            Refusal::NoResponse => "no_response",
            Refusal::Status { .. } => "status",
            Refusal::Misplaced { .. } => "misplaced",
            Refusal::Several { .. } => "several",
            Refusal::DuplicateId => "duplicate_id",
            Refusal::NoAssertion => "no_assertion",
            Refusal::Encrypted => "encrypted",
            Refusal::Undecipherable => "undecipherable",
            Refusal::Unsigned => "unsigned",
            Refusal::SignatureForm { .. } => "signature_form",
            Refusal::Algorithm { .. } => "algorithm",
            Refusal::ReferenceElsewhere => "reference_elsewhere",
            Refusal::Signature => "signature",
            Refusal::ReadTwoWays => "read_two_ways",
            Refusal::NotUnderstood { .. } => "not_understood",
            Refusal::Issuer { .. } => "issuer",
            Refusal::Destination { .. } | Refusal::NoDestination => "destination",
            Refusal::IssuedLater { .. } => "issued_later",
            Refusal::IssuedLongAgo { .. } => "issued_long_ago",
            Refusal::NoAudience | Refusal::Audience { .. } => "audience",
            Refusal::NotYetValid { .. } => "not_yet_valid",
            Refusal::Expired { .. } => "expired",
            Refusal::Condition => "condition",
            Refusal::NoBearer => "no_bearer",
            Refusal::Recipient { .. } => "recipient",
            Refusal::BroughtLate { .. } => "brought_late",
            Refusal::InResponseToDiffers | Refusal::InResponseTo => "in_response_to",
            Refusal::Unsolicited => "unsolicited",
            Refusal::Replayed => "replayed",
            Refusal::NoSubject => "no_subject",
            Refusal::Transient => "transient",
            Refusal::NoId { .. } => "no_id",
            Refusal::OtherSubject => "other_subject",
        }
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Part::Response => "response",
            Part::Assertion => "assertion",
            Part::Signature => "signature",
            Part::Object => "signed object",
        })
    }
}

impl std::fmt::Display for Algorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Algorithm::Sha1 => "SHA-1",
            Algorithm::Hmac => "HMAC",
            Algorithm::Other => "an algorithm of another kind",
        })
    }
}

impl From<XmlRefusal> for Refusal {
    fn from(refusal: XmlRefusal) -> Refusal {
        Refusal::Xml(refusal)
    }
}
