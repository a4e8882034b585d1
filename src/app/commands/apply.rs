//! `seatsync apply`: observes and decides again, and carries out what was approved.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::app::cli::{ApplyArgs, Common};
use crate::app::clock::SystemClock;
use crate::app::commands::asked::{Asked, ask, asked};
use crate::app::commands::undo::of_run;
use crate::app::config::Config;
use crate::app::exit::Exit;
use crate::app::failure::Failure;
use crate::app::output::{Report, complain, deliver, look, prepare, say};
use crate::app::run::{self, Applied, Company};
use crate::app::{progress, wiring};
use crate::model::plan::Plan;
use crate::planning::guard::{Approval, Refused};
use crate::ports::{Clock, Progress, RunId};
use crate::report::document::Document;
use crate::report::words;
use crate::store::database::Store;
use crate::sync::notebook::Notebook;

pub async fn run(args: &ApplyArgs, common: &Common) -> Result<Exit, Failure> {
    let config = wiring::configuration(common)?;
    let asked = asked(args, &config, SystemClock.now())?;
    prepare(&args.report)?;
    let mut shown = false;
    let progress = progress::for_this_terminal();
    let undoes = match &asked {
        Asked::Approved { undoes, .. } => undoes.map(RunId),
        Asked::OnTerminal => None,
    };
    let applied = carry_out(&config, &SystemClock, &progress, undoes, |plan| match &asked {
        Asked::Approved { approval, .. } => Ok(approval.clone()),
        // To ask whoever sits there would be to promise that a yes is enough.
        Asked::OnTerminal if config.policy.approval.required => Ok(Approval::Limits),
        Asked::OnTerminal => {
            shown = true;
            ask(plan, look(common.color))
        }
    })
    .await?;
    match applied {
        Applied::Done { approved, outcomes } => {
            let plan = approved.plan();
            let report = Report { document: Document::of_outcomes(plan, &outcomes), plan_was_shown: shown };
            if let Err(error) = deliver(&report, &args.report, common.color) {
                // What was done was done: to fail would say that nothing was changed.
                complain(&error, "`seatsync runs` tells what came of each change");
            }
            Ok(Exit::of_apply(plan, &outcomes))
        }
        Applied::Refused(refused) => {
            let hint = explain(&refused);
            let report = Report { document: Document::of_plan(refused.plan(), None), plan_was_shown: false };
            deliver(&report, &args.report, common.color)?;
            complain(&refused, &hint);
            Ok(Exit::Refused)
        }
    }
}

/// Says what is in the way, line by line; returns the next step.
fn explain(refused: &Refused) -> String {
    match refused {
        Refused::ByLimits { plan } => {
            plan.refusals.iter().for_each(|refusal| say(&format!("refused: {}", words::refusal(refusal))));
            let digest = plan.digest();
            let approve = if plan.changes().is_empty() { "have the directory believed" } else { "approve it" };
            format!("look at it with `seatsync plan`, then {approve}: `seatsync apply --digest {}`", digest.as_str())
        }
        Refused::Moved { .. } => {
            "plan again and have that approved, or apply what still holds: `seatsync apply PLAN.json --only-approved`"
                .to_owned()
        }
        Refused::NotApproved { lacks, .. } => {
            lacks.iter().for_each(|lack| say(&format!("refused: {}", words::lack(lack))));
            "`seatsync plan --out plan.json`, have it signed (`seatsync approve plan.json --key KEY`), then \
             `seatsync apply plan.json`"
                .to_owned()
        }
        Refused::Used { done, all, .. } if done == all => {
            "plan again and have that approved: `seatsync plan --out plan.json`".to_owned()
        }
        Refused::Used { .. } => "apply what it left: `seatsync apply PLAN.json --only-approved`, or plan again".to_owned(),
    }
}

/// Observes, plans, has the plan approved, and applies it. One at a time for each state.
pub async fn carry_out(
    config: &Config,
    clock: &dyn Clock,
    progress: &Arc<dyn Progress>,
    undoes: Option<RunId>,
    approval: impl FnOnce(&Plan) -> Result<Approval, Failure>,
) -> Result<Applied, Failure> {
    let now = clock.now();
    let store = Store::open(&config.state.place, now).await?;
    let incremental = config.incremental_sources();
    let notebook = Arc::new(Notebook::new(store.readings(&incremental).await?));
    let neighbours = wiring::connect(config, progress, &notebook)?;
    let undo = match undoes {
        Some(run) => Some(of_run(&store, run).await?),
        None => None,
    };
    let planned = run::planned(&store, &neighbours, undo.as_ref(), now).await?;
    store.keep_readings(&incremental, &notebook.left()).await?;
    progress.clear();
    let approval = approval(&planned.plan)?;
    let company = Company { clock, progress: progress.as_ref(), stop: &AtomicBool::new(false) };
    let applied = run::carry_out(planned, approval, &store, &neighbours, &company).await;
    progress.clear();
    let applied = applied?;
    store.close().await;
    Ok(applied)
}
