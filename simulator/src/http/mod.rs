//! The world over HTTP: who may in, what goes wrong on the way, and a record of it all.

mod control;
pub mod faults;
mod gate;
mod graphql;
pub mod requests;
pub mod server;
mod site;
pub(crate) mod throttle;
mod wire;
