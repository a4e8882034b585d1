//! What identity providers said: each assertion is taken in once, each request answered once, beside whoever runs.

use jiff::{SignedDuration, Timestamp};
use seatsync::model::holding::Change;
use seatsync::model::outcome::Outcome;
use seatsync::model::person::{Profile, SourceName};
use seatsync::model::testimony::{Believed, Heard, ProvenGroups, Subject, Testimony, Unsaid};
use seatsync::ports::saml::{Expectation, TakenIn, Terms, Testimonies as _};
use seatsync::store::testimonies::StoredTestimonies;

use crate::state::{State, day, run};

stories! { testimonies,
    an_assertion_is_taken_in_once_and_a_request_is_answered_once
    of_two_that_bring_the_same_assertion_at_once_one_is_first
    the_last_word_counts_in_the_order_in_which_words_were_said
    after_a_longer_break_it_counts_anew_since_when_people_could_come
    what_is_said_while_a_run_has_the_state_is_kept_and_fences_nobody
    an_older_state_is_left_to_whoever_leads
}

fn okta() -> SourceName {
    SourceName::new("okta")
}

fn terms() -> Terms {
    Terms { longest_break: SignedDuration::from_hours(24), keep: SignedDuration::from_hours(24 * 30) }
}

fn said(said_at: Timestamp, groups: Option<&[&str]>) -> Testimony {
    let person = Profile {
        id: "idp!ada".into(),
        username: Some("ada".into()),
        emails: vec!["ada@example.test".into(), "a@example.test".into()],
        ..Profile::default()
    };
    let groups = groups.map_or(ProvenGroups::Unknown(Unsaid::TooMany), |groups| {
        ProvenGroups::Known(groups.iter().map(ToString::to_string).collect())
    });
    let subject = Some(Subject { format: None, value: "ada".to_owned() });
    Testimony { said_at, person, subject, groups }
}

fn believed(assertion: &str, answers: Option<&str>, testimony: Testimony) -> Believed {
    Believed {
        remember_until: testimony.said_at + SignedDuration::from_hours(24 * 30),
        testimony,
        assertion: assertion.to_owned(),
        answers: answers.map(str::to_owned),
    }
}

async fn an_assertion_is_taken_in_once_and_a_request_is_answered_once(state: State) {
    state.open().await.close().await;
    let kept = StoredTestimonies::at(&state.place());
    let take = async |assertion: &str, answers: Option<&str>| {
        let believed = believed(assertion, answers, said(day(0), Some(&["platform"])));
        kept.take_in(&okta(), day(0), &believed).await.unwrap()
    };
    let until = day(0) + SignedDuration::from_mins(30);
    for request in ["_1", "_2"] {
        assert_eq!(kept.expect(&okta(), request, day(0), until).await.unwrap(), Expectation::Noted);
    }
    assert_eq!(take("_a", Some("_1")).await, TakenIn::New);
    assert_eq!(take("_b", Some("_1")).await, TakenIn::NotAsked);
    assert_eq!(take("_a", Some("_2")).await, TakenIn::Replayed);
    // What was not taken in may be brought again, and a request waits until it is answered.
    assert_eq!(take("_b", Some("_2")).await, TakenIn::New);
    assert_eq!(take("_c", None).await, TakenIn::New);
    // Another process finds the same.
    let other = StoredTestimonies::at(&state.place());
    let again = believed("_c", None, said(day(0), None));
    assert_eq!(other.take_in(&okta(), day(1), &again).await.unwrap(), TakenIn::Replayed);
    // To another source it is another's.
    let entra = SourceName::new("entra");
    assert_eq!(other.take_in(&entra, day(1), &again).await.unwrap(), TakenIn::New);
    // A request that waited too long waits no more.
    kept.expect(&okta(), "_3", day(0), until).await.unwrap();
    let late = believed("_d", Some("_3"), said(day(0), None));
    assert_eq!(kept.take_in(&okta(), day(1), &late).await.unwrap(), TakenIn::NotAsked);
}

async fn of_two_that_bring_the_same_assertion_at_once_one_is_first(state: State) {
    state.open().await.close().await;
    let places = [StoredTestimonies::at(&state.place()), StoredTestimonies::at(&state.place())];
    let believed = believed("_a", None, said(day(0), None));
    let source = okta();
    let taken = futures_util::future::join_all(
        places.iter().map(|kept| async { kept.take_in(&source, day(0), &believed).await.unwrap() }),
    );
    let mut taken = taken.await;
    taken.sort_by_key(|taken| *taken == TakenIn::New);
    assert_eq!(taken, [TakenIn::Replayed, TakenIn::New]);
}

async fn the_last_word_counts_in_the_order_in_which_words_were_said(state: State) {
    state.open().await.close().await;
    let kept = StoredTestimonies::at(&state.place());
    let (newer, older) = (said(day(3), Some(&["platform"])), said(day(1), Some(&["guests"])));
    let unknown = said(day(4), None);
    for (assertion, testimony) in [("_a", &newer), ("_b", &older), ("_c", &unknown)] {
        let believed = believed(assertion, None, testimony.clone());
        assert_eq!(kept.take_in(&okta(), day(4), &believed).await.unwrap(), TakenIn::New);
    }
    let hearing = kept.hearing(&okta()).await.unwrap();
    assert_eq!(hearing.people, [Heard { known: Some(newer), unknown: Some(unknown) }]);
    assert_eq!(hearing.open_since, None);
    // What holds no more is forgotten.
    kept.attend(&okta(), day(33) + SignedDuration::from_hours(1), terms()).await.unwrap();
    let hearing = kept.hearing(&okta()).await.unwrap();
    assert_eq!(hearing.people, [Heard { known: None, unknown: Some(said(day(4), None)) }]);
}

async fn after_a_longer_break_it_counts_anew_since_when_people_could_come(state: State) {
    state.open().await.close().await;
    let since = async |at: Timestamp| {
        // Each time another process: one writes it down no oftener than every minute.
        let kept = StoredTestimonies::at(&state.place());
        kept.attend(&okta(), at, terms()).await.unwrap();
        kept.hearing(&okta()).await.unwrap().open_since.unwrap()
    };
    assert_eq!(since(day(0)).await, day(0));
    assert_eq!(since(day(1)).await, day(0));
    assert_eq!(since(day(2)).await, day(0));
    let late = day(3) + SignedDuration::from_secs(1);
    assert_eq!(since(late).await, late);
    // A clock that ran backwards makes nothing older.
    assert_eq!(since(day(1)).await, late);
}

async fn what_is_said_while_a_run_has_the_state_is_kept_and_fences_nobody(state: State) {
    let store = state.open().await;
    let kept = StoredTestimonies::at(&state.place());
    kept.attend(&okta(), day(0), terms()).await.unwrap();
    let first = believed("_a", None, said(day(0), Some(&["platform"])));
    assert_eq!(kept.take_in(&okta(), day(0), &first).await.unwrap(), TakenIn::New);
    run(&store, day(0), Change::Assign, 7, Outcome::Applied).await;
    let second = believed("_b", None, said(day(1), Some(&["sre"])));
    assert_eq!(kept.take_in(&okta(), day(1), &second).await.unwrap(), TakenIn::New);
    run(&store, day(1), Change::Revoke, 7, Outcome::Applied).await;
    assert_eq!(store.hearing(&okta()).await.unwrap(), kept.hearing(&okta()).await.unwrap());
    store.close().await;
}

async fn an_older_state_is_left_to_whoever_leads(state: State) {
    state.made_by(1).await;
    let kept = StoredTestimonies::at(&state.place());
    let error = kept.attend(&okta(), day(0), terms()).await.unwrap_err();
    assert!(error.chain().ends_with("is not at the version of this seatsync yet"), "{}", error.chain());
    assert_eq!(kept.hearing(&okta()).await.unwrap().open_since, None);
    state.open().await.close().await;
    kept.attend(&okta(), day(0), terms()).await.unwrap();
    assert_eq!(kept.hearing(&okta()).await.unwrap().open_since, Some(day(0)));
}
