//! The state: what seatsync remembers between runs, in one SQLite file.
//!
//! Nothing here is needed to decide rightly: losing the file costs history and ownership marks, never a wrong seat.
//! It holds ids alone (account numbers, the directory's keys of people, names of rules and groups): no names of people,
//! no addresses, no secrets. The exception is asked for: of a source that is `incremental`, `readings` holds what its
//! directory says of the people in the groups that rules name. The file is its owner's alone. Whoever may write it can make seatsync believe that a seat is its own, so it belongs to the
//! account that seatsync runs as.

pub mod database;
pub mod error;
pub mod history;
pub mod holdings;
pub mod journal;
pub mod lock;
pub mod readings;
pub mod rows;
pub mod schema;

#[cfg(test)]
mod tests;
