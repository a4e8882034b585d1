//! The documents that are generated from the code.

use crate::process::{TaskError, cargo, run};

/// Writes them, or fails where one is out of date. The product writes its own in a test, so that these tasks need not
/// wait for it to be built.
pub(crate) fn docs(check: bool) -> Result<(), TaskError> {
    let mut test =
        cargo(&["test", "--quiet", "--locked", "--workspace", "--all-features", "--test", "documents"]);
    if !check {
        test.env("UPDATE_DOCS", "1");
    }
    run(&mut test)
}
