//! What is wrong with a token is told in words that lead on.

use seatsync::gitlab::preflight::Stops;
use seatsync::model::add_on::AddOn;
use seatsync::ports::SeatReader;
use simulator::world::account::{AccountId, AccountState};
use simulator::world::gitlab::World;
use simulator::world::token::{Token, TokenState};

use crate::support::{GitLab, TOKEN, instance, words};

async fn refused(edit: impl FnOnce(&mut World)) -> String {
    let mut world = instance(3, 5, 2);
    edit(&mut world);
    words(&GitLab::start(world).await.reader.seats(&[AddOn::DuoPro]).await.unwrap_err())
}

fn kill(world: &mut World, state: TokenState) {
    assert!(world.set_token_state(TOKEN, state));
}

#[tokio::test]
async fn each_broken_token_has_its_own_words() {
    let expired = refused(|world| kill(world, TokenState::Expired)).await;
    assert!(
        expired.starts_with("GitLab does not accept the token: invalid_token: Token is expired."),
        "{expired}"
    );
    assert!(expired.contains("hint: make a new token with scope `api`"), "{expired}");

    let revoked = refused(|world| kill(world, TokenState::Revoked)).await;
    assert!(
        revoked.starts_with("GitLab does not accept the token: invalid_token: Token was revoked."),
        "{revoked}"
    );

    let unknown = refused(|world| world.add_token(Token::new(TOKEN, 999, &["api"]))).await;
    assert!(unknown.starts_with("GitLab does not accept the token: 401 Unauthorized"), "{unknown}");

    let blind = refused(|world| world.add_token(Token::new(TOKEN, 1_000_000, &["read_user"]))).await;
    assert!(blind.starts_with("GitLab does not accept the token: Invalid token"), "{blind}");
    assert!(blind.contains("scope `api`"), "{blind}");

    let block = |world: &mut World| {
        world.edit_account(AccountId(1_000_000), |root| root.state = AccountState::Blocked);
    };
    let blocked = refused(block).await;
    assert!(blocked.starts_with("the account of the token is blocked or deactivated"), "{blocked}");
}

#[tokio::test]
async fn a_healthy_gitlab_passes_the_preflight() {
    let gitlab = GitLab::start(instance(3, 5, 2)).await;
    let preflight = gitlab.reader.preflight().await;
    assert_eq!(preflight.problems, []);
    assert_eq!(preflight.version.as_deref(), Some("18.9.0-ee"));
    assert_eq!(preflight.role, Some("an administrator"));
    assert_eq!(preflight.token.unwrap().scopes, ["api"]);
    assert_eq!(preflight.purchases.len(), 1);
    assert_eq!(gitlab.client.requests(), 5);
}

#[tokio::test]
async fn the_preflight_names_what_stops_a_plan_or_an_apply() {
    let sentences = async |edit: fn(&mut World)| {
        let mut world = instance(3, 5, 2);
        edit(&mut world);
        let preflight = GitLab::start(world).await.reader.preflight().await;
        let told = preflight.problems.into_iter().map(|one| (one.stops, one.sentence, one.hint));
        told.collect::<Vec<_>>()
    };
    let read_only = sentences(|world| world.add_token(Token::new(TOKEN, 1_000_000, &["read_api"]))).await;
    let [(Stops::Applying, sentence, _)] = &read_only[..] else { panic!("{read_only:?}") };
    assert_eq!(sentence, "the token has the scopes `read_api`, not `api`");

    let admin_mode = sentences(|world| world.settings.admin_mode = true).await;
    let [(Stops::Planning, _, hint)] = &admin_mode[..] else { panic!("{admin_mode:?}") };
    assert!(hint.contains("`admin_mode`"), "{hint}");

    let nobody = sentences(|world| {
        world.edit_account(AccountId(1_000_000), |root| root.admin = false);
    })
    .await;
    assert_eq!((nobody[0].0, &*nobody[0].1), (Stops::Planning, "the token's account is no administrator"));

    let dead = sentences(|world| kill(world, TokenState::Revoked)).await;
    assert_eq!(dead.len(), 1);
}
