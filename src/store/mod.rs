//! The state: what seatsync remembers between runs, in one SQLite file or in a PostgreSQL database.
//!
//! Nothing here is needed to decide rightly: losing it costs history and ownership marks, never a wrong seat.
//! All SQL is written once, as both databases take it: `$1` for values, no function of one of them alone.
//!
//! It holds ids alone (account numbers, the directory's keys of people, names of rules and groups): no names of people,
//! no addresses, no secrets. The exceptions are asked for: of a source that is `incremental`, `readings` holds what its
//! directory says of the people in the groups that rules name; `rosters` hold what identity providers push to us,
//! `saml_testimonies` what they said of people; `outbox` holds letters until they are sent; where `[serve]` has a token or lets
//! people sign in, `plans` holds the latest plan and the one that waits, and `votes` what approvers said of it. A file is
//! its owner's alone. Whoever may write it can make seatsync believe that a seat is its own, so it belongs to the account
//! that seatsync runs as.

pub mod approvals;
pub mod audit;
pub mod beside;
pub mod bulk;
pub mod database;
pub mod error;
pub mod history;
pub mod holdings;
pub mod journal;
pub mod lead;
pub mod lock;
pub mod outbox;
pub mod place;
pub mod plans;
pub mod postgres;
pub mod readings;
pub mod roster;
pub mod roster_edits;
pub mod roster_reading;
pub mod rows;
pub mod schedules;
pub mod schema;
pub mod serving;
pub mod sessions;
pub mod sqlite;
pub mod testimonies;
pub mod testimony_text;
pub mod values;
pub mod votes;
