//! Run after run while directory, GitLab, state, process and mail fail at random: nobody loses a seat wrongly, no run is
//! lost, the record is complete, and one good run puts everything right. `cargo xtask soak 3000` takes longer over it.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod judge;
mod post;
mod site;
#[path = "../support/mod.rs"]
mod support;
mod weather;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use jiff::{SignedDuration, Timestamp};
use seatsync::app::clock::FixedClock;
use seatsync::app::progress::Silent;
use seatsync::app::run::{Applied, Company, carry_out, planned};
use seatsync::app::wiring::connect;
use seatsync::model::audit::breaks;
use seatsync::model::outcome::Outcomes;
use seatsync::model::plan::Plan;
use seatsync::planning::guard::Approval;
use seatsync::ports::{EdgeError, Progress};
use seatsync::store::database::Store;
use seatsync::store::lock::RunLock;
use seatsync::store::place::Place;
use seatsync::sync::notebook::Notebook;

use crate::judge::Judge;
use crate::post::Post;
use crate::site::Site;
use crate::support::chance::Chance;
use crate::weather::{Fickle, Weather};

/// What came of a run.
pub(crate) enum Came {
    Done { plan: Box<Plan>, outcomes: Outcomes },
    Refused { plan: Box<Plan> },
    Failed(String),
    Killed,
}

impl Came {
    fn key(&self) -> &'static str {
        match self {
            Came::Done { outcomes, .. } if outcomes.is_partial() => "applied in part",
            Came::Done { .. } => "applied",
            Came::Refused { .. } => "refused by the guard",
            Came::Failed(_) => "failed",
            Came::Killed => "killed",
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn whatever_fails_nobody_loses_a_seat_and_no_run_is_lost() {
    let runs = how_many();
    let mut chance = Chance::new();
    let mut site = Site::start().await;
    let (mut judge, post) = (Judge::new(), Post::new());
    let mut now: Timestamp = "2026-11-22T04:00:00Z".parse().unwrap();
    let (mut tally, mut changes, mut memory) = (BTreeMap::<&str, u32>::new(), 0, Vec::new());
    for number in 1..=runs {
        now += SignedDuration::from_hours(1);
        site.goes_on(&mut chance);
        let is_fair = number % 8 == 1 || number == runs;
        let weather = if is_fair { Weather::fair() } else { Weather::of(&mut chance) };
        let before = site.holders();
        judge.look(&site);
        weather.strikes(&site, &mut chance).await;
        let came = run(&site, &weather, now).await;
        weather.passes(&site).await;
        // The simulator remembers every request until it is told to forget: that is no memory of seatsync's.
        site.gitlab.forget_requests();

        let mut faults = judge.faults(&site, &came).await;
        if is_fair {
            faults.extend(judge.settled(&site, &before).await);
        }
        post.tell(&site, &came, weather.mail, now).await;
        faults.extend(post.faults());
        assert!(faults.is_empty(), "run {number} {}: {faults:#?}\n{weather:#?}", words(&came));

        *tally.entry(came.key()).or_default() += 1;
        changes += before.symmetric_difference(&site.holders()).count();
        if number % (runs / 10).max(1) == 0 {
            memory.push((number, resident()));
        }
    }
    // Whatever the mail server refused goes out now.
    now += SignedDuration::from_hours(5);
    post.tell(&site, &Came::Failed("the end".to_owned()), weather::MailMood::Takes, now).await;
    let waiting = site.state("SELECT notice FROM outbox WHERE settled_at IS NULL OR fate = 'given up'").await;
    assert_eq!(waiting, [""; 0], "every notice was delivered");
    let store = Store::open_existing(site.place()).await.unwrap().unwrap();
    assert_eq!(breaks(&store.audit().await.unwrap(), Some(judge.head())), [], "the whole record holds");
    report(&tally, changes, &judge, &post, &memory);
    // The first half fills caches; what grows in the second grows for ever. Of each run the test itself keeps a few hundred
    // bytes (the keys of the notices that arrived); any part of a plan or an observation would be many kilobytes.
    let at = |number| memory.iter().find(|(then, _)| *then == number).map(|(_, kilobytes)| *kilobytes);
    if let (Some(middle), Some(late)) = (at(runs / 2), at(runs))
        && runs >= 1000
    {
        let most = 2 * u64::from(runs / 2);
        assert!(late < middle + most, "memory grew from {middle} kB to {late} kB in {} runs", runs / 2);
    }
}

/// A judge who never complains would prove nothing.
#[tokio::test]
async fn the_judge_sees_what_no_run_may_do() {
    let now = "2026-11-22T04:00:00Z".parse().unwrap();
    let (site, mut judge) = (Site::start().await, Judge::new());
    let came = run(&site, &Weather::fair(), now).await;
    assert_eq!(judge.faults(&site, &came).await, [""; 0]);
    judge.look(&site);
    let before = site.holders();
    site.swaps_a_seat();
    let came = run(&site, &Weather { taken: true, ..Weather::fair() }, now).await;
    assert_eq!(
        judge.faults(&site, &came).await,
        [
            "somebody lost a seat they are entitled to",
            "a seat was given to a stranger",
            "a seat was given that the record does not show",
            "a seat was taken that the record does not show",
            "a run failed and changed something",
        ]
    );
    let settled = judge.settled(&site, &before).await;
    assert!(settled.contains(&"somebody holds a seat whom no rule entitles".to_owned()), "{settled:?}");
    site.state("UPDATE audit SET body = '{}' WHERE seq = 2").await;
    assert!(Judge::new().faults(&site, &came).await.contains(&"the record does not hold".to_owned()));
}

/// One run from opening the state to closing it, unless the weather ends it before.
async fn run(site: &Site, weather: &Weather, now: Timestamp) -> Came {
    let somebody = match site.place() {
        Place::File(path) if weather.taken => Some(RunLock::acquire(path, now).unwrap()),
        Place::File(_) | Place::Server(_) => None,
    };
    let running = whole_run(site, weather, now);
    let came = match weather.killed_after {
        None => Some(running.await),
        Some(instant) => tokio::time::timeout(instant, running).await.ok(),
    };
    drop(somebody);
    match came {
        None => {
            site.quiets_down().await;
            Came::Killed
        }
        Some(Ok(Applied::Done { approved, outcomes })) => {
            Came::Done { plan: Box::new(approved.into_plan()), outcomes }
        }
        Some(Ok(Applied::Refused(refused))) => Came::Refused { plan: Box::new(refused.into_plan()) },
        Some(Err(error)) => Came::Failed(error.chain()),
    }
}

async fn whole_run(site: &Site, weather: &Weather, now: Timestamp) -> Result<Applied, EdgeError> {
    let store = Store::open(site.place(), now).await?;
    let progress: Arc<dyn Progress> = Arc::new(Silent);
    let mut neighbours = connect(&site.config, &progress, &Arc::new(Notebook::new(BTreeMap::new())))?;
    for source in &mut neighbours.sources {
        *source = Arc::new(Fickle { inner: Arc::clone(source), mood: weather.mood });
    }
    let (clock, stop) = (FixedClock(now), AtomicBool::new(false));
    let company = Company { clock: &clock, progress: &Silent, stop: &stop };
    let applied = match planned(&store, &neighbours, None, now).await {
        Ok(planned) => carry_out(planned, Approval::Limits, &store, &neighbours, &company).await,
        Err(error) => Err(error),
    };
    store.close().await;
    applied
}

#[expect(clippy::disallowed_methods, reason = "whoever wants more says so in the environment")]
fn how_many() -> u32 {
    std::env::var("SEATSYNC_SOAK_RUNS").map_or(150, |runs| runs.parse().unwrap())
}

/// Kilobytes of memory that this process has, the simulated GitLab with it.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn words(came: &Came) -> String {
    match came {
        Came::Failed(because) => format!("failed: {because}"),
        Came::Done { plan, outcomes } => {
            let unmoved = plan.decisions.iter().filter(|decision| decision.verdict.change().is_none());
            let unmoved: BTreeSet<String> = unmoved
                .filter(|decision| decision.verdict.key() != "keep")
                .map(|decision| format!("{} {:?}", decision.account.username(), decision.verdict))
                .collect();
            format!("{}: {:?}\n{unmoved:#?}\n{:?}", came.key(), outcomes.changes, plan.add_ons)
        }
        Came::Refused { plan } => format!("refused: {:?}", plan.refusals),
        Came::Killed => came.key().to_owned(),
    }
}

#[expect(clippy::print_stderr, reason = "the figures that a soak is run for")]
fn report(tally: &BTreeMap<&str, u32>, changes: usize, judge: &Judge, post: &Post, memory: &[(u32, u64)]) {
    let (runs, lines) = judge.figures();
    eprintln!("runs: {tally:?}");
    eprintln!(
        "{changes} seats moved, {runs} runs in the journal, {lines} lines in the record, {} notices",
        post.arrived()
    );
    for (number, kilobytes) in memory {
        eprintln!("after run {number}: {kilobytes} kB resident");
    }
}
