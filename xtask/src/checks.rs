//! The checks that CI and a person run, each by its own tool.

use std::time::Instant;

use crate::process::{TaskError, cargo, complain, run, say};
use crate::{deny, docs, setup};

/// All checks. One that fails does not hide what the others find.
pub(crate) fn ci() -> Result<(), TaskError> {
    let mut summary = String::new();
    let mut failed = Vec::new();
    let mut check = |name: &'static str, check: &dyn Fn() -> Result<(), TaskError>| {
        let began = Instant::now();
        let result = check();
        let verdict = if result.is_ok() { "ok" } else { "FAILED" };
        summary.push_str(&format!("{name:<20} {verdict:<7} {:>4.0} s\n", began.elapsed().as_secs_f64()));
        if let Err(error) = result {
            complain(&error);
            failed.push(name);
        }
    };
    check("format", &format);
    check("lints", &lints);
    check("tests", &test);
    check("generated documents", &|| docs::docs(true));
    check("dependencies", &deny::deny);
    say(&format!("\n{summary}"));
    if failed.is_empty() { Ok(()) } else { Err(TaskError::Refused(format!("failed: {}", failed.join(", ")))) }
}

/// The tests, on a machine that may have nothing but a Rust toolchain and a C compiler.
pub(crate) fn test() -> Result<(), TaskError> {
    setup::setup()?;
    run(&mut cargo(&["test", "--workspace", "--all-features", "--locked", "--no-fail-fast"]))
}

fn format() -> Result<(), TaskError> {
    run(&mut cargo(&["fmt", "--all", "--check"]))
}

fn lints() -> Result<(), TaskError> {
    let everything =
        ["clippy", "--workspace", "--all-features", "--all-targets", "--locked", "--", "-D", "warnings"];
    run(&mut cargo(&everything))
}
