//! The simulated GitLab without its HTTP: accounts, purchases, seats, tokens and the rules that bind them.

pub mod account;
pub mod application;
pub mod drift;
pub mod eligibility;
pub mod gid;
pub mod gitlab;
pub mod incident;
pub mod purchase;
pub mod seats;
pub mod settings;
pub mod token;
