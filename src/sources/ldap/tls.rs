//! TLS as configured: verified by the system's authorities or by one's own, with a client certificate where asked.

use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::sources::ldap::config::{Bind, LdapConfig};
use crate::sources::ldap::conversation::Stream;
use crate::sources::ldap::error::{LdapError, Trouble};

/// Reads the files that the configuration names. `None` where nothing is encrypted: a machine without authorities of its
/// own can do without them then.
pub fn client_config(config: &LdapConfig) -> Result<Option<Arc<ClientConfig>>, LdapError> {
    if !config.start_tls && !config.urls.iter().any(|url| url.scheme().starts_with("ldaps")) {
        return Ok(None);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(LdapError::Tls)?
        .dangerous()
        .with_custom_certificate_verifier(verifier(config, &provider)?);
    let tls = match &config.bind {
        Bind::External { client_certificate: Some(pair) } => builder
            .with_client_auth_cert(certificates(&pair.certificate)?, key(&pair.key)?)
            .map_err(LdapError::Tls)?,
        Bind::External { client_certificate: None }
        | Bind::Simple { .. }
        | Bind::Anonymous
        | Bind::Gssapi { .. } => builder.with_no_client_auth(),
    };
    Ok(Some(Arc::new(tls)))
}

/// Speaks TLS on a connection; the server's certificate must bear the name of `host`.
pub async fn over<S: Stream>(
    stream: S,
    tls: &Arc<ClientConfig>,
    host: &str,
) -> Result<TlsStream<S>, Trouble> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| Trouble::NoHost)?;
    TlsConnector::from(tls.clone()).connect(name, stream).await.map_err(Trouble::Io)
}

fn verifier(
    config: &LdapConfig,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, LdapError> {
    if !config.tls_verify {
        return Ok(Arc::new(Unverified(provider.clone())));
    }
    let Some(path) = &config.ca_file else {
        let system = rustls_platform_verifier::Verifier::new(provider.clone()).map_err(LdapError::Tls)?;
        return Ok(Arc::new(system));
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(LdapError::Tls)?;
    }
    let own = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|cause| LdapError::Tls(rustls::Error::General(cause.to_string())))?;
    Ok(own)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, LdapError> {
    let missing = || LdapError::Pem { path: path.to_owned(), what: "certificate" };
    let found: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(&read(path)?).collect::<Result<_, _>>().map_err(|_| missing())?;
    if found.is_empty() { Err(missing()) } else { Ok(found) }
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, LdapError> {
    PrivateKeyDer::from_pem_slice(&read(path)?)
        .map_err(|_| LdapError::Pem { path: path.to_owned(), what: "key" })
}

fn read(path: &Path) -> Result<Vec<u8>, LdapError> {
    std::fs::read(path).map_err(|cause| LdapError::File { path: path.to_owned(), cause })
}

/// For `tls_verify = false`: encrypts, and believes whoever answers.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
