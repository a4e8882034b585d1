//! The conductor: leads or stands by, begins runs when they are due, and takes messages meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc::Receiver;

use crate::app::config::Config;
use crate::app::output;
use crate::app::serve::ballot_box::news;
use crate::app::serve::board::Board;
use crate::app::serve::doors::Doors;
use crate::app::serve::keeping::{keep, still_waiting};
use crate::app::serve::message::Message;
use crate::app::serve::pages::reception::Pages;
use crate::app::serve::reception::Reception;
use crate::app::serve::round::{Ended, round};
use crate::app::serve::schedule::{Due, Schedule, Settled, next};
use crate::app::serve::stop::Stop;
use crate::app::serve::telling::Telling;
use crate::app::serve::tray::{self, Listing};
use crate::ports::{Clock, EdgeError};
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::schedules::ScheduleRow;
use crate::store::serving::Serving;

/// How soon a standby notices that nobody leads any more.
const STANDBY: Duration = Duration::from_secs(1);

/// How soon a run that another one keeps waiting is tried again.
const BUSY: Duration = Duration::from_secs(2);

/// How soon it is noticed that somebody approves a plan that waits.
const APPROVALS: Duration = Duration::from_secs(2);

/// How long is slept at most before the clock on the wall is looked at again: it may have been set, or the machine asleep.
const LOOK: Duration = Duration::from_secs(15);

/// Waits, runs, and answers for one sidecar.
pub struct Conductor {
    pub config: Arc<Config>,
    pub path: PathBuf,
    pub board: Arc<Board>,
    pub reception: Arc<Reception>,
    pub doors: Arc<Doors>,
    pub pages: Arc<Pages>,
    pub clock: Arc<dyn Clock>,
    pub stop: Arc<Stop>,
    pub inbox: Receiver<Message>,
    /// What jitter is made of.
    pub seed: u64,
    pub part: Part,
}

/// Which part this sidecar plays among those of one state.
pub enum Part {
    Standby,
    Leader(Box<Leading>),
}

/// What only a leader knows.
pub struct Leading {
    /// `None` where nobody is told anything.
    telling: Option<Telling>,
    right: Serving,
    settled: Settled,
    /// Schedules whose runs were asked for.
    asked: BTreeSet<String>,
    /// Schedules whose plans wait for a person.
    waiting: BTreeSet<String>,
    /// What people had put into the tray when those plans were made, and when it was last looked at.
    tray: (Listing, Listing),
    /// The last vote on the plan that waits, as far as it was looked at.
    vote: i64,
    /// Whether it was said that another run keeps ours waiting.
    told_busy: bool,
}

impl Conductor {
    /// Goes on until it is asked to stop, and a run that is under way has come to its end.
    pub async fn conduct(mut self) {
        while !self.stop.is_asked() {
            let now = self.clock.now();
            if matches!(&self.part, Part::Leader(leading) if leading.right.is_lost()) {
                tracing::warn!("the state was out of reach: this sidecar leads no more");
                self.part = Part::Standby;
                self.board.show_standby();
            }
            self.look_for_approvals().await;
            let Part::Leader(leading) = &mut self.part else {
                if !self.take_over(now).await {
                    self.pause(STANDBY).await;
                }
                continue;
            };
            let due = leading.due(&self.config.serve.schedules, now, self.seed);
            self.board.show_next(due.as_ref());
            match due.filter(|due| due.at <= now).map(|due| due.schedule.clone()) {
                Some(schedule) => self.run(&schedule, now).await,
                None => {
                    let until = due.and_then(|due| Duration::try_from(due.at.duration_since(now)).ok());
                    let look = if leading.waiting.is_empty() { LOOK } else { APPROVALS };
                    self.pause(until.unwrap_or(look).min(look)).await;
                }
            }
        }
        if let Part::Leader(leading) = self.part
            && let Some(telling) = leading.telling
        {
            telling.end().await;
        }
        self.board.show_standby();
    }

    /// Waits, and takes messages.
    async fn pause(&mut self, pause: Duration) {
        tokio::select! {
            Some(message) = self.inbox.recv() => self.take(message).await,
            () = self.stop.asked() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }

    async fn take(&mut self, message: Message) {
        match message {
            Message::Reload => self.reload().await,
            Message::Run { schedule } => {
                let schedules = &self.config.serve.schedules;
                let found =
                    schedules.iter().find(|known| schedule.as_ref().is_none_or(|name| *name == known.name));
                match (&mut self.part, found) {
                    (Part::Leader(leading), Some(schedule)) => {
                        tracing::info!(schedule = schedule.name, "a run was asked for");
                        leading.asked.insert(schedule.name.clone());
                    }
                    (Part::Standby, _) => tracing::warn!("a run was asked for, but another sidecar leads"),
                    (Part::Leader(_), None) => {
                        tracing::warn!(schedule, "a run was asked for of no schedule we have")
                    }
                }
            }
        }
    }

    /// Takes a new configuration, whole or not at all.
    async fn reload(&mut self) {
        let read = Config::load(&self.path);
        let now = self.clock.now();
        self.board.standing().metrics.configured(read.is_ok(), now);
        match read {
            Ok(config) => {
                let (old, new) = (&self.config.serve, &config.serve);
                if old.listen != new.listen || old.tls.is_some() != new.tls.is_some() {
                    tracing::warn!(
                        "`[serve] listen`, and whether there is a certificate, change with a restart"
                    );
                }
                if self.config.state.place.to_string() != config.state.place.to_string() {
                    // Whoever leads the one state has no right to the other.
                    self.part = Part::Standby;
                    self.board.show_standby();
                }
                if let Part::Leader(leading) = &mut self.part {
                    leading.meet(&new.schedules, now);
                }
                self.reception.configure(&config);
                self.doors.configure(&config);
                self.board.show_configuration(new.schedules.clone(), new.token.as_ref());
                self.pages.follow(&config).await;
                self.config = Arc::new(config);
                tracing::info!("the configuration was read again");
            }
            Err(error) => {
                output::say(error.render(false).trim_end());
                tracing::error!("the configuration was refused; the one before stays in force");
            }
        }
    }

    /// Leads from now on, if nobody else does. What earlier leaders have done is known from the state.
    async fn take_over(&mut self, now: Timestamp) -> bool {
        let tried = try_to_lead(&self.config, now).await;
        let was_reachable = std::mem::replace(&mut self.board.standing().state_is_reachable, tried.is_ok());
        let (right, remembered, waiting) = match tried {
            Ok(Some(lead)) => lead,
            Ok(None) => return false,
            Err(error) => {
                if was_reachable {
                    tracing::error!(error = error.chain(), hint = error.hint, "the state cannot be opened");
                }
                return false;
            }
        };
        let settled = remembered.iter().map(|(name, row)| (name.clone(), row.settled_until)).collect();
        self.board.show_leader(remembered.values().filter_map(|row| row.succeeded_at).max(), now);
        tracing::info!("this sidecar leads");
        self.part = Part::Leader(Box::new(Leading {
            telling: None,
            right,
            settled: Settled(settled),
            asked: BTreeSet::new(),
            waiting,
            tray: Default::default(),
            vote: 0,
            told_busy: false,
        }));
        // What an earlier leader had no time to deliver is due.
        let telling = self.telling();
        if let Part::Leader(leading) = &mut self.part {
            leading.telling = telling;
        }
        true
    }

    /// Runs once, unless another run has the state. Messages are taken meanwhile.
    async fn run(&mut self, schedule: &Schedule, began: Timestamp) {
        let store = match Store::open(&self.config.state.place, began).await {
            Ok(store) => store,
            Err(error) => return self.put_off(schedule, &error).await,
        };
        tracing::info!(schedule = schedule.name, mode = schedule.mode.key(), "a run begins");
        let tray = listing(&self.config).await;
        // What is cast from here on is looked at after the run.
        let vote = store.last_vote().await.unwrap_or_default();
        // A run that was asked for is due for nobody else: were we killed, it would not be taken up.
        if let Part::Leader(leading) = &self.part
            && leading.asked.contains(&schedule.name)
            && let Err(error) = store.owe_schedule(&schedule.name).await
        {
            tracing::warn!(error = error.chain(), "the begin of a run could not be written down");
        }
        let (config, clock, stop) =
            (Arc::clone(&self.config), Arc::clone(&self.clock), Arc::clone(&self.stop));
        let telling = self.telling();
        let done = {
            let running = round(&config, schedule, &store, telling.as_ref(), clock.as_ref(), &stop);
            tokio::pin!(running);
            loop {
                tokio::select! {
                    done = &mut running => break done,
                    Some(message) = self.inbox.recv() => self.take(message).await,
                }
            }
        };
        if let Err(error) = keep(&config, schedule, &done, &store, self.clock.now()).await {
            tracing::error!(error = error.chain(), hint = error.hint, "the plan of a run could not be kept");
        }
        // What was cut short stays due: whoever leads next takes it up at once.
        let settled = if self.stop.is_asked() && done.ended.is_cut_short() {
            store.owe_schedule(&schedule.name).await
        } else {
            store.settle_schedule(&schedule.name, began, done.ended.is_well()).await
        };
        if let Err(error) = settled {
            tracing::warn!(error = error.chain(), "the end of a run could not be written down");
        }
        store.close().await;
        if let Part::Leader(leading) = &mut self.part {
            leading.settled.0.insert(schedule.name.clone(), began);
            leading.asked.remove(&schedule.name);
            leading.told_busy = false;
            leading.telling = telling;
            leading.await_approval(schedule, done.ended, tray, vote);
        }
        self.board.show_run(schedule, &done, began, self.clock.now());
    }

    /// Plans that wait are made anew once something has come into the tray, and has come whole, or enough people have voted.
    async fn look_for_approvals(&mut self) {
        if let Part::Leader(leading) = &mut self.part
            && !leading.waiting.is_empty()
        {
            match news(&self.config, &self.pages, &mut leading.vote).await {
                Ok(Some(plan)) => {
                    if let Some(telling) = &leading.telling {
                        telling.tell_of_votes(&plan).await;
                    }
                    if plan.standing.is_carried(self.config.policy.approval.at_least) {
                        tracing::info!("enough people approve the plan that waits");
                        leading.asked.append(&mut leading.waiting);
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(error = error.chain(), hint = error.hint, "votes cannot be looked at")
                }
            }
            let now = listing(&self.config).await;
            if now != leading.tray.0 && now == leading.tray.1 {
                tracing::info!("something was put into the folder of approvals");
                leading.asked.append(&mut leading.waiting);
            }
            leading.tray.1 = now;
        }
    }

    /// Whoever tells of this run, as the configuration says now.
    fn telling(&mut self) -> Option<Telling> {
        let Part::Leader(leading) = &mut self.part else { return None };
        match leading.telling.take() {
            Some(telling) if telling.is_of(&self.config) => Some(telling),
            before => Telling::begin(&self.config, &self.clock, before).unwrap_or_else(|error| {
                tracing::error!(error = error.chain(), hint = error.hint, "nobody is told of anything");
                None
            }),
        }
    }

    async fn put_off(&mut self, schedule: &Schedule, error: &EdgeError) {
        self.board.standing().state_is_reachable = is_busy(error);
        if let Part::Leader(leading) = &mut self.part
            && !std::mem::replace(&mut leading.told_busy, true)
        {
            let (because, hint) = (error.chain(), &error.hint);
            tracing::warn!(schedule = schedule.name, because, hint, "a run that is due has to wait");
        }
        self.pause(BUSY).await;
    }
}

impl Leading {
    /// Schedules that are new count from now on.
    fn meet(&mut self, schedules: &[Schedule], now: Timestamp) {
        for schedule in schedules {
            self.settled.0.entry(schedule.name.clone()).or_insert(schedule.counts_from(now));
        }
    }

    /// Whatever came into the tray since the plan was made may approve it.
    fn await_approval(&mut self, schedule: &Schedule, ended: Ended, tray: Listing, vote: i64) {
        self.waiting.remove(&schedule.name);
        if ended == Ended::AwaitingApproval {
            self.waiting.insert(schedule.name.clone());
            self.tray = (tray.clone(), tray);
            self.vote = vote;
        }
    }

    /// Whatever was asked for is due now.
    fn due<'s>(&self, schedules: &'s [Schedule], now: Timestamp, seed: u64) -> Option<Due<'s>> {
        let asked = schedules.iter().find(|schedule| self.asked.contains(&schedule.name));
        asked.map(|schedule| Due { schedule, at: now }).or_else(|| next(schedules, &self.settled, now, seed))
    }
}

/// The right to lead, and what is remembered of the schedules; a schedule that is new counts from now on. `None` while
/// another sidecar leads, or a run by hand has the state.
async fn try_to_lead(
    config: &Config,
    now: Timestamp,
) -> Result<Option<(Serving, BTreeMap<String, ScheduleRow>, BTreeSet<String>)>, EdgeError> {
    let Some(right) = Serving::acquire(&config.state.place, now).await? else { return Ok(None) };
    let store = match Store::open(&config.state.place, now).await {
        Ok(store) => store,
        Err(error) if is_busy(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let remembered = store.schedules().await?;
    for schedule in &config.serve.schedules {
        if !remembered.contains_key(&schedule.name) {
            store.settle_schedule(&schedule.name, schedule.counts_from(now), false).await?;
        }
    }
    let remembered = store.schedules().await?;
    let waiting = still_waiting(config, &store).await?;
    store.close().await;
    Ok(Some((right, remembered, waiting)))
}

async fn listing(config: &Config) -> Listing {
    let Some(folder) = config.serve.approved.clone() else { return Listing::default() };
    // A folder may be on a disk that takes its time.
    tokio::task::spawn_blocking(move || tray::listing(&folder)).await.unwrap_or_default()
}

fn is_busy(error: &EdgeError) -> bool {
    matches!(error.cause(), Some(StoreError::Taken { .. }))
}
