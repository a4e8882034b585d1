//! Which of several sidecars leads; the others stand by. Apart from the right to change the state, which belongs to each
//! run alone: a person may apply by hand between the runs of a sidecar.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::ports::EdgeError;
use crate::store::error::StoreError;
use crate::store::lock::RunLock;

/// The right to run on schedule; held until it is dropped, or its process is gone.
#[derive(Debug)]
pub struct Serving {
    _lock: RunLock,
}

impl Serving {
    /// `None` while another sidecar of the same state leads.
    pub fn acquire(state: &Path, now: Timestamp) -> Result<Option<Serving>, EdgeError> {
        match RunLock::acquire(&beside(state), now) {
            Ok(lock) => Ok(Some(Serving { _lock: lock })),
            Err(StoreError::Taken { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

fn beside(state: &Path) -> PathBuf {
    let mut path = state.as_os_str().to_owned();
    path.push(".serve");
    PathBuf::from(path)
}
