//! What tools of this kind did wrong, told as it must go here. The numbers are those of the incidents: each happened
//! to a real tool.

mod absence;
mod active_directory;
mod approvals;
mod half_read;
mod names;
mod others;
mod refusals;
#[path = "../support/mod.rs"]
mod support;
