//! From the configured URLs to a bound connection: the first server that takes us, and why the others did not.

use std::sync::Arc;

use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapResult, StdStream};
use rustls::ClientConfig;
use secrecy::ExposeSecret as _;
use tokio::net::TcpStream;
use url::Url;

use crate::sources::ldap::config::{Bind, LdapConfig};
use crate::sources::ldap::connection::Connection;
use crate::sources::ldap::error::{Attempt, LdapError, bind_hint, connect_hint, result_words, words};

const INVALID_CREDENTIALS: u32 = 49;

/// Binds to the first server that lets us.
pub async fn open(config: &LdapConfig, tls: Option<&Arc<ClientConfig>>) -> Result<Connection, LdapError> {
    match &config.bind {
        Bind::Gssapi => return Err(LdapError::NoKerberos),
        Bind::Simple { dn, password } if password.expose_secret().is_empty() => {
            return Err(LdapError::EmptyPassword { dn: dn.clone() });
        }
        Bind::Simple { dn, .. } if dn.trim().is_empty() => return Err(LdapError::EmptyDn),
        Bind::Simple { .. } | Bind::Anonymous | Bind::External { .. } => {}
    }
    let mut attempts = Vec::new();
    for url in &config.urls {
        let mut ldap = match connect(config, url, tls).await {
            Ok(ldap) => ldap,
            Err(attempt) => {
                attempts.push(attempt);
                continue;
            }
        };
        let (who, bound) = bind(config, &mut ldap).await;
        let what = format!("failed to bind to `{url}` as {who}");
        match bound {
            Ok(result) if result.rc == 0 => return Ok(Connection::new(config, url, ldap)),
            Ok(result) => {
                attempts.push(Attempt { what, because: result_words(&result), hint: bind_hint(&result) });
                // The next server would refuse them too, and count towards locking the account.
                if result.rc == INVALID_CREDENTIALS {
                    break;
                }
            }
            Err(error) => attempts.push(Attempt {
                what,
                because: words(&error, config.timeout),
                hint: connect_hint(&error, false),
            }),
        }
    }
    Err(LdapError::NoServer(attempts))
}

async fn connect(config: &LdapConfig, url: &Url, tls: Option<&Arc<ClientConfig>>) -> Result<Ldap, Attempt> {
    let mut settings = LdapConnSettings::new().set_starttls(config.start_tls && url.scheme() == "ldap");
    if let Some(tls) = tls {
        settings = settings.set_config(tls.clone());
    }
    let opening = async {
        let settings = match url.scheme() {
            "ldapi" => settings,
            _ => settings.set_std_stream(StdStream::Tcp(tcp(url).await?)),
        };
        LdapConnAsync::from_url_with_settings(settings, url).await
    };
    let opened = tokio::time::timeout(config.timeout, opening).await.map_err(ldap3::LdapError::from);
    let (driver, ldap) = opened.and_then(|opened| opened).map_err(|error| Attempt {
        what: format!("failed to connect to `{url}`"),
        because: words(&error, config.timeout),
        hint: connect_hint(&error, config.start_tls),
    })?;
    // It ends when the last handle is dropped; what ends it earlier is seen by whoever waits for an answer.
    tokio::spawn(driver.drive());
    Ok(ldap)
}

/// A connection that sends each request at once. Left to itself, TCP holds a small one back until the answer to the
/// last is acknowledged, which costs every page of a search 40 milliseconds.
async fn tcp(url: &Url) -> std::io::Result<std::net::TcpStream> {
    let port = url.port().unwrap_or(if url.scheme() == "ldaps" { 636 } else { 389 });
    let host = url.host_str().filter(|host| !host.is_empty()).unwrap_or("localhost");
    let stream = TcpStream::connect(format!("{host}:{port}")).await?;
    stream.set_nodelay(true)?;
    stream.into_std()
}

/// Who we claimed to be, in words, and what the server said to it.
async fn bind(config: &LdapConfig, ldap: &mut Ldap) -> (String, ldap3::result::Result<LdapResult>) {
    let ldap = ldap.with_timeout(config.timeout);
    match &config.bind {
        Bind::Simple { dn, password } => {
            (format!("`{dn}`"), ldap.simple_bind(dn, password.expose_secret()).await)
        }
        Bind::External { .. } => {
            ("the identity that the connection proves".to_owned(), ldap.sasl_external_bind().await)
        }
        Bind::Anonymous | Bind::Gssapi => ("nobody (anonymously)".to_owned(), ldap.simple_bind("", "").await),
    }
}
