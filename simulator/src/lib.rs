//! A GitLab that sells seats: its add-on API over HTTP, for rehearsals and tests.
//!
//! In reading order: [`world`] is GitLab without its HTTP, [`graphql`] and `rest` answer requests about it, `oauth` signs people in,
//! [`http`] carries them, throttles, breaks and records them, and [`world_file`] keeps a world in TOML.
//! Start at [`world::gitlab::World`] and [`http::server::Simulator`].

pub mod graphql;
pub mod http;
mod oauth;
mod rest;
pub mod world;
pub mod world_file;
