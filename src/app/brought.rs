//! What a plan file approves that somebody brings: read with its signatures, for this GitLab.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::app::approved::{self, ApprovedFile};
use crate::app::config::Config;
use crate::app::config::secret::environment;
use crate::app::failure::Failure;
use crate::model::approval::PlanFile;
use crate::signatures::allowed_signers::{AllowedSigners, SignersError};

/// A plan file with everything that speaks for it. Whether that is enough, `planning::guard` decides.
#[derive(Debug)]
pub struct Brought {
    pub file: PlanFile,
    /// The run whose reverse it plans.
    pub undoes: Option<i64>,
}

/// Reads a plan file, the signatures in the files that are `named` and, where signatures are required, those beside it.
pub fn read(
    path: &Path,
    named: &[PathBuf],
    operator: Option<String>,
    config: &Config,
    now: Timestamp,
) -> Result<Brought, Failure> {
    let mut file = approved::read(path)?;
    same_gitlab(&file, config)?;
    let required = config.policy.approval.required;
    if required || !named.is_empty() {
        file.take_signatures(named, required, &allowed_signers(config)?, now)?;
    }
    Ok(Brought { undoes: file.undoes, file: PlanFile { operator, ..file.plan } })
}

/// Whose signatures count.
pub fn allowed_signers(config: &Config) -> Result<AllowedSigners, Failure> {
    let Some(path) = &config.allowed_signers else {
        return Err(Failure::Usage {
            message: "nothing says whose signatures count".to_owned(),
            hint: "name them: `[approval] allowed_signers = \"FILE\"`".to_owned(),
        });
    };
    let failed = |cause| Failure::Signers { path: path.clone(), cause };
    let text = fs::read_to_string(path).map_err(|cause| failed(SignersError::Unreadable(cause)))?;
    AllowedSigners::parse(&text).map_err(failed)
}

/// Who runs this, as far as anybody says: what cannot be proved is believed of whoever may start it.
pub fn operator(named: Option<String>) -> Option<String> {
    let named = named.or_else(|| environment("GITLAB_USER_EMAIL"));
    named.or_else(|| environment("USER")).or_else(|| environment("LOGNAME")).filter(|name| !name.is_empty())
}

/// A plan for one GitLab is no approval for another.
pub fn same_gitlab(file: &ApprovedFile, config: &Config) -> Result<(), Failure> {
    let ours = (config.gitlab.url.as_str().trim_end_matches('/'), config.gitlab.scope.to_string());
    if ours == (file.gitlab_url.trim_end_matches('/'), file.scope.clone()) {
        return Ok(());
    }
    Err(Failure::OtherGitLab { planned: file.gitlab_url.clone(), configured: ours.0.to_owned() })
}
