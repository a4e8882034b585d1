//! `seatsync undo`: plans the reverse of what a run did. Changes nothing; `seatsync apply` carries it out.

use std::sync::Arc;

use crate::app::cli::{Common, UndoArgs};
use crate::app::clock::SystemClock;
use crate::app::config::Config;
use crate::app::exit::Exit;
use crate::app::failure::Failure;
use crate::app::output::{Report, deliver};
use crate::app::run::{self, Undo};
use crate::app::{progress, wiring};
use crate::ports::{Clock as _, Recollection as _, RunId};
use crate::report::document::Document;
use crate::store::database::Store;
use crate::sync::notebook::Notebook;

pub async fn run(args: &UndoArgs, common: &Common) -> Result<Exit, Failure> {
    let config = wiring::configuration(common)?;
    let now = SystemClock.now();
    let Some(store) = Store::open_existing(&config.state.place).await? else {
        return Err(no_run(&config, args.run));
    };
    let undo = of_run(&store, RunId(args.run)).await?;
    let memory = store.recall(now).await?;
    let notebook = Arc::new(Notebook::new(store.readings(&config.incremental_sources()).await?));
    store.close().await;
    let progress = progress::for_this_terminal();
    let neighbours = wiring::connect(&config, &progress, &notebook)?;
    let input = run::observed(&neighbours, Some(&undo), memory, now).await;
    progress.clear();
    let plan = run::plan_for(&input?, Some(&undo));
    let report = Report { document: Document::of_plan(&plan, None), plan_was_shown: false };
    deliver(&report, &args.report, common.color)?;
    Ok(Exit::of_plan(&plan, args.exit_code))
}

/// What there is to be undone of a run.
pub async fn of_run(store: &Store, run: RunId) -> Result<Undo, Failure> {
    match store.applied_in(run).await? {
        Some(done) => Ok(Undo { run, done }),
        None => Err(Failure::NotDone {
            message: format!("there is no run {}; `seatsync runs` lists them", run.0),
        }),
    }
}

fn no_run(config: &Config, run: i64) -> Failure {
    Failure::NotDone {
        message: format!("there is no run {run}: no apply has used the state `{}` yet", config.state.place),
    }
}
