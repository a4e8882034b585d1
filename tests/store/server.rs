//! What is true of servers alone: who leads, who is fenced out, and what is said where the server will not.

use seatsync::model::holding::Change;
use seatsync::model::outcome::Outcome;
use seatsync::model::plan::Bookkeeping;
use seatsync::ports::{EdgeError, Journal as _};
use seatsync::store::database::Store;

use crate::state::{State, begin, day, intent, run, seat, server_at, try_begin};
use crate::support::postgres::Postgres;

#[tokio::test]
async fn where_there_is_no_state_reading_makes_none() {
    let state = State::server().await;
    assert!(Store::open_existing(&state.place()).await.unwrap().is_none());
    let tables =
        state.ask("SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace").await;
    assert_eq!(tables, [""; 0]);
}

/// Somebody else leads though our session lives, as behind a pooler that gives each transaction another session.
#[tokio::test]
async fn whoever_was_taken_over_writes_nothing_more() {
    let state = State::server().await;
    let store = state.open().await;
    let run = begin(&store, day(0), "sha256:1", &Bookkeeping::default()).await;
    state.ask("UPDATE leadership SET epoch = epoch + 1").await;

    let expected =
        format!("another run took over the state `{}`, or its server closed our session", state.place());
    let outcome = [(Change::Assign, seat(7), Outcome::Applied)];
    for refused in [
        store.intend(run, day(0), &[intent(Change::Assign, 7)]).await.expect_err("it does not lead"),
        store.settle(run, day(0), &outcome).await.expect_err("it does not lead"),
        store.finish(run, day(0), "done").await.expect_err("it does not lead"),
        try_begin(&store, day(0), "", &Bookkeeping::default()).await.expect_err("it does not lead"),
    ] {
        assert_eq!(refused.chain(), expected);
    }
    assert_eq!(state.ask("SELECT change FROM changes").await, [""; 0]);
    store.lost().await;
}

/// The server closes the session of a leader that was silent for too long, and the lock with it.
#[tokio::test]
async fn a_closed_session_leads_no_more() {
    let state = State::server().await;
    let first = state.open().await;
    let begun = begin(&first, day(0), "sha256:1", &Bookkeeping::default()).await;
    close_sessions(&state).await;

    let second = wait_to_lead(&state).await;
    let error = first.intend(begun, day(0), &[intent(Change::Assign, 7)]).await.expect_err("it is closed");
    assert!(error.hint.contains("the next run takes up what was left"), "{}", error.hint);
    first.lost().await;
    run(&second, day(1), Change::Assign, 8, Outcome::Applied).await;
    assert_eq!(state.ask("SELECT account::text FROM changes").await, ["8"]);
}

#[tokio::test]
async fn a_server_that_was_restarted_is_led_anew() {
    let server = Postgres::start();
    let place = server_at(&server.url("postgres"));
    let store = Store::open(&place, day(0)).await.unwrap();
    run(&store, day(0), Change::Assign, 7, Outcome::Applied).await;
    server.restart();

    let error =
        try_begin(&store, day(1), "", &Bookkeeping::default()).await.expect_err("its session is gone");
    assert!(error.chain().starts_with("failed to write a mark that this run still leads to the state: "));
    store.lost().await;
    let store = Store::open(&place, day(1)).await.unwrap();
    assert_eq!(store.runs(10).await.unwrap().len(), 1, "what was written is there");
}

/// Each schema is a state of its own.
#[tokio::test]
async fn two_installations_share_a_database() {
    let state = State::server().await;
    let State::Server { url, .. } = &state else { unreachable!() };
    state.ask("CREATE SCHEMA ours; CREATE SCHEMA theirs").await;
    let at = |schema: &str| server_at(&format!("{url}?options=-c%20search_path%3D{schema}"));
    let ours = Store::open(&at("ours"), day(0)).await.unwrap();
    let theirs = Store::open(&at("theirs"), day(0)).await.unwrap();
    run(&ours, day(0), Change::Assign, 7, Outcome::Applied).await;
    assert_eq!(theirs.runs(10).await.unwrap(), []);

    let error = Store::open(&at("nobodys"), day(0)).await.expect_err("there is no such schema");
    assert_eq!(
        error.chain(),
        format!("there is no schema for the state `{url}`: none of its `search_path` exists")
    );
}

#[tokio::test]
async fn whoever_is_not_let_in_is_told_why() {
    let State::Server { server, url } = State::server().await else { unreachable!() };
    let database = url.rsplit_once('/').unwrap().1;
    server.ask("postgres", "DROP ROLE IF EXISTS guarded").await;
    server.ask("postgres", "CREATE ROLE guarded LOGIN PASSWORD 'pw123'").await;
    let open = async |url: &str| Store::open(&server_at(url), day(0)).await.expect_err("it is refused");
    let shown = server.url_of("guarded", database);

    let error = open(&server.url_of("guarded:no%2Fpw123", database)).await;
    said(
        &error,
        &format!("PostgreSQL does not let us in to the state `{shown}`: "),
        "password authentication failed",
    );
    let error = open(&server.url_of("guarded:pw123", "absent")).await;
    let absent = server.url_of("guarded", "absent");
    said(&error, &format!("there is no database for the state `{absent}`: "), "\"absent\" does not exist");
    let error = open(&server.url_of("guarded:pw123", database)).await;
    said(
        &error,
        &format!("the state `{shown}` is not for us to read and write: "),
        "permission denied for schema public",
    );
    let error = open("postgres://me:pw123@127.0.0.1:1/x").await;
    said(&error, "failed to open the state `postgres://me@127.0.0.1:1/x`: ", "Connection refused");
}

/// The certificate is good for `localhost`, and signed by an authority that nobody else trusts.
#[tokio::test]
async fn a_certificate_is_verified() {
    let State::Server { server, url } = State::server().await else { unreachable!() };
    let named = url.replace("127.0.0.1", "localhost");
    let trusted = format!("sslmode=verify-full&sslrootcert={}", server.authority().display());
    Store::open(&server_at(&format!("{named}?{trusted}")), day(0)).await.unwrap().close().await;
    for refused in [format!("{url}?{trusted}"), format!("{named}?sslmode=verify-full")] {
        let error = Store::open(&server_at(&refused), day(0)).await.expect_err("it is not trusted");
        let words = error.chain();
        assert!(words.contains("invalid peer certificate"), "{words}");
        assert!(error.hint.contains("sslmode"));
    }
}

#[track_caller]
fn said(error: &EdgeError, beginning: &str, within: &str) {
    let words = error.chain();
    assert!(words.starts_with(beginning) && words.contains(within), "{words}");
    assert!(!format!("{words} {error:?} {}", error.hint).contains("pw123"), "{words} {error:?}");
    assert!(!error.hint.is_empty());
}

/// Closes every session of the state but the one that asks.
async fn close_sessions(state: &State) {
    state
        .ask(
            "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
             WHERE datname = current_database() AND pid != pg_backend_pid()",
        )
        .await;
}

async fn wait_to_lead(state: &State) -> Store {
    loop {
        if let Some(store) = Store::try_lead(&state.place(), day(1)).await.unwrap() {
            return store;
        }
        tokio::task::yield_now().await;
    }
}
