//! `seatsync plan`: observes, decides and reports. Changes nothing anywhere.

use jiff::Timestamp;

use crate::app::cli::{Common, PlanArgs};
use crate::app::clock::SystemClock;
use crate::app::commands::previous;
use crate::app::config::Config;
use crate::app::exit::Exit;
use crate::app::failure::Failure;
use crate::app::output::{Report, deliver};
use crate::app::{progress, wiring};
use crate::model::holding::Memory;
use crate::planning::input::PlanningInput;
use crate::planning::plan;
use crate::ports::{Clock as _, EdgeError, Recollection as _};
use crate::report::document::Document;
use crate::store::database::Store;
use crate::store::place::Place;
use crate::sync::observe::observe;

pub async fn run(args: &PlanArgs, common: &Common) -> Result<Exit, Failure> {
    let config = wiring::configuration(common)?;
    let past = args.since.as_deref().map(|path| previous::read(path, &config)).transpose()?;
    let input = observed(&config, SystemClock.now()).await?;
    let plan = plan(&input);
    // What was read is no longer needed: a report on a large company is large itself.
    drop(input);
    let document = Document::of_plan(&plan, past.as_ref());
    let report = Report { document, plan_was_shown: false };
    deliver(&report, &args.report, common.color)?;
    Ok(Exit::of_plan(&plan, args.exit_code))
}

/// Observes for a command that changes nothing: the state is only read, and not made if there is none.
pub async fn observed(config: &Config, now: Timestamp) -> Result<PlanningInput, EdgeError> {
    let memory = recalled(&config.state.place, now).await?;
    let progress = progress::for_this_terminal();
    let neighbours = wiring::connect(config, &progress)?;
    let input = observe(&neighbours.wanted, &neighbours.sources, &neighbours.gitlab, memory, now).await;
    progress.clear();
    input
}

/// What earlier runs left, without making or changing the state.
pub async fn recalled(place: &Place, now: Timestamp) -> Result<Memory, EdgeError> {
    let Some(store) = Store::open_existing(place).await? else {
        return Ok(Memory::default());
    };
    let memory = store.recall(now).await?;
    store.close().await;
    Ok(memory)
}
