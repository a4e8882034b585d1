//! The run: observe, plan, apply.

pub mod apply;
pub mod batch;
pub mod notebook;
pub mod observe;
