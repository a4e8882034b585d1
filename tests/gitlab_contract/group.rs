//! GitLab.com: one top-level group in place of an instance.

use seatsync::model::account::Standing;
use seatsync::model::add_on::AddOn;
use seatsync::model::holding::Change;
use seatsync::ports::{AccountReader, SeatReader, SeatWriter, WriteAnswer};
use simulator::world::account::{Account, AccountId, Membership};

use crate::support::{GitLab, PRO, gitlab_com, ids, pro, query, words};

#[tokio::test]
async fn holders_of_a_group_are_read_those_who_left_it_included() {
    let mut world = gitlab_com(300, 300, 249);
    world.add_account(Account::human(900, "left").with_membership(Membership::NotMember));
    world.seat(PRO, AccountId(900));
    let gitlab = GitLab::start(world).await;
    let reading = gitlab.reader.seats(&[AddOn::DuoPro]).await.unwrap();
    assert_eq!(reading.purchases[0].holders, ids((1..=249).chain([900])));
    assert_eq!(reading.eligible_accounts, None);
    // The version, the group, its purchases, and three pages.
    assert_eq!(gitlab.client.requests(), 6);
}

#[tokio::test]
async fn members_are_found_by_identity_address_and_username() {
    let mut world = gitlab_com(240, 10, 0);
    world.add_account(Account::human(901, "ada").with_identity("group_saml", "Ada@corp"));
    world.add_account(Account::human(902, "bob").with_scim_identity("9b1c"));
    let mut cleo = Account::human(903, "cleo").with_email("cleo@acme.example.com");
    cleo.enterprise = true;
    world.add_account(cleo);
    let mut dan = Account::human(904, "dan");
    dan.public_email = Some("dan@public.example.com".into());
    world.add_account(dan);
    let guest = Account::human(905, "eve").with_membership(Membership::MinimalAccess);
    world.add_account(guest.with_identity("group_saml", "eve@corp"));
    let gitlab = GitLab::start(world).await;
    let queries = [
        query(&["saml:ada@corp"]),
        query(&["scim:9B1C"]),
        query(&["mail:cleo@acme.example.com"]),
        query(&["mail:Dan@public.example.com"]),
        query(&["saml:eve@corp"]),
        query(&["name:P240"]),
    ];
    let accounts = gitlab.reader.accounts(&queries, None).await.unwrap();
    let found: Vec<_> = accounts.iter().map(|one| (one.id.0, one.username(), &one.standing)).collect();
    assert_eq!(
        found,
        [
            (240, "p240", &Standing::Eligible),
            (901, "ada", &Standing::Eligible),
            (902, "bob", &Standing::Eligible),
            (903, "cleo", &Standing::Eligible),
            (904, "dan", &Standing::Eligible),
            (905, "id:905", &Standing::NotAMember),
        ]
    );
    // The group, three pages of members, SAML and SCIM identities, enterprise users.
    assert_eq!(gitlab.client.requests(), 7);
}

#[tokio::test]
async fn a_group_without_single_sign_on_has_no_identities() {
    let gitlab = GitLab::start(gitlab_com(2, 10, 0)).await;
    {
        let mut world = gitlab.simulator.world();
        assert!(world.top_level_group().unwrap().saml);
        world.settings.version = "17.6.0-ee".parse().unwrap();
    }
    let accounts = gitlab.reader.accounts(&[query(&["saml:x", "mail:x@y", "name:p2"])], None).await.unwrap();
    assert_eq!(accounts.iter().map(|one| one.id).collect::<Vec<_>>(), ids([2]));
}

#[tokio::test]
async fn seats_of_a_group_are_changed() {
    let gitlab = GitLab::start(gitlab_com(5, 10, 2)).await;
    let writer = gitlab.writer().await;
    let assigned = writer.write(Change::Assign, &pro(), &ids([3, 4])).await;
    assert_eq!(assigned, WriteAnswer::Done { assigned: Some(4) });
    let revoked = writer.write(Change::Revoke, &pro(), &ids([1])).await;
    assert_eq!(revoked, WriteAnswer::Done { assigned: Some(3) });
    assert_eq!(gitlab.simulator.world().holder_names(PRO), ["p2", "p3", "p4"]);
}

#[tokio::test]
async fn who_is_no_owner_is_told_so() {
    let gitlab = GitLab::start(gitlab_com(5, 10, 2)).await;
    gitlab.simulator.world().edit_account(AccountId(1_000_000), |root| root.membership = Membership::Member);
    let error = gitlab.reader.seats(&[AddOn::DuoPro]).await.unwrap_err();
    assert!(
        words(&error).starts_with(
            "GitLab shows no purchase of duo_pro, but to an account that is no Owner of the group it would show none"
        ),
        "{}",
        words(&error)
    );
    let diagnosis = gitlab.reader.diagnose(&gitlab.pro()).await;
    assert!(
        diagnosis.starts_with("the token's account is no Owner of the group any more; hint:"),
        "{diagnosis}"
    );
}
