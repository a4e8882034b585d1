//! `seatsync approve`: signs a plan file as approved.

use std::fs;
use std::path::{Path, PathBuf};

use ssh_key::HashAlg;

use crate::app::approved;
use crate::app::cli::ApproveArgs;
use crate::app::commands::private_key::{self, ApproveError};
use crate::app::exit::Exit;
use crate::app::failure::Failure;
use crate::app::output::print;
use crate::report::words::plural;
use crate::signatures::sshsig::sign;

pub fn run(args: &ApproveArgs) -> Result<Exit, Failure> {
    // Nobody signs what could never be applied.
    let file = approved::read(&args.plan)?;
    let key = private_key::read(&args.key, args.passphrase_file.as_deref())?;
    let signature = sign(&key, &file.bytes).map_err(ApproveError::Signing)?;
    let out = args.out.clone().unwrap_or_else(|| {
        let mut name = args.plan.clone().into_os_string();
        name.push(".sig");
        PathBuf::from(name)
    });
    write_new(&out, &signature, args.out.is_some())?;
    let changes = plural(file.plan.changes.len(), "change", "changes");
    print(&format!(
        "approved: {changes} of plan {} for {}, made at {}\nsigned by {}: {}\n",
        file.plan.digest.short(),
        file.gitlab_url,
        file.plan.made_at,
        key.public_key().fingerprint(HashAlg::Sha256),
        out.display()
    ))?;
    Ok(Exit::Done)
}

/// A signature of somebody else is not written over; where a file was named, it was meant.
fn write_new(path: &Path, signature: &str, named: bool) -> Result<(), ApproveError> {
    if !named && path.exists() {
        return Err(ApproveError::Exists { path: path.to_owned() });
    }
    fs::write(path, signature).map_err(|cause| ApproveError::Write { path: path.to_owned(), cause })
}
