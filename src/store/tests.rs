//! Stories of the state, each on a real file.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use crate::model::account::AccountId;
use crate::model::add_on::AddOn;
use crate::model::holding::{Change, Holding, Memory, Origin, PastChange, SeatKey, SourceSize};
use crate::model::outcome::Outcome;
use crate::model::person::{PersonId, PersonKey, SourceName};
use crate::model::plan::Bookkeeping;
use crate::model::rule::RuleName;
use crate::ports::{Intent, Journal as _, Recollection as _, Remembered, RunId};
use crate::store::database::Store;

struct State {
    folder: TempDir,
}

impl State {
    fn new() -> State {
        State { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("seatsync.db")
    }

    async fn open(&self) -> Store {
        Store::open(&self.path(), day(0)).await.unwrap()
    }

    async fn memory(&self, now: Timestamp) -> (Memory, Vec<(Change, SeatKey)>) {
        let store = Store::open_existing(&self.path()).await.unwrap().expect("there is a state");
        store.recall(now).await.unwrap()
    }

    /// Runs SQL as another program would.
    async fn meddle(&self, sql: &'static str) {
        use sqlx::{ConnectOptions as _, Connection as _};
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.path());
        let mut connection = options.connect().await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

fn day(number: i64) -> Timestamp {
    let start: Timestamp = "2026-11-22T04:00:00Z".parse().unwrap();
    start + SignedDuration::from_hours(24 * number)
}

fn seat(account: u64) -> SeatKey {
    SeatKey { add_on: AddOn::DuoPro, account: AccountId(account) }
}

fn person(id: &str) -> PersonKey {
    PersonKey { source: SourceName::new("corp"), id: PersonId::new(id) }
}

fn intent(change: Change, account: u64) -> Intent {
    Intent {
        change,
        seat: seat(account),
        person: Some(person("p")),
        because: "entitled",
        rule: Some(RuleName::new("platform")),
    }
}

fn refused() -> Outcome {
    Outcome::Refused { because: "no".to_owned() }
}

fn deferred() -> Outcome {
    Outcome::Deferred { because: "later".to_owned() }
}

/// One whole run that sends one change.
async fn run(store: &Store, now: Timestamp, change: Change, account: u64, outcome: Outcome) -> RunId {
    let run = store.begin(now, "sha256:1", &Bookkeeping::default()).await.unwrap();
    store.intend(run, now, &[intent(change, account)]).await.unwrap();
    store.settle(run, now, &[(change, seat(account), outcome)]).await.unwrap();
    store.finish(run, now, "done").await.unwrap();
    run
}

#[tokio::test]
async fn where_there_is_no_state_reading_makes_none() {
    let state = State::new();
    assert!(Store::open_existing(&state.path()).await.unwrap().is_none());
    assert_eq!(std::fs::read_dir(state.folder.path()).unwrap().count(), 0);
    std::fs::write(state.path(), "").unwrap();
    assert!(Store::open_existing(&state.path()).await.unwrap().is_none());
}

#[tokio::test]
async fn reading_leaves_no_trace() {
    let state = State::new();
    let store = state.open().await;
    run(&store, day(0), Change::Assign, 7, Outcome::Applied).await;
    store.close().await;
    let files = || {
        let mut files: Vec<_> = std::fs::read_dir(state.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.clone(), std::fs::read(&path).unwrap()))
            .collect();
        files.sort();
        files
    };
    let before = files();
    state.memory(day(1)).await;
    assert!(before == files());
}

#[tokio::test]
async fn a_seat_is_ours_from_the_moment_its_assignment_is_sent() {
    let state = State::new();
    let store = state.open().await;
    let run = store.begin(day(1), "sha256:1", &Bookkeeping::default()).await.unwrap();
    store.intend(run, day(2), &[intent(Change::Assign, 7)]).await.unwrap();
    drop(store);

    let (memory, in_flight) = state.memory(day(3)).await;
    let holding = Holding { origin: Origin::Assigned, since: day(2), person: Some(person("p")) };
    assert_eq!(memory.holdings, BTreeMap::from([(seat(7), holding)]));
    assert_eq!(in_flight, [(Change::Assign, seat(7))]);
    assert_eq!(memory.last_run_at, Some(day(1)));
    assert!(memory.recent.is_empty(), "what came of it is not known yet");
}

#[tokio::test]
async fn the_next_run_settles_what_a_kill_left_open() {
    let state = State::new();
    for killed in 0..2 {
        let store = state.open().await;
        let run = store.begin(day(killed), "sha256:1", &Bookkeeping::default()).await.unwrap();
        let changes = [intent(Change::Assign, 7), intent(Change::Assign, 8), intent(Change::Revoke, 9)];
        store.intend(run, day(killed), &changes).await.unwrap();
        drop(store);
    }

    let store = state.open().await;
    let (_, in_flight) = store.recall(day(2)).await.unwrap();
    assert_eq!(in_flight, [(Change::Revoke, seat(9)), (Change::Assign, seat(7)), (Change::Assign, seat(8))]);
    let run = store.begin(day(2), "sha256:2", &Bookkeeping::default()).await.unwrap();
    let outcomes = [
        (Change::Assign, seat(7), Outcome::Applied),
        (Change::Assign, seat(8), deferred()),
        (Change::Revoke, seat(9), Outcome::Applied),
    ];
    store.settle(run, day(2), &outcomes).await.unwrap();

    let (memory, in_flight) = store.recall(day(2)).await.unwrap();
    assert!(in_flight.is_empty());
    assert_eq!(memory.holdings.keys().collect::<Vec<_>>(), [&seat(7)]);
    let applied: Vec<PastChange> = memory.recent;
    assert_eq!(
        applied,
        [
            PastChange { seat: seat(7), change: Change::Assign, at: day(1) },
            PastChange { seat: seat(9), change: Change::Revoke, at: day(1) },
        ],
        "what two killed runs sent happened once"
    );
    assert!(store.run(run).await.unwrap().unwrap().1.is_empty(), "the rows are those of the killed run");
}

#[tokio::test]
async fn a_seat_that_was_not_given_is_not_ours() {
    let state = State::new();
    let store = state.open().await;
    for (account, outcome) in
        [(1, refused()), (2, deferred()), (3, Outcome::AlreadySo), (4, Outcome::Applied)]
    {
        run(&store, day(0), Change::Assign, account, outcome).await;
    }
    let (memory, _) = store.recall(day(1)).await.unwrap();
    assert_eq!(memory.holdings.keys().collect::<Vec<_>>(), [&seat(3), &seat(4)]);
}

#[tokio::test]
async fn a_change_that_was_never_sent_is_history_and_nothing_else() {
    let state = State::new();
    let store = state.open().await;
    run(&store, day(0), Change::Assign, 7, Outcome::Applied).await;
    let late = store.begin(day(1), "sha256:2", &Bookkeeping::default()).await.unwrap();
    let outcomes = [(Change::Revoke, seat(7), deferred()), (Change::Assign, seat(8), deferred())];
    store.settle(late, day(1), &outcomes).await.unwrap();

    let (memory, in_flight) = store.recall(day(1)).await.unwrap();
    assert!(in_flight.is_empty());
    assert_eq!(memory.holdings.keys().collect::<Vec<_>>(), [&seat(7)]);
    let (row, changes) = store.run(late).await.unwrap().unwrap();
    assert_eq!(row.counts, BTreeMap::from([("deferred".to_owned(), 2)]));
    assert_eq!(changes[0].outcome_because.as_deref(), Some("later"));
}

#[tokio::test]
async fn a_revocation_ends_ownership_and_grace() {
    let state = State::new();
    let store = state.open().await;
    run(&store, day(0), Change::Assign, 7, Outcome::Applied).await;
    run(&store, day(0), Change::Assign, 8, Outcome::Applied).await;
    let marks = Bookkeeping {
        grace_started: vec![seat(7), seat(8)],
        reclaimed: vec![seat(7)],
        ..Bookkeeping::default()
    };
    store.begin(day(1), "", &marks).await.unwrap();
    run(&store, day(8), Change::Revoke, 7, Outcome::Applied).await;
    run(&store, day(8), Change::Revoke, 8, refused()).await;

    let (memory, _) = store.recall(day(9)).await.unwrap();
    assert_eq!(memory.holdings.keys().collect::<Vec<_>>(), [&seat(8)]);
    assert_eq!(memory.grace, BTreeMap::from([(seat(8), day(1))]));
    assert_eq!(memory.reclaimed, BTreeMap::from([(seat(7), day(1))]), "it stays reclaimed");
}

#[tokio::test]
async fn bookkeeping_is_kept() {
    let state = State::new();
    let store = state.open().await;
    let sizes = |people, groups: &[(&str, u64)]| {
        let groups = groups.iter().map(|(name, people)| ((*name).to_owned(), *people)).collect();
        BTreeMap::from([(SourceName::new("corp"), SourceSize { people, groups })])
    };
    let first = Bookkeeping {
        adopt: BTreeMap::from([(seat(1), None), (seat(2), Some(person("two"))), (seat(3), None)]),
        grace_started: vec![seat(4), seat(5)],
        reclaimed: vec![seat(6), seat(7)],
        sizes: sizes(10, &[("a", 4), ("b", 6)]),
        ..Bookkeeping::default()
    };
    store.begin(day(0), "", &first).await.unwrap();
    let second = Bookkeeping {
        adopt: BTreeMap::from([(seat(2), None)]),
        persons: BTreeMap::from([(seat(1), person("one"))]),
        forget: vec![seat(3)],
        grace_started: vec![seat(4)],
        grace_cancelled: vec![seat(5)],
        reclaimed_cancelled: vec![seat(6)],
        sizes: sizes(9, &[("a", 9)]),
        ..Bookkeeping::default()
    };
    store.begin(day(1), "", &second).await.unwrap();

    let adopted = |person| Holding { origin: Origin::Adopted, since: day(0), person };
    let expected = Memory {
        holdings: BTreeMap::from([
            (seat(1), adopted(Some(person("one")))),
            (seat(2), adopted(Some(person("two")))),
        ]),
        grace: BTreeMap::from([(seat(4), day(0))]),
        reclaimed: BTreeMap::from([(seat(7), day(0))]),
        sizes: sizes(9, &[("a", 9)]),
        recent: Vec::new(),
        last_run_at: Some(day(1)),
    };
    assert_eq!(store.recall(day(2)).await.unwrap(), (expected, Vec::new()));
}

#[tokio::test]
async fn only_recent_changes_are_recalled_and_all_are_history() {
    let state = State::new();
    let store = state.open().await;
    run(&store, day(0), Change::Assign, 7, Outcome::Applied).await;
    run(&store, day(20), Change::Revoke, 7, Outcome::Applied).await;
    run(&store, day(21), Change::Assign, 7, Outcome::AlreadySo).await;
    let (memory, _) = store.recall(day(31)).await.unwrap();
    assert_eq!(memory.recent, [PastChange { seat: seat(7), change: Change::Revoke, at: day(20) }]);

    let history = store.history(AccountId(7)).await.unwrap();
    let told: Vec<_> = history.iter().map(|row| (row.at, row.change, row.outcome.as_deref())).collect();
    assert_eq!(
        told,
        [
            (day(0), Change::Assign, Some("applied")),
            (day(20), Change::Revoke, Some("applied")),
            (day(21), Change::Assign, Some("already_so")),
        ]
    );
    assert_eq!(history[0].rule, Some(RuleName::new("platform")));
    assert_eq!(history[0].because.as_deref(), Some("entitled"));

    let runs = store.runs(2).await.unwrap();
    assert_eq!(runs.iter().map(|run| run.started_at).collect::<Vec<_>>(), [day(21), day(20)]);
    assert_eq!(runs[0].ended.as_deref(), Some("done"));
    assert!(store.run(RunId(99)).await.unwrap().is_none());
}

#[tokio::test]
async fn what_a_source_remembers_is_kept_until_it_is_no_longer_incremental() {
    let state = State::new();
    let names = |names: &[&str]| names.iter().map(|name| SourceName::new(name)).collect();
    let remembered =
        |data: &[u8]| Remembered { fingerprint: "f".to_owned(), read_whole_at: day(3), data: data.to_vec() };
    let left = |name: &str, data: &[u8]| [(SourceName::new(name), Arc::new(remembered(data)))].into();
    let store = state.open().await;
    let both = names(&["corp", "lab"]);
    assert!(store.readings(&both).await.unwrap().is_empty());
    store.keep_readings(&both, &left("corp", b"1")).await.unwrap();
    store.keep_readings(&both, &left("lab", b"2")).await.unwrap();
    store.keep_readings(&both, &left("corp", b"\x003")).await.unwrap();
    let kept = store.readings(&both).await.unwrap();
    assert!(kept[&SourceName::new("corp")] == remembered(b"\x003"));
    assert!(kept[&SourceName::new("lab")] == remembered(b"2"));
    store.keep_readings(&names(&["lab"]), &BTreeMap::new()).await.unwrap();
    assert_eq!(store.readings(&both).await.unwrap().len(), 1);
    store.close().await;
    state.meddle("DROP TABLE readings; PRAGMA user_version = 1").await;
    let older = Store::open_existing(&state.path()).await.unwrap().unwrap();
    assert!(older.readings(&both).await.unwrap().is_empty());
}

#[cfg(unix)]
#[tokio::test]
async fn the_state_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let state = State::new();
    let store = state.open().await;
    store.keep_readings(&std::collections::BTreeSet::new(), &BTreeMap::new()).await.unwrap();
    for entry in std::fs::read_dir(state.folder.path()).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert!(mode == 0o600 || name.ends_with(".lock"), "{name}: {mode:o}");
    }
}

#[tokio::test]
async fn one_run_at_a_time() {
    let state = State::new();
    let first = state.open().await;
    let error = Store::open(&state.path(), day(1)).await.expect_err("the first has it");
    let expected = format!("process {}, since 2026-11-22T04:00:00Z", std::process::id());
    assert!(error.chain().ends_with(&expected), "{}", error.chain());
    assert!(error.hint.starts_with("wait until it is done"));

    assert!(Store::open_existing(&state.path()).await.unwrap().is_some(), "reading is not kept out");
    drop(first);
    Store::open(&state.path(), day(1)).await.expect("a run that is gone holds nothing");
}

#[tokio::test]
async fn a_damaged_state_says_what_to_do() {
    let state = State::new();
    std::fs::write(
        state.path(),
        "this is no database, though it is long enough to be taken for one".repeat(99),
    )
    .unwrap();
    let expected =
        format!("the state `{}` is damaged: it is no intact SQLite database", state.path().display());
    let error = Store::open_existing(&state.path()).await.expect_err("it is damaged");
    assert_eq!(error.chain(), expected);
    assert!(error.hint.starts_with("restore it from a backup, or move it away"));
    let error = Store::open(&state.path(), day(0)).await.expect_err("it is damaged");
    assert_eq!(error.chain(), expected);
}

#[tokio::test]
async fn a_newer_state_is_left_alone() {
    let state = State::new();
    state.open().await.close().await;
    state.meddle("PRAGMA user_version = 99").await;
    for error in [
        Store::open(&state.path(), day(0)).await.expect_err("it is newer"),
        Store::open_existing(&state.path()).await.expect_err("it is newer"),
    ] {
        assert!(
            error.chain().contains("was written by a newer seatsync: its schema is 99"),
            "{}",
            error.chain()
        );
    }
}

#[tokio::test]
async fn a_state_in_no_folder_says_what_to_do() {
    let path = PathBuf::from("/absent/seatsync.db");
    let error = Store::open(&path, day(0)).await.expect_err("there is no such folder");
    assert!(error.chain().starts_with("failed to lock the state with `/absent/seatsync.db.lock`: "));
    assert!(error.hint.starts_with("the folder must exist"));
    assert!(Store::open_existing(&path).await.unwrap().is_none());
}
