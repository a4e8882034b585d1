//! What the page of plans shows, in the words of the page.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::model::vote::{Choice, Vote};
use crate::report::pages::summary::Summary;
use crate::report::pages::visitor::VisitorView;
use crate::report::shown::shown;
use crate::report::words::{duration, moment, plural};

/// How far a plan has come on its way to being applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// People may vote.
    Open,
    /// Enough people approve: it is made anew, and applied if it has not moved.
    Carried,
    Rejected,
    /// It is older than an approval may be.
    Expired,
    /// Votes do not count: signatures are required.
    NeedsSignatures,
}

/// The plan that waits, and what is known of it besides its document.
#[derive(Debug, Clone, Copy)]
pub struct Waiting<'a> {
    pub summary: &'a Summary,
    pub fingerprint: &'a str,
    pub digest: &'a str,
    pub made_at: Timestamp,
    pub seen_at: Timestamp,
    pub valid_for: SignedDuration,
    pub at_least: u32,
    pub phase: Phase,
    /// Those that stand.
    pub approvals: &'a [Vote],
    pub rejections: &'a [Vote],
    /// All of them, in the order in which they were cast.
    pub votes: &'a [Vote],
    pub moved: &'a [String],
    /// Why it is not applied although enough people approve it.
    pub objection: Option<&'a str>,
}

/// The plan of the last run, where it does not wait.
#[derive(Debug, Clone, Copy)]
pub struct Latest<'a> {
    pub fingerprint: &'a str,
    pub made_at: Timestamp,
    /// How its run ended.
    pub ended: &'a str,
}

/// The page.
#[derive(Debug, Serialize)]
pub struct DeskView {
    visitor: VisitorView,
    title: String,
    state: &'static str,
    state_words: String,
    waiting: Option<WaitingView>,
    latest: Option<LatestView>,
}

#[derive(Debug, Serialize)]
struct WaitingView {
    summary: Summary,
    fingerprint: String,
    digest: String,
    made_at: String,
    seen_at: Option<String>,
    until: String,
    /// How many approvals there are, of how many.
    progress: String,
    votes: Vec<VoteView>,
    moved: Vec<String>,
    objection: Option<String>,
    may_vote: bool,
    /// What to know before one votes, or why one may not.
    guidance: String,
    in_words: String,
}

#[derive(Debug, Serialize)]
struct VoteView {
    choice: &'static str,
    words: &'static str,
    username: String,
    at: String,
    comment: String,
    /// Whether whoever cast it has voted again since, or may vote no more.
    stands: bool,
}

#[derive(Debug, Serialize)]
struct LatestView {
    fingerprint: String,
    made_at: String,
    ended: String,
}

impl DeskView {
    pub fn of(visitor: VisitorView, waiting: Option<Waiting<'_>>, latest: Option<Latest<'_>>) -> DeskView {
        let (state, state_words) = match &waiting {
            None => ("planned", "Nothing waits".to_owned()),
            Some(waiting) => match waiting.phase {
                Phase::Open | Phase::NeedsSignatures => ("partly", "Waits for approval".to_owned()),
                Phase::Carried => ("planned", "Approved".to_owned()),
                Phase::Rejected => ("refused", "Rejected".to_owned()),
                Phase::Expired => ("refused", "Too old to approve".to_owned()),
            },
        };
        let title = match &waiting {
            None => "No plan waits for you".to_owned(),
            Some(Waiting { summary, .. }) => {
                format!("{} to assign, {} to revoke", summary.assign, summary.revoke)
            }
        };
        DeskView {
            visitor,
            title,
            state,
            state_words,
            waiting: waiting.map(WaitingView::of),
            latest: latest.map(|latest| LatestView {
                fingerprint: latest.fingerprint.to_owned(),
                made_at: moment(latest.made_at),
                ended: latest.ended.replace('_', " "),
            }),
        }
    }
}

impl WaitingView {
    fn of(waiting: Waiting<'_>) -> WaitingView {
        let Waiting { summary, fingerprint, digest, made_at, seen_at, valid_for, at_least, phase, .. } =
            waiting;
        let stands = |vote: &Vote| {
            let mut standing = waiting.approvals.iter().chain(waiting.rejections);
            standing.any(|standing| standing.id == vote.id)
        };
        WaitingView {
            fingerprint: fingerprint.to_owned(),
            digest: digest.to_owned(),
            made_at: moment(made_at),
            seen_at: (seen_at > made_at).then(|| moment(seen_at)),
            until: made_at.checked_add(valid_for).map(moment).unwrap_or_default(),
            progress: format!(
                "{} of {}",
                waiting.approvals.len(),
                plural(at_least as usize, "approval", "approvals")
            ),
            votes: waiting.votes.iter().map(|vote| VoteView::of(vote, stands(vote))).collect(),
            moved: waiting.moved.iter().map(|sentence| shown(sentence).into_owned()).collect(),
            objection: waiting.objection.map(|words| shown(words).replace('`', "")),
            may_vote: matches!(phase, Phase::Open | Phase::Rejected | Phase::Carried),
            guidance: guidance(phase, at_least, valid_for),
            in_words: changes(summary),
            summary: summary.clone(),
        }
    }
}

fn changes(summary: &Summary) -> String {
    let (assign, revoke) = (summary.assign, summary.revoke);
    match (assign, revoke) {
        (0, 0) => "change no seat".to_owned(),
        (0, revoke) => format!("take back {}", plural(revoke, "seat", "seats")),
        (assign, 0) => format!("hand out {}", plural(assign, "seat", "seats")),
        (assign, revoke) => {
            format!("hand out {} and take back {revoke}", plural(assign, "seat", "seats"))
        }
    }
}

fn guidance(phase: Phase, at_least: u32, valid_for: SignedDuration) -> String {
    match phase {
        Phase::Open if at_least > 1 => format!(
            "It is applied once {at_least} people approve it and nobody rejects it, if the directory and GitLab still want exactly \
             these changes then."
        ),
        Phase::Open => "It is applied as soon as you approve it, if the directory and GitLab still want exactly these changes \
                        then."
            .to_owned(),
        Phase::Carried => "Enough people approve it. It is made anew now, and applied if its changes are still exactly these; \
                           look again in a moment."
            .to_owned(),
        Phase::Rejected => "Nothing of it is applied while a rejection stands. Whoever rejected it may change their mind.".to_owned(),
        Phase::Expired => format!(
            "An approval is as old as its plan, and good for {}. The next run makes the plan anew.",
            duration(valid_for)
        ),
        Phase::NeedsSignatures => "Where signatures are required, votes on this page count for nothing, unless `[approval] by_page` \
                                   says so. Download the plan, sign it, and put both where approvals are taken from."
            .replace('`', ""),
    }
}

impl VoteView {
    fn of(vote: &Vote, stands: bool) -> VoteView {
        let (choice, words) = match vote.choice {
            Choice::Approve => ("assign", "approved"),
            Choice::Reject => ("revoke", "rejected"),
        };
        VoteView {
            choice,
            words,
            username: shown(&vote.username).into_owned(),
            at: moment(vote.at),
            comment: vote.comment.lines().map(shown).collect::<Vec<_>>().join("\n"),
            stands,
        }
    }
}
