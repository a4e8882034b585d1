//! Applying: an approved plan is carried out, revocations first, each batch journalled before it is sent.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::model::account::AccountId;
use crate::model::add_on::AddOn;
use crate::model::decision::Decision;
use crate::model::entitlement::KnownPerson;
use crate::model::holding::{Change, SeatKey};
use crate::model::outcome::{ChangeOutcome, Outcome, Outcomes};
use crate::model::plan::{AddOnSummary, Digest};
use crate::model::purchase::{Purchase, PurchaseReading};
use crate::planning::guard::ApprovedPlan;
use crate::ports::{
    Clock, EdgeError, Intent, Journal, Opening, Progress, RunId, SeatReader, SeatWriter, WriteAnswer,
};
use crate::sync::batch::{Step, next_step};

/// What an apply works with.
pub struct Tools<'a, R, W, J> {
    pub reader: &'a R,
    pub writer: &'a W,
    pub journal: &'a J,
    pub clock: &'a dyn Clock,
    pub progress: &'a dyn Progress,
    /// The digest of everything that the plan was made from.
    pub observation: &'a str,
    /// Once set, the batch in hand is finished, and the rest deferred to the next run.
    pub stop: &'a AtomicBool,
}

/// Changes that an earlier run had sent when it was killed, and whether GitLab now is as they wanted it.
pub fn settled_in_flight(
    in_flight: &[(Change, SeatKey)],
    readings: &[PurchaseReading],
) -> Vec<(Change, SeatKey, Outcome)> {
    let holds = |seat: &SeatKey| {
        let reading = readings.iter().find(|reading| reading.purchase.add_on == seat.add_on)?;
        Some(reading.holders.binary_search(&seat.account).is_ok())
    };
    in_flight
        .iter()
        .filter_map(|(change, seat)| {
            let done = holds(seat)? == (*change == Change::Assign);
            let because = || "an earlier run was interrupted before GitLab did it".to_owned();
            let outcome = if done { Outcome::Applied } else { Outcome::Deferred { because: because() } };
            Some((*change, *seat, outcome))
        })
        .collect()
}

/// Carries out an approved plan. An error means that nothing was sent; whatever else goes wrong is in the outcomes.
#[tracing::instrument(level = "debug", skip_all, fields(changes = approved.changes().len() as i64))]
pub async fn apply<R: SeatReader, W: SeatWriter, J: Journal>(
    approved: &ApprovedPlan,
    in_flight: &[(Change, SeatKey, Outcome)],
    tools: &Tools<'_, R, W, J>,
) -> Result<Outcomes, EdgeError> {
    let plan = approved.plan();
    let digest = Digest::of_approved(approved);
    let opening = Opening {
        digest: digest.as_str(),
        bookkeeping: &plan.bookkeeping,
        observation: tools.observation,
        warrant: approved.warrant(),
    };
    let run = tools.journal.begin(tools.clock.now(), &opening).await?;
    tools.journal.settle(run, tools.clock.now(), in_flight).await?;

    let mut work =
        Work { tools, run, halted: None, total: approved.changes().len(), outcomes: BTreeMap::new() };
    let decisions: HashMap<SeatKey, &Decision> = plan
        .decisions
        .iter()
        .map(|decision| (SeatKey { add_on: decision.add_on, account: decision.account.id }, decision))
        .collect();
    for change in [Change::Revoke, Change::Assign] {
        for summary in &plan.add_ons {
            let Some(purchase) = &summary.purchase else { continue };
            let wanted = plan.decisions.iter().filter(|decision| {
                let seat = SeatKey { add_on: decision.add_on, account: decision.account.id };
                decision.add_on == summary.add_on && approved.changes().contains(&(change, seat))
            });
            let mut intents: VecDeque<Intent> = wanted.map(|decision| intent(change, decision)).collect();
            if change == Change::Assign {
                work.hold_back_movers(&mut intents, &decisions).await;
                work.hold_back_beyond_supply(summary, purchase, &mut intents).await;
            }
            work.carry_out(change, summary, purchase, intents).await;
        }
    }
    let outcomes = Outcomes {
        changes: work
            .outcomes
            .into_iter()
            .map(|((change, seat), outcome)| ChangeOutcome { seat, change, outcome })
            .collect(),
        lapsed: approved.lapsed().to_vec(),
        signers: approved.signers().to_vec(),
    };
    let ended = if outcomes.is_partial() { "partial" } else { "done" };
    if let Err(error) = tools.journal.finish(run, tools.clock.now(), ended).await {
        tracing::warn!(error = error.chain(), "the end of the run could not be written down");
    }
    Ok(outcomes)
}

fn intent(change: Change, decision: &Decision) -> Intent {
    Intent {
        change,
        seat: SeatKey { add_on: decision.add_on, account: decision.account.id },
        person: decision.person.as_ref().map(KnownPerson::key),
        because: decision.verdict.because(),
        rule: decision.grounds.as_ref().map(|grounds| grounds.rule.clone()),
    }
}

/// An apply under way.
struct Work<'a, R, W, J> {
    tools: &'a Tools<'a, R, W, J>,
    run: RunId,
    /// Why nothing more is sent in this run.
    halted: Option<String>,
    total: usize,
    outcomes: BTreeMap<(Change, SeatKey), Outcome>,
}

impl<R: SeatReader, W: SeatWriter, J: Journal> Work<'_, R, W, J> {
    /// Sends one kind of change to one purchase, batch by batch.
    async fn carry_out(
        &mut self,
        change: Change,
        summary: &AddOnSummary,
        purchase: &Purchase,
        mut intents: VecDeque<Intent>,
    ) {
        while !intents.is_empty() {
            let size = intents.len().min(self.tools.writer.batch_size());
            let batch: Vec<Intent> = intents.drain(..size).collect();
            let seats: Vec<SeatKey> = batch.iter().map(|intent| intent.seat).collect();
            if self.tools.stop.load(Ordering::Relaxed) {
                self.halted.get_or_insert_with(|| "seatsync was asked to stop".to_owned());
            }
            if self.halted.is_none()
                && let Err(error) = self.tools.journal.intend(self.run, self.tools.clock.now(), &batch).await
            {
                self.halted = Some(format!("the state could not be written: {}", error.chain()));
            }
            if let Some(because) = self.halted.clone() {
                self.settle(change, &seats, &Outcome::Deferred { because }).await;
                continue;
            }
            if let Some(because) = self.send(change, summary, purchase, seats).await {
                let rest: Vec<SeatKey> = intents.drain(..).map(|intent| intent.seat).collect();
                self.settle(change, &rest, &Outcome::Deferred { because }).await;
            }
        }
    }

    /// Sends one batch, in parts where it must be. Answers why the rest of this purchase cannot be served, if so.
    async fn send(
        &mut self,
        change: Change,
        summary: &AddOnSummary,
        purchase: &Purchase,
        seats: Vec<SeatKey>,
    ) -> Option<String> {
        let mut parts = VecDeque::from([seats]);
        let (mut counted, mut exhausted) = (false, None);
        while let Some(part) = parts.pop_front() {
            if let Some(because) = self.halted.clone() {
                self.settle(change, &part, &Outcome::Deferred { because }).await;
                continue;
            }
            let accounts: Vec<AccountId> = part.iter().map(|seat| seat.account).collect();
            let answer = self.write(change, purchase, &accounts).await;
            tracing::debug!(change = change.key(), add_on = %summary.add_on, accounts = part.len(), ?answer, "sent");
            match next_step(change, part.len(), answer) {
                Step::Settled(outcome) => self.settle(change, &part, &outcome).await,
                Step::Bisect => {
                    let (left, right) = part.split_at(part.len() / 2);
                    parts.push_front(right.to_vec());
                    parts.push_front(left.to_vec());
                }
                Step::CountSeats => {
                    let free = if counted { Ok(0) } else { self.free_seats(summary).await };
                    counted = true;
                    let free = match free {
                        Ok(free) => free.min(part.len()),
                        Err(because) => {
                            self.halted = Some(because);
                            0
                        }
                    };
                    let (served, rest) = part.split_at(free);
                    if free > 0 {
                        parts.push_front(served.to_vec());
                    }
                    let because = "NOT_ENOUGH_SEATS: no seat was left when GitLab was asked".to_owned();
                    self.settle(change, rest, &Outcome::Deferred { because: because.clone() }).await;
                    exhausted = Some(because);
                }
                Step::ReadBack { because } => {
                    self.read_back(change, summary.add_on, &part, &because).await;
                    self.halted = Some(because);
                }
                Step::Diagnose => {
                    let because = self.tools.reader.diagnose(purchase).await;
                    self.settle(change, &part, &Outcome::Deferred { because: because.clone() }).await;
                    self.defer_all(change, &mut parts, &because).await;
                    return Some(because);
                }
                Step::Stop { because } => {
                    self.settle(change, &part, &Outcome::Deferred { because: because.clone() }).await;
                    self.halted = Some(because);
                }
            }
        }
        exhausted
    }

    /// Sends one part, and gives it up where another run takes over meanwhile: that one reads back what came of it.
    #[tracing::instrument(
        name = "batch",
        level = "debug",
        skip_all,
        fields(change = change.key(), add_on = purchase.add_on.key(), accounts = accounts.len() as i64)
    )]
    async fn write(&self, change: Change, purchase: &Purchase, accounts: &[AccountId]) -> WriteAnswer {
        tokio::select! {
            biased;
            () = self.tools.journal.lost() => {
                WriteAnswer::Unanswered { because: "another run took over meanwhile".to_owned() }
            }
            answer = self.tools.writer.write(change, &purchase.id, accounts) => answer,
        }
    }

    async fn defer_all(&mut self, change: Change, parts: &mut VecDeque<Vec<SeatKey>>, because: &str) {
        for part in parts.drain(..) {
            self.settle(change, &part, &Outcome::Deferred { because: because.to_owned() }).await;
        }
    }

    /// How many seats GitLab has left now, less the reserve.
    async fn free_seats(&self, summary: &AddOnSummary) -> Result<usize, String> {
        match self.tools.reader.reread(summary.add_on).await {
            Ok(Some((purchase, holders))) => {
                let held = (purchase.assigned as usize).max(holders.len());
                Ok((purchase.purchased.saturating_sub(summary.reserve) as usize).saturating_sub(held))
            }
            Ok(None) => Ok(0),
            Err(error) => Err(error.chain()),
        }
    }

    /// What of a batch whose answer was lost has happened all the same.
    async fn read_back(&mut self, change: Change, add_on: AddOn, part: &[SeatKey], because: &str) {
        let Ok(Some((_, holders))) = self.tools.reader.reread(add_on).await else {
            // Left in flight: the next run reads GitLab and settles it.
            for seat in part {
                self.outcomes.insert((change, *seat), Outcome::Deferred { because: because.to_owned() });
            }
            return;
        };
        let holders: BTreeSet<AccountId> = holders.into_iter().collect();
        let (done, open): (Vec<SeatKey>, Vec<SeatKey>) =
            part.iter().partition(|seat| holders.contains(&seat.account) == (change == Change::Assign));
        self.settle(change, &done, &Outcome::Applied).await;
        self.settle(change, &open, &Outcome::Deferred { because: because.to_owned() }).await;
    }

    /// Whoever could not be freed from one tier is not seated in another.
    async fn hold_back_movers(
        &mut self,
        intents: &mut VecDeque<Intent>,
        decisions: &HashMap<SeatKey, &Decision>,
    ) {
        let stuck: BTreeSet<AccountId> = self
            .outcomes
            .iter()
            .filter(|((change, seat), outcome)| {
                *change == Change::Revoke && !outcome.is_done() && decisions.contains_key(seat)
            })
            .map(|((_, seat), _)| seat.account)
            .collect();
        let held_back: Vec<SeatKey> =
            intents.iter().map(|intent| intent.seat).filter(|seat| stuck.contains(&seat.account)).collect();
        intents.retain(|intent| !stuck.contains(&intent.seat.account));
        let because = "the seat of the other add-on could not be taken back first".to_owned();
        self.settle(Change::Assign, &held_back, &Outcome::Deferred { because }).await;
    }

    /// A seat whose revocation failed is not handed out: the last in line waits.
    async fn hold_back_beyond_supply(
        &mut self,
        summary: &AddOnSummary,
        purchase: &Purchase,
        intents: &mut VecDeque<Intent>,
    ) {
        let revoked = self
            .outcomes
            .iter()
            .filter(|((change, seat), outcome)| {
                *change == Change::Revoke && seat.add_on == summary.add_on && outcome.is_done()
            })
            .count();
        let held = (summary.held_before as usize).saturating_sub(revoked);
        let free = (purchase.purchased.saturating_sub(summary.reserve) as usize).saturating_sub(held);
        let beyond: Vec<SeatKey> = intents.iter().skip(free).map(|intent| intent.seat).collect();
        intents.truncate(free);
        let because = "the seat it was to take could not be taken back first".to_owned();
        self.settle(Change::Assign, &beyond, &Outcome::Deferred { because }).await;
    }

    async fn settle(&mut self, change: Change, seats: &[SeatKey], outcome: &Outcome) {
        if seats.is_empty() {
            return;
        }
        let settled: Vec<(Change, SeatKey, Outcome)> =
            seats.iter().map(|seat| (change, *seat, outcome.clone())).collect();
        if let Err(error) = self.tools.journal.settle(self.run, self.tools.clock.now(), &settled).await {
            // What is not settled is in flight: the next run reads GitLab and settles it.
            self.halted = Some(format!("the state could not be written: {}", error.chain()));
        }
        for (change, seat, outcome) in settled {
            self.outcomes.insert((change, seat), outcome);
        }
        self.tools.progress.at("changes", self.outcomes.len() as u64, Some(self.total as u64));
    }
}
