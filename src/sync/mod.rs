//! The run: observe, plan, apply.

pub mod apply;
pub mod batch;
pub mod introductions;
pub mod notebook;
pub mod observe;
