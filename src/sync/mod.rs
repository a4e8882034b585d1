//! The run: observe, plan, apply.

pub mod apply;
pub mod batch;
pub mod introductions;
pub mod observe;
