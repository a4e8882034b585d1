//! What finding groups and the people in them asks of a directory; a server and a file each answer it.

use std::collections::HashMap;

use futures_util::future::{BoxFuture, FutureExt as _};

use crate::model::distinguished_name::DistinguishedName;
use crate::model::group::GroupRef;
use crate::sources::ldap::decode::Primary;
use crate::sources::ldap::entry::Entry;
use crate::sources::ldap::sid::Sid;

/// A directory to ask.
pub trait Lookup: Sync {
    /// The groups that a reference could mean.
    fn groups<'a>(&'a self, reference: &'a GroupRef) -> BoxFuture<'a, GroupSearch>;

    /// The entries of these names: one fate for each place of `names`, in any order.
    fn named<'a>(
        &'a self,
        names: &'a [Name],
        settle: &'a mut (dyn FnMut(usize, Fate) + Send),
    ) -> BoxFuture<'a, ()>;

    /// The people of these usernames: one fate for each place of `usernames`, in any order.
    fn usernames<'a>(
        &'a self,
        usernames: &'a [Box<str>],
        settle: &'a mut (dyn FnMut(usize, Fate) + Send),
    ) -> BoxFuture<'a, ()>;

    /// The people whose primary group is this one, and why they may not be all.
    fn primary<'a>(&'a self, primary: &'a Primary) -> BoxFuture<'a, (Vec<Entry>, Option<String>)>;

    /// Why a group that shows no member may have some all the same.
    fn hidden_members<'a>(&'a self, _group: &'a str) -> BoxFuture<'a, Option<String>> {
        async { None }.boxed()
    }

    /// The names of the entries that have these SIDs, as far as there are any.
    fn sids<'a>(&'a self, sids: &'a [Sid]) -> BoxFuture<'a, Result<HashMap<Sid, Box<str>>, String>>;

    /// Whether people are looked for in this place.
    fn covers_person(&self, name: &DistinguishedName) -> bool;
}

/// A name to look up: as it was spelt, and as it is compared.
#[derive(Debug, Clone)]
pub struct Name {
    pub spelt: Box<str>,
    pub canonical: DistinguishedName,
}

/// What came of looking for a group.
#[derive(Debug)]
pub enum GroupSearch {
    /// The directory answered in full.
    Answered(Vec<Entry>),
    Failed {
        because: String,
    },
}

/// What became of one name.
#[derive(Debug)]
pub enum Fate {
    Found(Entry),
    /// It exists, and the configured filter leaves it out.
    LeftOut,
    /// The directory says that there is no such entry.
    Gone,
    /// It belongs to another directory.
    Outside,
    /// Nobody can tell.
    Hidden {
        because: String,
    },
}
