//! `seatsync apply`: observes and decides again, and carries out what was approved.

use std::sync::Arc;

use crate::app::cli::{ApplyArgs, Common};
use crate::app::clock::SystemClock;
use crate::app::commands::asked::{Asked, ask, asked};
use crate::app::config::Config;
use crate::app::exit::Exit;
use crate::app::failure::Failure;
use crate::app::output::{Report, complain, deliver, look, prepare, say, write_json};
use crate::app::{progress, wiring};
use crate::gitlab::writer::Writer;
use crate::model::holding::{Change, SeatKey};
use crate::model::outcome::{Outcome, Outcomes};
use crate::model::plan::Plan;
use crate::planning::guard::{Approval, ApprovedPlan, Refused, approve};
use crate::planning::{observation, plan};
use crate::ports::{Clock, Progress, Recollection as _};
use crate::report::{json, text, words};
use crate::store::approvals::Sent;
use crate::store::database::Store;
use crate::sync::apply::{Tools, apply, settled_in_flight};
use crate::sync::observe::observe;

/// What came of an apply.
pub enum Applied {
    Done { approved: Box<ApprovedPlan>, outcomes: Outcomes },
    Refused(Refused),
}

pub async fn run(args: &ApplyArgs, common: &Common) -> Result<Exit, Failure> {
    let config = wiring::configuration(common)?;
    let asked = asked(args, &config, SystemClock.now())?;
    prepare(&args.report)?;
    let mut shown = false;
    let progress = progress::for_this_terminal();
    let applied = carry_out(&config, &SystemClock, &progress, |plan| match &asked {
        Asked::Approved(approval) => Ok(approval.clone()),
        // To ask whoever sits there would be to promise that a yes is enough.
        Asked::OnTerminal if config.approval.policy.required => Ok(Approval::Limits),
        Asked::OnTerminal => {
            shown = true;
            ask(plan, look(common.color))
        }
    })
    .await?;
    match applied {
        Applied::Done { approved, outcomes } => {
            let plan = approved.plan();
            let report = Report {
                text: &|look| {
                    let before = if shown { String::new() } else { text::plan(plan, look) };
                    before + &text::outcomes(plan, &outcomes, look)
                },
                json: &|to| write_json(&json::outcomes(plan, &outcomes), to),
            };
            if let Err(error) = deliver(&report, &args.report, common.color) {
                // What was done was done: to fail would say that nothing was changed.
                complain(&error, "`seatsync runs` tells what came of each change");
            }
            Ok(Exit::of_apply(plan, &outcomes))
        }
        Applied::Refused(refused) => {
            let plan = refused.plan();
            let hint = explain(&refused);
            let report = Report {
                text: &|look| text::plan(plan, look),
                json: &|to| write_json(&json::plan(plan), to),
            };
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
            format!("look at it with `seatsync plan`, then approve it: `seatsync apply --digest {}`", digest.as_str())
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
    approval: impl FnOnce(&Plan) -> Result<Approval, Failure>,
) -> Result<Applied, Failure> {
    let now = clock.now();
    let store = Store::open(&config.state.path, now).await?;
    let (memory, in_flight) = store.recall(now).await?;
    let neighbours = wiring::connect(config, progress)?;
    let input = observe(&neighbours.wanted, &neighbours.sources, &neighbours.gitlab, memory, now).await?;
    let in_flight = settled_in_flight(&in_flight, &input.seats.purchases);
    let plan = plan(&input);
    let observation = observation::digest(&input);
    drop(input);
    progress.clear();
    let mut approval = approval(&plan)?;
    if let Approval::File { file, .. } = &mut approval {
        let sent = store.done_under(&file.fingerprint).await?;
        file.done = sent
            .iter()
            .filter(|(change, sent)| was_done(change, sent, &in_flight))
            .map(|(change, sent)| (*change, sent.run.0))
            .collect();
    }
    let approved = match approve(plan, &approval, &config.approval.policy) {
        Ok(approved) => approved,
        Err(refused) => {
            let (digest, file) = (refused.plan().digest(), approval.file().map(|file| &*file.fingerprint));
            store.record_refusal(clock.now(), refused.key(), digest.as_str(), file).await?;
            store.close().await;
            return Ok(Applied::Refused(refused));
        }
    };
    let writer = Writer::connect(neighbours.client).await?;
    let tools = Tools {
        reader: &neighbours.gitlab,
        writer: &writer,
        journal: &store,
        clock,
        progress: progress.as_ref(),
        observation: &observation,
    };
    let outcomes = apply(&approved, &in_flight, &tools).await;
    progress.clear();
    let outcomes = outcomes?;
    store.close().await;
    Ok(Applied::Done { approved: Box::new(approved), outcomes })
}

/// Whether GitLab did what was sent under an approval; what nobody can tell is taken for done, and needs a new approval.
fn was_done(change: &(Change, SeatKey), sent: &Sent, in_flight: &[(Change, SeatKey, Outcome)]) -> bool {
    let outcome = in_flight.iter().find(|(kind, seat, _)| (*kind, *seat) == *change);
    sent.settled || outcome.is_none_or(|(.., outcome)| outcome.is_done())
}
