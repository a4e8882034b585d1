//! From the configured URLs to a bound connection: the first server that takes us, and why the others did not.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ClientConfig;
use secrecy::ExposeSecret as _;
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::client::TlsStream;

use crate::sources::ldap::config::{Bind, LdapConfig};
use crate::sources::ldap::connection::Connection;
use crate::sources::ldap::conversation::{Bound, Conversation, Stream};
use crate::sources::ldap::end_point::end_point;
use crate::sources::ldap::error::{Attempt, LdapError, Trouble};
#[cfg(feature = "gssapi")]
use crate::sources::ldap::kerberos;
use crate::sources::ldap::link::Link;
use crate::sources::ldap::refusal::judge;
use crate::sources::ldap::servers::{Server, servers};
use crate::sources::ldap::tls;

const INVALID_CREDENTIALS: u32 = 49;

/// Binds to the first server that lets us.
pub async fn open(config: &LdapConfig, tls: Option<&Arc<ClientConfig>>) -> Result<Connection, LdapError> {
    Candidates::find(config, tls).await?.next().await
}

/// The servers that have not been tried yet.
pub struct Candidates<'a> {
    config: &'a LdapConfig,
    tls: Option<&'a Arc<ClientConfig>>,
    left: VecDeque<Server>,
    /// Why those were not even found that the configuration names.
    unfound: Vec<Attempt>,
}

impl<'a> Candidates<'a> {
    /// All servers that the configuration names.
    pub async fn find(
        config: &'a LdapConfig,
        tls: Option<&'a Arc<ClientConfig>>,
    ) -> Result<Candidates<'a>, LdapError> {
        match &config.bind {
            Bind::Simple { dn, password } if password.expose_secret().is_empty() => {
                return Err(LdapError::EmptyPassword { dn: dn.clone() });
            }
            Bind::Simple { dn, .. } if dn.trim().is_empty() => return Err(LdapError::EmptyDn),
            Bind::Gssapi { .. } if !cfg!(feature = "gssapi") => return Err(LdapError::NoKerberos),
            Bind::Simple { .. } | Bind::Anonymous | Bind::External { .. } | Bind::Gssapi { .. } => {}
        }
        let (mut left, mut unfound) = (VecDeque::new(), Vec::new());
        for url in &config.urls {
            match servers(config, url).await {
                Ok(found) => left.extend(found),
                Err(because) => unfound.push(Attempt {
                    what: format!("failed to find the servers of `{url}`"),
                    because,
                    hint: "check the domain and the name servers, or write the servers into `urls`",
                }),
            }
        }
        Ok(Candidates { config, tls, left, unfound })
    }

    /// Binds to the next server that lets us, and says of all that did not why.
    pub async fn next(&mut self) -> Result<Connection, LdapError> {
        let mut attempts = std::mem::take(&mut self.unfound);
        while let Some(server) = self.left.pop_front() {
            match opened(self.config, &server, self.tls).await {
                Ok(connection) => return Ok(connection),
                Err((what, trouble)) => {
                    // The next server would refuse them too, and count towards locking the account.
                    if let Trouble::NoBind(result, _) = &trouble
                        && result.rc == INVALID_CREDENTIALS
                    {
                        self.left.clear();
                    }
                    attempts.push(Attempt { what, because: trouble.words(), hint: trouble.hint() });
                }
            }
        }
        Err(LdapError::NoServer(attempts))
    }
}

/// A bound connection, or what was being done and what went wrong with it.
async fn opened(
    config: &LdapConfig,
    server: &Server,
    tls: Option<&Arc<ClientConfig>>,
) -> Result<Connection, (String, Trouble)> {
    let url = &server.url;
    let connecting = tokio::time::timeout(config.timeout, connect(config, server, tls));
    let connected = connecting.await.unwrap_or(Err(Trouble::Silent(config.timeout)));
    let reached = connected.map_err(|trouble| (format!("failed to connect to `{url}`"), trouble))?;
    let binding = tokio::time::timeout(config.timeout, bind(config, server, reached));
    let bound = binding.await.unwrap_or(Err(Trouble::Silent(config.timeout)));
    let failed = |trouble| (format!("failed to bind to `{url}` as {}", who(config)), trouble);
    let conversation = bound.map_err(failed)?;
    let talking = |trouble| (format!("failed to talk to `{url}`"), trouble);
    let link = Link::over(conversation.into_stream().map_err(talking)?);
    Ok(Connection::new(config, url, link))
}

/// A server that answers, and what is known of the way to it.
struct Reached {
    conversation: Conversation,
    /// Whether nobody on the network can read it.
    #[cfg_attr(not(feature = "gssapi"), expect(dead_code, reason = "only Kerberos asks"))]
    is_private: bool,
    /// What ties a bind to this TLS connection, where there is one.
    #[cfg_attr(not(feature = "gssapi"), expect(dead_code, reason = "only Kerberos asks"))]
    channel: Option<Vec<u8>>,
}

async fn connect(
    config: &LdapConfig,
    server: &Server,
    tls: Option<&Arc<ClientConfig>>,
) -> Result<Reached, Trouble> {
    if server.url.scheme() == "ldapi" {
        let path = socket_path(server.url.host_str().unwrap_or_default()).ok_or(Trouble::NoHost)?;
        let conversation = Conversation::over(UnixStream::connect(path).await.map_err(Trouble::Io)?);
        return Ok(Reached { conversation, is_private: true, channel: None });
    }
    let tcp = tcp(server).await.map_err(Trouble::Io)?;
    let Some(tls) = tls.filter(|_| config.start_tls || server.url.scheme() == "ldaps") else {
        return Ok(Reached { conversation: Conversation::over(tcp), is_private: false, channel: None });
    };
    if server.url.scheme() == "ldaps" {
        return Ok(encrypted(tls::over(tcp, tls, server.host()).await?));
    }
    let mut plain = Conversation::over(tcp);
    let answer = plain.start_tls().await?;
    if answer.rc != 0 {
        return Err(Trouble::NoStartTls(answer));
    }
    Ok(encrypted(tls::over(plain.into_stream()?, tls, server.host()).await?))
}

fn encrypted(stream: TlsStream<impl Stream + 'static>) -> Reached {
    let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
    let channel = certificate.and_then(|certificate| end_point(certificate));
    Reached { conversation: Conversation::over(stream), is_private: true, channel }
}

/// A connection that sends each request at once. Left to itself, TCP holds a small one back until the answer to the
/// last is acknowledged, which costs every page of a search 40 milliseconds.
async fn tcp(server: &Server) -> std::io::Result<TcpStream> {
    let stream = if server.addresses.is_empty() {
        TcpStream::connect((server.host(), server.port())).await?
    } else {
        let at: Vec<SocketAddr> =
            server.addresses.iter().map(|&address| SocketAddr::new(address, server.port())).collect();
        TcpStream::connect(at.as_slice()).await?
    };
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// `%2Frun%2Fslapd.sock` of `ldapi://%2Frun%2Fslapd.sock`. `None` where it is no path.
fn socket_path(host: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(host.len());
    let mut rest = host.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok().filter(|path| !path.is_empty())
}

#[cfg_attr(
    not(feature = "gssapi"),
    expect(unused_variables, reason = "only Kerberos wants the name of the server")
)]
async fn bind(config: &LdapConfig, server: &Server, reached: Reached) -> Result<Conversation, Trouble> {
    let mut conversation = reached.conversation;
    let Bound { result, .. } = match &config.bind {
        Bind::Simple { dn, password } => conversation.bind_simply(dn, password.expose_secret()).await?,
        Bind::External { .. } => conversation.bind_by("EXTERNAL", Some(b"")).await?,
        Bind::Anonymous => conversation.bind_simply("", "").await?,
        #[cfg(not(feature = "gssapi"))]
        Bind::Gssapi { .. } => return Err(Trouble::Kerberos("this build has none".to_owned())),
        #[cfg(feature = "gssapi")]
        Bind::Gssapi { principal } => {
            let Reached { is_private, channel, .. } = reached;
            let (host, principal) = (server.host().to_owned(), principal.clone());
            let target = kerberos::Target { host, principal, is_private, channel };
            return kerberos::bind(conversation, target).await;
        }
    };
    match judge(&result) {
        Ok(()) => Ok(conversation),
        Err(hint) => Err(Trouble::NoBind(result, hint)),
    }
}

/// Who we claim to be, in words.
fn who(config: &LdapConfig) -> String {
    match &config.bind {
        Bind::Simple { dn, .. } => format!("`{dn}`"),
        Bind::External { .. } => "the identity that the connection proves".to_owned(),
        Bind::Gssapi { principal: Some(principal) } => format!("`{principal}` by Kerberos"),
        Bind::Gssapi { principal: None } => "the holder of the Kerberos ticket".to_owned(),
        Bind::Anonymous => "nobody (anonymously)".to_owned(),
    }
}
