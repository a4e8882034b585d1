//! TLS: an authority that is not known, and one that `ca_file` names.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use seatsync::gitlab::client::Client;
use seatsync::gitlab::config::GitLabConfig;
use seatsync::ports::EdgeError;

use crate::support::{config, words};

/// A GitLab behind a certificate that it has signed itself; its address and the certificate in PEM.
fn serve() -> (String, String) {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .unwrap();
    let (listener, server) = (TcpListener::bind("127.0.0.1:0").unwrap(), Arc::new(server));
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    std::thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&server)).unwrap();
            let mut stream = StreamOwned::new(connection, socket);
            // A client that does not trust us hangs up here.
            if stream.read(&mut [0; 4096]).is_ok() {
                let body = r#"{"version":"18.9.0-ee"}"#;
                let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                stream.write_all(answer.as_bytes()).unwrap();
            }
        }
    });
    (url, own.cert.pem())
}

async fn version(url: &str, ca_file: Option<&Path>) -> Result<String, EdgeError> {
    let client = Client::new(GitLabConfig { ca_file: ca_file.map(Path::to_owned), ..config(url) })?;
    Ok(client.version().await?.to_string())
}

#[tokio::test]
async fn an_unknown_authority_is_told_at_once_and_named_by_ca_file_it_is_trusted() {
    let (url, certificate) = serve();
    let error = version(&url, None).await.unwrap_err();
    assert_eq!(
        words(&error),
        format!(
            "the certificate of `{url}` is not accepted: invalid peer certificate: UnknownIssuer\n\
             hint: name the authority that signed it: `ca_file = \"…\"` under `[gitlab]`"
        )
    );
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ca.pem");
    std::fs::write(&path, certificate).unwrap();
    assert_eq!(version(&url, Some(&path)).await.unwrap(), "18.9.0-ee");
}

#[tokio::test]
async fn a_ca_file_that_holds_no_certificate_is_refused_before_anything_is_sent() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ca.pem");
    let missing = version("https://localhost:1", Some(&path)).await.unwrap_err();
    assert!(words(&missing).starts_with("failed to read the certificates in `"), "{}", words(&missing));
    std::fs::write(&path, "nothing").unwrap();
    let empty = version("https://localhost:1", Some(&path)).await.unwrap_err();
    assert!(words(&empty).ends_with("hint: `gitlab.ca_file` names a readable file of PEM certificates"));
}
