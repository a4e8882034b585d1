//! Who is in a group: nested groups, huge ones, and primary groups.

use seatsync::model::snapshot::{Coverage, GroupState, Snapshot};
use seatsync::sources::ldap::config::LdapConfig;

use crate::support::ad_front::limit;
use crate::support::reading::{findings, read, strangers, told};
use crate::support::samba::{BASE, CROWD, GROUPS, Options, PEOPLE, Samba, group_dn, person_dn};
use crate::support::samba_reading::config;
use crate::support::spoiler::{Spoil, spoil};

const PLATFORM: &str = "platform: ada (platform), bob (platform), cyd (platform > inner), \
                        dan (platform > inner > loop); complete";

/// A controller that lets in whoever comes unencrypted, as those before which something stands.
fn plain() -> Samba {
    Samba::start(&Options { allow_plaintext: true, ..Options::default() })
}

fn at(samba: &Samba, url: &str) -> LdapConfig {
    LdapConfig { urls: vec![url.parse().unwrap()], ..config(samba) }
}

fn count(snapshot: &Snapshot) -> usize {
    let GroupState::Found { members, .. } = &snapshot.groups[0].state else { panic!() };
    members.len()
}

#[tokio::test]
async fn a_group_is_read_by_name_dn_and_id_whatever_its_cycles() {
    let samba = Samba::start(&Options::default());
    let id = format!("id:{}", samba.guid(&group_dn("platform")));
    let snapshot = read(config(&samba), &["PLATFORM", &group_dn("platform"), &id]).await.unwrap();
    for at in 0..3 {
        assert_eq!(told(&snapshot, at), PLATFORM);
    }
    assert!(findings(&snapshot).is_empty());
}

#[tokio::test]
async fn two_groups_of_one_name_are_refused_and_an_absent_one_is_missing() {
    let samba = Samba::start(&Options::default());
    let snapshot = read(config(&samba), &["twin", "twin-old", "nobody", "id:nonsense"]).await.unwrap();
    let candidates = vec![group_dn("twin"), format!("CN=twin,OU=Old,{GROUPS}")];
    assert_eq!(snapshot.groups[0].state, GroupState::Ambiguous { candidates });
    assert_eq!(told(&snapshot, 1), "twin: bob (twin); complete", "sAMAccountName is unique");
    assert_eq!(snapshot.groups[2].state, GroupState::Missing);
    assert_eq!(snapshot.groups[3].state, GroupState::Unread { because: "`nonsense` is no GUID".to_owned() });
}

#[tokio::test]
async fn a_huge_group_is_read_whole_with_the_limits_of_windows_and_without() {
    let samba = plain();
    let windows = format!("ldap://localhost:{}", limit(samba.port));
    for url in [samba.url(), windows] {
        let snapshot = read(at(&samba, &url), &["everyone"]).await.unwrap();
        assert_eq!(snapshot.coverage(), Coverage::Complete);
        assert_eq!((snapshot.people.len(), count(&snapshot)), (CROWD, CROWD));
    }
}

#[tokio::test]
async fn a_range_that_does_not_come_makes_the_group_partial_and_not_short() {
    let samba = plain();
    let windows = limit(samba.port);
    for how in [Spoil::Result(51), Spoil::Result(53), Spoil::HangUp] {
        // The first entry is the group with its first range, the second the same range once more.
        let url = spoil(windows, 2, how);
        let snapshot = read(at(&samba, &url), &["everyone"]).await.unwrap();
        let Coverage::Partial { because } = snapshot.coverage() else { panic!() };
        assert_eq!(
            because,
            format!(
                "group `everyone` was not read whole: the server handed out only a part of `member` of `{}`",
                group_dn("everyone")
            )
        );
    }
}

#[tokio::test]
async fn a_search_cut_short_leaves_those_it_did_not_bring_unknown() {
    let samba = plain();
    for how in [Spoil::Result(51), Spoil::Result(53), Spoil::Result(4), Spoil::HangUp] {
        let url = spoil(samba.port, 700, how);
        let snapshot = read(at(&samba, &url), &["everyone"]).await.unwrap();
        assert!(matches!(snapshot.coverage(), Coverage::Partial { .. }));
        assert!(count(&snapshot) < CROWD);
    }
}

#[tokio::test]
async fn whose_primary_group_it_is_counts_as_its_member() {
    let samba = Samba::start(&Options::default());
    let snapshot = read(config(&samba), &["primaries"]).await.unwrap();
    assert_eq!(told(&snapshot, 0), "primaries: eve (primaries), prim (primaries); complete");
    let mut config = config(&samba);
    config.directory.primary_group = false;
    let snapshot = read(config, &["primaries"]).await.unwrap();
    assert_eq!(told(&snapshot, 0), "primaries: eve (primaries); complete");
}

#[tokio::test]
async fn domain_users_is_a_group_like_any_other_and_more_than_a_page() {
    let samba = plain();
    let windows = format!("ldap://localhost:{}", limit(samba.port));
    let config = LdapConfig { person_base_dn: PEOPLE.to_owned(), ..at(&samba, &windows) };
    let snapshot = read(config, &["Domain Users"]).await.unwrap();
    assert_eq!(snapshot.groups_found(), 1);
    // `prim` is an explicit member since their primary group is another one. Of the others below `PEOPLE` the contact has
    // no primary group, and two have no account that may be used.
    let Coverage::Partial { because } = snapshot.coverage() else { panic!() };
    assert!(because.contains(&format!("`userAccountControl` of `{}`", person_dn("veil"))), "{because}");
    assert_eq!(count(&snapshot), CROWD + 10);
}

#[tokio::test]
async fn odd_names_are_found() {
    let samba = Samba::start(&Options::default());
    let snapshot = read(config(&samba), &["odd names", "platform"]).await.unwrap();
    assert_eq!(told(&snapshot, 0), "odd names: odd (odd names); complete");
}

#[tokio::test]
async fn an_empty_group_is_empty() {
    let samba = Samba::start(&Options::default());
    let snapshot = read(config(&samba), &["empty"]).await.unwrap();
    assert_eq!(told(&snapshot, 0), "empty: ; complete");
}

#[tokio::test]
async fn members_of_other_domains_and_outside_of_the_base_are_named() {
    let samba = Samba::start(&Options::default());
    let narrow = LdapConfig { person_base_dn: PEOPLE.to_owned(), ..config(&samba) };
    let snapshot = read(narrow, &["partners", "abroad"]).await.unwrap();
    assert_eq!(told(&snapshot, 0), "partners: ada (partners); complete");
    assert_eq!(told(&snapshot, 1), "abroad: ada (abroad); complete");
    let stranger = |number: u32| format!("CN=S-1-5-21-9-9-9-{number},CN=ForeignSecurityPrincipals,{BASE}");
    assert_eq!(
        strangers(&snapshot),
        [
            format!("{} of partners", stranger(1104)),
            format!("{} of partners", stranger(1105)),
            format!("CN=away,OU=Elsewhere,{BASE} of abroad"),
        ]
    );
}
