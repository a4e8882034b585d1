//! Runs other programs from the root of the repository, wherever the task was started.

use std::env;
use std::error::Error as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

/// Why a task did not end well.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TaskError {
    #[error("failed to start `{program}`")]
    Start {
        program: String,
        #[source]
        cause: io::Error,
    },
    #[error("`{line}` failed ({status})")]
    Failed { line: String, status: ExitStatus },
    #[error("failed to {doing} `{}`", path.display())]
    File {
        doing: &'static str,
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("{0}")]
    Refused(String),
}

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// Where cargo builds.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |target| root().join(target))
}

/// The cargo that runs this task.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = program(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    // What cargo tells of this task is not to reach the build scripts of others: some (that of ring) build anew when it
    // changes, and so would everything after each task.
    for (name, _) in env::vars_os() {
        let about_us = ["CARGO_PKG_", "CARGO_MANIFEST_"]
            .iter()
            .any(|prefix| name.to_str().is_some_and(|name| name.starts_with(prefix)));
        if about_us {
            command.env_remove(name);
        }
    }
    command
}

pub(crate) fn program(name: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root());
    command
}

/// Shows the command and runs it; it writes where we write.
pub(crate) fn run(command: &mut Command) -> Result<(), TaskError> {
    say(&format!("$ {}", line(command)));
    let status = command.status().map_err(|cause| start(command, cause))?;
    if status.success() { Ok(()) } else { Err(TaskError::Failed { line: line(command), status }) }
}

/// What the command prints on its standard output.
pub(crate) fn output(command: &mut Command) -> Result<Vec<u8>, TaskError> {
    let output = command.stderr(io::stderr()).output().map_err(|cause| start(command, cause))?;
    let status = output.status;
    if status.success() { Ok(output.stdout) } else { Err(TaskError::Failed { line: line(command), status }) }
}

/// Whether the program exists and says yes, quietly.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// A line for the developer. Where standard error is closed, the exit code has to do.
pub(crate) fn say(line: &str) {
    let _: io::Result<()> = writeln!(io::stderr(), "{line}");
}

/// Says what went wrong, down to its cause.
pub(crate) fn complain(error: &TaskError) {
    let mut words = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(deeper) = cause {
        words.push(deeper.to_string());
        cause = deeper.source();
    }
    say(&format!("error: {}", words.join(": ")));
}

fn start(command: &Command, cause: io::Error) -> TaskError {
    TaskError::Start { program: name(command), cause }
}

/// The command as one would type it.
fn line(command: &Command) -> String {
    let arguments = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    [name(command)].into_iter().chain(arguments).collect::<Vec<_>>().join(" ")
}

fn name(command: &Command) -> String {
    let path = Path::new(command.get_program());
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
