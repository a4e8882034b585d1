//! Two sidecars that share a state on a server: whichever leads is killed in the middle of its apply, and the other completes it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::reorganisation::{LIMITS, Reorganisation};
use crate::sidecar::{SERVE, Sidecar, TOKEN};
use crate::support::chance::Chance;
use crate::support::postgres::Postgres;
use crate::support::stage::{ASSIGN, LDIF, PLATFORM, REVOKE, Stage, until};

const TIMES: usize = 20;

/// How long an answer of GitLab takes, so that an apply takes long enough to be hit.
const LATENCY: Duration = Duration::from_millis(25);

/// What counts as seconds on a machine that is busy with other tests.
const SECONDS: Duration = Duration::from_secs(15);

/// Three batches of either kind.
const SIZE: usize = 250;

/// The two sidecars, the leader first.
struct Pair {
    leader: Sidecar,
    standby: Sidecar,
}

impl Pair {
    fn start(stage: &Stage) -> Pair {
        let leader = Sidecar::start(stage);
        leader.ran("applied", 1);
        Pair { leader, standby: Sidecar::start(stage) }
    }

    /// Has the leader run, and kills it after so many writes and a while. Answers when that was.
    fn kill_leader(&mut self, stage: &Stage, writes: usize, a_while: Duration) -> Instant {
        stage.gitlab.forget_requests();
        assert_eq!(self.leader.post("/runs", TOKEN).status, 202);
        until(|| {
            let requests = stage.gitlab.requests();
            let fields = requests.iter().flat_map(|request| &request.root_fields);
            fields.filter(|field| *field == ASSIGN || *field == REVOKE).count() >= writes
        });
        let then = Instant::now();
        until(|| then.elapsed() >= a_while);
        self.leader.child.kill().unwrap();
        self.leader.child.wait().unwrap();
        Instant::now()
    }

    /// The one that stood by leads, and another stands by.
    fn promote(&mut self, stage: &Stage) {
        let risen = std::mem::replace(&mut self.standby, Sidecar::start(stage));
        self.leader = risen;
    }
}

/// The accounts of what was applied since, by kind of change, as the journal has it.
fn applied(stage: &Stage, change: &str, since: &str) -> Vec<String> {
    stage.state(&format!(
        "SELECT CAST(account AS TEXT) FROM changes
         WHERE change = '{change}' AND outcome IN ('applied', 'already_so') AND id > {since} ORDER BY changes.account"
    ))
}

fn accounts(stage: &Stage, usernames: &[String]) -> Vec<String> {
    let accounts: BTreeSet<u64> = usernames.iter().map(|username| stage.account(username).0).collect();
    accounts.iter().map(u64::to_string).collect()
}

#[test]
fn the_other_sidecar_completes_what_a_killed_leader_began() {
    let server = Postgres::shared();
    let mut reorganisation = Reorganisation::remembered_at(&server.empty_database(), SIZE);
    let stage = &reorganisation.stage;
    stage.write("serve.token", TOKEN);
    let nightly = "[[schedule]]\nname = \"nightly\"\nevery = \"1d\"\nmode = \"auto\"\n";
    stage.configure(LDIF, &format!("{PLATFORM}\n{LIMITS}\n{SERVE}\n{nightly}"));
    let mut pair = Pair::start(stage);
    let mut chance = Chance::new();
    let batches = 2 * SIZE.div_ceil(100);
    let mut slowest = (Duration::ZERO, Duration::ZERO);
    for round in 1..=TIMES {
        reorganisation.reorganise();
        let stage = &reorganisation.stage;
        let known = stage.state("SELECT CAST(coalesce(max(id), 0) AS TEXT) FROM changes").remove(0);
        stage.gitlab.faults().latency = LATENCY;
        // The last batch is not waited for: the run is to be in its middle.
        let writes = 1 + usize::try_from(chance.below(batches as u64 - 1)).unwrap();
        let a_while = Duration::from_micros(chance.below(u64::try_from(LATENCY.as_micros()).unwrap()));
        let killed = pair.kill_leader(stage, writes, a_while);
        eprintln!("round {round}: killed {a_while:?} after the arrival of write {writes} of {batches}");
        reorganisation.check_halfway();

        pair.standby.shows("seatsync_leader", 1.0);
        let led = killed.elapsed();
        pair.standby.ran("applied", 1);
        let completed = killed.elapsed();
        slowest = (slowest.0.max(led), slowest.1.max(completed));
        assert!(
            completed < SECONDS,
            "led after {led:?}, completed after {completed:?}\n{}",
            pair.standby.log()
        );

        assert_eq!(stage.holders(), reorganisation.entitled());
        let unfinished = stage.state("SELECT CAST(id AS TEXT) FROM runs WHERE finished_at IS NULL");
        assert_eq!(unfinished.len(), round, "the leader was killed in the middle of its run");
        assert_eq!(
            applied(stage, "revoke", &known),
            accounts(stage, reorganisation.idle()),
            "each seat once"
        );
        assert_eq!(
            applied(stage, "assign", &known),
            accounts(stage, reorganisation.busy()),
            "each seat once"
        );
        assert_eq!(
            stage.state("SELECT change FROM changes WHERE outcome IS NULL"),
            [""; 0],
            "none in flight"
        );
        pair.promote(stage);
    }
    eprintln!(
        "at the slowest another led after {:?}, and had completed the run after {:?}",
        slowest.0, slowest.1
    );
    drop(pair);
    reorganisation.stage.gitlab.faults().latency = Duration::ZERO;
    reorganisation.stage.run("audit verify").exits(0).says("the record holds");
    reorganisation.complete();
}
