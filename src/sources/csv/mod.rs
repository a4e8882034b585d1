//! People and their groups in a CSV file.

pub mod config;
pub mod decode;
pub mod error;
pub mod source;

#[cfg(test)]
mod tests;
