//! Tells people: by mail and to webhooks, out of an outbox, so that nothing is sent twice and nobody waits for a mail
//! server.

pub mod config;
pub mod delivery;
pub mod mail;
pub mod webhook;
