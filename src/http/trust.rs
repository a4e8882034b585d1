//! Whom we trust over HTTPS: authorities of a file, and what TLS says against a server.

use std::error::Error;
use std::path::{Path, PathBuf};

use reqwest::Certificate;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::{self, PemObject};
use url::{Host, Url};

/// The authorities of a PEM file.
pub fn authorities(path: &Path) -> Result<Vec<Certificate>, NoClient> {
    let unreadable = |cause| NoClient::CaFile { path: path.to_owned(), cause };
    let mut certificates = Vec::new();
    for der in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
        certificates.push(Certificate::from_der(&der.map_err(unreadable)?).map_err(NoClient::Setup)?);
    }
    if certificates.is_empty() {
        return Err(NoClient::NoCertificate { path: path.to_owned() });
    }
    Ok(certificates)
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum NoClient {
    #[error("failed to read the certificates in `{}`", path.display())]
    CaFile {
        path: PathBuf,
        #[source]
        cause: pem::Error,
    },
    #[error("`{}` holds no certificate", path.display())]
    NoCertificate { path: PathBuf },
    #[error("failed to set up TLS")]
    Setup(#[source] reqwest::Error),
}

impl NoClient {
    /// The next step.
    pub fn hint(&self) -> &'static str {
        match self {
            NoClient::CaFile { .. } | NoClient::NoCertificate { .. } => {
                "`ca_file` names a readable PEM file: it starts with `-----BEGIN CERTIFICATE-----`"
            }
            NoClient::Setup(_) => "is the package `ca-certificates` installed?",
        }
    }
}

/// The TLS error at the bottom of a failed connection. An `io::Error` shows what it wraps by `get_ref` alone: its
/// `source` is already the cause of that.
pub fn tls_error(error: &(dyn Error + 'static)) -> Option<rustls::Error> {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return Some(tls.clone());
    }
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(wrapped) => tls_error(wrapped),
        None => error.source().and_then(tls_error),
    }
}

/// Whether the address is this machine's own, which no proxy could reach.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
