//! The board: what the runs write up, and the port shows.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use secrecy::SecretString;

use crate::app::serve::metrics::Metrics;
use crate::app::serve::round::{Ended, Round};
use crate::app::serve::schedule::{Due, Schedule};
use crate::app::token::TokenDigest;

/// Shared by the runs, which write, and the port, which reads.
#[derive(Debug)]
pub struct Board {
    standing: Mutex<Standing>,
}

/// All there is to show, at one time.
#[derive(Debug)]
pub struct Standing {
    pub role: Role,
    /// Whether the state could be opened when it was last tried.
    pub state_is_reachable: bool,
    /// When a run last went well; since when this sidecar leads, where none has.
    pub good: Timestamp,
    pub schedules: Vec<Schedule>,
    /// What whoever asks for runs must show. `None`: nobody may.
    pub token: Option<TokenDigest>,
    pub last: Option<LastRun>,
    pub next: Option<NextRun>,
    pub metrics: Metrics,
}

/// Of several sidecars of one state one leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Leader,
    Standby,
}

impl Role {
    pub fn key(self) -> &'static str {
        match self {
            Role::Leader => "leader",
            Role::Standby => "standby",
        }
    }
}

/// The run that ended last.
#[derive(Debug, Clone)]
pub struct LastRun {
    pub schedule: String,
    pub began: Timestamp,
    pub ended_at: Timestamp,
    pub ended: Ended,
    pub digest: Option<String>,
    pub changes: usize,
}

/// The run that comes next by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextRun {
    pub schedule: String,
    pub at: Timestamp,
}

impl Board {
    pub fn new(schedules: Vec<Schedule>, token: Option<&SecretString>, now: Timestamp) -> Board {
        Board {
            standing: Mutex::new(Standing {
                role: Role::Standby,
                state_is_reachable: true,
                good: now,
                schedules,
                token: token.map(TokenDigest::of),
                last: None,
                next: None,
                metrics: Metrics::registered(),
            }),
        }
    }

    /// What is written and read under one lock is seen whole. Nobody waits for anything while holding it.
    pub fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whoever led before was well then, if ever.
    pub fn show_leader(&self, succeeded: Option<Timestamp>, now: Timestamp) {
        let mut standing = self.standing();
        standing.role = Role::Leader;
        standing.good = now;
        standing.metrics.leads(true);
        if let Some(succeeded) = succeeded {
            standing.metrics.succeeded(succeeded);
        }
    }

    pub fn show_standby(&self) {
        let mut standing = self.standing();
        standing.role = Role::Standby;
        standing.next = None;
        standing.metrics.leads(false);
        standing.metrics.due(None);
    }

    pub fn show_configuration(&self, schedules: Vec<Schedule>, token: Option<&SecretString>) {
        let mut standing = self.standing();
        standing.schedules = schedules;
        standing.token = token.map(TokenDigest::of);
    }

    pub fn show_next(&self, due: Option<&Due<'_>>) {
        let mut standing = self.standing();
        let next = due.map(|due| NextRun { schedule: due.schedule.name.clone(), at: due.at });
        if standing.next != next {
            standing.metrics.due(due);
            standing.next = next;
        }
    }

    pub fn show_run(&self, schedule: &Schedule, round: &Round, began: Timestamp, now: Timestamp) {
        let mut standing = self.standing();
        standing.state_is_reachable = true;
        if round.ended.is_well() {
            standing.good = now;
        }
        standing.metrics.ran(schedule, round, began, now);
        let plan = round.planned.as_ref().map(|(plan, _)| plan);
        let changes = plan.map_or(0, |plan| plan.changes().len());
        let digest = plan.map(|plan| plan.digest().as_str().to_owned());
        let seconds = now.duration_since(began).as_secs_f64();
        tracing::info!(
            schedule = schedule.name,
            ended = round.ended.key(),
            changes,
            digest,
            seconds,
            "a run ended"
        );
        standing.last = Some(LastRun {
            schedule: schedule.name.clone(),
            began,
            ended_at: now,
            ended: round.ended,
            digest,
            changes,
        });
    }
}
