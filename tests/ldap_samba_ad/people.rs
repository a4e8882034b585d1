//! Who a person is: keys, addresses, accounts that may not be used, and those that are no person's.

use seatsync::model::person::Person;
use seatsync::model::snapshot::Snapshot;
use seatsync::sources::ldap::config::LdapConfig;

use crate::support::reading::{find, findings, read, told};
use crate::support::samba::{BASE, GROUPS, Options, PEOPLE, Samba, group_dn, person_dn};
use crate::support::samba_reading::config;

fn person<'a>(snapshot: &'a Snapshot, name: &str) -> &'a Person {
    snapshot.people.iter().find(|person| person.name() == Some(&*format!("The {name}"))).unwrap()
}

fn addresses(person: &Person) -> Vec<&str> {
    person.emails().collect()
}

#[tokio::test]
async fn machines_and_accounts_that_may_not_be_used_have_no_seat() {
    let samba = Samba::start(&Options::default());
    let snapshot = read(config(&samba), &["mixed"]).await.unwrap();
    // Left out: `off` is disabled, `past` has expired, and three are machines.
    assert_eq!(
        told(&snapshot, 0),
        "mixed: ? (mixed), ada (mixed), locked (mixed), must (mixed), zoe (mixed); complete"
    );
    let mut config = config(&samba);
    config.directory.include_disabled = true;
    let snapshot = read(config, &["mixed"]).await.unwrap();
    assert_eq!(
        told(&snapshot, 0),
        "mixed: ? (mixed), ada (mixed), locked (mixed), must (mixed), off (mixed), past (mixed), zoe (mixed); complete"
    );
}

#[tokio::test]
async fn a_lockout_costs_nobody_anything() {
    let samba = Samba::start(&Options::default());
    samba.guess_password("locked", 4);
    let locked_at = samba.values(&person_dn("locked"), "lockoutTime");
    assert_ne!(locked_at, [b"0".to_vec()], "the account is locked");
    assert_ne!(locked_at.len(), 0, "the account is locked");
    let snapshot = read(config(&samba), &["mixed"]).await.unwrap();
    assert!(told(&snapshot, 0).contains("locked (mixed)"));
}

#[tokio::test]
async fn an_account_that_expires_later_is_there_until_then() {
    let samba = Samba::start(&Options::default());
    // The clock of these tests stands at 2026-11-22T04:00:00Z, which is this FILETIME.
    for (expires, words) in [
        ("134397936000000000", "platform: bob (platform), cyd"),
        ("134397936000000001", "platform: ada (platform), bob (platform), cyd"),
    ] {
        samba.set(&person_dn("ada"), "accountExpires", &[expires]);
        let snapshot = read(config(&samba), &["platform"]).await.unwrap();
        assert!(told(&snapshot, 0).starts_with(words), "{expires}: {}", told(&snapshot, 0));
    }
}

#[tokio::test]
async fn people_answer_to_every_address_they_have() {
    let samba = Samba::start(&Options::default());
    let snapshot = read(config(&samba), &["mixed"]).await.unwrap();
    assert_eq!(
        addresses(person(&snapshot, "zoe")),
        ["zoe@example.test", "z.old@example.test", "zoe@corp.example.test"]
    );
    assert_eq!(addresses(person(&snapshot, "ada")), ["ada@example.test", "ada@corp.example.test"]);
    assert_eq!(addresses(person(&snapshot, "contact")), ["contact@partner.test"]);
    let mut config = config(&samba);
    config.directory.attributes.email = "userPrincipalName".to_owned();
    let snapshot = read(config, &["mixed"]).await.unwrap();
    assert_eq!(addresses(person(&snapshot, "zoe")), ["zoe@corp.example.test"]);
}

#[tokio::test]
async fn somebody_is_found_by_every_name_whichever_group_they_are_in() {
    let samba = Samba::start(&Options::default());
    let (dn, id) = (person_dn("zoe"), samba.guid(&person_dn("zoe")));
    let addresses = ["zoe@example.test", "Z.OLD@example.test", "zoe@corp.example.test"];
    for asked in ["zoe", "THE zoe", &id, &dn.to_uppercase()].into_iter().chain(addresses) {
        assert_eq!(find(config(&samba), asked).await, [&*id], "{asked}");
    }
    // Whoever may have no seat, what is no person, and what would be more than a name.
    let group = group_dn("platform");
    for asked in ["off", "past", "platform", &group, BASE, "nobody", "zoe)(objectClass=*", "*"] {
        assert!(find(config(&samba), asked).await.is_empty(), "{asked}");
    }
    let others = LdapConfig { person_filter: Some("(sAMAccountName=ada)".to_owned()), ..config(&samba) };
    for asked in ["zoe", &dn] {
        assert!(find(others.clone(), asked).await.is_empty(), "{asked}");
    }
}

#[tokio::test]
async fn a_rename_and_a_move_leave_a_person_who_they_are() {
    let samba = Samba::start(&Options::default());
    let before = read(config(&samba), &["platform"]).await.unwrap();
    samba.rename(&person_dn("ada"), "CN=Ada Lovelace", Some(&format!("OU=Elsewhere,{BASE}")));
    samba.rename(&group_dn("inner"), "CN=core", Some(&format!("OU=Old,{GROUPS}")));
    let after = read(config(&samba), &["platform"]).await.unwrap();
    assert_eq!(person(&after, "ada").id(), person(&before, "ada").id());
    assert_eq!(person(&after, "ada").identity(), Some(&*format!("CN=Ada Lovelace,OU=Elsewhere,{BASE}")));
    assert_eq!(
        told(&after, 0),
        "platform: ada (platform), bob (platform), cyd (platform > core), dan (platform > core > loop); complete"
    );
}

#[tokio::test]
async fn whoever_was_deleted_is_gone_from_every_group_and_comes_back_as_another_person() {
    let samba = Samba::start(&Options::default());
    let id = samba.guid(&person_dn("bob"));
    let before = read(config(&samba), &["platform"]).await.unwrap();
    assert_eq!(person(&before, "bob").id(), id);
    samba.delete(&person_dn("bob"));
    let after = read(config(&samba), &["platform"]).await.unwrap();
    assert!(told(&after, 0).starts_with("platform: ada (platform), cyd"), "{}", told(&after, 0));
    assert!(told(&after, 0).ends_with("; complete"));
    assert!(findings(&after).is_empty(), "Active Directory leaves no member behind that is gone");
    samba.add_person("bob");
    samba.join("bob", "platform");
    let again = read(config(&samba), &["platform"]).await.unwrap();
    assert_ne!(person(&again, "bob").id(), id);
}

#[tokio::test]
async fn what_the_account_may_not_see_is_said_and_is_not_nothing() {
    let samba = Samba::start(&Options::default());
    let snapshot = read(config(&samba), &["hollow", "closed", "veiled"]).await.unwrap();
    assert_eq!(
        told(&snapshot, 0),
        format!(
            "hollow: ada (hollow); partial: the server does not show member `CN=hid,OU=Hidden,{BASE}`, though whoever is gone \
             leaves all groups: let the account of `bind` read it"
        )
    );
    assert_eq!(
        told(&snapshot, 1),
        format!(
            "closed: ; partial: the server shows no `member` of `{}`, but shows people who are in it: let the account of \
             `bind` read its members",
            group_dn("closed")
        )
    );
    assert_eq!(
        told(&snapshot, 2),
        format!(
            "veiled: ada (veiled); partial: attribute `userAccountControl` of `CN=veil,{PEOPLE}` is not readable, so that \
             nobody can tell whether the account is disabled: let the account of `bind` read it, or set `include_disabled = true`"
        )
    );
}
