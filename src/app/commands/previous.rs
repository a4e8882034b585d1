//! `plan --since`: an earlier plan or outcome, read back to be compared with.

use std::path::Path;

use serde::Deserialize;

use crate::app::approved::FileError;
use crate::app::config::Config;
use crate::app::failure::Failure;
use crate::report::json::{OUTCOME_FORMAT, PLAN_FORMAT};
use crate::report::since::Past;

/// Reads what `plan --out` or `apply --out` wrote. It must be about the same GitLab.
pub fn read(path: &Path, config: &Config) -> Result<Past, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|cause| FileError::Unreadable { path: path.to_owned(), cause })?;
    let no_plan = |cause| FileError::NoPlan { path: path.to_owned(), cause };
    let header: Header = serde_json::from_str(&text).map_err(no_plan)?;
    let past = match header.format.as_str() {
        PLAN_FORMAT => Past::read(&text),
        OUTCOME_FORMAT => Past::read_outcome(&text),
        other => return Err(FileError::OtherFormat { path: path.to_owned(), found: other.to_owned() }.into()),
    };
    let past = past.map_err(no_plan)?;
    let ours = (config.gitlab.url.as_str().trim_end_matches('/'), config.gitlab.scope.to_string());
    if ours != (past.gitlab_url.trim_end_matches('/'), past.scope.clone()) {
        return Err(Failure::Usage {
            message: format!(
                "`{}` is a plan for `{}`, and the configuration names `{}`",
                path.display(),
                past.gitlab_url,
                ours.0
            ),
            hint: "compare with an earlier plan for the same GitLab".to_owned(),
        });
    }
    Ok(past)
}

#[derive(Deserialize)]
struct Header {
    format: String,
}
