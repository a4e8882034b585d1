//! The servers that `urls` stand for, in the order in which they are tried.

use std::net::IpAddr;

use url::Url;

/// One server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// `ldap`, `ldaps` or `ldapi`, with the name that its certificate and its service principal bear.
    pub url: Url,
    /// Where DNS says it is; empty: the system is to find out.
    pub addresses: Vec<IpAddr>,
}

impl Server {
    /// The name of the host, `localhost` where the URL has none; an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        let host = self.url.host_str().filter(|host| !host.is_empty()).unwrap_or("localhost");
        host.trim_start_matches('[').trim_end_matches(']')
    }

    pub fn port(&self) -> u16 {
        self.url.port().unwrap_or(if self.url.scheme() == "ldaps" { 636 } else { 389 })
    }
}
