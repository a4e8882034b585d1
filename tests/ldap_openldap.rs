//! Groups and people of a real OpenLDAP server: nesting, and members who are gone, elsewhere or hidden.

mod support;

use seatsync::model::snapshot::{Coverage, GroupState};
use seatsync::sources::ldap::config::{LdapConfig, Schema};
use support::company::{Company, GROUPS, PEOPLE, SUFFIX, SYSTEM, group_dn, person_dn, uuid};
use support::reading::{config, findings, read, small, strangers, told};
use support::slapd::{Options, Slapd};

#[tokio::test]
async fn a_group_is_read_by_name_dn_and_id() {
    let slapd = Slapd::start(&small().ldif, &Options::default());
    let id = format!("id:{}", uuid(&group_dn("team")));
    let snapshot =
        read(config(&slapd), &["TEAM", "CN=team, ou=Groups,dc=example,dc=test", &id]).await.unwrap();
    for at in 0..3 {
        assert_eq!(told(&snapshot, at), "team: ada (team), bob (team); complete");
    }
    assert_eq!(snapshot.people.len(), 2);
    let ada = snapshot.people.iter().find(|person| person.username() == Some("ada")).unwrap();
    assert_eq!(ada.id(), uuid(&person_dn("ada")));
    assert_eq!(ada.email(), Some("ada@example.test"));
    assert_eq!(ada.identity(), Some(&*person_dn("ada")));
}

#[tokio::test]
async fn nested_groups_are_followed_by_the_shortest_way_and_cycles_are_harmless() {
    let mut company = small();
    company
        .group("outer", &[&group_dn("middle"), &group_dn("team"), "eve"])
        .group("middle", &[&group_dn("inner"), "eve"])
        .group("inner", &[&group_dn("outer"), "ada"]);
    let slapd = Slapd::start(&company.ldif, &Options::default());
    let snapshot = read(config(&slapd), &["outer", "inner"]).await.unwrap();
    assert_eq!(told(&snapshot, 0), "outer: ada (outer > team), bob (outer > team), eve (outer); complete");
    assert_eq!(
        told(&snapshot, 1),
        "inner: ada (inner), bob (inner > outer > team), eve (inner > outer); complete"
    );
}

#[tokio::test]
async fn nested_groups_are_named_where_they_are_not_followed() {
    let mut company = small();
    company.group("outer", &[&group_dn("team"), "eve"]);
    let slapd = Slapd::start(&company.ldif, &Options::default());
    let mut config = config(&slapd);
    config.directory.nested_groups = false;
    let snapshot = read(config, &["outer"]).await.unwrap();
    assert_eq!(told(&snapshot, 0), "outer: eve (outer); complete");
    assert_eq!(
        findings(&snapshot),
        ["nested_ignored: group `team` in group `outer` is not followed, because `nested_groups` is off"]
    );
}

#[tokio::test]
async fn an_ambiguous_name_is_refused_with_its_candidates_and_an_absent_one_is_missing() {
    let mut company = small();
    let twin = format!("cn=team,{PEOPLE}");
    company
        .entry(&twin, &["objectClass: groupOfNames", "cn: team", &format!("member: {}", person_dn("eve"))]);
    let slapd = Slapd::start(&company.ldif, &Options::default());
    let snapshot =
        read(config(&slapd), &["team", "nobody", &group_dn("nobody"), &person_dn("ada")]).await.unwrap();
    assert_eq!(
        snapshot.groups[0].state,
        GroupState::Ambiguous { candidates: vec![group_dn("team"), twin.clone()] }
    );
    assert_eq!(snapshot.groups[1].state, GroupState::Missing);
    assert_eq!(snapshot.groups[2].state, GroupState::Missing);
    let GroupState::Unread { because } = &snapshot.groups[3].state else { panic!() };
    assert_eq!(*because, format!("`{}` is no group", person_dn("ada")));
}

#[tokio::test]
async fn a_name_cannot_smuggle_a_filter() {
    let slapd = Slapd::start(&small().ldif, &Options::default());
    let snapshot = read(config(&slapd), &["name:*", "name:team)(cn=*"]).await.unwrap();
    assert_eq!(snapshot.groups[0].state, GroupState::Missing);
    assert_eq!(snapshot.groups[1].state, GroupState::Missing);
}

#[tokio::test]
async fn members_that_are_gone_or_of_another_directory_are_told_and_leave_the_group_complete() {
    let mut company = small();
    company.group("mixed", &["ada", "left", "went", "uid=zoe,dc=other,dc=test"]);
    let slapd = Slapd::start(&company.ldif, &Options::default());
    let snapshot = read(config(&slapd), &["mixed"]).await.unwrap();
    assert_eq!(told(&snapshot, 0), "mixed: ada (mixed); complete");
    assert_eq!(
        findings(&snapshot),
        [format!(
            "member_gone: 2 members of group `mixed` no longer exist: `{}`, `{}`",
            person_dn("left"),
            person_dn("went")
        )]
    );
    assert_eq!(strangers(&snapshot), ["uid=zoe,dc=other,dc=test of mixed"]);
}

#[tokio::test]
async fn a_member_whom_the_server_hides_makes_the_group_partial() {
    for (grant, words) in [
        (
            "none",
            "the server neither shows member `uid=bob,ou=people,dc=example,dc=test` nor says that it is gone",
        ),
        (
            "disclose",
            "the server refuses to show member `uid=bob,ou=people,dc=example,dc=test`: result code 50 (insufficientAccessRights)",
        ),
        ("search", "the server shows nothing of member `uid=bob,ou=people,dc=example,dc=test`"),
    ] {
        let access = format!("access to dn.base=\"{}\" by * {grant}", person_dn("bob"));
        let slapd = Slapd::start(&small().ldif, &Options { access, ..Options::default() });
        let filtered = LdapConfig { person_filter: Some("(uid=*)".to_owned()), ..config(&slapd) };
        for config in [config(&slapd), filtered] {
            let snapshot = read(config, &["team"]).await.unwrap();
            assert_eq!(told(&snapshot, 0), format!("team: ada (team); partial: {words}"));
        }
    }
}

#[tokio::test]
async fn a_group_whose_members_are_hidden_is_partial_and_not_empty() {
    let access = "access to attrs=member by * none".to_owned();
    let slapd = Slapd::start(&small().ldif, &Options { access, ..Options::default() });
    let snapshot = read(config(&slapd), &["team"]).await.unwrap();
    assert_eq!(
        told(&snapshot, 0),
        "team: ; partial: the server shows no member of `cn=team,ou=groups,dc=example,dc=test`, though its kind always has one"
    );
}

#[tokio::test]
async fn people_whose_id_is_hidden_make_the_group_partial() {
    let access = format!("access to dn.base=\"{}\" attrs=entryUUID by * none", person_dn("bob"));
    let slapd = Slapd::start(&small().ldif, &Options { access, ..Options::default() });
    let snapshot = read(config(&slapd), &["team"]).await.unwrap();
    assert_eq!(
        told(&snapshot, 0),
        "team: ada (team); partial: attribute `entryUUID` of `uid=bob,ou=people,dc=example,dc=test` is not readable"
    );
}

#[tokio::test]
async fn an_id_that_people_share_makes_the_reading_partial() {
    let slapd = Slapd::start(&small().ldif, &Options::default());
    let mut config = config(&slapd);
    config.directory.attributes.id = "sn".to_owned();
    let snapshot = read(config, &["team"]).await.unwrap();
    let because = "several people have the id `Sur`: `attributes.id` must name a unique attribute".to_owned();
    assert_eq!(snapshot.coverage(), Coverage::Partial { because });
}

#[tokio::test]
async fn disabled_people_are_left_out_unless_wanted() {
    let mut company = small();
    company.person_with("zoe", &["pwdAccountLockedTime: 000001010000Z"]).group("all", &["ada", "zoe"]);
    let slapd = Slapd::start(&company.ldif, &Options::default());
    let snapshot = read(config(&slapd), &["all"]).await.unwrap();
    assert_eq!(told(&snapshot, 0), "all: ada (all); complete");
    let mut config = config(&slapd);
    config.directory.include_disabled = true;
    let snapshot = read(config, &["all"]).await.unwrap();
    assert_eq!(told(&snapshot, 0), "all: ada (all), zoe (all); complete");
}

#[tokio::test]
async fn filters_and_bases_say_who_is_a_person() {
    let mut company = small();
    company.person_with("zoe", &["employeeType: contractor"]);
    let robot = format!("uid=robot,{SYSTEM}");
    company.entry(&robot, &["objectClass: inetOrgPerson", "uid: robot", "cn: Robot", "sn: R"]);
    company.group("all", &["ada", "zoe", "gone", &robot, &group_dn("team")]);
    let slapd = Slapd::start(&company.ldif, &Options::default());
    let mut config = config(&slapd);
    config.person_base_dn = PEOPLE.to_owned();
    config.group_base_dn = GROUPS.to_owned();
    config.person_filter = Some("!(employeeType=contractor)".to_owned());
    let snapshot = read(config, &["all"]).await.unwrap();
    assert_eq!(told(&snapshot, 0), "all: ada (all), bob (all > team); complete");
    assert_eq!(
        findings(&snapshot),
        [format!("member_gone: member `{}` of group `all` no longer exists", person_dn("gone"))]
    );
    assert_eq!(strangers(&snapshot), [format!("{robot} of all")]);
}

#[tokio::test]
async fn extra_attributes_and_every_address_are_kept() {
    let mut company = small();
    company
        .person_with("zoe", &["mail: z@example.test", "departmentNumber: 7", "title: Chief", "title: Boss"]);
    company.group("one", &["zoe"]);
    let slapd = Slapd::start(&company.ldif, &Options::default());
    let mut config = config(&slapd);
    config.directory.attributes.extra = ["title", "departmentNumber", "pager"].map(str::to_owned).to_vec();
    config.directory.identity_attribute = Some("mail".to_owned());
    let snapshot = read(config, &["one"]).await.unwrap();
    let zoe = &snapshot.people[0];
    assert_eq!(zoe.emails().collect::<Vec<_>>(), ["zoe@example.test", "z@example.test"]);
    assert_eq!(zoe.attribute("title"), ["Chief".into(), "Boss".into()]);
    assert_eq!(zoe.attribute("departmentNumber"), ["7".into()]);
    assert_eq!(zoe.attributes().len(), 2);
    assert_eq!(zoe.identity(), Some("zoe@example.test"));
}

#[tokio::test]
async fn odd_names_are_found() {
    let mut company = small();
    let odd = format!("cn=Smith\\, J\\C3\\B6rg \\2B1 (x)*,{PEOPLE}");
    company.entry(&odd, &["objectClass: inetOrgPerson", "cn: x", "sn: x", "uid: odd"]);
    company.entry(
        &format!("cn=unique,{GROUPS}"),
        &[
            "objectClass: groupOfUniqueNames",
            "cn: unique",
            &format!("uniqueMember: {odd}"),
            &format!("uniqueMember: {}#'0101'B", person_dn("ada")),
        ],
    );
    let slapd = Slapd::start(&company.ldif, &Options::default());
    let snapshot = read(config(&slapd), &["unique"]).await.unwrap();
    assert_eq!(told(&snapshot, 0), "unique: ada (unique), odd (unique); complete");
}

#[tokio::test]
async fn posix_groups_name_people_by_username_and_primary_group() {
    let mut company = Company::new();
    for (uid, group) in [("ada", 100), ("bob", 200), ("eve", 300)] {
        company.person_with(
            uid,
            &[
                "objectClass: posixAccount",
                "uidNumber: 1",
                &format!("gidNumber: {group}"),
                "homeDirectory: /",
            ],
        );
    }
    company.entry(
        &group_dn("unix"),
        &["objectClass: posixGroup", "cn: unix", "gidNumber: 200", "memberUid: ADA", "memberUid: gone"],
    );
    let slapd = Slapd::start(&company.ldif, &Options::default());
    let mut config = config(&slapd);
    config.directory.schema = Schema::Rfc2307;
    let snapshot = read(config.clone(), &["unix"]).await.unwrap();
    assert_eq!(told(&snapshot, 0), "unix: ada (unix); complete");
    assert_eq!(findings(&snapshot), ["member_gone: member `gone` of group `unix` no longer exists"]);
    config.directory.primary_group = true;
    let snapshot = read(config, &["unix"]).await.unwrap();
    assert_eq!(told(&snapshot, 0), "unix: ada (unix), bob (unix); complete");
}

#[tokio::test]
async fn what_is_on_another_server_is_neither_missing_nor_gone() {
    let mut company = small();
    company.entry(
        &format!("ou=far,{SUFFIX}"),
        &[
            "objectClass: referral",
            "objectClass: extensibleObject",
            "ou: far",
            "ref: ldap://127.0.0.1:1/ou=far",
        ],
    );
    let far = format!("uid=zoe,ou=far,{SUFFIX}");
    company.group("mixed", &["ada", &far]);
    let slapd = Slapd::start(&company.ldif, &Options::default());
    let snapshot = read(config(&slapd), &["mixed", "nobody"]).await.unwrap();
    assert_eq!(
        told(&snapshot, 0),
        format!(
            "mixed: ada (mixed); partial: member `{far}` is on another server, and referrals are not followed"
        )
    );
    let GroupState::Unread { because } = &snapshot.groups[1].state else { panic!() };
    assert!(
        because.starts_with("not found, but a part of `dc=example,dc=test` is on another server"),
        "{because}"
    );
}

/// Does something to the server when the first person has been read.
#[tokio::test]
async fn most_of_a_directory_is_read_page_by_page_and_part_of_it_by_name() {
    let mut company = Company::new();
    company.crowd(6_000);
    let slapd = Slapd::start(&company.ldif, &Options::default());
    let config = LdapConfig { page_size: 500, ..config(&slapd) };
    let snapshot = read(config.clone(), &["everyone"]).await.unwrap();
    assert_eq!(snapshot.coverage(), Coverage::Complete);
    assert_eq!(snapshot.people.len(), 6_000);
    let snapshot = read(config, &["team-00007"]).await.unwrap();
    assert_eq!(snapshot.coverage(), Coverage::Complete);
    assert_eq!(snapshot.people.len(), 50);
}
