//! `seatsync saml`: assertions that somebody collected are handed in, and people are asked about.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::cli::{Common, SamlCommand};
use crate::app::clock::SystemClock;
use crate::app::config::Config;
use crate::app::exit::Exit;
use crate::app::failure::Failure;
use crate::app::output::{complain, print};
use crate::app::wiring;
use crate::ports::saml::{Asked, Brought, Door, NotAdmitted};
use crate::ports::{Clock as _, EdgeError};
use crate::report::words::plural;
use crate::store::database::Store;

pub async fn run(command: &SamlCommand, common: &Common) -> Result<Exit, Failure> {
    let config = wiring::configuration(common)?;
    let (SamlCommand::Accept { source, .. } | SamlCommand::Refresh { source }) = command;
    let door = door(&config, source.as_deref())?;
    opened(&config, door.as_ref()).await?;
    match command {
        SamlCommand::Accept { files, .. } => accept(door.as_ref(), files).await,
        SamlCommand::Refresh { .. } => refresh(door.as_ref()).await,
    }
}

/// The door of this source, or of the only one there is.
fn door(config: &Config, source: Option<&str>) -> Result<Arc<dyn Door>, Failure> {
    let doors = wiring::doors(config)?;
    let names: Vec<&str> = doors.iter().map(|door| door.source().as_str()).collect();
    let usage = |message: String, hint: String| Failure::Usage { message, hint };
    match (source, &*doors) {
        (None, [only]) => Ok(Arc::clone(only)),
        (None, []) => Err(usage("no source is a `[saml.NAME]`".to_owned(), "see docs/saml.md".to_owned())),
        (None, [..]) => {
            let hint = format!("say which: --source {}", names.join(", --source "));
            Err(usage("several sources are a `[saml.NAME]`".to_owned(), hint))
        }
        (Some(source), [..]) => {
            let found = doors.iter().find(|door| door.source().as_str() == source).cloned();
            let hint = format!("there are: {}", names.join(", "));
            found.ok_or_else(|| usage(format!("there is no `[saml.{source}]`"), hint))
        }
    }
}

/// Says that people can be heard, in a state that is made, or brought up to this version, where it is not there yet.
async fn opened(config: &Config, door: &dyn Door) -> Result<(), EdgeError> {
    if door.attend().await.is_ok() {
        return Ok(());
    }
    Store::open(&config.state.place, SystemClock.now()).await?.close().await;
    door.attend().await
}

async fn accept(door: &dyn Door, files: &[PathBuf]) -> Result<Exit, Failure> {
    let (mut taken, mut refused, mut unread) = (0, 0, 0);
    for path in files {
        let message = match tokio::fs::read(path).await {
            Ok(message) => message,
            Err(cause) => {
                unread += 1;
                let message = format!("failed to read `{}`: {cause}", path.display());
                complain(&Failure::NotDone { message }, "");
                continue;
            }
        };
        match door.admit(message, Brought::AsFile).await {
            Ok(_) => taken += 1,
            Err(NotAdmitted::Refused { because, .. }) => {
                refused += 1;
                let message = format!("`{}` is refused: {because}", path.display());
                complain(&Failure::NotDone { message }, "");
            }
            Err(NotAdmitted::Failed(error)) => return Err(error.into()),
        }
    }
    let taken = plural(taken, "assertion was", "assertions were");
    print(&format!("source {}: {taken} taken in, {refused} refused\n", door.source()))?;
    Ok(if refused + unread == 0 { Exit::Done } else { Exit::Failed })
}

async fn refresh(door: &dyn Door) -> Result<Exit, Failure> {
    let Some(Asked { answered, refused, unreached }) = door.ask().await? else {
        return Err(Failure::Usage {
            message: format!("nobody is asked about: `[saml.{}]` has no `query_after`", door.source()),
            hint: "query_after = \"12h\", where the identity provider answers queries (see docs/saml.md)"
                .to_owned(),
        });
    };
    print(&format!(
        "source {}: asked about people: {answered} answered, {refused} refused, {unreached} not reached\n",
        door.source()
    ))?;
    Ok(if refused + unreached == 0 { Exit::Done } else { Exit::Failed })
}
