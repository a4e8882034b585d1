//! Everything that planning may depend on, gathered before it begins.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::model::account::Account;
use crate::model::holding::Memory;
use crate::model::person::SourceName;
use crate::model::policy::Policy;
use crate::model::purchase::SeatReading;
use crate::model::rule::Rule;
use crate::model::snapshot::Snapshot;

/// One observation of the world, and what is wanted of it. The same input gives the same plan.
#[derive(Debug, Clone)]
pub struct PlanningInput {
    pub now: Timestamp,
    pub rules: Vec<Rule>,
    pub policy: Policy,
    /// One for each source that rules name.
    pub snapshots: Vec<Snapshot>,
    pub seats: SeatReading,
    /// Those that people could own; holders need not be among them.
    pub accounts: Vec<Arc<Account>>,
    pub memory: Memory,
}

impl PlanningInput {
    /// The day that `until` is compared with, in UTC.
    pub fn today(&self) -> Date {
        self.now.to_zoned(TimeZone::UTC).date()
    }

    pub fn snapshot(&self, source: &SourceName) -> Option<&Snapshot> {
        self.snapshots.iter().find(|snapshot| snapshot.source == *source)
    }

    /// Whether the clock stands before the last run: then no age can be believed.
    pub fn clock_ran_backwards(&self) -> bool {
        self.memory.last_run_at.is_some_and(|last| self.now < last)
    }
}
