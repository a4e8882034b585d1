//! What `[state]` means.

use std::path::PathBuf;

use crate::app::config::complaint::Complaint;
use crate::app::config::file::File;
use crate::app::config::reading::Reading;
use crate::app::config::written::Written;

/// Where seatsync remembers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateConfig {
    /// The file of the SQLite database.
    pub path: PathBuf,
}

/// `None` where something was complained of.
pub fn state(file: &File, reading: &mut Reading<'_>) -> Option<StateConfig> {
    let Some(written) = file.state.as_ref().and_then(|state| state.value.url.as_ref()) else {
        return Some(StateConfig { path: reading.path("seatsync.db") });
    };
    let Written { value: url, span } = written;
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        reading.secrets.push(span.clone());
        let complaint = Complaint::new(span, "PostgreSQL as state is not supported by this version");
        reading.complain(complaint.help("use a file: url = \"sqlite:seatsync.db\""));
        return None;
    }
    let path = url.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path));
    match path {
        Some(path) if !path.is_empty() && path != ":memory:" => {
            Some(StateConfig { path: reading.path(path) })
        }
        Some(_) | None => {
            let shown = reading.shown(written);
            let complaint = Complaint::new(span, format!("{shown} names no file to remember in"));
            reading.complain(complaint.help("write it as \"sqlite:seatsync.db\""));
            None
        }
    }
}
