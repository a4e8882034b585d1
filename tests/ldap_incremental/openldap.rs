//! OpenLDAP, whose changes are told by content synchronisation: each thing that they leave out.

use seatsync::sources::ldap::config::LdapConfig;

use crate::editor::Editor;
use crate::rig::How::{Changes, Whole};
use crate::rig::Rig;
use crate::support::company::{Company, GROUPS, PEOPLE, SUFFIX, group_dn, person_dn};
use crate::support::reading::{config, findings, small, told};
use crate::support::slapd::{Options, Slapd};

const SYNCPROV: &str = "overlay syncprov\n";

/// What a server remembers of changes decides how it tells of deletions: one by one, or by naming everybody else.
const SESSIONLOG: &str = "overlay syncprov\nsyncprov-sessionlog 100\n";

fn slapd(company: &Company, overlays: &str) -> Slapd {
    Slapd::start(&company.ldif, &Options { overlays: overlays.to_owned(), ..Options::default() })
}

#[tokio::test]
async fn people_come_and_go_are_renamed_disabled_and_change_by_changes_alone() {
    for overlays in [SYNCPROV, SESSIONLOG] {
        let slapd = slapd(&small(), overlays);
        let mut editor = Editor::connect(&slapd).await;
        let mut rig = Rig::new(config(&slapd), &["team"]);
        assert_eq!(rig.how().await, Whole);
        let left = rig.kept.clone();
        assert_eq!(rig.how().await, Changes);
        assert!(rig.kept == left, "what is remembered changes only with the directory");

        editor.replace(&person_dn("ada"), "mail", &["new@example.test"]).await;
        let (how, snapshot) = rig.read().await;
        assert_eq!(how, Changes);
        assert_eq!(snapshot.people[0].email().or(snapshot.people[1].email()), Some("new@example.test"));

        editor.join(&group_dn("team"), &person_dn("eve")).await;
        let (how, snapshot) = rig.read().await;
        assert_eq!(
            (how, told(&snapshot, 0).as_str()),
            (Changes, "team: ada (team), bob (team), eve (team); complete")
        );

        editor.delete(&person_dn("eve")).await;
        let (how, snapshot) = rig.read().await;
        assert_eq!((how, told(&snapshot, 0).as_str()), (Changes, "team: ada (team), bob (team); complete"));
        assert_eq!(findings(&snapshot).len(), 1);

        editor.person(&person_dn("eve")).await;
        editor.rename(&person_dn("bob"), "uid=bob2").await;
        let (how, snapshot) = rig.read().await;
        assert_eq!((how, told(&snapshot, 0).as_str()), (Changes, "team: ada (team), eve (team); complete"));

        editor.disable("ada").await;
        let (how, snapshot) = rig.read().await;
        assert_eq!((how, told(&snapshot, 0).as_str()), (Changes, "team: eve (team); complete"));
    }
}

/// Neither overlay touches the `entryCSN` of the entries that it changes in consequence of something else.
#[tokio::test]
async fn what_overlays_change_in_passing_is_seen_although_nobody_tells() {
    let mut company = small();
    company.group("outer", &[&group_dn("team"), "eve"]);
    let overlays = format!("{SESSIONLOG}overlay refint\nrefint_attributes member\noverlay memberof\n");
    let slapd = slapd(&company, &overlays);
    let mut editor = Editor::connect(&slapd).await;
    let mut rig = Rig::new(config(&slapd), &["outer"]);
    assert_eq!(rig.how().await, Whole);

    editor.rename(&person_dn("ada"), "uid=lovelace").await;
    let (how, snapshot) = rig.read().await;
    assert_eq!(how, Changes);
    assert!(told(&snapshot, 0).contains("lovelace (outer > team)"));

    editor.delete(&person_dn("bob")).await;
    let (how, snapshot) = rig.read().await;
    assert_eq!((how, told(&snapshot, 0).contains("bob")), (Changes, false));
    assert_eq!(findings(&snapshot), [""; 0]);

    editor.rename(&group_dn("team"), "cn=crew").await;
    let (how, snapshot) = rig.read().await;
    assert_eq!(how, Changes);
    assert!(told(&snapshot, 0).contains("lovelace (outer > crew)"));
}

#[tokio::test]
async fn a_container_that_is_renamed_moves_everybody_in_it_untold_and_is_read_whole() {
    let mut company = Company::new();
    let unit = format!("ou=south,{PEOPLE}");
    company.entry(&unit, &["objectClass: organizationalUnit", "ou: south"]);
    let zoe = format!("uid=zoe,{unit}");
    let lines = ["objectClass: inetOrgPerson", "uid: zoe", "cn: Zoe", "sn: Z"];
    company.person("ada").entry(&zoe, &lines).group("team", &["ada", &zoe]);
    let slapd = slapd(&company, SESSIONLOG);
    let mut editor = Editor::connect(&slapd).await;
    let mut rig = Rig::new(config(&slapd), &["team"]);
    assert_eq!(rig.how().await, Whole);
    editor.replace(&unit, "description", &["warm"]).await;
    assert_eq!(rig.how().await, Changes);
    editor.rename(&unit, "ou=north").await;
    assert_eq!(rig.how().await, Whole);
    assert_eq!(rig.how().await, Changes);
}

/// A person of the same name in a container that took the place of another.
#[tokio::test]
async fn a_container_that_takes_the_name_of_another_brings_strangers() {
    let mut company = Company::new();
    for (unit, title) in [("old", "boss"), ("new", "clerk")] {
        let unit_dn = format!("ou={unit},{PEOPLE}");
        company.entry(&unit_dn, &["objectClass: organizationalUnit", &format!("ou: {unit}")]);
        let lines =
            ["objectClass: inetOrgPerson", "uid: zoe", "cn: Zoe", "sn: Z", &format!("mail: {title}@x")];
        company.entry(&format!("uid=zoe,{unit_dn}"), &lines);
    }
    company.group("team", &[&format!("uid=zoe,ou=old,{PEOPLE}")]);
    let slapd = slapd(&company, SYNCPROV);
    let mut editor = Editor::connect(&slapd).await;
    let mut rig = Rig::new(config(&slapd), &["team"]);
    assert_eq!(rig.how().await, Whole);
    editor.rename(&format!("ou=old,{PEOPLE}"), "ou=older").await;
    editor.rename(&format!("ou=new,{PEOPLE}"), "ou=old").await;
    let (how, snapshot) = rig.read().await;
    assert_eq!((how, snapshot.people[0].email()), (Whole, Some("clerk@x")));
}

#[tokio::test]
async fn a_name_that_passes_to_somebody_else_passes_at_once() {
    let slapd = slapd(&small(), SYNCPROV);
    let mut editor = Editor::connect(&slapd).await;
    let mut rig = Rig::new(config(&slapd), &["team"]);
    assert_eq!(rig.how().await, Whole);
    editor.delete(&person_dn("ada")).await;
    editor.person(&person_dn("ada")).await;
    let before = rig.look().await.1.people.len();
    assert_eq!((rig.how().await, before), (Changes, 2));
    editor.rename(&person_dn("bob"), "uid=robert").await;
    editor.rename(&person_dn("eve"), "uid=bob").await;
    let (how, snapshot) = rig.read().await;
    assert_eq!(how, Changes);
    assert!(snapshot.people.iter().any(|person| person.email() == Some("eve@example.test")));
}

#[tokio::test]
async fn all_is_read_again_after_a_day_and_whenever_what_is_read_changes() {
    let slapd = slapd(&small(), SYNCPROV);
    let mut rig = Rig::new(config(&slapd), &["team"]);
    assert_eq!(rig.how().await, Whole);
    rig.later(23);
    assert_eq!(rig.how().await, Changes);
    rig.later(1);
    assert_eq!(rig.how().await, Whole);
    assert_eq!(rig.how().await, Changes);
    rig.later(-48);
    assert_eq!(rig.how().await, Whole, "a clock that went back");
    rig.groups.push("nobody".to_owned());
    assert_eq!(rig.how().await, Whole);
    assert_eq!(rig.how().await, Changes);
    rig.config.person_filter = Some("(uid=a*)".to_owned());
    assert_eq!(rig.how().await, Whole);
    assert_eq!(rig.how().await, Changes);
    rig.config.directory.attributes.extra = vec!["title".to_owned()];
    assert_eq!(rig.how().await, Whole);
    rig.kept.as_mut().unwrap().data[40] ^= 1;
    assert_eq!(rig.how().await, Whole, "bytes that are not what was written");
}

#[tokio::test]
async fn a_filter_lets_people_in_and_out_with_their_own_changes() {
    let slapd = slapd(&small(), SESSIONLOG);
    let mut editor = Editor::connect(&slapd).await;
    let filtered = LdapConfig { person_filter: Some("(!(title=out))".to_owned()), ..config(&slapd) };
    let mut rig = Rig::new(filtered, &["team"]);
    assert_eq!(rig.how().await, Whole);
    for (title, people) in [("out", 1), ("in", 2)] {
        editor.replace(&person_dn("ada"), "title", &[title]).await;
        let (how, snapshot) = rig.read().await;
        assert_eq!((how, snapshot.people.len()), (Changes, people));
    }
}

/// `manager` follows its entry, and `memberOf` a group, without the person who has it being told of.
#[tokio::test]
async fn attributes_that_name_other_entries_are_read_anew_and_those_that_nobody_tells_of_whole() {
    let slapd =
        slapd(&small(), &format!("{SYNCPROV}overlay refint\nrefint_attributes manager\noverlay memberof\n"));
    let mut editor = Editor::connect(&slapd).await;
    editor.replace(&person_dn("ada"), "manager", &[&person_dn("eve")]).await;
    let mut rig = Rig::new(config(&slapd), &["team"]);
    rig.config.directory.attributes.extra = vec!["manager".to_owned()];
    assert_eq!(rig.how().await, Whole);
    editor.rename(&person_dn("eve"), "uid=evelyn").await;
    let (how, snapshot) = rig.read().await;
    let managers: Vec<_> = snapshot.people.iter().flat_map(|person| person.attribute("manager")).collect();
    assert_eq!((how, &**managers[0]), (Changes, &*person_dn("evelyn")));

    rig.config.directory.attributes.extra = vec!["memberOf".to_owned()];
    for _ in 0..2 {
        let (how, snapshot) = rig.look().await;
        assert_eq!(how, Whole);
        assert_eq!(
            findings(&snapshot),
            ["not_incremental: source `corp` is read whole every time, though it is to be `incremental`: \
              `memberOf` changes without the directory telling"]
        );
    }
}

#[tokio::test]
async fn a_server_that_tells_no_changes_is_read_whole_and_said_to_be() {
    let slapd = slapd(&small(), "");
    let mut rig = Rig::new(config(&slapd), &["team"]);
    let (how, snapshot) = rig.look().await;
    assert_eq!((how, told(&snapshot, 0).as_str()), (Whole, "team: ada (team), bob (team); complete"));
    let [finding] = &findings(&snapshot)[..] else { panic!("{:?}", findings(&snapshot)) };
    assert!(finding.starts_with("not_incremental: "), "{finding}");
    assert!(rig.kept.is_none());
}

#[tokio::test]
async fn a_cookie_that_the_server_refuses_or_that_another_gave_is_not_built_upon() {
    let first = slapd(&small(), SYNCPROV);
    let mut rig = Rig::new(config(&first), &["team"]);
    assert_eq!(rig.how().await, Whole);
    // The same directory restored from a copy that is older than the cookie.
    let mut editor = Editor::connect(&first).await;
    editor.replace(&person_dn("ada"), "title", &["new"]).await;
    assert_eq!(rig.how().await, Changes);
    let second = slapd(&small(), SYNCPROV);
    rig.config.urls.insert(0, second.url().parse().unwrap());
    assert_eq!(rig.how().await, Whole);
    drop(second);
    assert_eq!(rig.how().await, Whole, "the next server in line");
    assert_eq!(rig.how().await, Changes);
}

#[tokio::test]
async fn a_reading_that_left_a_question_open_is_no_ground_for_the_next() {
    let hide = format!(
        "access to dn.base=\"{}\" by dn.base=\"cn=admin,{SUFFIX}\" write by * none",
        person_dn("bob")
    );
    let options = Options { overlays: SYNCPROV.to_owned(), access: hide, ..Options::default() };
    let slapd = Slapd::start(&small().ldif, &options);
    let mut editor = Editor::connect(&slapd).await;
    let mut rig = Rig::new(config(&slapd), &["team"]);
    assert_eq!(rig.how().await, Whole);
    assert!(rig.kept.is_none());
    editor.leave(&group_dn("team"), &person_dn("bob")).await;
    assert_eq!(rig.how().await, Whole);
    assert_eq!(rig.how().await, Changes);
}

#[tokio::test]
async fn groups_that_name_usernames_are_read_by_changes_too() {
    let mut company = Company::new();
    let posix = ["objectClass: posixGroup", "cn: team", "gidNumber: 5", "memberUid: ada", "memberUid: bob"];
    company.person("ada").person("bob").person("eve").entry(&format!("cn=team,{GROUPS}"), &posix);
    let slapd = slapd(&company, SESSIONLOG);
    let mut editor = Editor::connect(&slapd).await;
    let mut rig = Rig::new(config(&slapd), &["team"]);
    rig.config.directory.schema = seatsync::sources::ldap::config::Schema::Rfc2307;
    assert_eq!(rig.how().await, Whole);
    assert_eq!(rig.how().await, Changes);
    editor.replace(&group_dn("team"), "memberUid", &["ada", "eve"]).await;
    let (how, snapshot) = rig.read().await;
    assert_eq!((how, told(&snapshot, 0).as_str()), (Changes, "team: ada (team), eve (team); complete"));
    // Two now answer to `ada`.
    editor.replace(&person_dn("bob"), "uid", &["bob", "ADA"]).await;
    let (how, snapshot) = rig.read().await;
    assert_eq!(how, Changes);
    assert!(told(&snapshot, 0).contains("partial"), "{}", told(&snapshot, 0));
    editor.delete(&person_dn("ada")).await;
    let (how, snapshot) = rig.read().await;
    assert_eq!((how, snapshot.people.len(), told(&snapshot, 0).contains("partial")), (Changes, 2, false));
}
