//! What can go wrong with a directory, in words, and what to do about it.

use std::io;
use std::path::PathBuf;

use crate::ports::EdgeError;

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
            LdapError::File { .. } | LdapError::Tls(_) | LdapError::TooLong { .. } => None,
        };
        EdgeError::new(error).hinting(hint.unwrap_or_default())
    }
}

fn pem_label(what: &str) -> &'static str {
    if what == "key" { "PRIVATE KEY" } else { "CERTIFICATE" }
}

/// What `ldap3` reports, in words: it repeats its causes, and buries those of TLS.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "of a foreign error, what is not told apart goes by its own words"
)]
pub fn words(error: &ldap3::LdapError, timeout: std::time::Duration) -> String {
    match error {
        ldap3::LdapError::LdapResult { result } => result_words(result),
        ldap3::LdapError::Io { source } => match tls_error(source) {
            Some(tls) => format!("TLS: {tls}"),
            None => source.to_string(),
        },
        ldap3::LdapError::Timeout { .. } => format!("no answer within {timeout:?}"),
        ldap3::LdapError::EndOfStream
        | ldap3::LdapError::ResultRecv { .. }
        | ldap3::LdapError::OpSend { .. }
        | ldap3::LdapError::IdScrubSend { .. } => "the server closed the connection".to_owned(),
        ldap3::LdapError::FilterParsing => "the filter is malformed".to_owned(),
        other => other.to_string(),
    }
}

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

/// The next step after a server could not be reached.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "of a foreign error, what is not told apart goes by its own words"
)]
pub fn connect_hint(error: &ldap3::LdapError, start_tls: bool) -> &'static str {
    match error {
        ldap3::LdapError::Io { source } => match tls_error(source) {
            Some(rustls::Error::InvalidCertificate(cause)) => certificate_hint(cause),
            Some(_) => "is this port one of LDAPS? an `ldap://` URL goes with `start_tls = true`",
            None if source.kind() == io::ErrorKind::UnexpectedEof => {
                "is this port one of LDAPS? an `ldap://` URL goes with `start_tls = true`"
            }
            None => "check `urls`, the network and the firewall",
        },
        ldap3::LdapError::Timeout { .. } => "check `urls`, the network and the firewall, or raise `timeout`",
        ldap3::LdapError::LdapResult { .. } if start_tls => {
            "the server may offer no StartTLS: try an `ldaps://` URL"
        }
        ldap3::LdapError::ResultRecv { .. } => {
            "is this port one of LDAPS? then the URL starts with `ldaps://`"
        }
        _ => "",
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

/// The next step after a bind was refused.
pub fn bind_hint(result: &ldap3::LdapResult) -> &'static str {
    // Active Directory tells more in the text, as `data 532` (MS-ERREF, Win32 codes in hexadecimal).
    let told = |code: &str| result.text.contains(&format!("data {code},"));
    match result.rc {
        49 if told("532") => "the password has expired: set a new one",
        49 if told("533") => "the account is disabled",
        49 if told("701") => "the account has expired",
        49 if told("773") => "the password must be changed before first use",
        49 if told("775") => "the account is locked out",
        49 => "check the DN and the password in `bind`",
        8 | 13 => "the server wants encryption: use an `ldaps://` URL or `start_tls = true`",
        48 | 53 => "the server does not allow this kind of `bind`",
        7 => "the server does not offer this kind of `bind`",
        _ => "",
    }
}

fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}
