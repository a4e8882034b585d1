//! First floor: the pure verbs that turn what was observed into a plan, one file a decision.

pub mod condition;
pub mod input;
pub mod rules;
