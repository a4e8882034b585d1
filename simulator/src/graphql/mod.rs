//! GitLab's GraphQL endpoint: one request in, status and JSON out.

mod complexity;
mod connection;
pub mod endpoint;
mod errors;
mod inputs;
mod mutations;
mod objects;
mod queries;
pub mod request;
mod scene;
mod schema;
