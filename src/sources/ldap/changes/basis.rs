//! Whether a reading may build on what is remembered, or must begin anew. Pure.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::model::group::GroupRef;
use crate::ports::Remembered;
use crate::sources::ldap::changes::codec;
use crate::sources::ldap::changes::memory::Memory;
use crate::sources::ldap::config::{Bind, LdapConfig};

/// Written into every fingerprint; raised with every change of what is remembered or of what it means.
const FORMAT: &str = "1";

/// Whatever changes told has missed, for a reason that nobody thought of, is put right after so long.
const OLDEST: SignedDuration = SignedDuration::from_hours(24);

/// Why a directory is read whole although changes are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whole {
    /// Nothing is remembered.
    First,
    /// What is to be read is configured otherwise than it was.
    Configured,
    /// The last time was a day ago, or is yet to come.
    Due,
    /// What was remembered is not what was written.
    Damaged,
    /// Another server answers than the one that gave the cookies.
    OtherServer,
    /// The server does not take its cookie any more, or told of changes in a way that we do not understand.
    Refused { because: String },
    /// Something that people are in was renamed, moved or deleted.
    ContainerMoved,
    /// This directory, read like this, can tell no changes that we could rely on.
    Never { because: String },
}

/// For the log: no names of anybody.
impl fmt::Display for Whole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Whole::First => "nothing is remembered yet",
            Whole::Configured => "the configuration changed",
            Whole::Due => "a day has passed since the last time",
            Whole::Damaged => "what was remembered is damaged",
            Whole::OtherServer => "another server answers than the last time",
            Whole::Refused { because } => return write!(f, "the changes were refused: {because}"),
            Whole::ContainerMoved => "a container of people was renamed, moved or deleted",
            Whole::Never { because } => because,
        })
    }
}

/// What is remembered, and when the source was last read whole; or why that is of no use.
pub fn basis(
    remembered: Option<&Remembered>,
    fingerprint: &str,
    server: &str,
    now: Timestamp,
) -> Result<(Memory, Timestamp), Whole> {
    let remembered = remembered.ok_or(Whole::First)?;
    if remembered.fingerprint != fingerprint {
        return Err(Whole::Configured);
    }
    let age = now.duration_since(remembered.read_whole_at);
    if age.is_negative() || age >= OLDEST {
        return Err(Whole::Due);
    }
    let memory = codec::decode(&remembered.data).ok_or(Whole::Damaged)?;
    if memory.server != server {
        return Err(Whole::OtherServer);
    }
    Ok((memory, remembered.read_whole_at))
}

/// Stands for everything that decides what is read, secrets excepted.
pub fn fingerprint(config: &LdapConfig, wanted: &[GroupRef]) -> String {
    let mut hasher = Sha256::new();
    let mut add = |text: &str| {
        hasher.update(text.len().to_be_bytes());
        hasher.update(text);
    };
    add(FORMAT);
    add(&format!("{:?}", config.urls));
    match &config.bind {
        Bind::Simple { dn, password: _ } => add(dn),
        Bind::Anonymous => add("anonymous"),
        Bind::External { client_certificate } => add(&format!("{client_certificate:?}")),
        Bind::Gssapi { principal } => add(&format!("{principal:?}")),
    }
    for base in [&config.base_dn, &config.group_base_dn, &config.person_base_dn] {
        add(base);
    }
    for filter in [&config.group_filter, &config.person_filter] {
        add(filter.as_deref().unwrap_or_default());
    }
    add(&format!("{:?}", config.directory));
    let mut wanted: Vec<&GroupRef> = wanted.iter().collect();
    wanted.sort_unstable();
    add(&format!("{wanted:?}"));
    data_encoding::HEXLOWER.encode(&hasher.finalize())
}
