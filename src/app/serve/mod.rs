//! `seatsync serve`: runs on a schedule, and one port to watch them.

pub mod schedule;
