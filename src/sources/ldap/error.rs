//! What can go wrong with a directory, in words, and what to do about it.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::ports::EdgeError;
use crate::sources::ldap::vetting::Fault;

/// The error of an LDAP or LDIF source as a whole.
#[derive(Debug, thiserror::Error)]
pub enum LdapError {
    #[error("cannot read `{path}`")]
    File {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("`{path}` holds no {what} in PEM")]
    Pem { path: PathBuf, what: &'static str },
    #[error("TLS cannot be set up as configured")]
    Tls(#[source] rustls::Error),
    #[error("refusing to bind as `{dn}` with an empty password: a server takes that for an anonymous bind")]
    EmptyPassword { dn: String },
    #[error("refusing to bind with a password and no DN: a server takes that for an anonymous bind")]
    EmptyDn,
    #[error("this build has no Kerberos, and `bind` asks for GSSAPI")]
    NoKerberos,
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    NoServer(Vec<Attempt>),
    #[error("whoever answers to a name could not be looked for: {because}")]
    Asking { because: String },
    #[error("reading took longer than {minutes} minutes")]
    TooLong { minutes: u64 },
    #[error("`{path}`, line {line}: {because}")]
    Ldif { path: PathBuf, line: usize, because: String },
}

/// One server that could not be used.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {because}")]
pub struct Attempt {
    /// What was being done, with the URL.
    pub what: String,
    pub because: String,
    /// Empty where nothing helps.
    pub hint: &'static str,
}

impl From<LdapError> for EdgeError {
    fn from(error: LdapError) -> EdgeError {
        let hint = match &error {
            LdapError::NoServer(attempts) => {
                attempts.iter().map(|attempt| attempt.hint.to_owned()).find(|hint| !hint.is_empty())
            }
            LdapError::EmptyPassword { .. } | LdapError::EmptyDn => {
                Some("`bind = { anonymous = true }` binds anonymously".to_owned())
            }
            LdapError::NoKerberos => Some("build with `--features gssapi`, or take a package".to_owned()),
            LdapError::Pem { what, .. } => {
                Some(format!("it starts with `-----BEGIN {}-----`", pem_label(what)))
            }
            LdapError::Ldif { .. } => Some("make the export again".to_owned()),
            LdapError::File { .. }
            | LdapError::Tls(_)
            | LdapError::Asking { .. }
            | LdapError::TooLong { .. } => None,
        };
        EdgeError::new(error).hinting(hint.unwrap_or_default())
    }
}

fn pem_label(what: &str) -> &'static str {
    if what == "key" { "PRIVATE KEY" } else { "CERTIFICATE" }
}

/// Why one server could not be used.
#[derive(Debug)]
pub enum Trouble {
    Io(io::Error),
    Fault(Fault),
    /// An answer to something else.
    Unasked,
    Closed,
    /// It hung up, and said why.
    Dismissed(ldap3::LdapResult),
    Silent(Duration),
    /// It said no to StartTLS.
    NoStartTls(ldap3::LdapResult),
    /// It said no to the bind, and what is to be done about it.
    NoBind(ldap3::LdapResult, &'static str),
    /// What Kerberos says.
    Kerberos(String),
    /// The URL names no host.
    NoHost,
}

impl Trouble {
    pub fn words(&self) -> String {
        match self {
            Trouble::Io(error) => match tls_error(error) {
                Some(tls) => format!("TLS: {tls}"),
                None => error.to_string(),
            },
            Trouble::Fault(fault) => fault.to_string(),
            Trouble::Unasked => "the server sent an answer that nobody asked for".to_owned(),
            Trouble::Closed => "the server closed the connection".to_owned(),
            Trouble::Dismissed(result) => format!("the server hung up: {}", result_words(result)),
            Trouble::Silent(timeout) => format!("no answer within {timeout:?}"),
            Trouble::NoStartTls(result) | Trouble::NoBind(result, _) => result_words(result),
            Trouble::Kerberos(words) => format!("Kerberos: {words}"),
            Trouble::NoHost => "the URL names no server".to_owned(),
        }
    }

    /// The next step; empty where nothing helps.
    pub fn hint(&self) -> &'static str {
        match self {
            Trouble::Io(error) => match tls_error(error) {
                Some(rustls::Error::InvalidCertificate(cause)) => certificate_hint(cause),
                Some(_) => IS_IT_LDAPS,
                None if error.kind() == io::ErrorKind::UnexpectedEof => IS_IT_LDAPS,
                None => "check `urls`, the network and the firewall",
            },
            Trouble::Fault(Fault::NoMessage) | Trouble::Closed => {
                "is this port one of LDAPS? then the URL starts with `ldaps://`"
            }
            Trouble::Silent(_) => "check `urls`, the network and the firewall, or raise `timeout`",
            Trouble::NoStartTls(_) => "the server may offer no StartTLS: try an `ldaps://` URL",
            Trouble::NoBind(_, hint) => hint,
            Trouble::Kerberos(words) => kerberos_hint(words),
            Trouble::NoHost => "write it as ldaps://dc1.example.com",
            Trouble::Fault(_) | Trouble::Unasked | Trouble::Dismissed(_) => "",
        }
    }
}

const IS_IT_LDAPS: &str = "is this port one of LDAPS? an `ldap://` URL goes with `start_tls = true`";

/// A result code with its name and what the server said to it.
pub fn result_words(result: &ldap3::LdapResult) -> String {
    // Its own words are `rc=49 (invalidCredentials), dn: "", text: ""`.
    let shown = result.to_string();
    let name = shown.split(['(', ')']).nth(1).unwrap_or("unknown").to_owned();
    let said = result.text.trim_end_matches('\0').trim();
    if said.is_empty() {
        format!("result code {} ({name})", result.rc)
    } else {
        format!("result code {} ({name}): {said}", result.rc)
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "of a foreign error, what is not told apart goes by its own words"
)]
fn certificate_hint(cause: &rustls::CertificateError) -> &'static str {
    match cause {
        rustls::CertificateError::UnknownIssuer | rustls::CertificateError::BadSignature => {
            "if it is your own authority: ca_file = \"/path/to/ca.pem\""
        }
        rustls::CertificateError::NotValidForName
        | rustls::CertificateError::NotValidForNameContext { .. } => {
            "write the URL with a name that the certificate bears"
        }
        rustls::CertificateError::Expired | rustls::CertificateError::ExpiredContext { .. } => {
            "the server's certificate has expired: renew it there"
        }
        _ => "see the server's certificate with `openssl s_client -showcerts`",
    }
}

/// MIT Kerberos names its errors in sentences alone.
fn kerberos_hint(words: &str) -> &'static str {
    let told = |sentence: &str| words.contains(sentence);
    if told("not found in Kerberos database") {
        "the URL names the server as its service principal `ldap/HOST` does: no alias, no address"
    } else if told("redentials cache") || told("No credentials") || told("No Kerberos credentials") {
        "get a ticket with `kinit`, or name a keytab in the environment: `KRB5_CLIENT_KTNAME=/etc/seatsync.keytab`"
    } else if told("expired") {
        "get a new ticket with `kinit`, or name a keytab in the environment: `KRB5_CLIENT_KTNAME=/etc/seatsync.keytab`"
    } else if told("Clock skew") {
        "the clocks of this machine and of the domain controller differ: set them by NTP"
    } else if told("Cannot find KDC") || told("Cannot contact any KDC") {
        "check the realm in `/etc/krb5.conf`, and that port 88 of the domain controllers can be reached"
    } else {
        "see what Kerberos does with `KRB5_TRACE=/dev/stderr`"
    }
}

fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}
