//! The run: observe, plan, apply.
