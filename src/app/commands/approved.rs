//! A plan file as a person approved it: read back, and checked against itself.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::model::account::AccountId;
use crate::model::add_on::AddOn;
use crate::model::holding::{Change, SeatKey};
use crate::model::plan::Digest;
use crate::report::json::PLAN_FORMAT;

/// What was approved.
#[derive(Debug)]
pub struct ApprovedFile {
    pub digest: Digest,
    pub changes: BTreeSet<(Change, SeatKey)>,
    pub gitlab_url: String,
    pub scope: String,
}

/// Why a file is no approved plan.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("failed to read the plan `{}`", path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        cause: std::io::Error,
    },
    #[error("`{}` is no plan that `seatsync plan --out` wrote", path.display())]
    NoPlan {
        path: PathBuf,
        #[source]
        cause: serde_json::Error,
    },
    #[error("`{}` has the format `{found}`, and this version reads `{PLAN_FORMAT}`", path.display())]
    OtherFormat { path: PathBuf, found: String },
    #[error("`{}` was edited: its changes have the digest {real}, but it claims {claimed}", path.display())]
    Edited { path: PathBuf, real: String, claimed: String },
}

/// Reads a plan file. What it says besides the changes is for people, and not believed.
pub fn read(path: &Path) -> Result<ApprovedFile, FileError> {
    let text = std::fs::read_to_string(path)
        .map_err(|cause| FileError::Unreadable { path: path.to_owned(), cause })?;
    let no_plan = |cause| FileError::NoPlan { path: path.to_owned(), cause };
    let header: Header = serde_json::from_str(&text).map_err(no_plan)?;
    if header.format != PLAN_FORMAT {
        return Err(FileError::OtherFormat { path: path.to_owned(), found: header.format });
    }
    let document: Document = serde_json::from_str(&text).map_err(no_plan)?;
    let changes: BTreeSet<(Change, SeatKey)> = document.decisions.iter().filter_map(Entry::change).collect();
    let digest = Digest::of(changes.iter().copied());
    if digest.as_str() != document.digest {
        let (real, claimed) = (digest.as_str().to_owned(), document.digest);
        return Err(FileError::Edited { path: path.to_owned(), real, claimed });
    }
    Ok(ApprovedFile { digest, changes, gitlab_url: document.gitlab.url, scope: document.gitlab.scope })
}

#[derive(Deserialize)]
struct Header {
    format: String,
}

#[derive(Deserialize)]
struct Document {
    digest: String,
    gitlab: GitLab,
    decisions: Vec<Entry>,
}

#[derive(Deserialize)]
struct GitLab {
    url: String,
    scope: String,
}

#[derive(Deserialize)]
struct Entry {
    add_on: String,
    verdict: String,
    account: Account,
}

#[derive(Deserialize)]
struct Account {
    id: u64,
}

impl Entry {
    fn change(&self) -> Option<(Change, SeatKey)> {
        let change =
            [Change::Assign, Change::Revoke].into_iter().find(|change| change.key() == self.verdict)?;
        let add_on = AddOn::from_key(&self.add_on)?;
        Some((change, SeatKey { add_on, account: AccountId(self.account.id) }))
    }
}
