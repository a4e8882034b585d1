//! The tray: a folder that people put plan files into, to approve them.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;

use crate::app::brought::{self, Brought};
use crate::app::config::Config;
use crate::app::config::secret::environment;
use crate::app::run::{self, Planned};
use crate::model::approval::{Lack, PlanFile};
use crate::planning::approval::out_of_time;
use crate::planning::guard::{Approval, Refused, approve};
use crate::ports::EdgeError;
use crate::store::database::Store;

/// What is in the tray, so far as it tells that something came: names, when they were written, and their sizes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing(BTreeSet<(OsString, Option<SystemTime>, u64)>);

/// Looks without reading any file. A folder that cannot be read is empty: whoever seeks an approval in it is told.
pub fn listing(folder: &Path) -> Listing {
    let files = files(folder).unwrap_or_default();
    let entry = |(path, about): (PathBuf, Metadata)| {
        Some((path.file_name()?.to_owned(), about.modified().ok(), about.len()))
    };
    Listing(files.into_iter().filter_map(entry).collect())
}

/// The first plan file, by name, that approves exactly this plan. Why the others do not is logged, with ids alone.
pub async fn approval(
    mut planned: Planned,
    config: &Config,
    store: &Store,
) -> Result<(Planned, Option<Approval>), EdgeError> {
    let Some(folder) = &config.serve.approved else { return Ok((planned, None)) };
    let plans = match plans(folder, config.policy.approval.required) {
        Ok(plans) => plans,
        Err(error) => {
            tracing::error!(folder = %folder.display(), %error, "no approval can be taken from this folder");
            return Ok((planned, None));
        }
    };
    let now = planned.plan.made_at;
    for path in plans {
        let mut file = match candidate(&path, config, now) {
            Ok(file) => file,
            Err(because) => {
                tracing::warn!(file = ?path.file_name(), because, "this is no approval");
                continue;
            }
        };
        run::remember_use(&mut file, &planned, store).await?;
        let approval = Approval::File { file: Box::new(file), in_part: false };
        match approve(planned.plan, &approval, &config.policy.approval) {
            Ok(approved) => {
                tracing::info!(file = ?path.file_name(), keys = ?approved.warrant().keys, "the plan is approved");
                planned.plan = approved.into_plan();
                return Ok((planned, Some(approval)));
            }
            Err(refused) => {
                let because = objection(&refused);
                tracing::warn!(file = ?path.file_name(), because, "this is no approval of the plan");
                planned.plan = refused.into_plan();
            }
        }
    }
    Ok((planned, None))
}

/// Why a folder is not looked into.
#[derive(Debug, thiserror::Error)]
pub enum TrayError {
    #[error("it cannot be read: {0}")]
    Unreadable(io::Error),
    #[error("everybody on this machine may write it, and nothing in it needs a signature")]
    OpenToAll,
}

/// The plan files, sorted by name; those of a folder that everybody may write only where they must be `signed`.
pub fn plans(folder: &Path, signed: bool) -> Result<Vec<PathBuf>, TrayError> {
    let mode = fs::metadata(folder).map_err(TrayError::Unreadable)?.permissions().mode();
    if !signed && mode & 0o002 != 0 {
        return Err(TrayError::OpenToAll);
    }
    let mut paths: Vec<PathBuf> =
        files(folder).map_err(TrayError::Unreadable)?.into_iter().map(|(path, _)| path).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    Ok(paths)
}

/// Everything that may be read to its end. Names with a dot in front are of files that are still being copied.
fn files(folder: &Path) -> io::Result<Vec<(PathBuf, Metadata)>> {
    let entries = fs::read_dir(folder)?.filter_map(Result::ok);
    let shown = entries.filter(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."));
    // Mounted secrets are links, so they are followed.
    let read = shown.filter_map(|entry| Some((entry.path(), fs::metadata(entry.path()).ok()?)));
    Ok(read.filter(|(_, about)| about.is_file()).collect())
}

/// A file that may approve a plan nobody is asked about, or why it may not: nobody sits there who knows how old it is.
fn candidate(path: &Path, config: &Config, now: Timestamp) -> Result<PlanFile, String> {
    let operator = brought::operator(environment("SEATSYNC_OPERATOR"));
    let Brought { file, undoes } =
        brought::read(path, &[], operator, config, now).map_err(|failure| failure.to_string())?;
    if undoes.is_some() {
        return Err("it is the reverse of a run: `seatsync apply` carries it out".to_owned());
    }
    if file.changes.is_empty() {
        return Err("it changes nothing, and so nothing would tell that it was used".to_owned());
    }
    match out_of_time(&config.policy.approval, &file, now) {
        Some(lack) => Err(in_log(&lack)),
        None => Ok(file),
    }
}

/// Why it is no approval of the plan, told without the names of people.
pub fn objection(refused: &Refused) -> String {
    match refused {
        Refused::NotApproved { lacks, .. } => lacks.iter().map(in_log).collect::<Vec<_>>().join("; "),
        Refused::ByLimits { .. } | Refused::Moved { .. } | Refused::Used { .. } => refused.to_string(),
    }
}

/// What is lacking, told without the names of people: logs carry ids.
fn in_log(lack: &Lack) -> String {
    match lack {
        Lack::NoPlanFile => "there is no plan file".to_owned(),
        Lack::OnlyAPage => "`[approval] by_page` does not let votes on the pages count".to_owned(),
        Lack::TooFewSigners { needed, signers } => {
            format!("so many people must have signed it: {needed}, and so many have: {}", signers.len())
        }
        Lack::Unaccepted { because, .. } => format!("a signature counts for nothing: {because}"),
        Lack::OwnSignature { signer } => format!("the key {} is of whoever runs this", signer.key),
        Lack::OperatorUnknown => {
            "`four_eyes` asks who runs this, and nothing says it: `SEATSYNC_OPERATOR`".to_owned()
        }
        Lack::Expired { made_at, .. } => format!("it was made at {made_at}, longer ago than `valid_for`"),
        Lack::MadeInFuture { made_at } => format!("it claims to be made at {made_at}, which is yet to come"),
    }
}
