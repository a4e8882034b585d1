//! The commands, one file each.

pub mod apply;
pub mod approved;
pub mod check;
pub mod demo;
pub mod explain;
pub mod history;
pub mod plan;
pub mod previous;
pub mod runs;
