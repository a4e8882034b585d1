//! The ballot box: votes that people cast on the pages, as an approval of the plan they were cast on.

use std::path::Path;

use crate::app::approved;
use crate::app::brought;
use crate::app::config::Config;
use crate::app::config::secret::environment;
use crate::app::run::{self, Planned};
use crate::app::serve::pages::reception::Pages;
use crate::app::serve::tray::objection;
use crate::model::approval::PlanFile;
use crate::model::holding::{Change, SeatKey};
use crate::model::plan::Plan;
use crate::model::vote::Vote;
use crate::planning::guard::{Approval, Refused, approve};
use crate::planning::votes::{Ballot, Moved, Pins, ballot, moved};
use crate::ports::EdgeError;
use crate::report::words;
use crate::store::database::Store;
use crate::store::plans::PlanAbout;

/// Why votes that were enough came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Objected {
    /// The plan was made anew, and its changes are others: each in one sentence.
    Moved(Vec<String>),
    /// Something else is missing.
    Lacking(String),
}

/// The plan that waits, and the votes on it.
pub struct Waiting {
    pub about: PlanAbout,
    /// In the order in which they were cast.
    pub votes: Vec<Vote>,
    /// Those that stand.
    pub standing: Ballot,
}

/// The votes on the plan that waits, if they approve exactly this one.
pub async fn approval(
    mut planned: Planned,
    config: &Config,
    store: &Store,
) -> Result<(Planned, Option<Approval>, Option<Objected>), EdgeError> {
    let Some(Waiting { about, standing, .. }) = waiting(config, store).await? else {
        return Ok((planned, None, None));
    };
    let Some(file) = file(&about, config, store).await? else { return Ok((planned, None, None)) };
    let Some(mut file) = standing.approve(file) else { return Ok((planned, None, None)) };
    run::remember_use(&mut file, &planned, store).await?;
    let approval = Approval::File { file: Box::new(file.clone()), in_part: false };
    match approve(planned.plan, &approval, &config.policy.approval) {
        Ok(approved) => {
            tracing::info!(accounts = ?approved.warrant().keys, "the plan is approved on the pages");
            planned.plan = approved.into_plan();
            Ok((planned, Some(approval), None))
        }
        Err(refused) => {
            tracing::warn!(because = objection(&refused), "votes on the pages approve nothing");
            let objected = match &refused {
                Refused::Moved { plan, .. } => Objected::Moved(sentences(plan, &moved(plan, &file))),
                Refused::NotApproved { lacks, .. } => {
                    Objected::Lacking(lacks.iter().map(words::lack).collect::<Vec<_>>().join("; "))
                }
                Refused::ByLimits { .. } | Refused::Used { .. } => Objected::Lacking(refused.to_string()),
            };
            planned.plan = refused.into_plan();
            Ok((planned, None, Some(objected)))
        }
    }
}

/// `None` where nobody can vote, or nothing waits.
async fn waiting(config: &Config, store: &Store) -> Result<Option<Waiting>, EdgeError> {
    let Some(sign_in) = &config.serve.sign_in else { return Ok(None) };
    let Some(about) = store.waiting_plan().await? else { return Ok(None) };
    let votes = store.votes(&about.fingerprint).await?;
    let standing = ballot(&votes, &sign_in.approvers, &Pins(store.pins().await?));
    Ok(Some(Waiting { about, votes, standing }))
}

/// What waits, where votes came since the last look.
pub async fn news(config: &Config, pages: &Pages, seen: &mut i64) -> Result<Option<Waiting>, EdgeError> {
    if config.serve.sign_in.is_none() {
        return Ok(None);
    }
    let Some(store) = pages.archive.store().await? else { return Ok(None) };
    let last = store.last_vote().await?;
    if std::mem::replace(seen, last) == last {
        return Ok(None);
    }
    waiting(config, &store).await
}

/// The document that people voted on, checked as a file would be that somebody brings.
async fn file(about: &PlanAbout, config: &Config, store: &Store) -> Result<Option<PlanFile>, EdgeError> {
    let Some(document) = store.plan_document(&about.fingerprint).await? else { return Ok(None) };
    let read = approved::parse(Path::new("the plan that waits"), document);
    let file = match read {
        Ok(file) if file.plan.fingerprint == about.fingerprint => file,
        Ok(_) => {
            tracing::error!("the plan that waits is not the one that people voted on: the state was altered");
            return Ok(None);
        }
        Err(error) => {
            tracing::error!(%error, "the plan that waits cannot be read");
            return Ok(None);
        }
    };
    if let Err(error) = brought::same_gitlab(&file, config) {
        tracing::warn!(%error, "the votes are for another GitLab");
        return Ok(None);
    }
    Ok(Some(PlanFile { operator: brought::operator(environment("SEATSYNC_OPERATOR")), ..file.plan }))
}

/// What moved, for people.
fn sentences(plan: &Plan, moved: &Moved) -> Vec<String> {
    let usernames = plan.usernames();
    let who = |seat: &SeatKey, known: Option<&str>| {
        let name = usernames.get(seat).copied().or(known).filter(|name| !name.is_empty());
        let name = name.map_or_else(|| format!("account {}", seat.account), str::to_owned);
        format!("{name} ({})", seat.add_on.title())
    };
    let gone = moved.gone.iter().map(|lapsed| {
        let change = words::stance(lapsed.change.key());
        let because = words::lapsed(lapsed.because, lapsed.change, plan.decision(&lapsed.seat));
        format!("{} {change}: no more, as {because}", who(&lapsed.seat, lapsed.username.as_deref()))
    });
    let come = moved.come.iter().map(|(change, seat)| {
        let words = match change {
            Change::Assign => words::stance("assign"),
            Change::Revoke => words::stance("revoke"),
        };
        format!("{} {words}: new, and approved by nobody", who(seat, None))
    });
    gone.chain(come).map(|sentence| sentence.replace('\n', " ")).collect()
}
