//! Approvals: plan files, the signatures under them, and how much of that the configuration asks for.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::model::holding::{Change, SeatKey};
use crate::model::plan::Digest;

/// `[approval]`: what an apply that changes anything must bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalPolicy {
    /// Whether nothing but a signed plan file is an approval.
    pub required: bool,
    /// So many people must have signed.
    pub at_least: u32,
    /// Counted from when the plan was made: a signature of SSH carries no time of its own.
    pub valid_for: SignedDuration,
    /// Whether the signature of whoever runs the apply does not count.
    pub four_eyes: bool,
    /// Whether votes on the pages of the sidecar count where signatures are required.
    pub by_page: bool,
}

impl Default for ApprovalPolicy {
    fn default() -> ApprovalPolicy {
        ApprovalPolicy {
            required: false,
            at_least: 1,
            valid_for: SignedDuration::from_hours(3 * 24),
            four_eyes: false,
            by_page: false,
        }
    }
}

/// A plan as it was written to a file, and what else came with that file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanFile {
    /// `sha256:` and the digest of all bytes of the file: what was signed.
    pub fingerprint: String,
    pub made_at: Timestamp,
    pub digest: Digest,
    pub changes: BTreeSet<(Change, SeatKey)>,
    /// What the file says of whose seats they are; for people, and not believed.
    pub usernames: BTreeMap<SeatKey, Box<str>>,
    pub signatures: Vec<Signature>,
    pub medium: Medium,
    /// Who applies it, as far as is known.
    pub operator: Option<String>,
    /// The changes that were carried out under this very file before, and by which run: none is approved twice.
    pub done: BTreeMap<(Change, SeatKey), i64>,
}

impl PlanFile {
    /// A file with these changes, as it was read: without signatures, and never used before.
    pub fn new(
        fingerprint: String,
        made_at: Timestamp,
        changes: BTreeSet<(Change, SeatKey)>,
        usernames: BTreeMap<SeatKey, Box<str>>,
    ) -> PlanFile {
        PlanFile {
            fingerprint,
            made_at,
            digest: Digest::of(changes.iter().copied()),
            changes,
            usernames,
            signatures: Vec::new(),
            medium: Medium::File,
            operator: None,
            done: BTreeMap::new(),
        }
    }
}

/// How people approve a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// By signing the file, or by bringing it.
    File,
    /// By voting on the pages of the sidecar: the signatures are votes of people whom GitLab signed in.
    Page,
}

/// One signature that came with a plan file, and what checking it against the file's bytes gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The name of the file it was in.
    pub place: String,
    pub checked: Result<Signer, Unaccepted>,
}

/// Who signed, as the allowed signers say.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signer {
    /// Every name that this person has there, however many keys; the first is shown.
    pub names: BTreeSet<Box<str>>,
    /// `SHA256:…`, as `ssh-keygen -l` shows it.
    pub key: Box<str>,
}

impl Signer {
    pub fn name(&self) -> &str {
        self.names.first().map_or(&*self.key, |name| &**name)
    }
}

/// Why a signature counts for nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unaccepted {
    #[error("it is no SSH signature")]
    NoSignature,
    #[error("it was made for the namespace `{found}`, not for `seatsync`")]
    OtherNamespace { found: String },
    #[error("the key {key} signed something else: the plan, or the signature, was changed")]
    OtherContent { key: Box<str> },
    #[error("the key {key} is not among the allowed signers")]
    Stranger { key: Box<str> },
    #[error("the key {key} may sign only from {after} on")]
    NotYet { key: Box<str>, after: Timestamp },
    #[error("the key {key} might sign only before {before}")]
    NoLonger { key: Box<str>, before: Timestamp },
    #[error("the key {key} may not sign in the namespace `seatsync`")]
    OtherPurpose { key: Box<str> },
    #[error("nobody touched the security key {key}")]
    Untouched { key: Box<str> },
}

/// What is missing before a plan is approved as the configuration asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// There is no plan file that could be signed: only limits, a digest, or a yes.
    NoPlanFile,
    /// Votes on pages, where only signatures count.
    OnlyAPage,
    TooFewSigners {
        needed: u32,
        signers: Vec<Signer>,
    },
    Unaccepted {
        place: String,
        because: Unaccepted,
    },
    /// The signature of whoever runs the apply.
    OwnSignature {
        signer: Signer,
    },
    OperatorUnknown,
    Expired {
        made_at: Timestamp,
        valid_for: SignedDuration,
    },
    MadeInFuture {
        made_at: Timestamp,
    },
}

/// Who answers for a run, as it is written down: ids alone, no names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warrant {
    /// `limits`, `digest`, `file` or `page`.
    pub kind: &'static str,
    /// The fingerprint of the plan file.
    pub file: Option<String>,
    /// Of the keys that signed it; `gitlab:7` for the account that voted for it.
    pub keys: Vec<Box<str>>,
}
