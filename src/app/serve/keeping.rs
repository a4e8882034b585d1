//! What of a run is kept over a restart, for people to see: the latest plan, and the one that waits.

use std::collections::BTreeSet;

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::app::config::Config;
use crate::app::output::write_json;
use crate::app::serve::ballot_box::Objected;
use crate::app::serve::round::{Ended, Round};
use crate::app::serve::schedule::{Mode, Schedule};
use crate::model::approval::ApprovalPolicy;
use crate::ports::EdgeError;
use crate::report::document::Document;
use crate::report::{html, json};
use crate::store::database::Store;
use crate::store::plans::{KeptPlan, PlanAbout, Waiting};

/// Keeps what may be seen; where nobody may see anything, nothing stays.
pub async fn keep(
    config: &Config,
    schedule: &Schedule,
    round: &Round,
    store: &Store,
    now: Timestamp,
) -> Result<(), EdgeError> {
    let (pages, token) = (config.serve.sign_in.is_some(), config.serve.token.is_some());
    if !pages && !token {
        return store.forget_plans().await;
    }
    let Some((plan, outcomes)) = &round.planned else { return Ok(()) };
    let mut document = Vec::new();
    write_json(&json::plan(plan), &mut document).expect("a vector takes whatever is written");
    let shown = match round.ended {
        Ended::Applied | Ended::AppliedInPart => Document::of_outcomes(plan, outcomes),
        Ended::Reported | Ended::AwaitingApproval | Ended::Failed | Ended::Stopped => {
            Document::of_plan(plan, None)
        }
    };
    let moved = match &round.objected {
        Some(Objected::Moved(sentences)) => sentences.clone(),
        Some(Objected::Lacking(_)) | None => Vec::new(),
    };
    let objection = match &round.objected {
        Some(Objected::Lacking(words)) => Some(words.clone()),
        Some(Objected::Moved(_)) | None => None,
    };
    let about = PlanAbout {
        fingerprint: format!("sha256:{}", HEXLOWER.encode(&Sha256::digest(&document))),
        schedule: schedule.name.clone(),
        digest: plan.digest().as_str().to_owned(),
        made_at: plan.made_at,
        seen_at: plan.made_at,
        ended: round.ended.key().to_owned(),
        waits: false,
        moved,
        objection,
    };
    let before = store.waiting_plan().await?;
    let waiting = waiting(before.as_ref(), &about.digest, round.ended, &config.policy.approval, now);
    let report = if pages { html::page(shown).into_bytes() } else { Vec::new() };
    store.keep_plan(&KeptPlan { about, document, report }, waiting).await
}

/// What becomes of the plan that waits. One that is made again with the same changes is still the one that people have begun
/// to vote on, until it is too old.
fn waiting(
    before: Option<&PlanAbout>,
    digest: &str,
    ended: Ended,
    policy: &ApprovalPolicy,
    now: Timestamp,
) -> Waiting {
    match ended {
        Ended::AwaitingApproval => {
            let is_same = |before: &&PlanAbout| {
                before.digest == digest && now.duration_since(before.made_at) <= policy.valid_for
            };
            before.filter(is_same).map_or(Waiting::Replaced, |_| Waiting::SeenAgain)
        }
        Ended::Applied | Ended::AppliedInPart => Waiting::Over,
        Ended::Reported | Ended::Failed | Ended::Stopped => Waiting::Untouched,
    }
}

/// The schedule whose plan waits since an earlier leader, unless no run of it would ask anybody any more.
pub async fn still_waiting(config: &Config, store: &Store) -> Result<BTreeSet<String>, EdgeError> {
    let Some(about) = store.waiting_plan().await? else { return Ok(BTreeSet::new()) };
    let asks = |schedule: &&Schedule| schedule.name == about.schedule && schedule.mode != Mode::Report;
    if config.serve.schedules.iter().any(|schedule| asks(&schedule)) {
        return Ok([about.schedule].into());
    }
    store.end_waiting().await?;
    Ok(BTreeSet::new())
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use crate::app::serve::keeping::waiting;
    use crate::app::serve::round::Ended;
    use crate::model::approval::ApprovalPolicy;
    use crate::store::plans::{PlanAbout, Waiting};

    #[test]
    fn a_plan_with_the_same_changes_is_still_the_one_that_waits_until_it_is_too_old() {
        let made_at: Timestamp = "2026-11-22T04:00:00Z".parse().unwrap();
        let before = PlanAbout {
            fingerprint: "sha256:f".to_owned(),
            schedule: "nightly".to_owned(),
            digest: "sha256:d".to_owned(),
            made_at,
            seen_at: made_at,
            ended: "awaiting_approval".to_owned(),
            waits: true,
            moved: Vec::new(),
            objection: None,
        };
        let after = |digest, ended, hours| {
            let now = made_at + SignedDuration::from_hours(hours);
            waiting(Some(&before), digest, ended, &ApprovalPolicy::default(), now)
        };
        assert_eq!(after("sha256:d", Ended::AwaitingApproval, 72), Waiting::SeenAgain);
        assert_eq!(after("sha256:d", Ended::AwaitingApproval, 73), Waiting::Replaced);
        assert_eq!(after("sha256:other", Ended::AwaitingApproval, 1), Waiting::Replaced);
        assert_eq!(after("sha256:other", Ended::Reported, 1), Waiting::Untouched);
        assert_eq!(after("sha256:d", Ended::Failed, 1), Waiting::Untouched);
        assert_eq!(after("sha256:d", Ended::Applied, 1), Waiting::Over);
    }
}
