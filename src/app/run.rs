//! One run under the lock of the state: what is planned may be carried out, before anybody else comes between.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use jiff::Timestamp;

use crate::app::wiring::Neighbours;
use crate::gitlab::writer::Writer;
use crate::model::account::AccountId;
use crate::model::approval::PlanFile;
use crate::model::holding::{Change, Memory, SeatKey};
use crate::model::outcome::{Outcome, Outcomes};
use crate::model::plan::Plan;
use crate::planning::guard::{Approval, ApprovedPlan, Refused, approve};
use crate::planning::input::PlanningInput;
use crate::planning::{observation, plan, undo};
use crate::ports::{Clock, EdgeError, Progress, Recollection as _, RunId};
use crate::store::approvals::Sent;
use crate::store::database::Store;
use crate::sync::apply::{Tools, apply, settled_in_flight};
use crate::sync::observe::{Wanted, observe};

/// A plan, and what GitLab tells of the changes that an earlier run had sent when it was killed.
pub struct Planned {
    pub plan: Plan,
    /// The digest of what it was made from.
    observation: String,
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

/// The reverse of what a run did.
pub struct Undo {
    pub run: RunId,
    /// What GitLab carried out for it.
    pub done: BTreeSet<(Change, SeatKey)>,
}

/// Observes and plans with the memory of a state that is open for a run: what the rules want, or the reverse of a run.
pub async fn planned(
    store: &Store,
    neighbours: &Neighbours,
    undo: Option<&Undo>,
    now: Timestamp,
) -> Result<Planned, EdgeError> {
    let memory = store.recall(now).await?;
    let input = observed(neighbours, undo, memory, now).await?;
    let in_flight = settled_in_flight(&input.memory.in_flight, &input.seats.purchases);
    Ok(Planned { plan: plan_for(&input, undo), observation: observation::digest(&input), in_flight })
}

/// Observes what the rules, and the run to be undone, speak of.
pub async fn observed(
    neighbours: &Neighbours,
    undo: Option<&Undo>,
    memory: Memory,
    now: Timestamp,
) -> Result<PlanningInput, EdgeError> {
    let accounts: BTreeSet<AccountId> =
        undo.iter().flat_map(|undo| undo.done.iter().map(|(_, seat)| seat.account)).collect();
    let wanted = Wanted { accounts: accounts.into_iter().collect(), ..neighbours.wanted.clone() };
    observe(&wanted, &neighbours.sources, &neighbours.gitlab, memory, now).await
}

/// What the rules want, or the reverse of a run.
#[tracing::instrument(name = "plan", level = "debug", skip_all, fields(decisions = tracing::field::Empty))]
pub fn plan_for(input: &PlanningInput, undo: Option<&Undo>) -> Plan {
    let today = plan(input);
    tracing::Span::current().record("decisions", today.decisions.len() as i64);
    match undo {
        None => today,
        Some(Undo { run, done }) => undo::undo(today, input, run.0, done),
    }
}

/// Has the plan approved, and applies it.
pub async fn carry_out(
    planned: Planned,
    mut approval: Approval,
    store: &Store,
    neighbours: &Neighbours,
    company: &Company<'_>,
) -> Result<Applied, EdgeError> {
    if let Approval::File { file, .. } = &mut approval {
        remember_use(file, &planned, store).await?;
    }
    let approved = match approve(planned.plan, &approval, &neighbours.wanted.policy.approval) {
        Ok(approved) => approved,
        Err(refused) => {
            let (digest, file) = (refused.plan().digest(), approval.file().map(|file| &*file.fingerprint));
            store.record_refusal(company.clock.now(), refused.key(), digest.as_str(), file).await?;
            return Ok(Applied::Refused(refused));
        }
    };
    let writer = Writer::connect(neighbours.client.clone()).await?;
    let tools = Tools {
        reader: &neighbours.gitlab,
        writer: &writer,
        journal: store,
        clock: company.clock,
        progress: company.progress,
        stop: company.stop,
        observation: &planned.observation,
    };
    let outcomes = apply(&approved, &planned.in_flight, &tools).await?;
    Ok(Applied::Done { approved: Box::new(approved), outcomes })
}

/// Adds what was carried out under a plan file before.
pub async fn remember_use(file: &mut PlanFile, planned: &Planned, store: &Store) -> Result<(), EdgeError> {
    let sent = store.done_under(&file.fingerprint).await?;
    file.done = sent
        .iter()
        .filter(|(change, sent)| was_done(change, sent, &planned.in_flight))
        .map(|(change, sent)| (*change, sent.run.0))
        .collect();
    Ok(())
}

/// Whether GitLab did what was sent under an approval; what nobody can tell is taken for done, and needs a new approval.
fn was_done(change: &(Change, SeatKey), sent: &Sent, in_flight: &[(Change, SeatKey, Outcome)]) -> bool {
    let outcome = in_flight.iter().find(|(kind, seat, _)| (*kind, *seat) == *change);
    sent.settled || outcome.is_none_or(|(.., outcome)| outcome.is_done())
}
