//! Where the state is: in one file, or in a database of a PostgreSQL server.

use std::fmt;
use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

#[derive(Debug, Clone)]
pub enum Place {
    /// An SQLite database.
    File(PathBuf),
    Server(Server),
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::File(path) => path.display().fmt(formatter),
            Place::Server(server) => formatter.write_str(&server.shown),
        }
    }
}

/// A database of a PostgreSQL server, and who we are there.
#[derive(Debug, Clone)]
pub struct Server {
    /// The address without password and parameters.
    shown: String,
    url: SecretString,
}

impl Server {
    /// `url` is as libpq knows it (<https://www.postgresql.org/docs/current/libpq-connect.html>); a password in it or
    /// beside it is never shown.
    pub fn new(mut url: Url, password: Option<&SecretString>) -> Server {
        let mut shown = url.clone();
        // An address without a host has no room for a password either.
        let _ = shown.set_password(None);
        shown.set_query(None);
        if let Some(password) = password {
            url.query_pairs_mut().append_pair("password", password.expose_secret());
        }
        if !url.query_pairs().any(|(key, _)| key == "application_name") {
            url.query_pairs_mut().append_pair("application_name", "seatsync");
        }
        Server { shown: shown.into(), url: SecretString::from(String::from(url)) }
    }

    pub fn url(&self) -> &SecretString {
        &self.url
    }
}
