//! A plan file as a person approved it: read back, checked against itself, with the signatures that came with it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::model::account::AccountId;
use crate::model::add_on::AddOn;
use crate::model::approval::{PlanFile, Signature};
use crate::model::holding::{Change, SeatKey};
use crate::report::json::PLAN_FORMAT;
use crate::signatures::allowed_signers::AllowedSigners;
use crate::signatures::sshsig;

/// What was approved.
#[derive(Debug)]
pub struct ApprovedFile {
    path: PathBuf,
    /// What was signed. The file is read once: what is checked is what is applied.
    pub bytes: Vec<u8>,
    pub plan: PlanFile,
    pub gitlab_url: String,
    pub scope: String,
    /// The run whose reverse it plans.
    pub undoes: Option<i64>,
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
    #[error("failed to read the signature `{}`", path.display())]
    Signature {
        path: PathBuf,
        #[source]
        cause: std::io::Error,
    },
    #[error("`{}` was edited: its changes have the digest {real}, but it claims {claimed}", path.display())]
    Edited { path: PathBuf, real: String, claimed: String },
}

/// Reads a plan file. What it says besides its changes is for people, and believed only where somebody signed it.
pub fn read(path: &Path) -> Result<ApprovedFile, FileError> {
    let bytes = fs::read(path).map_err(|cause| FileError::Unreadable { path: path.to_owned(), cause })?;
    parse(path, bytes)
}

/// The same of bytes that were read already.
pub fn parse(path: &Path, bytes: Vec<u8>) -> Result<ApprovedFile, FileError> {
    let no_plan = |cause| FileError::NoPlan { path: path.to_owned(), cause };
    let header: Header = serde_json::from_slice(&bytes).map_err(no_plan)?;
    if header.format != PLAN_FORMAT {
        return Err(FileError::OtherFormat { path: path.to_owned(), found: header.format });
    }
    let document: Document = serde_json::from_slice(&bytes).map_err(no_plan)?;
    let changes: BTreeSet<(Change, SeatKey)> = document.decisions.iter().filter_map(Entry::change).collect();
    let usernames = document.decisions.iter().filter_map(|entry| {
        let (_, seat) = entry.change()?;
        Some((seat, entry.account.username.clone()?))
    });
    let plan = PlanFile::new(fingerprint(&bytes), document.made_at, changes, usernames.collect());
    if plan.digest.as_str() != document.digest {
        let (real, claimed) = (plan.digest.as_str().to_owned(), document.digest);
        return Err(FileError::Edited { path: path.to_owned(), real, claimed });
    }
    Ok(ApprovedFile {
        path: path.to_owned(),
        bytes,
        plan,
        gitlab_url: document.gitlab.url,
        scope: document.gitlab.scope,
        undoes: document.undoes,
    })
}

impl ApprovedFile {
    /// Reads and checks signatures: those in these files and, where `beside`, those beside the plan.
    pub fn take_signatures(
        &mut self,
        named: &[PathBuf],
        beside: bool,
        allowed: &AllowedSigners,
        now: Timestamp,
    ) -> Result<(), FileError> {
        let mut places: BTreeSet<PathBuf> = named.iter().cloned().collect();
        if beside {
            places.extend(signatures_beside(&self.path));
        }
        for place in places {
            let armored =
                fs::read(&place).map_err(|cause| FileError::Signature { path: place.clone(), cause })?;
            let checked = sshsig::check(&armored, &self.bytes, allowed, now);
            self.plan.signatures.push(Signature { place: place.display().to_string(), checked });
        }
        Ok(())
    }
}

/// `PLAN.json.sig`, and `PLAN.json.NAME.sig` for as many names as there are.
fn signatures_beside(plan: &Path) -> Vec<PathBuf> {
    let folder = plan.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Some(name) = plan.file_name().map(|name| name.to_string_lossy().into_owned()) else {
        return Vec::new();
    };
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let is_signature = |other: &OsString| {
        let other = other.to_string_lossy();
        other.strip_prefix(&name).is_some_and(|rest| rest.starts_with('.') && rest.ends_with(".sig"))
    };
    let names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
    names.filter(is_signature).map(|name| plan.with_file_name(name)).collect()
}

/// What is written down of a file that was approved.
fn fingerprint(bytes: &[u8]) -> String {
    format!("sha256:{}", data_encoding::HEXLOWER.encode(&Sha256::digest(bytes)))
}

#[derive(Deserialize)]
struct Header {
    format: String,
}

#[derive(Deserialize)]
struct Document {
    digest: String,
    made_at: Timestamp,
    #[serde(default)]
    undoes: Option<i64>,
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
    username: Option<Box<str>>,
}

impl Entry {
    fn change(&self) -> Option<(Change, SeatKey)> {
        let change =
            [Change::Assign, Change::Revoke].into_iter().find(|change| change.key() == self.verdict)?;
        let add_on = AddOn::from_key(&self.add_on)?;
        Some((change, SeatKey { add_on, account: AccountId(self.account.id) }))
    }
}
