//! The simulator against the facts of GitLab's API, over HTTP.

mod errors;
mod faults;
mod files;
mod lists;
mod rest;
mod seats;
mod support;
