//! The pages under `/plans`: people whom GitLab signs in see the plan that waits, and approve or reject it.

pub mod answer;
pub mod archive;
pub mod cookies;
pub mod door;
pub mod forms;
pub mod plans;
pub mod reception;
pub mod routes;
pub mod secrets;
pub mod visitor;
pub mod votes;
