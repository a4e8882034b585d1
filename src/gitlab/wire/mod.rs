//! The shapes in which GitLab answers, as written; what they mean is decided where they are used.

pub mod gid;
pub mod graphql;
pub mod nullable;
pub mod rest;
