//! The listening port: plain or TLS, with certificates that may change while it listens.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use tokio::task::JoinHandle;

use crate::app::config::meaning::serve::{ServeConfig, TlsFiles};
use crate::app::serve::http::bounds::Gate;

/// Connections at once: far more than probes, Prometheus and people need, and few enough to leave room for files.
const CONNECTIONS: usize = 256;

/// For the headers of a request to arrive, and between two requests of one connection.
const HEADERS: Duration = Duration::from_secs(10);

/// How often the files of a certificate are looked at.
const LOOK: Duration = Duration::from_secs(10);

/// For answers under way when the port closes.
const FAREWELL: Duration = Duration::from_secs(2);

/// Why nothing listens.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    #[error("failed to listen on `{address}`")]
    Listen {
        address: SocketAddr,
        #[source]
        cause: io::Error,
    },
    #[error("failed to read the certificate `{}` and its key `{}`", files.certificate.display(), files.key.display())]
    Certificate {
        files: TlsFiles,
        #[source]
        cause: io::Error,
    },
}

/// A port that listens until it is closed.
pub struct Port {
    pub address: SocketAddr,
    handle: Handle<SocketAddr>,
    serving: JoinHandle<io::Result<()>>,
    watching: Option<JoinHandle<()>>,
}

impl Port {
    pub async fn open(config: &ServeConfig, router: Router) -> Result<Port, PortError> {
        let listen = |cause| PortError::Listen { address: config.listen, cause };
        let listener = TcpListener::bind(config.listen).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let handle = Handle::new();
        let mut server = axum_server::from_tcp(listener)
            .map_err(listen)?
            .http1_only()
            .first_request_timeout(HEADERS)
            .handle(handle.clone());
        server.http_builder().http1().header_read_timeout(HEADERS).max_buf_size(16 * 1024);
        let gate = Gate::new(CONNECTIONS);
        let service = router.into_make_service();
        let (serving, watching) = match &config.tls {
            None => (tokio::spawn(server.acceptor(gate).serve(service)), None),
            Some(files) => {
                let tls = RustlsConfig::from_pem_file(&files.certificate, &files.key)
                    .await
                    .map_err(|cause| PortError::Certificate { files: files.clone(), cause })?;
                let acceptor = RustlsAcceptor::new(tls.clone()).acceptor(gate);
                let watching = tokio::spawn(watch(files.clone(), tls));
                (tokio::spawn(server.acceptor(acceptor).serve(service)), Some(watching))
            }
        };
        Ok(Port { address, handle, serving, watching })
    }

    /// Finishes answers under way, for a moment.
    pub async fn close(self) {
        self.handle.graceful_shutdown(Some(FAREWELL));
        if let Some(watching) = self.watching {
            watching.abort();
        }
        // It was told to end: how it did changes nothing any more.
        let _ = self.serving.await;
    }
}

/// Takes new certificates as they come; whoever renews them need not know of us.
async fn watch(files: TlsFiles, tls: RustlsConfig) {
    let mut known = read(&files).await.ok();
    loop {
        tokio::time::sleep(LOOK).await;
        let Ok((certificate, key)) = read(&files).await else { continue };
        if known.as_ref().is_some_and(|known| (&known.0, &known.1) == (&certificate, &key)) {
            continue;
        }
        match tls.reload_from_pem(certificate.clone(), key.clone()).await {
            Ok(()) => tracing::info!("the certificate was read again"),
            Err(error) => {
                tracing::error!(%error, "the new certificate is refused; the one before stays in force")
            }
        }
        known = Some((certificate, key));
    }
}

async fn read(files: &TlsFiles) -> io::Result<(Vec<u8>, Vec<u8>)> {
    Ok((tokio::fs::read(&files.certificate).await?, tokio::fs::read(&files.key).await?))
}
