//! Votes: what approvers say of the plan that waits.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

use crate::app::serve::http::desk::Desk;
use crate::app::serve::pages::answer::{Trouble, sent_to};
use crate::app::serve::pages::forms::is_ours;
use crate::app::serve::pages::plans::phase;
use crate::app::serve::pages::visitor::Visitor;
use crate::model::vote::{Choice, NewVote};
use crate::planning::votes::Ballot;
use crate::report::pages::desk::Phase;
use crate::store::votes::Cast;

/// Longer comments are cut: the record keeps them for ever.
const LONGEST_COMMENT: usize = 2000;

#[derive(Deserialize)]
pub struct Said {
    #[serde(default)]
    token: String,
    /// Of the changes that were shown.
    #[serde(default)]
    digest: String,
    #[serde(default)]
    choice: String,
    #[serde(default)]
    comment: String,
}

/// Writes down what an approver says of exactly this plan, which must still wait.
pub async fn cast(
    State(desk): State<Desk>,
    visitor: Visitor,
    Path(fingerprint): Path<String>,
    headers: HeaderMap,
    Form(said): Form<Said>,
) -> Result<Response, Trouble> {
    if !is_ours(&headers, &visitor.reception.config.origin, &said.token, &visitor.token) {
        return Err(Trouble::Forged);
    }
    desk.pages.votes.check().map_err(|_| Trouble::TooMuch)?;
    let choice = Choice::from_key(&said.choice).ok_or(Trouble::Forged)?;
    let now = desk.clock.now();
    let about = visitor.store.waiting_plan().await?.filter(|about| about.fingerprint == fingerprint);
    let about = about.ok_or(Trouble::Gone)?;
    match phase(&about, &Ballot::default(), &visitor.reception.approval, now) {
        Phase::Expired => return Err(Trouble::NotNow("It is older than an approval may be.")),
        Phase::NeedsSignatures => {
            return Err(Trouble::NotNow("Signatures are required, and votes on this page are none."));
        }
        Phase::Open | Phase::Carried | Phase::Rejected => {}
    }
    let comment = comment(&said.comment);
    let vote = NewVote {
        plan: &fingerprint,
        digest: &said.digest,
        account: visitor.account,
        username: &visitor.username,
        choice,
        comment: &comment,
    };
    match visitor.store.cast_vote(&vote, now).await? {
        Cast::PlanIsGone => Err(Trouble::Gone),
        Cast::Counted => {
            let account = visitor.account;
            tracing::info!(%account, choice = choice.key(), digest = said.digest, "a vote was cast");
            Ok(sent_to("/plans", None))
        }
    }
}

/// Lines of text without anything that steers a terminal.
fn comment(said: &str) -> String {
    let plain = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
    let text: String = said.replace("\r\n", "\n").chars().map(plain).take(LONGEST_COMMENT).collect();
    text.trim().to_owned()
}
