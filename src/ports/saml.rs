//! What proving one's groups needs of the world: a place to keep what was said, and a door to bring it to.

use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

use crate::model::person::SourceName;
use crate::model::testimony::{Believed, Hearing, ProvenGroups};
use crate::ports::EdgeError;

/// Keeps what identity providers say of people, beside whoever runs. Each of these is done whole or not at all.
pub trait Testimonies: Send + Sync {
    /// What a source was told; nothing, where there is no state.
    fn hearing<'a>(&'a self, source: &'a SourceName) -> BoxFuture<'a, Result<Hearing, EdgeError>>;

    /// People can be heard now. Says so every now and then; after a longer break it counts anew since when.
    fn attend<'a>(
        &'a self,
        source: &'a SourceName,
        now: Timestamp,
        terms: Terms,
    ) -> BoxFuture<'a, Result<(), EdgeError>>;

    /// Remembers a request of ours until somebody answers it, or until then.
    fn expect<'a>(
        &'a self,
        source: &'a SourceName,
        request: &'a str,
        now: Timestamp,
        until: Timestamp,
    ) -> BoxFuture<'a, Result<Expectation, EdgeError>>;

    /// Takes in what is believed, unless it was before.
    fn take_in<'a>(
        &'a self,
        source: &'a SourceName,
        now: Timestamp,
        believed: &'a Believed,
    ) -> BoxFuture<'a, Result<TakenIn, EdgeError>>;
}

/// How long things are kept and missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Of a break within which nobody was kept away for long.
    pub longest_break: SignedDuration,
    /// Older words are forgotten.
    pub keep: SignedDuration,
}

/// See [`Testimonies::expect`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expectation {
    Noted,
    /// So many requests wait already that somebody must be making them up.
    TooMany,
}

/// See [`Testimonies::take_in`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenIn {
    New,
    /// The same assertion was taken in before.
    Replayed,
    /// It answers a request that is none of ours, or that waits no more.
    NotAsked,
}

/// Where people of one source prove their groups.
pub trait Door: Send + Sync {
    fn source(&self) -> &SourceName;

    /// What the identity provider needs to know of us, as metadata of SAML 2.0.
    fn metadata(&self) -> String;

    /// Says that people can be heard.
    fn attend(&self) -> BoxFuture<'_, Result<(), EdgeError>>;

    /// The address to which a browser goes to prove something.
    fn invite(&self) -> BoxFuture<'_, Result<Invitation, EdgeError>>;

    /// Takes what was brought, if it is believed.
    fn admit(&self, message: Vec<u8>, brought: Brought) -> BoxFuture<'_, Result<Admitted, NotAdmitted>>;

    /// Asks the identity provider anew about people of whom nothing was heard for long; `None` where it never is.
    fn ask(&self) -> BoxFuture<'_, Result<Option<Asked>, EdgeError>>;
}

/// See [`Door::invite`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invitation {
    Go { address: String },
    TooMany,
}

/// How something was brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Brought {
    /// A browser, in base64.
    ByBrowser,
    /// As a file, in base64 or as it is.
    AsFile,
}

/// What was proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// How reports name the person.
    pub person: String,
    pub groups: ProvenGroups,
    pub until: Timestamp,
}

/// Why nothing was proven.
#[derive(Debug, thiserror::Error)]
pub enum NotAdmitted {
    /// `key` never changes.
    #[error("{because}")]
    Refused { key: &'static str, because: String },
    #[error(transparent)]
    Failed(#[from] EdgeError),
}

/// What came of asking; of each person one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Asked {
    pub answered: u64,
    pub refused: u64,
    pub unreached: u64,
}
