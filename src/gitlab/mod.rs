//! GitLab's API: what it sold, who holds it, who is who; and, for an apply alone, changing it.

pub mod config;
