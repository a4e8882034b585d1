//! Runs a program and tells how long it took and how much memory it had at most.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::process::TaskError;

/// One run of a program.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) wall: Duration,
    /// The most memory that was resident.
    pub(crate) peak_kib: u64,
    /// What it said on standard error.
    said: String,
}

/// Runs it to its end; what it prints is thrown away.
pub(crate) fn measure(command: &mut Command, folder: &Path) -> Result<Measured, TaskError> {
    let path = folder.join("stderr");
    let failed = |doing| {
        let path = path.clone();
        move |cause| TaskError::File { doing, path, cause }
    };
    let stderr = File::create(&path).map_err(failed("create"))?;
    let program = command.get_program().to_string_lossy().into_owned();
    let began = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(stderr)
        .spawn()
        .map_err(|cause| TaskError::Start { program: program.clone(), cause })?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kib = 0;
    let exit = loop {
        // The kernel keeps the peak itself; a look every millisecond misses at most what the last one brought.
        peak_kib = peak(&status).unwrap_or(peak_kib);
        match child.try_wait() {
            Ok(Some(exit)) => break exit,
            Ok(None) => thread::sleep(Duration::from_millis(1)),
            Err(cause) => return Err(TaskError::Start { program, cause }),
        }
    };
    let wall = began.elapsed();
    let said = fs::read_to_string(&path).map_err(failed("read"))?;
    if exit.success() {
        Ok(Measured { wall, peak_kib, said })
    } else {
        Err(TaskError::Refused(format!("`{program}` failed ({exit}): {said}")))
    }
}

/// The run that took the least time: the others were held up by something else.
pub(crate) fn best(runs: Vec<Measured>) -> Measured {
    runs.into_iter().min_by_key(|run| run.wall).expect("there is at least one round")
}

impl Measured {
    /// Both after each other, as one.
    pub(crate) fn followed_by(self, next: Measured) -> Measured {
        Measured {
            wall: self.wall + next.wall,
            peak_kib: self.peak_kib.max(next.peak_kib),
            said: self.said + &next.said,
        }
    }

    /// How long seatsync says that reading the directory took, which it does while it reads GitLab.
    pub(crate) fn source_read(&self) -> Option<Duration> {
        self.number("\"source read\"", "\"seconds\":").map(Duration::from_secs_f64)
    }

    /// A number of the first line of its log that holds these words.
    pub(crate) fn number(&self, words: &str, key: &str) -> Option<f64> {
        let line = self.said.lines().find(|line| line.contains(words))?;
        let number = line.split_once(key)?.1;
        let end = number.find([',', '}'])?;
        number[..end].parse().ok()
    }
}

/// The kernel's own record of the peak (proc_pid_status(5)).
pub(crate) fn peak(status: &str) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
