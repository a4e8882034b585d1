//! Why a request is refused, in the form in which SCIM says so (RFC 7644, section 3.12).

use serde_json::{Value, json};

use crate::ports::EdgeError;

/// A refusal. Its words hold nothing of what was sent but names of attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub because: Because,
    pub detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Because {
    InvalidFilter,
    TooMany,
    Uniqueness,
    Mutability,
    InvalidSyntax,
    InvalidPath,
    NoTarget,
    InvalidValue,
    Unauthorized,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    /// The entry has another version than `If-Match` says.
    OtherVersion,
    TooLarge,
    WrongMediaType,
    NotOffered,
    /// The state cannot be reached; trying again later helps.
    Unavailable,
}

impl Refusal {
    pub fn new(because: Because, detail: impl Into<String>) -> Refusal {
        Refusal { because, detail: detail.into() }
    }

    pub fn status(&self) -> u16 {
        match self.because {
            Because::InvalidFilter
            | Because::TooMany
            | Because::Mutability
            | Because::InvalidSyntax
            | Because::InvalidPath
            | Because::NoTarget
            | Because::InvalidValue => 400,
            Because::Unauthorized => 401,
            Because::Forbidden => 403,
            Because::NotFound => 404,
            Because::MethodNotAllowed => 405,
            Because::Uniqueness => 409,
            Because::OtherVersion => 412,
            Because::TooLarge => 413,
            Because::WrongMediaType => 415,
            Because::NotOffered => 501,
            Because::Unavailable => 503,
        }
    }

    pub fn body(&self) -> Value {
        let mut body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": self.status().to_string(),
            "detail": self.detail,
        });
        if let Some(kind) = self.kind() {
            body["scimType"] = kind.into();
        }
        body
    }

    /// The `scimType`, where the RFC has one.
    fn kind(&self) -> Option<&'static str> {
        match self.because {
            Because::InvalidFilter => Some("invalidFilter"),
            Because::TooMany => Some("tooMany"),
            Because::Uniqueness => Some("uniqueness"),
            Because::Mutability => Some("mutability"),
            Because::InvalidSyntax => Some("invalidSyntax"),
            Because::InvalidPath => Some("invalidPath"),
            Because::NoTarget => Some("noTarget"),
            Because::InvalidValue => Some("invalidValue"),
            Because::Unauthorized
            | Because::Forbidden
            | Because::NotFound
            | Because::MethodNotAllowed
            | Because::OtherVersion
            | Because::TooLarge
            | Because::WrongMediaType
            | Because::NotOffered
            | Because::Unavailable => None,
        }
    }
}

impl From<EdgeError> for Refusal {
    fn from(error: EdgeError) -> Refusal {
        tracing::error!(error = error.chain(), hint = error.hint, "what was pushed could not be kept");
        Refusal::new(Because::Unavailable, "the state of seatsync cannot be reached: try again later")
    }
}
