//! Whom we trust over HTTPS: authorities of a file, and what TLS says against a server.

use std::error::Error;
use std::path::Path;

use reqwest::Certificate;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::{self, PemObject};
use url::{Host, Url};

/// The authorities of a PEM file.
pub fn authorities(path: &Path) -> Result<Vec<Certificate>, NoClient> {
    let mut certificates = Vec::new();
    for der in CertificateDer::pem_file_iter(path).map_err(NoClient::Unreadable)? {
        let der = der.map_err(NoClient::Unreadable)?;
        certificates.push(Certificate::from_der(&der).map_err(NoClient::Setup)?);
    }
    if certificates.is_empty() { Err(NoClient::NoAuthority) } else { Ok(certificates) }
}

/// Why there is no client.
#[derive(Debug)]
pub enum NoClient {
    Unreadable(pem::Error),
    /// The file holds no certificate.
    NoAuthority,
    Setup(reqwest::Error),
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
