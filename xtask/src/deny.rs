//! Licences, advisories, sources and bans of the dependencies, by cargo-deny.

use crate::process::{TaskError, cargo, run, succeeds};

pub(crate) fn deny() -> Result<(), TaskError> {
    if !succeeds(&mut cargo(&["deny", "--version"])) {
        return Err(TaskError::Refused(
            "cargo-deny looks at the dependencies, and is not installed\nhint: cargo install --locked cargo-deny"
                .to_owned(),
        ));
    }
    run(&mut cargo(&["deny", "--workspace", "--locked", "check"]))
}
