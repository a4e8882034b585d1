//! The key that somebody signs with: read, and decrypted with a passphrase.

use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use console::Term;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use ssh_key::PrivateKey;

use crate::app::config::secret::{SecretError, SecretSource, environment};
use crate::signatures::sshsig::SigningError;

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

/// Reads a key, and decrypts it with the passphrase of a file, of the environment, or of whoever sits at the terminal.
pub fn read(path: &Path, passphrase_file: Option<&Path>) -> Result<PrivateKey, ApproveError> {
    let failed = |cause| ApproveError::Key { path: path.to_owned(), cause };
    let text = Zeroizing::new(fs::read(path).map_err(|cause| failed(cause.into()))?);
    let key = PrivateKey::from_openssh(&*text).map_err(failed)?;
    if !key.is_encrypted() {
        return Ok(key);
    }
    let no_passphrase = |cause| ApproveError::Passphrase { path: path.to_owned(), cause };
    let passphrase = match passphrase_file {
        Some(file) => SecretSource::File(file.to_owned()).resolve(&environment).map_err(no_passphrase)?,
        None if environment(PASSPHRASE).is_some() => {
            SecretSource::Env(PASSPHRASE.to_owned()).resolve(&environment).map_err(no_passphrase)?
        }
        None if io::stdin().is_terminal() && io::stderr().is_terminal() => ask(path)?,
        None => return Err(ApproveError::Nobody { path: path.to_owned() }),
    };
    key.decrypt(passphrase.expose_secret())
        .map_err(|_| ApproveError::WrongPassphrase { path: path.to_owned() })
}

fn ask(path: &Path) -> Result<SecretString, ApproveError> {
    let terminal = Term::stderr();
    let asked = terminal
        .write_str(&format!("Passphrase of {}: ", path.display()))
        .and_then(|()| terminal.read_secure_line());
    asked.map(SecretString::from).map_err(|_| ApproveError::Nobody { path: path.to_owned() })
}
