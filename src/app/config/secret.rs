//! Where secrets come from: the environment, a file, a program or a systemd credential.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

/// Where one secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    Env(String),
    /// Absolute, or relative to the folder that seatsync was started in.
    File(PathBuf),
    /// A program and its arguments, started without a shell.
    Command(Vec<String>),
    /// A file of this name in `$CREDENTIALS_DIRECTORY` (systemd.exec(5), "Credentials").
    Credential(String),
}

/// Why there is no secret. None of these has any of it in its words.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("environment variable `{0}` is not set")]
    Unset(String),
    #[error("credential `{0}` was not given: `CREDENTIALS_DIRECTORY` is not set")]
    NoCredentials(String),
    #[error("failed to read `{}`", path.display())]
    File {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("failed to run `{program}`")]
    Run {
        program: String,
        #[source]
        cause: io::Error,
    },
    #[error("`{program}` failed: {status}")]
    Failed { program: String, status: std::process::ExitStatus },
    #[error("`{program}` did not answer within {} s", COMMAND_TIMEOUT.as_secs())]
    Slow { program: String },
    #[error("it is empty")]
    Empty,
    #[error("it is no text in UTF-8, or longer than {MOST_BYTES} bytes")]
    NoText,
}

const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);
const MOST_BYTES: usize = 64 * 1024;

impl SecretSource {
    /// Reads the secret, less the line feed at its end. `variable` looks up the environment.
    pub fn resolve(&self, variable: &dyn Fn(&str) -> Option<String>) -> Result<SecretString, SecretError> {
        let bytes = match self {
            SecretSource::Env(name) => {
                let value = variable(name).ok_or_else(|| SecretError::Unset(name.clone()))?;
                Zeroizing::new(value.into_bytes())
            }
            SecretSource::File(path) => read_file(path)?,
            SecretSource::Credential(name) => {
                let folder = variable("CREDENTIALS_DIRECTORY")
                    .ok_or_else(|| SecretError::NoCredentials(name.clone()))?;
                read_file(&Path::new(&folder).join(name))?
            }
            SecretSource::Command(command) => run(command)?,
        };
        if bytes.len() > MOST_BYTES {
            return Err(SecretError::NoText);
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| SecretError::NoText)?;
        let text = text.trim_end_matches(['\n', '\r']);
        if text.is_empty() { Err(SecretError::Empty) } else { Ok(SecretString::from(text.to_owned())) }
    }
}

/// The environment of this process.
#[expect(clippy::disallowed_methods, reason = "secrets may come from the environment; here alone it is read")]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn read_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    let failed = |cause| SecretError::File { path: path.to_owned(), cause };
    let file = File::open(path).map_err(failed)?;
    warn_of_readers(path, &file);
    read_whole(file).map_err(failed)
}

/// Not an error: in a container, whoever reads the file may already be alone.
#[cfg(unix)]
fn warn_of_readers(path: &Path, file: &File) {
    use std::os::unix::fs::PermissionsExt as _;
    let world_readable = file.metadata().is_ok_and(|about| about.permissions().mode() & 0o004 != 0);
    if world_readable {
        tracing::warn!(path = %path.display(), "everybody on this machine may read this secret: chmod o-r");
    }
}

#[cfg(not(unix))]
fn warn_of_readers(_: &Path, _: &File) {}

/// Reads at once into room that is never moved, so that no copy is left behind.
fn read_whole(reader: impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(MOST_BYTES + 2));
    reader.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn run(command: &[String]) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(SecretError::Empty);
    };
    let failed = |cause| SecretError::Run { program: program.clone(), cause };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let output = child.stdout.take().expect("its output was asked for");
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(read_whole(output)));
    let Ok(bytes) = receiver.recv_timeout(COMMAND_TIMEOUT) else {
        // It may have gone by itself meanwhile, which is as well.
        let _ = child.kill();
        let _ = child.wait();
        return Err(SecretError::Slow { program: program.clone() });
    };
    let bytes = bytes.map_err(failed)?;
    let status = child.wait().map_err(failed)?;
    if status.success() { Ok(bytes) } else { Err(SecretError::Failed { program: program.clone(), status }) }
}
