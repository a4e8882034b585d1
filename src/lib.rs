//! seatsync keeps GitLab add-on seats in step with a company's directory; this file is the map, in reading order.
//!
//! ```text
//! main -> app -> everything below
//!           sync                         -> planning, ports, model
//!           sources gitlab store signatures notify -> ports, model   never each other
//!           report, planning             -> model
//!           ports                        -> model
//! ```

pub mod model;

pub mod planning;
pub mod report;

pub mod ports;

pub mod gitlab;
pub mod notify;
pub mod signatures;
pub mod sources;
pub mod store;

pub mod sync;

pub mod app;
