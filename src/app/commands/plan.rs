//! `seatsync plan`: observes, decides and reports. Changes nothing anywhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::app::cli::{Common, PlanArgs};
use crate::app::clock::SystemClock;
use crate::app::commands::previous;
use crate::app::config::Config;
use crate::app::exit::Exit;
use crate::app::failure::Failure;
use crate::app::output::{Report, deliver};
use crate::app::run::plan_for;
use crate::app::{progress, wiring};
use crate::model::holding::Memory;
use crate::planning::input::PlanningInput;
use crate::ports::{Clock as _, EdgeError, Recollection as _};
use crate::report::document::Document;
use crate::store::database::Store;
use crate::sync::notebook::Notebook;
use crate::sync::observe::observe;

pub async fn run(args: &PlanArgs, common: &Common) -> Result<Exit, Failure> {
    let config = wiring::configuration(common)?;
    let past = args.since.as_deref().map(|path| previous::read(path, &config)).transpose()?;
    let input = observed(&config, SystemClock.now()).await?;
    let plan = plan_for(&input, None);
    // What was read is no longer needed: a report on a large company is large itself.
    drop(input);
    let document = Document::of_plan(&plan, past.as_ref());
    let report = Report { document, plan_was_shown: false };
    deliver(&report, &args.report, common.color)?;
    Ok(Exit::of_plan(&plan, args.exit_code))
}

/// Observes for a command that changes nothing: the state is only read, and not made if there is none.
pub async fn observed(config: &Config, now: Timestamp) -> Result<PlanningInput, EdgeError> {
    let (memory, notebook) = recalled(config, now).await?;
    let progress = progress::for_this_terminal();
    let neighbours = wiring::connect(config, &progress, &notebook)?;
    let input = observe(&neighbours.wanted, &neighbours.sources, &neighbours.gitlab, memory, now).await;
    progress.clear();
    input
}

/// What earlier runs left, without making or changing the state.
pub async fn recalled(config: &Config, now: Timestamp) -> Result<(Memory, Arc<Notebook>), EdgeError> {
    let (mut memory, mut readings) = (Memory::default(), BTreeMap::new());
    if let Some(store) = Store::open_existing(&config.state.place).await? {
        memory = store.recall(now).await?;
        readings = store.readings(&config.incremental_sources()).await?;
        store.close().await;
    }
    Ok((memory, Arc::new(Notebook::new(readings))))
}
