//! Active Directory, whose changes are told by DirSync, to an account without any right besides reading.

use seatsync::sources::ldap::config::LdapConfig;

use crate::rig::How::{Changes, Whole};
use crate::rig::Rig;
use crate::support::reading::told;
use crate::support::samba::{Options, PEOPLE, Samba, person_dn};
use crate::support::samba_reading::config;

fn team(samba: &Samba) -> LdapConfig {
    for name in ["ines", "igor", "iris"] {
        samba.add_person(name);
    }
    samba.add_group("steering", &["ines", "igor"]);
    samba.add_group("council", &["iris"]);
    config(samba)
}

#[tokio::test]
async fn everything_that_happens_to_people_and_groups_is_seen_by_changes() {
    let samba = Samba::start(&Options::default());
    let mut rig = Rig::new(team(&samba), &["steering"]);
    assert_eq!(rig.how().await, Whole);
    let left = rig.kept.clone();
    assert_eq!(rig.how().await, Changes);
    assert!(rig.kept == left, "what is remembered changes only with the directory");

    samba.set(&person_dn("ines"), "mail", &[]);
    assert_eq!(rig.how().await, Changes, "an attribute that is gone has no value to show");
    samba.disable("ines");
    let (how, snapshot) = rig.read().await;
    assert_eq!((how, snapshot.people.len()), (Changes, 1));
    samba.enable("ines");
    samba.join(&crate::support::samba::group_dn("council"), "steering");
    let (how, snapshot) = rig.read().await;
    assert_eq!((how, snapshot.people.len()), (Changes, 3));

    samba.rename(&person_dn("igor"), "CN=Igor the Second", None);
    let (how, snapshot) = rig.read().await;
    assert_eq!((how, snapshot.people.len()), (Changes, 3));
    assert!(snapshot.people.iter().any(|person| person.identity().is_some_and(|dn| dn.contains("Second"))));

    // Its tombstone is hidden from this account: the group alone tells.
    samba.delete(&person_dn("iris"));
    let (how, snapshot) = rig.read().await;
    assert_eq!((how, snapshot.people.len()), (Changes, 2), "{}", told(&snapshot, 0));

    // The same name, and another person.
    samba.delete(&person_dn("ines"));
    samba.add_person("ines");
    samba.join("ines", "steering");
    let (how, snapshot) = rig.read().await;
    assert_eq!((how, snapshot.people.len()), (Changes, 2));

    samba.empty("steering");
    let (how, snapshot) = rig.read().await;
    assert_eq!((how, snapshot.people.len()), (Changes, 0));
}

#[tokio::test]
async fn whoever_moves_with_a_container_is_read_whole_and_a_primary_group_by_changes() {
    let samba = Samba::start(&Options::default());
    let team = team(&samba);
    let unit = format!("OU=North,{PEOPLE}");
    samba.add(&unit, &[("objectClass", "organizationalUnit"), ("ou", "North")]);
    samba.rename(&person_dn("ines"), person_dn("ines").split(',').next().unwrap(), Some(&unit));
    let mut rig = Rig::new(team, &["steering", "Domain Users"]);
    assert_eq!(rig.how().await, Whole);
    samba.set(&unit, "description", &["cold"]);
    samba.add_person("ivan");
    assert_eq!(rig.how().await, Changes);
    samba.delete(&person_dn("ivan"));
    assert_eq!(rig.how().await, Changes);
    samba.rename(&unit, "OU=South", None);
    assert_eq!(rig.how().await, Whole);
    assert_eq!(rig.how().await, Changes);
}
