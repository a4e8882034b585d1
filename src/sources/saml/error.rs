//! What can go wrong around an identity provider, and the next step.

use std::io;
use std::path::PathBuf;

use url::Url;

use crate::http::trust::NoClient;
use crate::ports::EdgeError;
use crate::sources::saml::metadata::MetadataError;

#[derive(Debug, thiserror::Error)]
pub enum SamlError {
    #[error("failed to read `{}`", path.display())]
    File {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error(transparent)]
    NoClient(#[from] NoClient),
    #[error("`{what}` is no {kind} in PEM")]
    Pem { what: String, kind: &'static str },
    #[error("the certificate `{}` does not belong to `decryption_key`", path.display())]
    OtherKey { path: PathBuf },
    #[error("failed to fetch `{url}`")]
    Fetch {
        url: Url,
        #[source]
        cause: reqwest::Error,
    },
    #[error("`{url}` answered {status}")]
    Status { url: Url, status: u16 },
    #[error("the answer of `{url}` is longer than {most} bytes")]
    TooLong { url: Url, most: usize },
    #[error("the metadata `{place}` is of no use")]
    Metadata {
        place: String,
        #[source]
        cause: MetadataError,
    },
    #[error("the metadata of `{entity_id}` names no place where browsers sign on (HTTP-Redirect)")]
    NoSignOn { entity_id: String },
    #[error("the metadata of `{entity_id}` names no place where attributes are asked for (SOAP)")]
    NoQueries { entity_id: String },
}

impl SamlError {
    fn hint(&self) -> &'static str {
        match self {
            SamlError::File { .. } => "paths are relative to the configuration file",
            SamlError::NoClient(why) => why.hint(),
            SamlError::Pem { .. } | SamlError::OtherKey { .. } => {
                "make both anew: openssl req -x509 -newkey rsa:3072 -nodes -keyout KEY -out CERTIFICATE -days 3650 -subj /CN=seatsync"
            }
            SamlError::Fetch { .. } | SamlError::Status { .. } | SamlError::TooLong { .. } => {
                "`metadata` is an address or a file; `ca_file` names an authority that the system does not know"
            }
            SamlError::Metadata {
                cause: MetadataError::Several { .. } | MetadataError::Absent { .. },
                ..
            } => "say which one: `idp_entity_id`",
            SamlError::Metadata { cause: MetadataError::Expired { .. }, .. } => {
                "fetch it again; if it is fresh, the clock of this machine is wrong"
            }
            SamlError::Metadata { .. } => {
                "get the metadata of the identity provider anew, with its signing certificate"
            }
            SamlError::NoSignOn { .. } => "let people begin at the identity provider: `idp_initiated = true`",
            SamlError::NoQueries { .. } => "remove `query_after`",
        }
    }
}

impl From<SamlError> for EdgeError {
    fn from(error: SamlError) -> EdgeError {
        let hint = error.hint();
        EdgeError::new(error).hinting(hint)
    }
}
