//! Purchases and holders.

use seatsync::model::account::{DuoActivity, Standing};
use seatsync::model::add_on::AddOn;
use seatsync::ports::SeatReader;
use simulator::http::faults::Moment;
use simulator::world::account::{Account, AccountId, AccountState};
use simulator::world::incident::Incident;
use simulator::world::purchase::Purchase;

use crate::support::{GitLab, PRO, ids, instance, words};

#[tokio::test]
async fn more_than_two_hundred_holders_are_read_whole_in_as_many_requests_as_pages() {
    let gitlab = GitLab::start(instance(300, 300, 250)).await;
    let reading = gitlab.reader.seats(&[AddOn::DuoPro]).await.unwrap();
    assert_eq!(reading.instance.version, "18.9.0-ee");
    assert_eq!((reading.purchases[0].purchase.purchased, reading.purchases[0].purchase.assigned), (300, 250));
    assert_eq!(reading.purchases[0].holders, ids(1..=250));
    assert_eq!(reading.holders.iter().map(|account| account.id).collect::<Vec<_>>(), ids(1..=250));
    assert_eq!(reading.eligible_accounts, Some(301));
    let asked = gitlab.asked();
    assert_eq!((asked["GET /api/v4/metadata"], asked["addOnPurchases"]), (1, 1));
    // Three pages, the first of which brings the count of eligible accounts along.
    assert_eq!(gitlab.client.requests(), 5);
}

#[tokio::test]
async fn holders_are_shown_whatever_their_state_with_their_last_activity() {
    let mut world = instance(0, 5, 0);
    let mut ada = Account::human(7, "ada");
    ada.last_duo_activity_on = Some("2026-10-01".parse().unwrap());
    world.add_account(ada);
    world.add_account(Account::human(8, "zoe").in_state(AccountState::Blocked));
    world.seat(PRO, AccountId(7));
    world.seat(PRO, AccountId(8));
    let gitlab = GitLab::start(world).await;
    let reading = gitlab.reader.seats(&[AddOn::DuoPro]).await.unwrap();
    let [ada, zoe] = &reading.holders[..] else { panic!("two holders") };
    assert_eq!((ada.username(), &ada.standing), ("ada", &Standing::Eligible));
    assert_eq!(ada.last_duo_activity, DuoActivity::On("2026-10-01".parse().unwrap()));
    assert_eq!(zoe.last_duo_activity, DuoActivity::Never);
    assert_eq!(zoe.standing, Standing::Inactive { state: "blocked".into() });
}

#[tokio::test]
async fn an_old_gitlab_is_not_asked_what_it_does_not_know() {
    let mut world = instance(3, 5, 2);
    world.settings.version = "17.6.2-ee".parse().unwrap();
    let gitlab = GitLab::start(world).await;
    let reading = gitlab.reader.seats(&[AddOn::DuoPro]).await.unwrap();
    assert_eq!(reading.purchases[0].holders, ids(1..=2));
    assert_eq!(reading.holders[0].last_duo_activity, DuoActivity::NotTold);
}

#[tokio::test]
async fn several_add_ons_are_read_and_what_cannot_be_assigned_is_ignored() {
    let mut world = instance(4, 5, 2);
    world.add_purchase(Purchase::new(8, "DUO_CORE", 100));
    world.add_purchase(Purchase::new(9, "DUO_ENTERPRISE", 10));
    world.seat(simulator::world::purchase::PurchaseId(9), AccountId(4));
    let gitlab = GitLab::start(world).await;
    let reading = gitlab.reader.seats(&AddOn::ALL).await.unwrap();
    let seats: Vec<_> =
        reading.purchases.iter().map(|one| (one.purchase.add_on, one.holders.clone())).collect();
    assert_eq!(seats, [(AddOn::DuoEnterprise, ids([4])), (AddOn::DuoPro, ids([1, 2]))]);
    assert_eq!(gitlab.client.requests(), 4);
}

#[tokio::test]
async fn the_absence_of_a_purchase_is_believed_of_an_administrator_alone() {
    let gitlab = GitLab::start(instance(4, 5, 2)).await;
    let reading = gitlab.reader.seats(&[AddOn::DuoEnterprise]).await.unwrap();
    assert!(reading.purchases.is_empty());
    gitlab.simulator.world().edit_account(AccountId(1_000_000), |root| root.admin = false);
    let error = gitlab.reader.seats(&[AddOn::DuoPro]).await.unwrap_err();
    assert_eq!(
        words(&error),
        "GitLab shows no purchase of duo_pro, but to an account that is no administrator it would show none\n\
         hint: use an administrator's token (scope `api`, and `admin_mode` where GitLab uses Admin Mode); \
         with `gitlab.top_level_group`, an Owner's of that group"
    );
}

#[tokio::test]
async fn a_list_that_moves_while_it_is_read_is_read_again() {
    let gitlab = GitLab::start(instance(300, 300, 250)).await;
    // Requests: version and purchases, then the first page; the offsets of the others shift by one.
    let loses = Incident::AccountLosesSeat { purchase: PRO, account: AccountId(1) };
    gitlab.simulator.faults().schedule(Moment::AfterRequests(3), loses);
    let reading = gitlab.reader.seats(&[AddOn::DuoPro]).await.unwrap();
    assert_eq!(reading.purchases[0].holders, ids(2..=250));
    assert_eq!(reading.purchases[0].purchase.assigned, 249);
}

#[tokio::test]
async fn a_purchase_is_read_again_until_it_ends() {
    let gitlab = GitLab::start(instance(4, 5, 2)).await;
    gitlab.simulator.world().seat(PRO, AccountId(4));
    let (purchase, holders) = gitlab.reader.reread(AddOn::DuoPro).await.unwrap().unwrap();
    assert_eq!((purchase.assigned, holders), (3, ids([1, 2, 4])));
    Incident::ExpirePurchase { purchase: PRO }.strike(&mut gitlab.simulator.world());
    assert_eq!(gitlab.reader.reread(AddOn::DuoPro).await.unwrap(), None);
}
