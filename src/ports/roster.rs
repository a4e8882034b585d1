//! What identity providers push to us: who reads it, and who keeps it.

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use crate::model::group::GroupRef;
use crate::model::person::SourceName;
use crate::model::roster::{Edit, Edited, Entry, EntryKind, RosterReading, Selection};
use crate::ports::EdgeError;

/// Reads what an identity provider has pushed to us.
pub trait RosterReader: Send + Sync {
    /// At one instant: the groups, and who is in those that are wanted. The people in them are handed over one by one, since
    /// they may be many.
    fn read<'a>(
        &'a self,
        source: &'a SourceName,
        wanted: &'a [GroupRef],
        person: &'a mut (dyn FnMut(Entry) + Send),
    ) -> BoxFuture<'a, Result<RosterReading, EdgeError>>;

    /// Hands over all people, whether they are in a group or not.
    fn everyone<'a>(
        &'a self,
        source: &'a SourceName,
        person: &'a mut (dyn FnMut(Entry) + Send),
    ) -> BoxFuture<'a, Result<(), EdgeError>>;
}

/// Keeps what an identity provider pushes to us, beside whoever runs. An edit is whole or not at all, and on the disk once
/// it is answered.
pub trait RosterWriter: Sync {
    fn entries(
        &self,
        source: &SourceName,
        kind: EntryKind,
        wanted: &Selection,
    ) -> impl Future<Output = Result<Vec<Entry>, EdgeError>> + Send;

    /// How many entries there are.
    fn size(
        &self,
        source: &SourceName,
        kind: EntryKind,
    ) -> impl Future<Output = Result<u64, EdgeError>> + Send;

    /// The members of a group, sorted; of `among` alone, where it is given. Each with what kind it is of, if it is here.
    fn members(
        &self,
        source: &SourceName,
        group: &str,
        among: Option<&[String]>,
    ) -> impl Future<Output = Result<Vec<(String, Option<EntryKind>)>, EdgeError>> + Send;

    fn edit(
        &self,
        source: &SourceName,
        now: Timestamp,
        edit: &Edit,
    ) -> impl Future<Output = Result<Edited, EdgeError>> + Send;

    /// The provider asked for this entry, which is not here. Was it never, then we have lost something.
    fn missed(
        &self,
        source: &SourceName,
        now: Timestamp,
        id: &str,
    ) -> impl Future<Output = Result<(), EdgeError>> + Send;
}
