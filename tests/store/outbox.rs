//! The outbox: what is posted is carried once, also after a restart.

use jiff::{SignedDuration, Timestamp};
use seatsync::model::add_on::AddOn::{DuoEnterprise, DuoPro};
use seatsync::model::holding::Change;
use seatsync::model::notice::{Parcel, Watch};
use seatsync::model::outcome::Outcome;
use seatsync::model::plan::Bookkeeping;
use seatsync::model::purchase::{Purchase, PurchaseId};
use seatsync::ports::{Outbox as _, ParcelFate, Recollection as _};
use seatsync::store::outbox::StoredOutbox;

use crate::state::{State, begin, day, run};

stories! { outbox,
    a_notice_is_carried_once_however_often_it_is_posted
    what_was_on_its_way_when_we_were_killed_is_not_carried_again
    what_did_not_arrive_is_due_again_later
    the_watch_is_that_of_the_last_post
    a_purchase_that_becomes_another_add_on_takes_what_is_ours_along
    of_a_purchase_that_another_replaced_nothing_is_ours
}

fn parcel(key: &str) -> Parcel {
    Parcel { key: key.to_owned(), channel: "mail".into(), body: format!("body of {key}") }
}

async fn outbox(state: &State, now: Timestamp) -> StoredOutbox {
    let outbox = StoredOutbox::open(&state.place()).await.unwrap();
    outbox.recover(now).await.unwrap();
    outbox
}

async fn a_notice_is_carried_once_however_often_it_is_posted(state: State) {
    state.open().await.close().await;
    let outbox = outbox(&state, day(0)).await;
    for _ in 0..2 {
        outbox.post(day(0), &[parcel("a"), parcel("b")], &Watch::default()).await.unwrap();
    }
    let first = outbox.take(day(0)).await.unwrap().unwrap();
    assert_eq!(first.parcel, parcel("a"));
    outbox.settle(&first, ParcelFate::Carried, day(0)).await.unwrap();
    let second = outbox.take(day(0)).await.unwrap().unwrap();
    outbox.settle(&second, ParcelFate::GivenUp, day(0)).await.unwrap();
    assert_eq!(outbox.take(day(0)).await.unwrap(), None);
    outbox.post(day(1), &[parcel("a"), parcel("b")], &Watch::default()).await.unwrap();
    assert_eq!(outbox.take(day(1)).await.unwrap(), None);
    assert_eq!(state.ask("SELECT body FROM outbox WHERE body IS NOT NULL").await, Vec::<String>::new());
}

async fn what_was_on_its_way_when_we_were_killed_is_not_carried_again(state: State) {
    state.open().await.close().await;
    let before = outbox(&state, day(0)).await;
    before.post(day(0), &[parcel("a"), parcel("b")], &Watch::default()).await.unwrap();
    before.take(day(0)).await.unwrap().unwrap();
    drop(before);
    let after = outbox(&state, day(0)).await;
    assert_eq!(after.take(day(0)).await.unwrap().unwrap().parcel, parcel("b"));
    assert_eq!(after.take(day(0)).await.unwrap(), None);
}

async fn what_did_not_arrive_is_due_again_later(state: State) {
    state.open().await.close().await;
    let outbox = outbox(&state, day(0)).await;
    outbox.post(day(0), &[parcel("a")], &Watch::default()).await.unwrap();
    let taken = outbox.take(day(0)).await.unwrap().unwrap();
    outbox.settle(&taken, ParcelFate::Again { at: day(1) }, day(0)).await.unwrap();
    assert_eq!(outbox.next_due().await.unwrap(), Some(day(1)));
    let early = day(1).checked_sub(SignedDuration::from_secs(1)).unwrap();
    assert_eq!(outbox.take(early).await.unwrap(), None);
    let again = outbox.take(day(1)).await.unwrap().unwrap();
    assert_eq!((again.attempts, again.posted_at, again.parcel), (1, day(0), parcel("a")));
}

async fn the_watch_is_that_of_the_last_post(state: State) {
    state.open().await.close().await;
    let outbox = outbox(&state, day(0)).await;
    assert_eq!(outbox.watch().await.unwrap(), Watch::default());
    for watch in [[("run_failed".to_owned(), day(0))], [("people_wait duo_pro".to_owned(), day(1))]] {
        let watch = Watch(watch.into());
        outbox.post(day(1), &[], &watch).await.unwrap();
        assert_eq!(outbox.watch().await.unwrap(), watch);
    }
}

async fn of_a_purchase_that_another_replaced_nothing_is_ours(state: State) {
    let store = state.open().await;
    run(&store, day(0), Change::Assign, 7, Outcome::Applied).await;
    let replaced = Bookkeeping {
        home: Some("gitlab.example.com".to_owned()),
        replaced: vec![DuoPro],
        ..Bookkeeping::default()
    };
    begin(&store, day(1), "", &replaced).await;
    let memory = store.recall(day(1)).await.unwrap();
    assert!(memory.holdings.is_empty());
    assert_eq!(memory.home.as_deref(), Some("gitlab.example.com"));
}

async fn a_purchase_that_becomes_another_add_on_takes_what_is_ours_along(state: State) {
    let store = state.open().await;
    let purchase =
        |add_on, purchased| Purchase { id: PurchaseId("3".into()), add_on, purchased, assigned: 0 };
    let seen = |add_on, purchased| Bookkeeping {
        purchases: vec![purchase(add_on, purchased)],
        ..Bookkeeping::default()
    };
    begin(&store, day(0), "", &seen(DuoEnterprise, 9)).await;
    run(&store, day(0), Change::Assign, 7, Outcome::Applied).await;
    let moved = Bookkeeping { moved: vec![(DuoEnterprise, DuoPro)], ..seen(DuoPro, 9) };
    begin(&store, day(1), "", &moved).await;
    let memory = store.recall(day(1)).await.unwrap();
    let add_ons: Vec<_> = memory.holdings.keys().map(|seat| (seat.add_on, seat.account.0)).collect();
    assert_eq!(add_ons, [(DuoPro, 7)]);
    assert_eq!(memory.purchases.keys().collect::<Vec<_>>(), [&DuoPro]);
}
