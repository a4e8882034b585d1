//! The GitLab client against the simulator: what it reads, what it writes, and how few requests it takes.

mod accounts;
mod certificates;
mod fakes;
mod group;
mod seats;
mod support;
mod tokens;
mod trouble;
mod writing;
