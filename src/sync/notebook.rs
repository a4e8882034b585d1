//! What sources remember: the readings that earlier runs left, and those that this run would leave.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::person::SourceName;
use crate::ports::{Readings, Remembered};

/// Open for one run. What is left in it is lost unless the run keeps it.
pub struct Notebook {
    before: BTreeMap<SourceName, Arc<Remembered>>,
    left: Mutex<BTreeMap<SourceName, Arc<Remembered>>>,
}

impl Notebook {
    pub fn new(before: BTreeMap<SourceName, Remembered>) -> Notebook {
        let before = before.into_iter().map(|(source, remembered)| (source, Arc::new(remembered))).collect();
        Notebook { before, left: Mutex::default() }
    }

    /// The readings that are to be kept.
    pub fn left(&self) -> BTreeMap<SourceName, Arc<Remembered>> {
        self.leaving().clone()
    }

    fn leaving(&self) -> MutexGuard<'_, BTreeMap<SourceName, Arc<Remembered>>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Readings for Notebook {
    fn recall(&self, source: &SourceName) -> Option<Arc<Remembered>> {
        self.before.get(source).cloned()
    }

    fn remember(&self, source: &SourceName, remembered: Remembered) {
        self.leaving().insert(source.clone(), Arc::new(remembered));
    }
}
