//! An independent judge of plans, the worlds they are made for, and what comes after them.

pub(crate) mod afterwards;
pub(crate) mod drafts;
pub(crate) mod entitlement;
pub(crate) mod faults;
pub(crate) mod part;
pub(crate) mod plants;
