//! People and their groups in a CSV file.

pub mod config;
pub mod source;
