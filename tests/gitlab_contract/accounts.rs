//! Accounts of an instance: found by each step, in the fewest calls.

use std::sync::Arc;

use seatsync::model::account::{Account, Standing};
use seatsync::model::account_query::AccountQuery;
use seatsync::ports::AccountReader;
use simulator::world::account::{self, AccountKind, AccountState};
use simulator::world::gitlab::World;

use crate::support::{GitLab, instance, query, words};

fn names(accounts: &[Arc<Account>]) -> Vec<&str> {
    accounts.iter().map(|account| account.username()).collect()
}

fn furnished(people: u64) -> World {
    let mut world = instance(people, 5, 0);
    let ada = account::Account::human(2001, "ada").with_email("Ada.Byron@corp.example.com");
    world.add_account(ada.with_identity("ldapmain", "uid=ada,ou=people,dc=corp").with_scim_identity("9B1C"));
    world.add_account(account::Account::human(2002, "bob"));
    world.add_account(account::Account::human(2003, "zoe").in_state(AccountState::LdapBlocked));
    world.add_account(account::Account::of_kind(2004, "robot", AccountKind::ProjectBot));
    world
}

const EACH_STEP: [&str; 5] = [
    "ldapmain:UID=ada, OU=People, DC=corp",
    "scim:9b1c",
    "mail:ada.byron@CORP.example.com",
    "name:ADA",
    "name:ad",
];

#[tokio::test]
async fn looking_up_and_listing_find_the_same_by_every_step() {
    let gitlab = GitLab::start(furnished(250)).await;
    for step in EACH_STEP {
        let found = gitlab.reader.accounts(&[query(&[step])], Some(254)).await.unwrap();
        let listed = gitlab.reader.accounts(&[query(&[step]), query(&["name:nobody"])], None).await.unwrap();
        assert_eq!(found, listed, "{step}");
        let expected: &[&str] = if step == "name:ad" { &[] } else { &["ada"] };
        assert_eq!(names(&found), expected, "{step}");
    }
}

#[tokio::test]
async fn a_few_people_are_looked_up_and_a_later_step_is_taken_only_by_those_not_found() {
    let gitlab = GitLab::start(furnished(1000)).await;
    let queries = [
        query(&["ldapmain:uid=ada,ou=people,dc=corp", "mail:ada.byron@corp.example.com"]),
        query(&["ldapmain:uid=bob,ou=people,dc=corp", "mail:bob@example.com", "name:bob"]),
        query(&["ldapmain:uid=eve,ou=people,dc=corp", "mail:eve@example.com", "name:eve"]),
    ];
    let accounts = gitlab.reader.accounts(&queries, Some(1004)).await.unwrap();
    assert_eq!(names(&accounts), ["ada", "bob"]);
    // Three identities, two addresses, one username.
    assert_eq!(gitlab.asked()["GET /api/v4/users"], 6);
}

#[tokio::test]
async fn many_people_are_found_by_listing_all_accounts() {
    let gitlab = GitLab::start(furnished(1000)).await;
    let queries: Vec<AccountQuery<'_>> =
        (1..=1000).map(|id| query(&["ldapmain:uid=nobody", &format!("mail:p{id}@example.com")])).collect();
    let accounts = gitlab.reader.accounts(&queries, Some(1003)).await.unwrap();
    assert_eq!(accounts.len(), 1000);
    // One identity that all of them share is looked up; then eleven pages hold everybody.
    assert_eq!(gitlab.asked()["GET /api/v4/users"], 1 + 11);
}

#[tokio::test]
async fn as_many_people_as_pages_are_looked_up_and_one_more_is_listed() {
    let gitlab = GitLab::start(instance(299, 5, 0)).await;
    let people = |n: u64| (1..=n).map(|id| query(&[&format!("name:p{id}")])).collect::<Vec<_>>();
    for (wanted, calls) in [(0, 0), (1, 1), (3, 3), (4, 3), (299, 3)] {
        gitlab.simulator.forget_requests();
        let before = gitlab.client.requests();
        let accounts = gitlab.reader.accounts(&people(wanted), Some(300)).await.unwrap();
        assert_eq!(accounts.len() as u64, wanted);
        assert_eq!(gitlab.client.requests() - before, calls, "for {wanted} people");
    }
}

#[tokio::test]
async fn the_same_question_is_asked_once() {
    let gitlab = GitLab::start(furnished(300)).await;
    let queries = [query(&["name:ada"]), query(&["name:ada"])];
    assert_eq!(names(&gitlab.reader.accounts(&queries, Some(304)).await.unwrap()), ["ada"]);
    assert_eq!(gitlab.client.requests(), 1);
}

#[tokio::test]
async fn who_could_have_no_seat_is_told_with_the_reason() {
    let gitlab = GitLab::start(furnished(0)).await;
    let queries = [query(&["name:zoe"]), query(&["name:robot"]), query(&["name:bob"])];
    let accounts = gitlab.reader.accounts(&queries, None).await.unwrap();
    let standings: Vec<_> = accounts.iter().map(|account| (account.username(), &account.standing)).collect();
    let ldap_blocked = Standing::Inactive { state: "ldap_blocked".into() };
    assert_eq!(standings, [("bob", &Standing::Eligible), ("zoe", &ldap_blocked), ("robot", &Standing::Bot)]);
}

#[tokio::test]
async fn accounts_that_only_show_what_anybody_may_see_are_an_error() {
    let gitlab = GitLab::start(furnished(3)).await;
    gitlab.simulator.world().edit_account(account::AccountId(1_000_000), |root| root.admin = false);
    let error = gitlab.reader.accounts(&[query(&["name:ada"])], None).await.unwrap_err();
    assert!(
        words(&error).starts_with(
            "GitLab showed accounts without their addresses and identities: the token is no administrator's"
        ),
        "{}",
        words(&error)
    );
}
