//! seatsync keeps GitLab add-on seats in step with a company's directory; this file is the map, in reading order.
//!
//! ```text
//! main -> app -> everything below
//!           sync                         -> planning, ports, model
//!           sources gitlab store signatures notify provisioning -> ports, model   never each other
//!           sources gitlab               -> http; sources -> membership, scim_user
//!           report, planning             -> model
//!           ports, membership, scim_user -> model
//! ```

pub mod model;

pub mod membership;
pub mod planning;
pub mod report;
pub mod scim_user;

pub mod ports;

pub mod http;

pub mod gitlab;
pub mod notify;
pub mod provisioning;
pub mod signatures;
pub mod sources;
pub mod store;

pub mod sync;

pub mod app;
