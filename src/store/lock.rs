//! One run at a time: a lock of the operating system, which dies with the process that holds it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::store::error::StoreError;
use crate::store::place::Place;

/// The right to change the state; held until it is dropped, or its process is gone.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

impl RunLock {
    /// Takes the lock `STATE.lock`, or says who has it. `now` is written into it for whoever comes second.
    pub fn acquire(state: &Path, now: Timestamp) -> Result<RunLock, StoreError> {
        let path = lock_path(state);
        let failed = |cause| StoreError::Lock { path: path.clone(), cause };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Taken {
                    place: Place::File(state.to_owned()),
                    holder: holder(&mut file),
                });
            }
            Err(TryLockError::Error(cause)) => return Err(failed(cause)),
        }
        write_holder(&mut file, now).map_err(failed)?;
        Ok(RunLock { _file: file })
    }
}

/// The file beside the state. It stays where it is: removing it would let two runs lock two files of one name.
fn lock_path(state: &Path) -> PathBuf {
    let mut path = state.as_os_str().to_owned();
    path.push(".lock");
    PathBuf::from(path)
}

fn write_holder(file: &mut File, now: Timestamp) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "process {}, since {now}", std::process::id())
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    match file.read_to_string(&mut text) {
        Ok(_) if !text.trim().is_empty() => text.trim().to_owned(),
        Ok(_) | Err(_) => "it does not say which".to_owned(),
    }
}
