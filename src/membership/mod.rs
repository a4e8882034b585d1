//! Who is in a group, through nested ones or not: what sources make of the groups they have read; pure.

pub mod graph;
pub mod reading;
