//! Progress of long steps: lines that move on a terminal, nothing anywhere else.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::ports::Progress;

/// The progress for this process: shown if standard error is a terminal.
pub fn for_this_terminal() -> Arc<dyn Progress> {
    if std::io::stderr().is_terminal() { Arc::new(Bars::default()) } else { Arc::new(Silent) }
}

/// Shows nothing.
#[derive(Debug)]
pub struct Silent;

impl Progress for Silent {
    fn at(&self, _what: &str, _done: u64, _total: Option<u64>) {}

    fn clear(&self) {}
}

/// One line for each step under way.
#[derive(Debug, Default)]
struct Bars {
    all: MultiProgress,
    lines: Mutex<BTreeMap<String, ProgressBar>>,
}

impl Progress for Bars {
    fn at(&self, what: &str, done: u64, total: Option<u64>) {
        let Ok(mut lines) = self.lines.lock() else { return };
        let line = lines.entry(what.to_owned()).or_insert_with(|| {
            let line = self.all.add(ProgressBar::new_spinner());
            line.set_style(
                ProgressStyle::with_template("{spinner} {msg}")
                    .unwrap_or_else(|_| ProgressStyle::default_spinner()),
            );
            line
        });
        match total {
            Some(total) => line.set_message(format!("{what}: {done} of {total}")),
            None => line.set_message(format!("{what}: {done}")),
        }
        line.tick();
    }

    fn clear(&self) {
        let Ok(mut lines) = self.lines.lock() else { return };
        for line in std::mem::take(&mut *lines).into_values() {
            line.finish_and_clear();
            self.all.remove(&line);
        }
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.clear();
    }
}
