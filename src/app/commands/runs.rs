//! `seatsync runs`: past runs, or what came of each change of one.

use crate::app::cli::{Common, RunsArgs};
use crate::app::commands::history;
use crate::app::exit::Exit;
use crate::app::failure::Failure;
use crate::app::output::print;
use crate::app::wiring;
use crate::ports::RunId;
use crate::store::database::Store;

/// More than a year of nightly runs.
const MOST_RUNS: u32 = 500;

pub async fn run(args: &RunsArgs, common: &Common) -> Result<Exit, Failure> {
    let config = wiring::configuration(common)?;
    let Some(store) = Store::open_existing(&config.state.place).await? else {
        let message = format!("there is no state at `{}` yet: no apply has run", config.state.place);
        return Err(Failure::NotDone { message });
    };
    let text = match args.run {
        None => history::runs(&store.runs(MOST_RUNS).await?),
        Some(id) => match store.run(RunId(id)).await? {
            Some((run, changes)) => history::runs(&[run]) + &history::changes(&changes),
            None => {
                return Err(Failure::NotDone {
                    message: format!("there is no run {id}; `seatsync runs` lists them"),
                });
            }
        },
    };
    store.close().await;
    print(&text)?;
    Ok(Exit::Done)
}
