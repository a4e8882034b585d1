//! What the program needs from the world; the edges implement it, the run uses it.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt as _};
use jiff::Timestamp;

use crate::model::account::{Account, AccountId};
use crate::model::account_query::AccountQuery;
use crate::model::add_on::AddOn;
use crate::model::approval::Warrant;
use crate::model::group::GroupRef;
use crate::model::holding::{Change, Memory, SeatKey};
use crate::model::notice::{Letter, Notice, Parcel, Watch};
use crate::model::outcome::Outcome;
use crate::model::person::{Person, SourceName};
use crate::model::plan::Bookkeeping;
use crate::model::purchase::{Purchase, PurchaseId, SeatReading};
use crate::model::snapshot::{Coverage, Snapshot, SourceKind};

pub mod roster;
pub mod saml;

/// The error of an edge: what was being done, the chain of causes below it, and the next step where there is one.
#[derive(Debug)]
pub struct EdgeError {
    /// Shown as `hint: …`; empty where nothing helps.
    pub hint: String,
    cause: Box<dyn Error + Send + Sync>,
}

impl fmt::Display for EdgeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(formatter)
    }
}

impl Error for EdgeError {
    /// What lies below: the first link of the chain is what this error itself shows.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.source()
    }
}

impl EdgeError {
    pub fn new(cause: impl Error + Send + Sync + 'static) -> EdgeError {
        EdgeError { hint: String::new(), cause: Box::new(cause) }
    }

    pub fn hinting(mut self, hint: impl Into<String>) -> EdgeError {
        self.hint = hint.into();
        self
    }

    /// What went wrong, where it is of this kind.
    pub fn cause<E: Error + 'static>(&self) -> Option<&E> {
        self.cause.downcast_ref()
    }

    /// The whole chain and the next step, in one line.
    pub fn in_one_line(&self) -> String {
        let hint = if self.hint.is_empty() { String::new() } else { format!("; hint: {}", self.hint) };
        format!("{}{hint}", self.chain())
    }

    /// The whole chain in one line, `: ` between its links.
    pub fn chain(&self) -> String {
        let mut words = self.cause.to_string();
        let mut below = self.cause.source();
        while let Some(cause) = below {
            words.push_str(": ");
            words.push_str(&cause.to_string());
            below = cause.source();
        }
        words
    }
}

/// One directory.
pub trait Source: Send + Sync {
    fn name(&self) -> &SourceName;
    fn kind(&self) -> SourceKind;

    /// Reads the groups that rules name and the people in them. An error means that nothing is known; whatever is
    /// known only in part says so in the snapshot.
    fn read<'a>(&'a self, wanted: &'a [GroupRef]) -> BoxFuture<'a, Result<Snapshot, EdgeError>>;

    /// Who the members are that groups of other sources name by these DNs (or by those of Active Directory's stand-ins,
    /// which hold a SID): one answer each.
    fn identify<'a>(&'a self, names: &'a [Box<str>]) -> BoxFuture<'a, Vec<Identified>> {
        async { vec![Identified::Unknown; names.len()] }.boxed()
    }

    /// Whoever answers to this, as [`Person::answers_to`] says, in whichever group or none; of those who may have a seat. An
    /// error means that there may be others.
    fn find<'a>(&'a self, asked: &'a str) -> BoxFuture<'a, Result<Vec<Arc<Person>>, EdgeError>>;

    /// Who answers, and what is wrong at first sight, for `seatsync check`; reads next to nothing.
    fn probe(&self) -> BoxFuture<'_, Result<Probe, EdgeError>>;
}

/// Who somebody is whom another source's group names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identified {
    /// Nobody of this source.
    Unknown,
    /// The person; or everyone in the group, each with the names of the groups from that one down; or nobody, where it is an
    /// account that may not be used.
    Known {
        people: Vec<(Arc<Person>, Vec<Box<str>>)>,
        /// Complete, where they are all.
        coverage: Coverage,
    },
    /// It would be of this source, but nobody can tell who.
    Unread { because: String },
}

/// What a source keeps of a reading, so that the next one asks only for what has changed.
#[derive(Clone, PartialEq, Eq)]
pub struct Remembered {
    /// Stands for what was to be read; for anything else it is of no use.
    pub fingerprint: String,
    /// When all was read last.
    pub read_whole_at: Timestamp,
    /// Only the source understands it. It holds what the directory says of people.
    pub data: Vec<u8>,
}

/// What the readings of earlier runs left, and what those of this one would leave.
pub trait Readings: Send + Sync {
    fn recall(&self, source: &SourceName) -> Option<Arc<Remembered>>;
    /// Whether it is kept is for the run to say.
    fn remember(&self, source: &SourceName, remembered: Remembered);
}

/// What was learnt from a directory at first sight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// What was opened: a URL or a file.
    pub place: String,
    /// The product, as far as it tells: `OpenLDAP`, `Active Directory`, or its vendor's name and version.
    /// `None` where nobody answered, which `trouble` then tells.
    pub product: Option<String>,
    /// Each in one sentence: bases that do not exist or may not be read.
    pub trouble: Vec<String>,
}

/// Reads purchases and holders.
pub trait SeatReader {
    /// The purchases of these add-ons and all their holders.
    fn seats(&self, add_ons: &[AddOn]) -> impl Future<Output = Result<SeatReading, EdgeError>> + Send;

    /// One purchase as it is now, with its holders; `None` where it is no longer active or no longer shown to us.
    fn reread(
        &self,
        add_on: AddOn,
    ) -> impl Future<Output = Result<Option<(Purchase, Vec<AccountId>)>, EdgeError>> + Send;

    /// Why GitLab says that a purchase does not exist or may not be touched, told apart by reading: one sentence with
    /// the next step.
    fn diagnose(&self, purchase: &Purchase) -> impl Future<Output = String> + Send;
}

/// Finds accounts.
pub trait AccountReader {
    /// The accounts that any step of these queries could mean, looked up one by one or listed, whichever is fewer
    /// calls. `eligible_accounts` is GitLab's own count, where it told.
    fn accounts(
        &self,
        queries: &[AccountQuery<'_>],
        eligible_accounts: Option<u64>,
    ) -> impl Future<Output = Result<Vec<Arc<Account>>, EdgeError>> + Send;

    /// The accounts of these numbers that GitLab still knows (of the members, where a top-level group is managed).
    fn numbered(
        &self,
        ids: &[AccountId],
    ) -> impl Future<Output = Result<Vec<Arc<Account>>, EdgeError>> + Send;
}

/// Changes seats. A dry run holds none.
pub trait SeatWriter {
    /// How many accounts one call may name: 100, or 50 before GitLab 17.6.
    fn batch_size(&self) -> usize;

    /// Sends one batch, retrying what is safe to retry until the deadline. Both changes are idempotent.
    fn write(
        &self,
        change: Change,
        purchase: &PurchaseId,
        accounts: &[AccountId],
    ) -> impl Future<Output = WriteAnswer> + Send;
}

/// What GitLab answered to one batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteAnswer {
    /// All of it is as wanted; `assigned` is GitLab's count of seats held afterwards, where it told.
    Done { assigned: Option<u32> },
    /// `NO_ASSIGNMENTS_FOUND`: none of them held a seat.
    NothingToRemove,
    /// `INVALID_USER_ID_PRESENT`: at least one of them may have no seat; none was given one.
    InvalidAccount,
    /// `NOT_ENOUGH_SEATS`: none was given one.
    NotEnoughSeats,
    /// The ambiguous top-level error: an ended purchase, a missing scope or a lost role. See [`SeatReader::diagnose`].
    NotAllowed,
    /// Another error in GitLab's words; trying again now would not help.
    Refused { because: String },
    /// GitLab could not be asked within the deadline, or its answer was lost; it may or may not have happened.
    Unanswered { because: String },
    /// GitLab was not asked at all: the budget or the deadline forbade it.
    NotSent { because: String },
}

/// A run in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunId(pub i64);

/// Remembers. What is about to be sent is written down before it is sent, so that a kill at any instant loses nothing.
pub trait Journal {
    /// Opens a run at `now`, and writes down who answers for it and what it remembers besides changes.
    fn begin(
        &self,
        now: Timestamp,
        opening: &Opening<'_>,
    ) -> impl Future<Output = Result<RunId, EdgeError>> + Send;

    /// These changes are about to be sent in one call. From here on the seats to assign are ours.
    fn intend(
        &self,
        run: RunId,
        now: Timestamp,
        changes: &[Intent],
    ) -> impl Future<Output = Result<(), EdgeError>> + Send;

    /// What came of changes, sent or not.
    fn settle(
        &self,
        run: RunId,
        now: Timestamp,
        outcomes: &[(Change, SeatKey, Outcome)],
    ) -> impl Future<Output = Result<(), EdgeError>> + Send;

    /// Returns once another run has taken over: nothing more is to be sent. Never, where that cannot happen.
    fn lost(&self) -> impl Future<Output = ()> + Send;

    /// The run is over.
    fn finish(
        &self,
        run: RunId,
        now: Timestamp,
        ended: &str,
    ) -> impl Future<Output = Result<(), EdgeError>> + Send;
}

/// What a run begins with.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// Of the changes that it is to carry out.
    pub digest: &'a str,
    pub bookkeeping: &'a Bookkeeping,
    /// The digest of everything that was observed.
    pub observation: &'a str,
    pub warrant: &'a Warrant,
}

/// One change about to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    pub change: Change,
    pub seat: SeatKey,
    pub person: Option<crate::model::person::PersonKey>,
    /// The verdict's reason code, for the history.
    pub because: &'static str,
    pub rule: Option<crate::model::rule::RuleName>,
}

/// Recalls what earlier runs left, changing nothing.
pub trait Recollection {
    /// The memory.
    fn recall(&self, now: Timestamp) -> impl Future<Output = Result<Memory, EdgeError>> + Send;
}

/// Carries parcels to their readers: by mail, to a webhook.
pub trait Carrier: Send + Sync {
    /// The name of [`Parcel::channel`].
    fn channel(&self) -> &str;

    /// What it would carry of a notice; `None` where it is not to.
    fn pack(&self, notice: &Notice, letter: &Letter, now: Timestamp) -> Option<Parcel>;

    /// Hands one parcel over, within bounded time.
    fn carry<'a>(&'a self, parcel: &'a Parcel) -> BoxFuture<'a, Result<(), NotCarried>>;
}

/// Why a parcel did not arrive.
#[derive(Debug)]
pub struct NotCarried {
    /// In words that hold no address and no secret.
    pub because: String,
    /// Whether trying again later may help. Where it is not known whether the parcel arrived, it does not.
    pub again: bool,
}

/// Parcels that wait to be sent; each is sent once, also after a restart.
pub trait Outbox {
    /// What was remembered with the last [`Outbox::post`].
    fn watch(&self) -> impl Future<Output = Result<Watch, EdgeError>> + Send;

    /// Takes in what was not posted before, and remembers the watch, both or neither.
    fn post(
        &self,
        now: Timestamp,
        parcels: &[Parcel],
        watch: &Watch,
    ) -> impl Future<Output = Result<(), EdgeError>> + Send;

    /// Takes out the next parcel that is due. Until it is settled nobody else gets it, also after a restart.
    fn take(&self, now: Timestamp) -> impl Future<Output = Result<Option<Posted>, EdgeError>> + Send;

    /// What became of a parcel that was taken out.
    fn settle(
        &self,
        posted: &Posted,
        fate: ParcelFate,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), EdgeError>> + Send;
}

/// A parcel taken out of the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    pub id: i64,
    pub parcel: Parcel,
    pub posted_at: Timestamp,
    /// How often it was tried before.
    pub attempts: u32,
}

/// See [`Outbox::settle`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParcelFate {
    Carried,
    /// To be tried again then.
    Again {
        at: Timestamp,
    },
    GivenUp,
}

/// Tells the time; the system's, or a test's.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// Told how far long work has come; a terminal shows it, nothing else does.
pub trait Progress: Send + Sync {
    /// `what` (for people, such as `ldap corp: people`) has reached `done`, of `total` where that is known.
    fn at(&self, what: &str, done: u64, total: Option<u64>);

    /// Takes away what is shown: something else is about to be printed.
    fn clear(&self);
}
