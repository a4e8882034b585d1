//! Why a command could not do what it was asked, and what the shell is told.

use std::io;
use std::path::PathBuf;

use crate::app::approved::FileError;
use crate::app::cli::Color;
use crate::app::commands::private_key::ApproveError;
use crate::app::config::ConfigError;
use crate::app::exit::Exit;
use crate::app::output::{OutputError, complain, say};
use crate::app::serve::http::server::PortError;
use crate::ports::EdgeError;
use crate::signatures::allowed_signers::SignersError;

/// Everything that ends a command before its time.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("{message}")]
    Usage { message: String, hint: String },
    #[error(transparent)]
    Edge(#[from] EdgeError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Approve(#[from] ApproveError),
    #[error(transparent)]
    Output(#[from] OutputError),
    #[error(transparent)]
    Port(#[from] PortError),
    #[error("the plan was made for `{planned}`, and the configuration names `{configured}`")]
    OtherGitLab { planned: String, configured: String },
    #[error("`{}` does not say who may sign", path.display())]
    Signers {
        path: PathBuf,
        #[source]
        cause: SignersError,
    },
    #[error("{message}")]
    NotDone { message: String },
    #[error("failed to start the runtime")]
    Runtime(#[source] io::Error),
}

impl Failure {
    pub fn exit(&self) -> Exit {
        match self {
            Failure::Config(_) | Failure::Usage { .. } => Exit::Usage,
            Failure::File(FileError::Edited { .. }) | Failure::OtherGitLab { .. } => Exit::Refused,
            Failure::File(
                FileError::Unreadable { .. }
                | FileError::NoPlan { .. }
                | FileError::Signature { .. }
                | FileError::OtherFormat { .. },
            )
            | Failure::Signers { .. } => Exit::Usage,
            Failure::Approve(_)
            | Failure::Edge(_)
            | Failure::Output(_)
            | Failure::Port(_)
            | Failure::NotDone { .. }
            | Failure::Runtime(_) => Exit::Failed,
        }
    }

    /// Says it on standard error, with the next step.
    pub fn say(&self, color: Color) {
        let on_terminal = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => io::IsTerminal::is_terminal(&io::stderr()),
        };
        match self {
            Failure::Config(error) => say(error.render(on_terminal).trim_end()),
            Failure::Usage { hint, .. } => complain(self, hint),
            Failure::Approve(error) => complain(self, error.hint()),
            Failure::Edge(error) => complain(self, &error.hint),
            Failure::File(FileError::Edited { .. }) | Failure::OtherGitLab { .. } => {
                complain(self, "plan again and have that approved: `seatsync plan --out plan.json`");
            }
            Failure::Port(_) => complain(self, "`[serve]` says where to listen, and with which certificate"),
            Failure::Signers { .. } => complain(
                self,
                "it is a file as `ssh-keygen -Y verify` reads it: `ada@example.com ssh-ed25519 AAAA…`, one key a line",
            ),
            Failure::File(_) | Failure::Output(_) | Failure::NotDone { .. } | Failure::Runtime(_) => {
                complain(self, "")
            }
        }
    }
}
