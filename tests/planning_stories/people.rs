//! Whose account is whose; what is ambiguous is not guessed.

use seatsync::model::account::Identity;
use seatsync::model::add_on::AddOn::{DuoEnterprise, DuoPro};
use seatsync::model::finding::FindingCode;
use seatsync::model::person::{ExternUid, PersonId, PersonKey, SourceName};
use seatsync::model::snapshot::{GroupState, Snapshot};
use seatsync::model::stranger::Guest;

use crate::platform;
use crate::world::World;

#[test]
fn a_renamed_person_is_followed_by_the_id() {
    let world =
        platform(1).person("zoe", &["Platform"]).ours(DuoEnterprise, "zoe", 90).person_is("zoe", |zoe| {
            zoe.username = Some("zoe.miller".into());
            zoe.emails = vec!["zoe.miller@corp.example.com".into()];
        });
    assert_eq!(world.verdicts(), ["enterprise zoe: keep (entitled)"]);
    assert_eq!(world.plan().decisions[0].matched_by.unwrap().key(), "remembered");
}

/// Everybody of `corp` moves to a source of their own, as members whom `corp`'s groups name and do not hold.
fn as_guests(mut world: World) -> World {
    let corp = &mut world.input.snapshots[0];
    let partner = SourceName::new("partner");
    for reading in &mut corp.groups {
        let GroupState::Found { members, .. } = &mut reading.state else { continue };
        corp.guests.extend(members.drain(..).map(|member| Guest {
            group: reading.reference.clone(),
            home: partner.clone(),
            member,
        }));
    }
    let people = std::mem::take(&mut corp.people);
    let matching = world.input.policy.matching[&corp.source].clone();
    let home =
        Snapshot { source: partner.clone(), people, groups: Vec::new(), guests: Vec::new(), ..corp.clone() };
    world.input.policy.matching.insert(partner, matching);
    world.input.snapshots.push(home);
    world
}

#[test]
fn somebody_of_another_directory_is_remembered_as_that_one_s() {
    let zoe = || platform(1).person("zoe", &["Platform"]).ours(DuoEnterprise, "zoe", 90);
    let renamed = |world: World| {
        world.person_is("zoe", |zoe| {
            zoe.username = Some("zoe.miller".into());
            zoe.emails = vec!["zoe.miller@corp.example.com".into()];
        })
    };
    let books = as_guests(zoe()).plan().bookkeeping;
    let known: Vec<&PersonKey> = books.persons.values().collect();
    assert_eq!(known, [&PersonKey { source: SourceName::new("partner"), id: PersonId::new("id-zoe") }]);

    let mut later = as_guests(renamed(zoe()));
    for holding in later.input.memory.holdings.values_mut() {
        holding.person = Some(known[0].clone());
    }
    assert_eq!(later.verdicts(), ["enterprise zoe: keep (entitled)"]);
}

#[test]
fn a_person_remembered_with_two_accounts_is_not_guessed() {
    let mut world = platform(2)
        .purchase(DuoPro, 1)
        .account("z1")
        .account("z2")
        .stranger("zoe", &["Platform"])
        .ours(DuoEnterprise, "z1", 90)
        .ours(DuoPro, "z2", 90);
    for holding in world.input.memory.holdings.values_mut() {
        holding.person.as_mut().unwrap().id = PersonId::new("id-zoe");
    }
    assert_eq!(world.verdicts(), ["enterprise z1: leave (frozen)", "unmatched zoe: ambiguous"]);
}

#[test]
fn an_address_that_two_share_matches_nobody_and_costs_nobody_a_seat() {
    let world = platform(2)
        .person("ada", &["Platform"])
        .person("bob", &["Platform"])
        .person_is("bob", |bob| bob.emails = vec!["ADA@corp.example.com".into()])
        .ours(DuoEnterprise, "ada", 90);
    assert_eq!(
        world.verdicts(),
        ["enterprise ada: leave (frozen)", "unmatched ada: ambiguous", "unmatched bob: ambiguous"]
    );
}

#[test]
fn an_identity_says_more_than_an_address_and_is_compared_as_a_name() {
    let uid = ExternUid::new("uid=ada,ou=people,dc=corp");
    let world = platform(1)
        .stranger("ada", &["Platform"])
        .person_is("ada", |ada| ada.identity = Some("UID=Ada, OU=People, DC=corp".into()))
        .account("a.byron")
        .account_is("a.byron", |account| {
            account.identities = vec![Identity { provider: "ldapmain".into(), extern_uid: uid }];
        })
        .account("other")
        .account_is("other", |account| account.emails = vec!["ada@corp.example.com".into()]);
    assert_eq!(world.verdicts(), ["enterprise a.byron: assign (entitled)"]);
}

#[test]
fn an_address_that_goes_to_another_account_takes_no_seat_along() {
    let world = platform(3)
        .stranger("ada", &["Platform"])
        .person_is("ada", |ada| ada.id = "id-a.byron".into())
        .account("a.byron")
        .ours(DuoEnterprise, "a.byron", 90)
        .account("ada");
    assert_eq!(world.verdicts(), ["enterprise a.byron: leave (frozen)", "unmatched ada: ambiguous"]);
    let findings = world.plan().findings;
    let moved = findings.iter().find(|finding| finding.code == FindingCode::MatchMoved).unwrap();
    assert_eq!(
        moved.message,
        "ada of source `corp` is known to own `a.byron`, and now answers to `ada`: matched with none, and no seat is taken; if the other account is theirs, take the seat of the old one away in GitLab"
    );
}

#[test]
fn an_identity_that_goes_to_another_account_takes_the_seat_along() {
    let uid = || ExternUid::new("uid=ada,ou=people,dc=corp");
    let world = platform(3)
        .person("ada", &["Platform"])
        .person_is("ada", |ada| ada.identity = Some("uid=ada,ou=people,dc=corp".into()))
        .ours(DuoEnterprise, "ada", 90)
        .account("ada2")
        .account_is("ada2", |account| {
            account.identities = vec![Identity { provider: "ldapmain".into(), extern_uid: uid() }];
        });
    assert_eq!(
        world.verdicts(),
        ["enterprise ada2: assign (entitled)", "enterprise ada: revoke (no_longer_entitled)"]
    );
}
