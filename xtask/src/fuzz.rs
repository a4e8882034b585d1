//! Runs every fuzz target for a while.

use std::fs;

use crate::process::{TaskError, program, root, run, say, succeeds};

/// What is new is kept in `fuzz/found`, what fails in `fuzz/artifacts`: a failure's file goes into `fuzz/corpus` with its
/// repair, and is then tested for ever.
pub(crate) fn fuzz(seconds: u32) -> Result<(), TaskError> {
    if !succeeds(program("cargo").args(["fuzz", "--version"])) {
        return Err(TaskError::Refused(
            "fuzzing needs nightly and cargo-fuzz\n\
             hint: rustup toolchain install nightly && cargo install --locked cargo-fuzz"
                .to_owned(),
        ));
    }
    for target in targets()? {
        say(&format!("\n{target}"));
        let found = format!("fuzz/found/{target}");
        let corpus = format!("fuzz/corpus/{target}");
        let folder = root().join(&found);
        fs::create_dir_all(&folder).map_err(|cause| TaskError::File {
            doing: "make",
            path: folder,
            cause,
        })?;
        // `+nightly` is rustup's, which the cargo that runs this task has left behind.
        run(program("cargo")
            .env_remove("RUSTUP_TOOLCHAIN")
            .env_remove("CARGO")
            .args(["+nightly", "fuzz", "run", &target, &found, &corpus, "--"])
            .args([&format!("-max_total_time={seconds}"), "-rss_limit_mb=4096", "-timeout=10"]))?;
    }
    Ok(())
}

/// In the order of their names.
fn targets() -> Result<Vec<String>, TaskError> {
    let path = root().join("fuzz/fuzz_targets");
    let failed = |cause| TaskError::File { doing: "read", path: path.clone(), cause };
    let mut names = Vec::new();
    for file in fs::read_dir(&path).map_err(failed)? {
        let path = file.map_err(failed)?.path();
        names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}
