//! The GitLab client against the simulator: what it reads, what it writes, and how few requests it takes.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod accounts;
mod certificates;
mod fakes;
mod group;
mod logs;
mod seats;
mod support;
mod tokens;
mod trouble;
mod writing;
