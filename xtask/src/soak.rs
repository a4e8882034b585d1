//! Runs the soak for longer than the tests do.

use crate::process::{TaskError, cargo, root, run};

/// Prints its figures: how the runs ended, what is in the journal and the record, and the memory at each tenth.
pub(crate) fn soak(runs: u32) -> Result<(), TaskError> {
    run(cargo(&["test", "--all-features", "--test", "soak", "--", "--nocapture", "whatever_fails"])
        .current_dir(root())
        .env("SEATSYNC_SOAK_RUNS", runs.to_string()))
}
