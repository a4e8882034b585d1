//! One run under the lock of the state: what is planned may be carried out, before anybody else comes between.

use std::sync::atomic::AtomicBool;

use jiff::Timestamp;

use crate::app::wiring::Neighbours;
use crate::gitlab::writer::Writer;
use crate::model::holding::{Change, SeatKey};
use crate::model::outcome::{Outcome, Outcomes};
use crate::model::plan::Plan;
use crate::planning::guard::{Approval, ApprovedPlan, Refused, approve};
use crate::planning::plan;
use crate::ports::{Clock, EdgeError, Progress, Recollection as _};
use crate::store::database::Store;
use crate::sync::apply::{Tools, apply, settled_in_flight};
use crate::sync::observe::observe;

/// A plan, and what GitLab tells of the changes that an earlier run had sent when it was killed.
pub struct Planned {
    pub plan: Plan,
    in_flight: Vec<(Change, SeatKey, Outcome)>,
}

/// What came of an apply.
pub enum Applied {
    Done { approved: Box<ApprovedPlan>, outcomes: Outcomes },
    Refused(Refused),
}

/// What a run is accompanied by while it changes GitLab.
pub struct Company<'a> {
    pub clock: &'a dyn Clock,
    pub progress: &'a dyn Progress,
    /// Once set, no further batch is sent: the rest is deferred to the next run.
    pub stop: &'a AtomicBool,
}

/// Observes and plans with the memory of a state that is open for a run.
pub async fn planned(store: &Store, neighbours: &Neighbours, now: Timestamp) -> Result<Planned, EdgeError> {
    let memory = store.recall(now).await?;
    let input = observe(&neighbours.wanted, &neighbours.sources, &neighbours.gitlab, memory, now).await?;
    let in_flight = settled_in_flight(&input.memory.in_flight, &input.seats.purchases);
    Ok(Planned { plan: plan(&input), in_flight })
}

/// Has the plan approved, and applies it.
pub async fn carry_out(
    planned: Planned,
    approval: &Approval,
    store: &Store,
    neighbours: &Neighbours,
    company: &Company<'_>,
) -> Result<Applied, EdgeError> {
    let approved = match approve(planned.plan, approval) {
        Ok(approved) => approved,
        Err(refused) => return Ok(Applied::Refused(refused)),
    };
    let writer = Writer::connect(neighbours.client.clone()).await?;
    let tools = Tools {
        reader: &neighbours.gitlab,
        writer: &writer,
        journal: store,
        clock: company.clock,
        progress: company.progress,
        stop: company.stop,
    };
    let outcomes = apply(&approved, &planned.in_flight, &tools).await?;
    Ok(Applied::Done { approved: Box::new(approved), outcomes })
}
