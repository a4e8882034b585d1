//! The port of the sidecar: probes, metrics, requests for runs.

pub mod bearer;
pub mod bounds;
pub mod desk;
pub mod health;
pub mod metrics;
pub mod plans;
pub mod routes;
pub mod runs;
pub mod saml;
pub mod scim;
pub mod server;
pub mod traced;
