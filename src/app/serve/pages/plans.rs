//! `/plans`: the plan that waits, its report, and the plan of the last run.

use axum::extract::{Path, State};
use axum::response::Response;

use crate::app::serve::http::desk::Desk;
use crate::app::serve::pages::answer::{Trouble, document, page};
use crate::app::serve::pages::visitor::Visitor;
use crate::model::approval::ApprovalPolicy;
use crate::planning::votes::{Ballot, Pins, ballot};
use crate::ports::EdgeError;
use crate::report::html;
use crate::report::pages;
use crate::report::pages::desk::{DeskView, Latest, Phase, Waiting};
use crate::report::pages::summary::Summary;
use crate::store::plans::PlanAbout;

/// What waits, and the decision.
pub async fn desk(State(desk): State<Desk>, visitor: Visitor) -> Result<Response, Trouble> {
    let store = &visitor.store;
    let (policy, approvers) = (&visitor.reception.approval, &visitor.reception.config.approvers);
    let waiting = store.waiting_plan().await?;
    let latest = store.latest_plan().await?;
    let latest =
        latest.filter(|latest| waiting.as_ref().is_none_or(|it| it.fingerprint != latest.fingerprint));
    let latest = latest.as_ref().map(|about| Latest {
        fingerprint: &about.fingerprint,
        made_at: about.made_at,
        ended: &about.ended,
    });
    let Some(about) = waiting else {
        return Ok(page(pages::desk(&DeskView::of(visitor.view, None, latest))));
    };
    let summary = match store.plan_document(&about.fingerprint).await? {
        Some(document) => Summary::of(&document).map_err(EdgeError::new)?,
        // It was replaced since we looked.
        None => return Err(Trouble::Gone),
    };
    let votes = store.votes(&about.fingerprint).await?;
    let standing = ballot(&votes, approvers, &Pins(store.pins().await?));
    let view = Waiting {
        summary: &summary,
        fingerprint: &about.fingerprint,
        digest: &about.digest,
        made_at: about.made_at,
        seen_at: about.seen_at,
        valid_for: policy.valid_for,
        at_least: policy.at_least.max(1),
        phase: phase(&about, &standing, policy, desk.clock.now()),
        approvals: &standing.approvals,
        rejections: &standing.rejections,
        votes: &votes,
        moved: &about.moved,
        objection: about.objection.as_deref(),
    };
    Ok(page(pages::desk(&DeskView::of(visitor.view, Some(view), latest))))
}

/// How far the plan has come.
pub fn phase(about: &PlanAbout, standing: &Ballot, policy: &ApprovalPolicy, now: jiff::Timestamp) -> Phase {
    if now.duration_since(about.made_at) > policy.valid_for {
        Phase::Expired
    } else if policy.required && !policy.by_page {
        Phase::NeedsSignatures
    } else if !standing.rejections.is_empty() {
        Phase::Rejected
    } else if standing.is_carried(policy.at_least) && about.objection.is_none() {
        Phase::Carried
    } else {
        Phase::Open
    }
}

/// The report that people read before they decide.
pub async fn report(visitor: Visitor, Path(fingerprint): Path<String>) -> Result<Response, Trouble> {
    let report = visitor.store.plan_report(&fingerprint).await?;
    // Of a plan that was made when nobody could sign in there is none.
    let report = report.filter(|report| !report.is_empty()).ok_or(Trouble::Gone)?;
    let policy = format!("{}; frame-ancestors 'none'", html::policy());
    Ok(document(report, "text/html; charset=utf-8", &policy))
}

/// The plan, to be signed.
pub async fn plan(visitor: Visitor, Path(fingerprint): Path<String>) -> Result<Response, Trouble> {
    let plan = visitor.store.plan_document(&fingerprint).await?.ok_or(Trouble::Gone)?;
    Ok(document(plan, "application/json", "default-src 'none'; frame-ancestors 'none'"))
}
