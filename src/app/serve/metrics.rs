//! What Prometheus is told: names, labels and help of every metric, and how a run changes them.

use std::time::Duration;

use jiff::Timestamp;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Metric, Registry};

use crate::app::serve::round::{Ended, Round};
use crate::app::serve::schedule::{Due, Schedule};
use crate::model::decision::Verdict;
use crate::model::finding::Finding;
use crate::model::holding::Change;
use crate::model::outcome::Outcomes;
use crate::model::person::SourceName;
use crate::model::plan::Plan;
use crate::model::roster::Standing;
use crate::model::snapshot::Coverage;
use crate::report::words::refusal_code;

/// A metric's labels and their values: names of add-ons, sources and schedules, and codes; never of people.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Labels(Vec<(&'static str, String)>);

impl prometheus_client::encoding::EncodeLabelSet for Labels {
    fn encode(&self, encoder: &mut prometheus_client::encoding::LabelSetEncoder<'_>) -> std::fmt::Result {
        self.0.encode(encoder)
    }
}

/// See the help of each in [`Metrics::registered`].
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    leader: Gauge,
    reload_successful: Gauge,
    reload_timestamp: Gauge,
    runs: Family<Labels, Counter>,
    run_duration: Histogram,
    last_run: Gauge,
    last_success: Gauge,
    next_run: Family<Labels, Gauge>,
    source_people: Family<Labels, Gauge>,
    source_complete: Family<Labels, Gauge>,
    source_read: Family<Labels, Gauge>,
    pushes: Family<Labels, Counter>,
    roster_people: Family<Labels, Gauge>,
    roster_groups: Family<Labels, Gauge>,
    roster_heard: Family<Labels, Gauge>,
    roster_written: Family<Labels, Gauge>,
    purchased: Family<Labels, Gauge>,
    reserved: Family<Labels, Gauge>,
    held: Family<Labels, Gauge>,
    waiting: Family<Labels, Gauge>,
    frozen: Family<Labels, Gauge>,
    verdicts: Family<Labels, Gauge>,
    unmatched: Gauge,
    findings: Family<Labels, Gauge>,
    awaiting_approval: Gauge,
    changes: Family<Labels, Counter>,
    refusals: Family<Labels, Counter>,
    requests: Counter,
    remaining: Family<Labels, Gauge>,
    assertions: Family<Labels, Counter>,
}

impl Metrics {
    pub fn registered() -> Metrics {
        let mut registry = Registry::with_prefix("seatsync");
        registry.register(
            "build",
            "The version that runs",
            Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]),
        );
        let mut with = Registering(&mut registry);
        Metrics {
            leader: with.metric("leader", "1 where this sidecar leads, 0 where it stands by"),
            reload_successful: with.metric(
                "config_last_reload_successful",
                "Whether the configuration was taken when last read",
            ),
            reload_timestamp: with.metric(
                "config_last_reload_success_timestamp_seconds",
                "When a configuration was last taken",
            ),
            runs: with.metric("runs", "Runs of this process, by schedule and how they ended"),
            run_duration: with.given(
                "run_duration_seconds",
                "How long runs took",
                Histogram::new([1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0]),
            ),
            last_run: with.metric("last_run_timestamp_seconds", "When the last run ended"),
            last_success: with.metric(
                "last_success_timestamp_seconds",
                "When a run last began that came to a plan and did with it what its mode allows",
            ),
            next_run: with.metric("next_run_timestamp_seconds", "When the next run of a schedule is due"),
            source_people: with.metric("source_people", "People that a source told of in the last run"),
            source_complete: with
                .metric("source_complete", "1 where a source was read whole in the last run, 0 elsewhere"),
            source_read: with
                .metric("source_complete_timestamp_seconds", "When a source was last read whole"),
            pushes: with
                .metric("pushes", "Requests of identity providers over SCIM, by the status of the answer"),
            roster_people: with.metric("roster_people", "People that an identity provider has pushed"),
            roster_groups: with.metric("roster_groups", "Groups that an identity provider has pushed"),
            roster_heard: with.metric(
                "roster_heard_timestamp_seconds",
                "When an identity provider last asked or told anything",
            ),
            roster_written: with
                .metric("roster_written_timestamp_seconds", "When an identity provider last pushed anything"),
            purchased: with.metric("seats_purchased", "Seats purchased of an add-on"),
            reserved: with.metric("seats_reserved", "Seats of an add-on that are never handed out"),
            held: with.metric("seats_held", "Seats of an add-on that accounts hold"),
            waiting: with.metric("seats_waiting", "Accounts that wait for a seat of an add-on"),
            frozen: with
                .metric("frozen", "1 where nobody may lose a seat of an add-on: a source was not read whole"),
            verdicts: with.metric("verdicts", "Verdicts of the last plan"),
            unmatched: with.metric("unmatched_people", "Entitled people without an account in GitLab"),
            findings: with.metric("findings", "Findings of the last plan, by code"),
            awaiting_approval: with
                .metric("awaiting_approval_changes", "Changes that wait for a person to approve them"),
            changes: with.metric("changes", "Changes to GitLab, by what came of them"),
            refusals: with.metric("refusals", "Plans that the guard refused, by the limit"),
            requests: with.metric("gitlab_requests", "Requests sent to GitLab, retries included"),
            remaining: with.metric(
                "gitlab_requests_remaining",
                "Requests that GitLab's own rate limit still allowed when it last told",
            ),
            assertions: with.metric(
                "saml_assertions",
                "Assertions that browsers brought, by source and what came of them",
            ),
            registry,
        }
    }

    /// In the text format of OpenMetrics 1.0.
    pub fn text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("a string takes whatever is written");
        text
    }

    pub fn leads(&self, leads: bool) {
        self.leader.set(i64::from(leads));
    }

    pub fn configured(&self, taken: bool, now: Timestamp) {
        self.reload_successful.set(i64::from(taken));
        if taken {
            self.reload_timestamp.set(now.as_second());
        }
    }

    /// `outcome` is `taken_in`, or the reason of a refusal.
    pub fn proven(&self, source: &str, outcome: &str) {
        let labels = Labels(vec![("source", source.to_owned()), ("outcome", outcome.to_owned())]);
        self.assertions.get_or_create(&labels).inc();
    }

    pub fn due(&self, due: Option<&Due<'_>>) {
        self.next_run.clear();
        if let Some(due) = due {
            let labels = labels([("schedule", &due.schedule.name)]);
            self.next_run.get_or_create(&labels).set(due.at.as_second());
        }
    }

    /// What an earlier process has left.
    pub fn succeeded(&self, at: Timestamp) {
        self.last_success.set(at.as_second());
    }

    /// An identity provider was answered.
    pub fn pushed(&self, source: &SourceName, status: u16) {
        let labels = labels([("source", source.as_str()), ("status", &status.to_string())]);
        self.pushes.get_or_create(&labels).inc();
    }

    pub fn roster(&self, source: &SourceName, standing: &Standing) {
        let labels = labels([("source", source.as_str())]);
        self.roster_people.get_or_create(&labels).set(standing.people.cast_signed());
        self.roster_groups.get_or_create(&labels).set(standing.groups.cast_signed());
        self.roster_heard.get_or_create(&labels).set(standing.heard_at.as_second());
        if let Some(written_at) = standing.written_at {
            self.roster_written.get_or_create(&labels).set(written_at.as_second());
        }
    }

    pub fn ran(&self, schedule: &Schedule, round: &Round, began: Timestamp, now: Timestamp) {
        let took = Duration::try_from(now.duration_since(began)).unwrap_or_default();
        self.run_duration.observe(took.as_secs_f64());
        let ended = labels([("schedule", &schedule.name), ("ended", round.ended.key())]);
        self.runs.get_or_create(&ended).inc();
        self.last_run.set(now.as_second());
        self.requests.inc_by(round.requests);
        if let Some(remaining) = round.remaining {
            self.remaining.get_or_create(&labels([])).set(remaining.cast_signed());
        }
        if round.ended.is_well() {
            self.succeeded(began);
        }
        if let Some((plan, outcomes)) = &round.planned {
            self.planned(plan, outcomes, began);
            let waits = round.ended == Ended::AwaitingApproval;
            self.awaiting_approval.set(if waits { count(plan.changes().len()) } else { 0 });
        }
    }

    fn planned(&self, plan: &Plan, outcomes: &Outcomes, began: Timestamp) {
        self.source_people.clear();
        self.source_complete.clear();
        for source in &plan.sources {
            let labels = labels([("source", source.source.as_str())]);
            let whole = source.coverage == Coverage::Complete;
            self.source_people.get_or_create(&labels).set(count(source.people));
            self.source_complete.get_or_create(&labels).set(i64::from(whole));
            if whole {
                self.source_read.get_or_create(&labels).set(began.as_second());
            }
        }
        for family in [
            &self.purchased,
            &self.reserved,
            &self.held,
            &self.waiting,
            &self.frozen,
            &self.verdicts,
            &self.findings,
        ] {
            family.clear();
        }
        for summary in &plan.add_ons {
            let labels = labels([("add_on", summary.add_on.key())]);
            let purchased = summary.purchase.as_ref().map_or(0, |purchase| purchase.purchased);
            let done = |change| outcomes.done(summary.add_on, change) as i64;
            let held = i64::from(summary.held_before) + done(Change::Assign) - done(Change::Revoke);
            self.purchased.get_or_create(&labels).set(i64::from(purchased));
            self.reserved.get_or_create(&labels).set(i64::from(summary.reserve));
            self.held.get_or_create(&labels).set(held);
            self.waiting.get_or_create(&labels).set(0);
            self.frozen.get_or_create(&labels).set(i64::from(summary.frozen.is_some()));
        }
        for decision in &plan.decisions {
            let add_on = decision.add_on.key();
            let verdict = labels([("add_on", add_on), ("verdict", decision.verdict.key())]);
            self.verdicts.get_or_create(&verdict).inc();
            if let Verdict::Wait { .. } = decision.verdict {
                self.waiting.get_or_create(&labels([("add_on", add_on)])).inc();
            }
        }
        self.unmatched.set(count(plan.unmatched.len()));
        for Finding { code, level, .. } in &plan.findings {
            let labels = labels([("code", code.key()), ("level", level.key())]);
            self.findings.get_or_create(&labels).inc();
        }
        for refusal in &plan.refusals {
            self.refusals.get_or_create(&labels([("code", refusal_code(refusal))])).inc();
        }
        for change in &outcomes.changes {
            let labels = labels([
                ("add_on", change.seat.add_on.key()),
                ("change", change.change.key()),
                ("outcome", change.outcome.key()),
            ]);
            self.changes.get_or_create(&labels).inc();
        }
    }
}

/// Registers what it makes.
struct Registering<'r>(&'r mut Registry);

impl Registering<'_> {
    fn metric<M: Metric + Clone + Default>(&mut self, name: &str, help: &str) -> M {
        self.given(name, help, M::default())
    }

    fn given<M: Metric + Clone>(&mut self, name: &str, help: &str, metric: M) -> M {
        self.0.register(name, help, metric.clone());
        metric
    }
}

fn labels<const N: usize>(labels: [(&'static str, &str); N]) -> Labels {
    Labels(labels.map(|(name, value)| (name, value.to_owned())).to_vec())
}

fn count(many: usize) -> i64 {
    i64::try_from(many).unwrap_or(i64::MAX)
}
