//! The commands, one file each.

pub mod apply;
pub mod approve;
pub mod asked;
pub mod audit;
pub mod check;
pub mod demo;
pub mod explain;
pub mod history;
pub mod new_token;
pub mod plan;
pub mod previous;
pub mod private_key;
pub mod roster;
pub mod runs;
pub mod saml;
pub mod undo;
pub mod what_if;
