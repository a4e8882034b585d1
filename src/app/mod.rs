//! Top floor: the program.

pub mod config;
