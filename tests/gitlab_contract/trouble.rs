//! Limits, failures and impostors, while reading.

use std::time::Duration;

use seatsync::model::add_on::AddOn;
use seatsync::ports::SeatReader;
use simulator::http::faults::{Failure, Fault, Target};
use tokio::time::Instant;

use crate::support::{GitLab, ids, instance, words};

fn nth(after: u32, failure: Failure) -> Fault {
    Fault { target: Target::Any, after, times: 1, failure }
}

#[tokio::test]
async fn a_reading_goes_on_after_every_passing_failure() {
    let gitlab = GitLab::start(instance(300, 300, 250)).await;
    let failures = [
        Failure::InternalError,
        Failure::BadGateway,
        Failure::TimedOut,
        Failure::DropConnection,
        Failure::LoseResponse,
    ];
    for (at, failure) in (1..).zip(failures) {
        gitlab.simulator.faults().add(nth(at, failure));
    }
    let reading = gitlab.reader.seats(&[AddOn::DuoPro]).await.unwrap();
    assert_eq!(reading.purchases[0].holders, ids(1..=250));
    assert_eq!(gitlab.client.requests(), 5 + 5);
}

#[tokio::test]
async fn either_kind_of_rate_limit_is_obeyed() {
    for failure in [Failure::Throttled { retry_after: 1 }, Failure::Limited { retry_after: Some(1) }] {
        let gitlab = GitLab::start(instance(3, 5, 2)).await;
        gitlab.simulator.faults().fail_next(Target::Operation("addOnPurchases".into()), failure);
        let started = Instant::now();
        let reading = gitlab.reader.seats(&[AddOn::DuoPro]).await.unwrap();
        assert_eq!(reading.purchases[0].holders, ids([1, 2]));
        assert!(started.elapsed() >= Duration::from_secs(1));
        assert_eq!(gitlab.asked()["addOnPurchases"], 2);
    }
}

#[tokio::test]
async fn a_rate_limit_without_a_time_is_met_with_pauses_of_our_own() {
    let gitlab = GitLab::start(instance(3, 5, 2)).await;
    let limited = Failure::Limited { retry_after: None };
    gitlab.simulator.faults().add(Fault { target: Target::Any, after: 0, times: 3, failure: limited });
    gitlab.reader.seats(&[AddOn::DuoPro]).await.unwrap();
}

#[tokio::test]
async fn a_rate_limit_beyond_the_deadline_ends_the_reading() {
    let gitlab = GitLab::start(instance(3, 5, 2)).await;
    gitlab.simulator.faults().fail_next(Target::Any, Failure::Throttled { retry_after: 2400 });
    let error = gitlab.reader.seats(&[AddOn::DuoPro]).await.unwrap_err();
    assert!(
        words(&error).starts_with("GitLab's rate limit wants 2400 seconds of pause before `"),
        "{}",
        words(&error)
    );
    assert!(words(&error).contains("hint: run again later"));
}

#[tokio::test]
async fn a_gitlab_that_keeps_failing_is_given_up_with_its_status() {
    let gitlab = GitLab::start(instance(3, 5, 2)).await;
    let target = Target::Operation("addOnPurchases".into());
    gitlab.simulator.faults().add(Fault { target, after: 0, times: 99, failure: Failure::BadGateway });
    let error = gitlab.reader.seats(&[AddOn::DuoPro]).await.unwrap_err();
    assert_eq!(
        words(&error),
        "GitLab failed to answer `Purchases`, asked 6 times, at last with status 502\n\
         hint: look at GitLab's own health, then run again"
    );
}

#[tokio::test]
async fn a_web_page_and_nonsense_are_no_answers() {
    for (content_type, body, expected) in [
        ("text/html", "<html>Sign in</html>", "`Purchases` was answered with a web page (status 200)"),
        (
            "application/json",
            "{\"data\":[\"ada@example.com\"]}",
            "the answer to `Purchases` does not say what was asked",
        ),
        (
            "application/json",
            "{\"data\":null}",
            "the answer to `Purchases` does not say what was asked (no data)",
        ),
    ] {
        let gitlab = GitLab::start(instance(3, 5, 2)).await;
        let answer = Failure::Answer { status: 200, content_type: content_type.into(), body: body.into() };
        gitlab.simulator.faults().fail_next(Target::Operation("addOnPurchases".into()), answer);
        let error = gitlab.reader.seats(&[AddOn::DuoPro]).await.unwrap_err();
        assert!(words(&error).starts_with(expected), "{}", words(&error));
        assert!(!words(&error).contains("ada@"), "answers may hold addresses of people");
    }
}
