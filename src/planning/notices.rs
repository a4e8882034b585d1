//! What people should hear of after a run: what is new since they were last told, and nothing twice.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::model::decision::{Decision, LeaveReason, Verdict, WaitReason};
use crate::model::finding::FindingCode;
use crate::model::holding::{Change, SeatKey};
use crate::model::notice::{Matter, Notice, NoticePolicy, Recipient, Tally, Watch};
use crate::model::outcome::{Outcome, Outcomes};
use crate::model::plan::{AddOnSummary, Plan};
use crate::model::snapshot::Coverage;
use crate::model::vote::Vote;
use crate::planning::votes::Ballot;

/// How many days before its end a trial is warned of.
const TRIAL_WARNINGS: [i64; 3] = [1, 7, 14];

/// How a run ended.
#[derive(Debug, Clone, Copy)]
pub enum Happened<'a> {
    /// There is no plan.
    Failed {
        because: &'a str,
    },
    /// The plan is published, and nothing more was to be done.
    Planned {
        plan: &'a Plan,
    },
    /// Nothing is applied before a person approves it.
    Waits {
        plan: &'a Plan,
    },
    Applied {
        plan: &'a Plan,
        outcomes: &'a Outcomes,
    },
}

/// What to tell of it, and what to remember for the next time. `watch` is what the last run left.
pub fn notices(
    happened: Happened<'_>,
    policy: &NoticePolicy,
    watch: &Watch,
    now: Timestamp,
) -> (Vec<Notice>, Watch) {
    // What is remembered is not finer than this, and the same instant is to have the same key.
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let mut teller = Teller { before: watch, now, watch: Watch::default(), notices: Vec::new() };
    match happened {
        Happened::Failed { because } => {
            // Nothing was seen of the rest: what held still does, as far as anybody knows.
            teller.watch = watch.clone();
            let since = teller.holds("run_failed");
            teller.tell(format!("run_failed {since}"), Matter::RunFailed { because: because.to_owned() });
        }
        Happened::Planned { plan } => teller.of_a_plan(plan, policy),
        Happened::Waits { plan } => {
            teller.of_a_plan(plan, policy);
            teller.awaits_approval(plan, policy);
        }
        Happened::Applied { plan, outcomes } => {
            teller.of_a_plan(plan, policy);
            teller.applied(plan, outcomes);
        }
    }
    (teller.notices, teller.watch)
}

/// What to tell of the votes on the plan that waits: each once, by its number and time.
pub fn of_votes(
    digest: &str,
    votes: &[Vote],
    standing: &Ballot,
    at_least: u32,
    policy: &NoticePolicy,
) -> Vec<Notice> {
    let standing = Tally {
        approvals: standing.approvals.len(),
        at_least: at_least.max(1),
        is_rejected: !standing.rejections.is_empty(),
    };
    let notice = |vote: &Vote| Notice {
        key: format!("voted {} {}", vote.id, vote.at),
        matter: Matter::Voted {
            username: vote.username.clone(),
            choice: vote.choice,
            comment: vote.comment.clone(),
            digest: digest.to_owned(),
            standing,
            page: policy.page.clone(),
        },
    };
    votes.iter().map(notice).collect()
}

struct Teller<'a> {
    before: &'a Watch,
    now: Timestamp,
    watch: Watch,
    notices: Vec<Notice>,
}

impl Teller<'_> {
    fn tell(&mut self, key: String, matter: Matter) {
        self.notices.push(Notice { key, matter });
    }

    /// Something holds; the answer is since when it has without a break.
    fn holds(&mut self, what: &str) -> Timestamp {
        let since = self.before.0.get(what).copied().unwrap_or(self.now);
        self.watch.0.insert(what.to_owned(), since);
        since
    }

    fn of_a_plan(&mut self, plan: &Plan, policy: &NoticePolicy) {
        for source in &plan.sources {
            let Coverage::Partial { because } = &source.coverage else { continue };
            let what = format!("source_partial {}", source.source);
            let since = self.holds(&what);
            if self.now.duration_since(since) >= policy.source_partial_after {
                let (source, because) = (source.source.clone(), because.clone());
                self.tell(format!("{what} {since}"), Matter::SourcePartial { source, because, since });
            }
        }
        for summary in &plan.add_ons {
            self.of_seats(plan, summary, policy);
        }
        for (add_on, on) in &policy.trials {
            let days = days_until(self.now, *on);
            if let Some(warning) = TRIAL_WARNINGS.into_iter().find(|warning| (0..=*warning).contains(&days)) {
                let key = format!("trial_ends {add_on} {on} {warning}");
                self.tell(key, Matter::TrialEnds { add_on: *add_on, on: *on, days });
            }
        }
        for finding in &plan.findings {
            if finding.code == FindingCode::PurchaseChanged {
                let key = format!("purchase_changed {} {}", day(self.now), finding.message);
                self.tell(key, Matter::PurchaseChanged { message: finding.message.clone() });
            }
        }
    }

    fn of_seats(&mut self, plan: &Plan, summary: &AddOnSummary, policy: &NoticePolicy) {
        let add_on = summary.add_on;
        let waits_for_a_seat = |decision: &&Decision| {
            decision.add_on == add_on
                && matches!(
                    decision.verdict,
                    Verdict::Wait { because: WaitReason::NoSeat { .. } | WaitReason::Reserved { .. } }
                )
        };
        let waiting = plan.decisions.iter().filter(waits_for_a_seat).count();
        if waiting > 0 {
            let what = format!("people_wait {add_on}");
            let since = self.holds(&what);
            self.tell(format!("{what} {since}"), Matter::PeopleWait { add_on, waiting });
        }
        let Some(purchase) = &summary.purchase else { return };
        let purchased = purchase.purchased;
        let free = purchased.saturating_sub(summary.reserve).saturating_sub(summary.held_after);
        if waiting == 0 && free <= policy.seats_low {
            let what = format!("seats_nearly_gone {add_on}");
            let since = self.holds(&what);
            self.tell(format!("{what} {since}"), Matter::SeatsNearlyGone { add_on, free, purchased });
        }
    }

    fn awaits_approval(&mut self, plan: &Plan, policy: &NoticePolicy) {
        let changes = plan.changes();
        if changes.is_empty() {
            return;
        }
        let count = |wanted| changes.iter().filter(|(change, _)| *change == wanted).count();
        let digest = plan.digest().as_str().to_owned();
        let matter = Matter::AwaitsApproval {
            digest: digest.clone(),
            assign: count(Change::Assign),
            revoke: count(Change::Revoke),
            refusals: plan.refusals.clone(),
            page: policy.page.clone(),
        };
        // A plan that is made again tomorrow waits still.
        let since = self.holds(&format!("awaits_approval {digest}"));
        self.tell(format!("awaits_approval {digest} {since}"), matter);
    }

    fn applied(&mut self, plan: &Plan, outcomes: &Outcomes) {
        let because = |outcome: &Outcome| match outcome {
            Outcome::Applied | Outcome::AlreadySo => None,
            Outcome::Refused { because } | Outcome::Deferred { because } => Some(because.clone()),
        };
        let failed = outcomes.changes.iter().filter(|change| !change.outcome.is_done());
        let deferred =
            failed.clone().filter(|change| matches!(change.outcome, Outcome::Deferred { .. })).count();
        let count = failed.clone().count();
        if let Some(because) = failed.clone().find_map(|change| because(&change.outcome)) {
            let since = self.holds("applied_in_part");
            let matter = Matter::AppliedInPart { refused: count - deferred, deferred, because };
            self.tell(format!("applied_in_part {since}"), matter);
        }
        let done = |seat: &SeatKey, wanted| {
            outcomes.changes.iter().any(|change| {
                change.seat == *seat && change.change == wanted && matches!(change.outcome, Outcome::Applied)
            })
        };
        for decision in &plan.decisions {
            self.personal(decision, done);
        }
    }

    fn personal(&mut self, decision: &Decision, done: impl Fn(&SeatKey, Change) -> bool) {
        let add_on = decision.add_on;
        let seat = SeatKey { add_on, account: decision.account.id };
        let to = recipient(decision);
        let (kind, at, matter) = match &decision.verdict {
            Verdict::Assign { .. } if done(&seat, Change::Assign) => {
                ("seat_assigned", self.now, Matter::SeatAssigned { add_on, to })
            }
            Verdict::Revoke { .. } if done(&seat, Change::Revoke) => {
                ("seat_taken_back", self.now, Matter::SeatTakenBack { add_on, to })
            }
            Verdict::Leave { because: LeaveReason::Grace { since, until } } => {
                ("seat_ends", *since, Matter::SeatEnds { add_on, to, until: *until })
            }
            Verdict::Assign { .. }
            | Verdict::Revoke { .. }
            | Verdict::Leave { .. }
            | Verdict::Keep { .. }
            | Verdict::Wait { .. } => return,
        };
        self.tell(format!("{kind} {add_on} {} {at}", decision.account.id), matter);
    }
}

fn recipient(decision: &Decision) -> Recipient {
    let person = decision.person.as_ref().map(|known| &known.person);
    let username: Box<str> = decision.account.username().into();
    Recipient {
        account: decision.account.id,
        name: person.map_or(&*username, |person| person.label()).to_owned(),
        email: person.and_then(|person| person.email()).map(Into::into),
        username,
    }
}

fn days_until(now: Timestamp, on: Date) -> i64 {
    let today = now.to_zoned(TimeZone::UTC).date();
    today.until(on).map_or(i64::MAX, |span| i64::from(span.get_days()))
}

fn day(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date()
}
