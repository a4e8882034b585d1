//! One run of the sidecar: observed and planned, and carried out as far as its mode goes.

use std::sync::Arc;

use crate::app::config::Config;
use crate::app::progress::Silent;
use crate::app::run::{self, Applied, Company, Planned};
use crate::app::serve::ballot_box::{self, Objected};
use crate::app::serve::schedule::{Mode, Schedule};
use crate::app::serve::stop::Stop;
use crate::app::serve::telling::Telling;
use crate::app::serve::tray;
use crate::app::wiring::{self, Neighbours};
use crate::model::outcome::Outcomes;
use crate::model::plan::Plan;
use crate::planning::guard::Approval;
use crate::planning::notices::Happened;
use crate::ports::{Clock, EdgeError, Progress};
use crate::store::database::Store;
use crate::sync::notebook::Notebook;

/// What a run left behind.
pub struct Round {
    pub ended: Ended,
    /// Why there is no plan, where a run failed.
    pub because: Option<String>,
    /// `None` where none was made.
    pub planned: Option<(Plan, Outcomes)>,
    /// Why votes that were enough came to nothing.
    pub objected: Option<Objected>,
    /// Requests sent to GitLab.
    pub requests: u64,
    /// Requests that GitLab's own limit still allows, where it told.
    pub remaining: Option<u64>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The plan was published, as its mode goes no further.
    Reported,
    Applied,
    /// Some changes failed or were deferred.
    AppliedInPart,
    /// A person must approve the plan.
    AwaitingApproval,
    /// Nothing was changed.
    Failed,
    /// Seatsync was asked to stop before anything was changed.
    Stopped,
}

impl Ended {
    pub fn key(self) -> &'static str {
        match self {
            Ended::Reported => "reported",
            Ended::Applied => "applied",
            Ended::AppliedInPart => "applied_in_part",
            Ended::AwaitingApproval => "awaiting_approval",
            Ended::Failed => "failed",
            Ended::Stopped => "stopped",
        }
    }

    /// Whether there was more to be done, where seatsync was asked to stop.
    pub fn is_cut_short(self) -> bool {
        match self {
            Ended::Stopped | Ended::AppliedInPart => true,
            Ended::Reported | Ended::Applied | Ended::AwaitingApproval | Ended::Failed => false,
        }
    }

    /// Whether it came to a plan and did with it what it could.
    pub fn is_well(self) -> bool {
        match self {
            Ended::Reported | Ended::Applied | Ended::AppliedInPart | Ended::AwaitingApproval => true,
            Ended::Failed | Ended::Stopped => false,
        }
    }
}

/// Runs once with a state that is open for it.
#[tracing::instrument(
    name = "run",
    level = "debug",
    skip_all,
    fields(schedule = %schedule.name, mode = schedule.mode.key(), ended = tracing::field::Empty)
)]
pub async fn round(
    config: &Config,
    schedule: &Schedule,
    store: &Store,
    telling: Option<&Telling>,
    clock: &dyn Clock,
    stop: &Stop,
) -> Round {
    let progress: Arc<dyn Progress> = Arc::new(Silent);
    let incremental = config.incremental_sources();
    let notebook = match store.readings(&incremental).await {
        Ok(readings) => Arc::new(Notebook::new(readings)),
        Err(error) => {
            say(&error);
            return Round::failed(&error);
        }
    };
    let neighbours = match wiring::connect(config, &progress, &notebook) {
        Ok(neighbours) => neighbours,
        Err(error) => {
            say(&error);
            return Round::failed(&error);
        }
    };
    let company = Company { clock, progress: progress.as_ref(), stop: stop.flag() };
    let went = go(config, schedule.mode, store, &neighbours, &company, stop).await;
    if went.is_ok()
        && let Err(error) = store.keep_readings(&incremental, &notebook.left()).await
    {
        // What was done was done; the next run reads more than it would have to.
        say(&error);
    }
    let (requests, remaining) = (neighbours.client.requests(), neighbours.client.remaining());
    let round = match went {
        Ok(Went { ended, planned, objected }) => {
            Round { ended, because: None, planned, objected, requests, remaining }
        }
        Err(error) => {
            say(&error);
            Round { requests, remaining, ..Round::failed(&error) }
        }
    };
    tracing::Span::current().record("ended", round.ended.key());
    if let (Some(telling), Some(happened)) = (telling, round.happened()) {
        telling.tell(happened, &neighbours.gitlab).await;
    }
    round
}

impl Round {
    fn failed(error: &EdgeError) -> Round {
        let because = Some(error.chain());
        Round { ended: Ended::Failed, because, planned: None, objected: None, requests: 0, remaining: None }
    }

    /// What there is to tell of it; nothing of one that was stopped.
    fn happened(&self) -> Option<Happened<'_>> {
        let planned = self.planned.as_ref();
        match self.ended {
            Ended::Reported => planned.map(|(plan, _)| Happened::Planned { plan }),
            Ended::AwaitingApproval => planned.map(|(plan, _)| Happened::Waits { plan }),
            Ended::Applied | Ended::AppliedInPart => {
                planned.map(|(plan, outcomes)| Happened::Applied { plan, outcomes })
            }
            Ended::Failed => Some(Happened::Failed { because: self.because.as_deref().unwrap_or_default() }),
            Ended::Stopped => None,
        }
    }
}

/// How far a run went.
struct Went {
    ended: Ended,
    planned: Option<(Plan, Outcomes)>,
    objected: Option<Objected>,
}

async fn go(
    config: &Config,
    mode: Mode,
    store: &Store,
    neighbours: &Neighbours,
    company: &Company<'_>,
    stop: &Stop,
) -> Result<Went, EdgeError> {
    let planned = tokio::select! {
        planned = run::planned(store, neighbours, None, company.clock.now()) => planned?,
        () = stop.asked() => return Ok(Went { ended: Ended::Stopped, planned: None, objected: None }),
    };
    let published = |ended, planned: Planned, objected| {
        Ok(Went { ended, planned: Some((planned.plan, Outcomes::default())), objected })
    };
    let (planned, approval, objected) = match step(mode, &planned.plan, config.policy.approval.required) {
        Step::Publish => return published(Ended::Reported, planned, None),
        Step::Apply => (planned, Some(Approval::Limits), None),
        Step::AskPeople => {
            let (planned, brought) = tray::approval(planned, config, store).await?;
            let (planned, voted, objected) = match brought {
                Some(brought) => (planned, Some(brought), None),
                None => ballot_box::approval(planned, config, store).await?,
            };
            (planned, voted.or(unattended(mode)), objected)
        }
    };
    let Some(approval) = approval else { return published(Ended::AwaitingApproval, planned, objected) };
    match run::carry_out(planned, approval, store, neighbours, company).await? {
        Applied::Done { approved, outcomes } => {
            let ended = if outcomes.is_partial() { Ended::AppliedInPart } else { Ended::Applied };
            Ok(Went { ended, planned: Some((approved.into_plan(), outcomes)), objected: None })
        }
        Applied::Refused(refused) => {
            let planned = Some((refused.into_plan(), Outcomes::default()));
            Ok(Went { ended: Ended::AwaitingApproval, planned, objected })
        }
    }
}

/// What becomes of a plan.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Publish,
    /// A person must have approved exactly its changes.
    AskPeople,
    /// The guard's limits decide.
    Apply,
}

/// Where nothing is to be changed there is nothing to approve either, and applying it keeps the books: when grace began,
/// whose seats are ours.
fn step(mode: Mode, plan: &Plan, signed: bool) -> Step {
    let changes = !plan.changes().is_empty();
    match mode {
        Mode::Report => Step::Publish,
        Mode::Approve if changes || !plan.refusals.is_empty() => Step::AskPeople,
        Mode::Auto if (changes && signed) || !plan.refusals.is_empty() => Step::AskPeople,
        Mode::Approve | Mode::Auto => Step::Apply,
    }
}

/// Who answers for a plan that nobody approved: the guard, which refuses it and has that written down.
fn unattended(mode: Mode) -> Option<Approval> {
    match mode {
        Mode::Report | Mode::Approve => None,
        Mode::Auto => Some(Approval::Limits),
    }
}

fn say(error: &EdgeError) {
    tracing::error!(error = error.chain(), hint = error.hint, "the run failed; nothing was changed");
}
