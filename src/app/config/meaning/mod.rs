//! The configuration as meant, one section a file.

pub mod approval;
pub mod bind;
pub mod gitlab;
pub mod notify;
pub mod policy;
pub mod rules;
pub mod serve;
pub mod sign_in;
pub mod sources;
pub mod state;

#[cfg(test)]
mod tests;
