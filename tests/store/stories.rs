//! Stories that hold of every state: what is remembered, what is ours, what is history.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use seatsync::model::account::AccountId;
use seatsync::model::holding::{Change, Holding, Memory, Origin, PastChange, SourceSize};
use seatsync::model::outcome::Outcome;
use seatsync::model::person::SourceName;
use seatsync::model::plan::Bookkeeping;
use seatsync::model::rule::RuleName;
use seatsync::ports::{Journal as _, Recollection as _, Remembered, RunId};
use seatsync::store::database::Store;
use seatsync::store::schema;

use crate::state::{State, begin, day, deferred, intent, person, refused, run, seat};

stories! { stories,
    a_seat_is_ours_from_the_moment_its_assignment_is_sent
    the_next_run_settles_what_a_kill_left_open
    a_seat_that_was_not_given_is_not_ours
    a_change_that_was_never_sent_is_history_and_nothing_else
    a_revocation_ends_ownership_and_grace
    bookkeeping_is_kept
    only_recent_changes_are_recalled_and_all_are_history
    what_a_source_remembers_is_kept_until_it_is_no_longer_incremental
    one_run_at_a_time
    an_older_state_is_read_as_it_is_and_brought_up_by_the_next_run
    thousands_of_changes_are_a_few_statements
    a_newer_state_is_left_alone
    a_state_that_became_newer_is_shown_no_more
}

async fn a_seat_is_ours_from_the_moment_its_assignment_is_sent(state: State) {
    let store = state.open().await;
    let run = begin(&store, day(1), "sha256:1", &Bookkeeping::default()).await;
    store.intend(run, day(2), &[intent(Change::Assign, 7)]).await.unwrap();
    drop(store);

    let memory = state.memory(day(3)).await;
    let holding = Holding { origin: Origin::Assigned, since: day(2), person: Some(person("p")) };
    assert_eq!(memory.holdings, BTreeMap::from([(seat(7), holding)]));
    assert_eq!(memory.in_flight, [(Change::Assign, seat(7))]);
    assert_eq!(memory.last_run_at, Some(day(1)));
    assert!(memory.recent.is_empty(), "what came of it is not known yet");
}

async fn the_next_run_settles_what_a_kill_left_open(state: State) {
    for killed in 0..2 {
        let store = state.open().await;
        let run = begin(&store, day(killed), "sha256:1", &Bookkeeping::default()).await;
        let changes = [intent(Change::Assign, 7), intent(Change::Assign, 8), intent(Change::Revoke, 9)];
        store.intend(run, day(killed), &changes).await.unwrap();
        drop(store);
    }

    let store = state.open().await;
    let in_flight = store.recall(day(2)).await.unwrap().in_flight;
    assert_eq!(in_flight, [(Change::Revoke, seat(9)), (Change::Assign, seat(7)), (Change::Assign, seat(8))]);
    let run = begin(&store, day(2), "sha256:2", &Bookkeeping::default()).await;
    let outcomes = [
        (Change::Assign, seat(7), Outcome::Applied),
        (Change::Assign, seat(8), deferred()),
        (Change::Revoke, seat(9), Outcome::Applied),
    ];
    store.settle(run, day(2), &outcomes).await.unwrap();

    let memory = store.recall(day(2)).await.unwrap();
    assert!(memory.in_flight.is_empty());
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

async fn a_seat_that_was_not_given_is_not_ours(state: State) {
    let store = state.open().await;
    for (account, outcome) in
        [(1, refused()), (2, deferred()), (3, Outcome::AlreadySo), (4, Outcome::Applied)]
    {
        run(&store, day(0), Change::Assign, account, outcome).await;
    }
    let memory = store.recall(day(1)).await.unwrap();
    assert_eq!(memory.holdings.keys().collect::<Vec<_>>(), [&seat(3), &seat(4)]);
}

async fn a_change_that_was_never_sent_is_history_and_nothing_else(state: State) {
    let store = state.open().await;
    run(&store, day(0), Change::Assign, 7, Outcome::Applied).await;
    let late = begin(&store, day(1), "sha256:2", &Bookkeeping::default()).await;
    let outcomes = [(Change::Revoke, seat(7), deferred()), (Change::Assign, seat(8), deferred())];
    store.settle(late, day(1), &outcomes).await.unwrap();

    let memory = store.recall(day(1)).await.unwrap();
    assert!(memory.in_flight.is_empty());
    assert_eq!(memory.holdings.keys().collect::<Vec<_>>(), [&seat(7)]);
    let (row, changes) = store.run(late).await.unwrap().unwrap();
    assert_eq!(row.counts, BTreeMap::from([("deferred".to_owned(), 2)]));
    assert_eq!(changes[0].outcome_because.as_deref(), Some("later"));
}

async fn a_revocation_ends_ownership_and_grace(state: State) {
    let store = state.open().await;
    run(&store, day(0), Change::Assign, 7, Outcome::Applied).await;
    run(&store, day(0), Change::Assign, 8, Outcome::Applied).await;
    let marks = Bookkeeping {
        grace_started: vec![seat(7), seat(8)],
        reclaimed: vec![seat(7)],
        ..Bookkeeping::default()
    };
    begin(&store, day(1), "", &marks).await;
    run(&store, day(8), Change::Revoke, 7, Outcome::Applied).await;
    run(&store, day(8), Change::Revoke, 8, refused()).await;

    let memory = store.recall(day(9)).await.unwrap();
    assert_eq!(memory.holdings.keys().collect::<Vec<_>>(), [&seat(8)]);
    assert_eq!(memory.grace, BTreeMap::from([(seat(8), day(1))]));
    assert_eq!(memory.reclaimed, BTreeMap::from([(seat(7), day(1))]), "it stays reclaimed");
}

async fn bookkeeping_is_kept(state: State) {
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
    begin(&store, day(0), "", &first).await;
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
    begin(&store, day(1), "", &second).await;

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
        ..Memory::default()
    };
    assert_eq!(store.recall(day(2)).await.unwrap(), expected);
}

async fn only_recent_changes_are_recalled_and_all_are_history(state: State) {
    let store = state.open().await;
    run(&store, day(0), Change::Assign, 7, Outcome::Applied).await;
    run(&store, day(20), Change::Revoke, 7, Outcome::Applied).await;
    run(&store, day(21), Change::Assign, 7, Outcome::AlreadySo).await;
    let memory = store.recall(day(31)).await.unwrap();
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

async fn what_a_source_remembers_is_kept_until_it_is_no_longer_incremental(state: State) {
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
}

async fn one_run_at_a_time(state: State) {
    assert!(Store::try_lead(&state.place(), day(0)).await.unwrap().is_some());
    let first = state.open().await;
    let error = Store::open(&state.place(), day(1)).await.expect_err("the first has it");
    let (words, process) = (error.chain(), std::process::id());
    assert!(
        words.starts_with(&format!("another run has the state `{}`: process {process}", state.place())),
        "{words}"
    );
    assert!(words.ends_with(", since 2026-11-22T04:00:00Z"), "{words}");
    assert!(error.hint.starts_with("wait until it is done"));
    assert!(Store::try_lead(&state.place(), day(1)).await.unwrap().is_none(), "it can be waited for");

    let reader = Store::open_existing(&state.place()).await.unwrap();
    reader.expect("reading is not kept out").close().await;
    first.close().await;
    state.open().await.close().await;
}

async fn a_newer_state_is_left_alone(state: State) {
    state.open().await.close().await;
    state.ask(state.newer()).await;
    for error in [
        Store::open(&state.place(), day(0)).await.expect_err("it is newer"),
        Store::open_existing(&state.place()).await.expect_err("it is newer"),
    ] {
        let words = error.chain();
        assert!(words.contains("was written by a newer seatsync: its schema is 99"), "{words}");
    }
}

async fn an_older_state_is_read_as_it_is_and_brought_up_by_the_next_run(state: State) {
    for older in 1..schema::VERSION {
        let state = state.another().await;
        state.made_by(older).await;
        state.ask("INSERT INTO runs (started_at, digest) VALUES (1000000, 'sha256:1')").await;
        let before = state.tables().await;

        let memory = state.memory(day(0)).await;
        assert_eq!(memory.last_run_at, Some(Timestamp::from_second(1).unwrap()));
        assert_eq!(state.tables().await, before, "reading changed nothing");

        let store = state.open().await;
        run(&store, day(1), Change::Assign, 7, Outcome::Applied).await;
        assert_eq!(store.runs(10).await.unwrap().len(), 2);
        store.close().await;
        assert!(state.tables().await.contains(&"leadership".to_owned()));
    }
}

/// More of each than one statement takes.
async fn thousands_of_changes_are_a_few_statements(state: State) {
    let store = state.open().await;
    let accounts = 1..=2500;
    let adopt = accounts.clone().map(|account| (seat(10_000 + account), Some(person("p")))).collect();
    let bookkeeping = Bookkeeping { adopt, ..Bookkeeping::default() };
    let run = begin(&store, day(0), "sha256:1", &bookkeeping).await;
    let intents: Vec<_> = accounts.clone().map(|account| intent(Change::Assign, account)).collect();
    store.intend(run, day(0), &intents).await.unwrap();
    let outcome = |account: u64| if account.is_multiple_of(2) { Outcome::Applied } else { refused() };
    let outcomes: Vec<_> =
        accounts.clone().map(|account| (Change::Assign, seat(account), outcome(account))).collect();
    store.settle(run, day(0), &outcomes).await.unwrap();

    let memory = store.recall(day(1)).await.unwrap();
    assert!(memory.in_flight.is_empty());
    assert_eq!(memory.holdings.len(), 2500 + 1250);
    let counts = store.run(run).await.unwrap().unwrap().0.counts;
    assert_eq!(counts, BTreeMap::from([("applied".to_owned(), 1250), ("refused".to_owned(), 1250)]));
    store.close().await;
}

async fn a_state_that_became_newer_is_shown_no_more(state: State) {
    state.open().await.close().await;
    let beside = Store::open_beside(&state.place()).await.unwrap().unwrap();
    assert!(beside.is_ours().await);
    state.ask(state.newer()).await;
    assert!(!beside.is_ours().await);
}
