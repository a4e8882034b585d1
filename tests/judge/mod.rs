//! An independent judge of plans, the worlds they are made for, and what comes after them.

pub(crate) mod afterwards;
mod bench;
mod claimants;
pub(crate) mod drafts;
pub(crate) mod entitlement;
pub(crate) mod faults;
pub(crate) mod granting;
mod holders;
pub(crate) mod part;
pub(crate) mod plants;
mod priority;
