//! Every answer to a batch.

use futures_util::future::join_all;
use seatsync::model::holding::Change;
use seatsync::ports::{SeatReader, SeatWriter, WriteAnswer};
use simulator::http::faults::{Failure, Fault, Target};
use simulator::world::account::{AccountId, AccountState};
use simulator::world::incident::Incident;
use simulator::world::token::Token;

use crate::support::{GitLab, PRO, TOKEN, ids, instance, pro};

const ASSIGN: &str = "userAddOnAssignmentBulkCreate";

fn target(operation: &str) -> Target {
    Target::Operation(operation.to_owned())
}

#[tokio::test]
async fn a_batch_of_a_hundred_is_one_call_and_its_answer_counts_the_seats() {
    let gitlab = GitLab::start(instance(150, 120, 10)).await;
    let writer = gitlab.writer().await;
    assert_eq!(writer.batch_size(), 100);
    let answer = writer.write(Change::Assign, &pro(), &ids(11..=110)).await;
    assert_eq!(answer, WriteAnswer::Done { assigned: Some(110) });
    assert_eq!(gitlab.asked()[ASSIGN], 1);
    let answer = writer.write(Change::Revoke, &pro(), &ids(1..=100)).await;
    assert_eq!(answer, WriteAnswer::Done { assigned: Some(10) });
}

#[tokio::test]
async fn nothing_is_sent_for_nobody() {
    let gitlab = GitLab::start(instance(1, 5, 0)).await;
    let writer = gitlab.writer().await;
    assert_eq!(writer.write(Change::Assign, &pro(), &[]).await, WriteAnswer::Done { assigned: None });
    assert!(!gitlab.asked().contains_key(ASSIGN));
}

#[tokio::test]
async fn batches_are_of_fifty_before_17_6() {
    let mut world = instance(1, 5, 0);
    world.settings.version = "17.5.1-ee".parse().unwrap();
    assert_eq!(GitLab::start(world).await.writer().await.batch_size(), 50);
}

#[tokio::test]
async fn gitlab_s_refusals_are_told_apart() {
    let mut world = instance(10, 5, 2);
    world.edit_account(AccountId(9), |account| account.state = AccountState::Blocked);
    let gitlab = GitLab::start(world).await;
    let writer = gitlab.writer().await;
    let write =
        async |change, accounts: &[u64]| writer.write(change, &pro(), &ids(accounts.iter().copied())).await;
    assert_eq!(write(Change::Assign, &[3, 9]).await, WriteAnswer::InvalidAccount);
    assert_eq!(write(Change::Assign, &[3, 4, 5, 6]).await, WriteAnswer::NotEnoughSeats);
    assert_eq!(write(Change::Revoke, &[7, 8]).await, WriteAnswer::NothingToRemove);
    assert_eq!(write(Change::Revoke, &[2, 8]).await, WriteAnswer::Done { assigned: Some(1) });
    let too_many: Vec<u64> = (1..=101).collect();
    assert_eq!(
        write(Change::Assign, &too_many).await,
        WriteAnswer::Refused {
            because: "The number of users to be assigned in a single API call should be less than 100."
                .into()
        }
    );
    gitlab.simulator.world().settings.read_only = true;
    assert_eq!(
        write(Change::Assign, &[3]).await,
        WriteAnswer::Refused {
            because: "You cannot perform write operations on a read-only instance".into()
        }
    );
    assert_eq!(gitlab.simulator.world().holder_names(PRO), ["p1"]);
}

#[tokio::test]
async fn the_ambiguous_error_is_explained_by_reading() {
    let gitlab = GitLab::start(instance(10, 5, 2)).await;
    let writer = gitlab.writer().await;
    let explained = async || {
        let answer = writer.write(Change::Assign, &pro(), &ids([3])).await;
        assert_eq!(answer, WriteAnswer::NotAllowed);
        gitlab.reader.diagnose(&gitlab.pro()).await
    };
    gitlab.simulator.world().add_token(Token::new(TOKEN, 1_000_000, &["read_api"]));
    assert_eq!(
        explained().await,
        "the token has the scopes `read_api`, and changing seats takes `api`; hint: make a token with scope `api`"
    );
    gitlab.simulator.world().add_token(Token::new(TOKEN, 1_000_000, &["api"]));
    gitlab.simulator.world().edit_account(AccountId(1_000_000), |root| root.admin = false);
    assert_eq!(
        explained().await,
        "the token's account is no administrator any more; \
         hint: give it that role back, or use the token of one who has it"
    );
    gitlab.simulator.world().edit_account(AccountId(1_000_000), |root| root.admin = true);
    Incident::ExpirePurchase { purchase: PRO }.strike(&mut gitlab.simulator.world());
    let ended = explained().await;
    assert!(ended.starts_with(&format!("purchase `{}` of Duo Pro is no longer active", pro())), "{ended}");
}

#[tokio::test]
async fn an_answer_lost_after_the_commit_is_made_good_by_sending_again() {
    let gitlab = GitLab::start(instance(10, 5, 2)).await;
    let writer = gitlab.writer().await;
    gitlab.simulator.faults().fail_next(target(ASSIGN), Failure::LoseResponse);
    let answer = writer.write(Change::Assign, &pro(), &ids([3, 4])).await;
    assert_eq!(answer, WriteAnswer::Done { assigned: Some(4) });
    let revoke = target("userAddOnAssignmentBulkRemove");
    gitlab.simulator.faults().fail_next(revoke, Failure::LoseResponse);
    let answer = writer.write(Change::Revoke, &pro(), &ids([3, 4])).await;
    assert_eq!(answer, WriteAnswer::Done { assigned: None });
    assert_eq!(gitlab.simulator.world().holder_names(PRO), ["p1", "p2"]);
    assert_eq!(gitlab.asked()[ASSIGN], 2);
}

#[tokio::test]
async fn what_is_never_answered_may_have_happened() {
    let failures = [
        Failure::LoseResponse,
        Failure::InternalError,
        Failure::BadGateway,
        Failure::TimedOut,
        Failure::DropConnection,
    ];
    let all = failures.map(async |failure| {
        let gitlab = GitLab::start(instance(10, 5, 2)).await;
        let writer = gitlab.writer().await;
        let fault = Fault { target: target(ASSIGN), after: 0, times: 99, failure };
        gitlab.simulator.faults().add(fault);
        let answer = writer.write(Change::Assign, &pro(), &ids([3])).await;
        assert!(matches!(answer, WriteAnswer::Unanswered { .. }), "{answer:?}");
        assert_eq!(gitlab.asked()[ASSIGN], 6);
    });
    join_all(all).await;
}

#[tokio::test]
async fn what_never_reached_gitlab_was_not_sent() {
    let gitlab = GitLab::start(instance(10, 5, 2)).await;
    let writer = gitlab.writer().await;
    let GitLab { simulator, .. } = gitlab;
    simulator.stop().await.unwrap();
    let answer = writer.write(Change::Assign, &pro(), &ids([3])).await;
    assert!(matches!(answer, WriteAnswer::NotSent { .. }), "{answer:?}");
}

#[tokio::test]
async fn what_a_rate_limit_puts_off_beyond_the_deadline_was_not_sent_nor_is_what_follows() {
    let gitlab = GitLab::start(instance(10, 5, 2)).await;
    let writer = gitlab.writer().await;
    gitlab.simulator.faults().fail_next(target(ASSIGN), Failure::Throttled { retry_after: 2400 });
    let answer = writer.write(Change::Assign, &pro(), &ids([3])).await;
    let because =
        "GitLab's rate limit wants 2400 seconds of pause before `Assign`, beyond the deadline of 2 seconds";
    assert_eq!(answer, WriteAnswer::NotSent { because: because.into() });
    let answer = writer.write(Change::Assign, &pro(), &ids([4])).await;
    assert!(matches!(answer, WriteAnswer::NotSent { .. }), "{answer:?}");
    assert_eq!(gitlab.asked()[ASSIGN], 1, "a storm of 429 is not answered with more requests");
    assert_eq!(gitlab.simulator.world().holder_names(PRO), ["p1", "p2"]);
}
