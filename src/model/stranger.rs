//! Members of a directory's groups who belong to another directory: not known yet, or known by another source.

use crate::model::group::{GroupRef, Member, NestingPath};
use crate::model::person::SourceName;

/// A member whom a source names but does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
    /// The group that was asked for.
    pub group: GroupRef,
    /// The DN, as that group spells it; of somebody of another forest, the DN of Active Directory's stand-in, whose
    /// name is their SID.
    pub name: Box<str>,
    /// The way to the group that names them.
    pub path: NestingPath,
}

/// A person of one source in a group of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guest {
    /// The group that was asked for.
    pub group: GroupRef,
    /// The source that knows the person.
    pub home: SourceName,
    /// The place is that among the people of `home`.
    pub member: Member,
}
