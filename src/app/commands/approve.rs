//! `seatsync approve`: signs a plan file as approved.

use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use console::Term;
use secrecy::{ExposeSecret as _, SecretString};
use ssh_key::{HashAlg, PrivateKey};

use crate::app::cli::ApproveArgs;
use crate::app::commands::approved;
use crate::app::config::secret::{SecretError, SecretSource, environment};
use crate::app::exit::Exit;
use crate::app::failure::Failure;
use crate::app::output::print;
use crate::report::words::plural;
use crate::signatures::sshsig::{SigningError, sign};

const PASSPHRASE: &str = "SEATSYNC_KEY_PASSPHRASE";

/// Why a plan was not signed.
#[derive(Debug, thiserror::Error)]
pub enum ApproveError {
    #[error("failed to read the private key `{}`", path.display())]
    Key {
        path: PathBuf,
        #[source]
        cause: ssh_key::Error,
    },
    #[error("there is no passphrase for the key `{}`", path.display())]
    Passphrase {
        path: PathBuf,
        #[source]
        cause: SecretError,
    },
    #[error("the key `{}` is encrypted, and nobody is there to be asked for its passphrase", path.display())]
    Nobody { path: PathBuf },
    #[error("the passphrase is not that of the key `{}`", path.display())]
    WrongPassphrase { path: PathBuf },
    #[error(transparent)]
    Signing(#[from] SigningError),
    #[error("there is a signature at `{}` already", path.display())]
    Exists { path: PathBuf },
    #[error("failed to write the signature to `{}`", path.display())]
    Write {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
}

impl ApproveError {
    pub fn hint(&self) -> &'static str {
        match self {
            ApproveError::Key { .. } => {
                "it is a private key as `ssh-keygen -t ed25519` makes it, in the format of OpenSSH"
            }
            ApproveError::Passphrase { .. } | ApproveError::Nobody { .. } => {
                "say it in `--passphrase-file FILE` or in the variable `SEATSYNC_KEY_PASSPHRASE`, or sign with your agent: \
                 `ssh-keygen -Y sign -n seatsync -f KEY.pub PLAN.json`"
            }
            ApproveError::Exists { .. } => {
                "somebody signed before you: write yours beside it, with `--out PLAN.json.NAME.sig`"
            }
            ApproveError::WrongPassphrase { .. } | ApproveError::Signing(_) | ApproveError::Write { .. } => {
                ""
            }
        }
    }
}

pub fn run(args: &ApproveArgs) -> Result<Exit, Failure> {
    // Nobody signs what could never be applied.
    let file = approved::read(&args.plan)?;
    let key = decrypted(read_key(&args.key)?, args)?;
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

fn read_key(path: &Path) -> Result<PrivateKey, ApproveError> {
    let failed = |cause| ApproveError::Key { path: path.to_owned(), cause };
    let text = fs::read(path).map_err(|cause| failed(ssh_key::Error::Io(cause.kind())))?;
    PrivateKey::from_openssh(secrecy::zeroize::Zeroizing::new(text)).map_err(failed)
}

fn decrypted(key: PrivateKey, args: &ApproveArgs) -> Result<PrivateKey, ApproveError> {
    if !key.is_encrypted() {
        return Ok(key);
    }
    let path = || args.key.clone();
    let no_passphrase = |cause| ApproveError::Passphrase { path: path(), cause };
    let passphrase = match &args.passphrase_file {
        Some(file) => SecretSource::File(file.clone()).resolve(&environment).map_err(no_passphrase)?,
        None if environment(PASSPHRASE).is_some() => {
            SecretSource::Env(PASSPHRASE.to_owned()).resolve(&environment).map_err(no_passphrase)?
        }
        None if io::stdin().is_terminal() && io::stderr().is_terminal() => ask(&args.key)?,
        None => return Err(ApproveError::Nobody { path: path() }),
    };
    key.decrypt(passphrase.expose_secret()).map_err(|_| ApproveError::WrongPassphrase { path: path() })
}

fn ask(path: &Path) -> Result<SecretString, ApproveError> {
    let terminal = Term::stderr();
    let asked = terminal
        .write_str(&format!("Passphrase of {}: ", path.display()))
        .and_then(|()| terminal.read_secure_line());
    asked.map(SecretString::from).map_err(|_| ApproveError::Nobody { path: path.to_owned() })
}

/// A signature of somebody else is not written over; where a file was named, it was meant.
fn write_new(path: &Path, signature: &str, named: bool) -> Result<(), ApproveError> {
    if !named && path.exists() {
        return Err(ApproveError::Exists { path: path.to_owned() });
    }
    fs::write(path, signature).map_err(|cause| ApproveError::Write { path: path.to_owned(), cause })
}
