//! When which run is due: a function of what was done, the time, and a seed for chance.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// How long a run may take, and a machine be busy, before a run that is due counts as late.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// Runs that come by themselves.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    pub name: String,
    pub when: When,
    /// Each run is put off by a part of this that chance chooses, so that many installations do not ask at once.
    pub jitter: SignedDuration,
    pub mode: Mode,
}

/// See [`Schedule`].
#[derive(Debug, Clone, PartialEq)]
pub enum When {
    /// On the clock of a place. What falls into an hour that is skipped there comes right after it; what falls into
    /// an hour that comes twice comes once.
    Cron { cron: Box<Cron>, time_zone: TimeZone },
    /// So long after the beginning of the run before.
    Every(SignedDuration),
}

/// What becomes of the plan of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It is published and never applied.
    Report,
    /// It waits for a person.
    Approve,
    /// It is applied within the guard's limits; beyond them it waits for a person.
    Auto,
}

impl Mode {
    pub fn key(self) -> &'static str {
        match self {
            Mode::Report => "report",
            Mode::Approve => "approve",
            Mode::Auto => "auto",
        }
    }
}

/// Until when the runs of each schedule are done with, by its name: the beginning of the latest run, as a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled(pub BTreeMap<String, Timestamp>);

/// The run that comes next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Due<'s> {
    pub schedule: &'s Schedule,
    /// Not after now, where it is to begin.
    pub at: Timestamp,
}

/// The run that is due first; of several at the same time the one that stands first in the configuration.
pub fn next<'s>(schedules: &'s [Schedule], settled: &Settled, now: Timestamp, seed: u64) -> Option<Due<'s>> {
    let due = schedules.iter().map(|schedule| {
        let settled = settled.0.get(&schedule.name).copied().unwrap_or(schedule.counts_from(now));
        // A clock that was set back must not silence a schedule until it has caught up with itself.
        Due { schedule, at: schedule.due(settled.min(now), seed) }
    });
    due.min_by_key(|due| due.at)
}

/// The cron expression of five fields, minute to weekday.
pub fn parse_cron(text: &str) -> Result<Cron, String> {
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    let cron = parser.parse(text).map_err(|error| error.to_string())?;
    let some_day = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    cron.find_next_occurrence(&some_day, false).map_err(|_| "no day is ever like this".to_owned())?;
    Ok(cron)
}

impl Schedule {
    /// Until when the runs of a schedule that is seen for the first time count as done: one on the clock waits for its
    /// hour, one that repeats begins at once.
    pub fn counts_from(&self, now: Timestamp) -> Timestamp {
        match self.when {
            When::Cron { .. } => now,
            When::Every(period) => now.checked_sub(period).unwrap_or(Timestamp::MIN),
        }
    }

    /// When the first run after `settled` is to begin.
    fn due(&self, settled: Timestamp, seed: u64) -> Timestamp {
        let at = self.after(settled);
        let delay = self.jitter.as_millis_f64() * chance(seed, &self.name, at);
        at.checked_add(SignedDuration::from_millis(delay as i64)).unwrap_or(Timestamp::MAX)
    }

    fn after(&self, settled: Timestamp) -> Timestamp {
        match &self.when {
            When::Cron { cron, time_zone } => cron
                .find_next_occurrence(&settled.to_zoned(time_zone.clone()), false)
                .map_or(Timestamp::MAX, |next| next.timestamp()),
            When::Every(period) => settled.checked_add(*period).unwrap_or(Timestamp::MAX),
        }
    }

    /// From when on something is wrong if no run since `good` has gone well: two in a row were missed or failed.
    pub fn late_from(&self, good: Timestamp) -> Timestamp {
        let second = self.after(self.after(good));
        second.checked_add(self.jitter).and_then(|at| at.checked_add(PATIENCE)).unwrap_or(Timestamp::MAX)
    }
}

/// From 0 to below 1: the same whenever it is asked for the same run of the same process.
fn chance(seed: u64, name: &str, at: Timestamp) -> f64 {
    let mut hasher = DefaultHasher::new();
    (seed, name, at.as_second()).hash(&mut hasher);
    (hasher.finish() >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use jiff::{SignedDuration, Timestamp};

    use crate::app::serve::schedule::{Mode, Schedule, Settled, When, next, parse_cron};

    const MINUTE: SignedDuration = SignedDuration::from_mins(1);

    fn cron(name: &str, text: &str, zone: &str) -> Schedule {
        let time_zone = TimeZone::get(zone).unwrap();
        let when = When::Cron { cron: Box::new(parse_cron(text).unwrap()), time_zone };
        Schedule { name: name.to_owned(), when, jitter: SignedDuration::ZERO, mode: Mode::Auto }
    }

    fn every(name: &str, minutes: i64, jitter: i64) -> Schedule {
        let when = When::Every(SignedDuration::from_mins(minutes));
        Schedule {
            name: name.to_owned(),
            when,
            jitter: SignedDuration::from_mins(jitter),
            mode: Mode::Report,
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Looks at the clock every minute between two times, and runs whatever is due, which takes no time.
    fn simulate(
        schedules: &[Schedule],
        settled: &mut Settled,
        from: &str,
        to: &str,
    ) -> Vec<(String, Timestamp)> {
        let (mut now, to) = (at(from), at(to));
        for schedule in schedules {
            settled.0.entry(schedule.name.clone()).or_insert(schedule.counts_from(now));
        }
        let mut runs = Vec::new();
        while now <= to {
            while let Some(due) = next(schedules, settled, now, 7).filter(|due| due.at <= now) {
                settled.0.insert(due.schedule.name.clone(), now);
                runs.push((due.schedule.name.clone(), now));
            }
            now += MINUTE;
        }
        runs
    }

    fn times(runs: &[(String, Timestamp)]) -> Vec<String> {
        runs.iter().map(|(_, at)| at.to_string()).collect()
    }

    #[test]
    fn a_day_of_two_schedules() {
        let schedules = [cron("nightly", "0 4 * * *", "Europe/Zurich"), every("often", 15, 0)];
        let runs =
            simulate(&schedules, &mut Settled::default(), "2026-11-22T00:00:00Z", "2026-11-22T23:59:00Z");
        let of = |name: &str| runs.iter().filter(|run| run.0 == name).cloned().collect::<Vec<_>>();
        assert_eq!(times(&of("nightly")), ["2026-11-22T03:00:00Z"], "four o'clock in Zurich, in winter");
        assert_eq!(of("often").len(), 4 * 24, "at once, and then every quarter of an hour");
        assert_eq!(
            times(&of("often"))[..3],
            ["2026-11-22T00:00:00Z", "2026-11-22T00:15:00Z", "2026-11-22T00:30:00Z"]
        );
    }

    #[test]
    fn what_falls_into_the_skipped_hour_comes_once_and_right_after_it() {
        let schedules = [cron("nightly", "30 2 * * *", "Europe/Zurich")];
        let runs =
            simulate(&schedules, &mut Settled::default(), "2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z");
        assert_eq!(times(&runs), ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]);
    }

    #[test]
    fn what_falls_into_the_repeated_hour_comes_once() {
        let schedules = [cron("nightly", "30 2 * * *", "Europe/Zurich")];
        let runs =
            simulate(&schedules, &mut Settled::default(), "2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z");
        assert_eq!(times(&runs), ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
    }

    #[test]
    fn hours_go_on_by_the_hour_through_both_changes_of_the_clock() {
        let schedules = [cron("hourly", "0 * * * *", "Europe/Zurich")];
        for night in ["2026-03-29", "2026-10-25"] {
            let (from, to) = (format!("{night}T00:00:00Z"), format!("{night}T05:59:00Z"));
            let runs = simulate(&schedules, &mut Settled::default(), &from, &to);
            assert_eq!(runs.len(), 5, "{night}: {:?}", times(&runs));
        }
    }

    #[test]
    fn runs_missed_while_down_are_caught_up_by_one() {
        let schedules = [cron("nightly", "0 4 * * *", "UTC")];
        let mut settled = Settled::default();
        settled.0.insert("nightly".to_owned(), at("2026-11-19T04:00:00Z"));
        let runs = simulate(&schedules, &mut settled, "2026-11-22T09:30:00Z", "2026-11-23T12:00:00Z");
        assert_eq!(times(&runs), ["2026-11-22T09:30:00Z", "2026-11-23T04:00:00Z"]);
    }

    #[test]
    fn a_schedule_on_the_clock_that_is_new_waits_for_its_hour() {
        let schedules = [cron("nightly", "0 4 * * *", "UTC")];
        let runs =
            simulate(&schedules, &mut Settled::default(), "2026-11-22T04:01:00Z", "2026-11-23T03:59:00Z");
        assert!(runs.is_empty(), "{runs:?}");
    }

    #[test]
    fn a_clock_that_was_set_back_silences_nothing() {
        let schedules = [every("often", 15, 0)];
        let mut settled = Settled::default();
        settled.0.insert("often".to_owned(), at("2027-11-22T00:00:00Z"));
        let due = next(&schedules, &settled, at("2026-11-22T00:00:00Z"), 7).unwrap();
        assert_eq!(due.at, at("2026-11-22T00:15:00Z"));
    }

    #[test]
    fn jitter_spreads_runs_and_stays_below_its_bound() {
        let schedules = [every("often", 15, 5)];
        let now = at("2026-11-22T00:00:00Z");
        let settled = Settled([("often".to_owned(), now)].into());
        let delays: Vec<SignedDuration> = (0..100)
            .map(|seed| {
                let due = next(&schedules, &settled, now, seed).unwrap().at;
                assert_eq!(
                    due,
                    next(&schedules, &settled, now + MINUTE, seed).unwrap().at,
                    "it does not move"
                );
                due.duration_since(now) - SignedDuration::from_mins(15)
            })
            .collect();
        assert!(delays.iter().all(|delay| !delay.is_negative() && *delay < SignedDuration::from_mins(5)));
        assert!(delays.iter().any(|delay| *delay < MINUTE) && delays.iter().any(|delay| *delay > MINUTE * 4));
    }

    #[test]
    fn two_runs_in_a_row_that_do_not_come_are_late() {
        let good = at("2026-11-20T04:00:00Z");
        assert_eq!(cron("nightly", "0 4 * * *", "UTC").late_from(good), at("2026-11-22T04:10:00Z"));
        assert_eq!(every("often", 15, 1).late_from(good), at("2026-11-20T04:41:00Z"));
    }

    #[test]
    fn a_day_that_never_comes_is_refused() {
        assert!(parse_cron("0 4 30 2 *").is_err());
        assert!(parse_cron("0 4 29 2 *").is_ok());
        assert!(parse_cron("every night").is_err());
        assert!(parse_cron("0 0 4 * * *").is_err(), "no seconds");
    }
}
