//! The LDIF source: the same people from a file as from a server, and never fewer without an error.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use seatsync::model::group::GroupRef;
use seatsync::model::person::SourceName;
use seatsync::model::snapshot::{Coverage, GroupState, Snapshot};
use seatsync::ports::{EdgeError, Source as _};
use seatsync::sources::ldap::config::{AttributeNames, Directory, LdifConfig, Schema};
use seatsync::sources::ldap::ldif::LdifSource;
use support::company::{Company, PEOPLE, group_dn, person_dn, uuid};
use support::reading::clock;

async fn read_file(path: &Path, schema: Schema, groups: &[&str]) -> Result<Snapshot, EdgeError> {
    let directory = Directory {
        schema,
        nested_groups: true,
        primary_group: true,
        include_disabled: false,
        attributes: AttributeNames::of(schema),
        identity_attribute: None,
    };
    let config = LdifConfig { name: SourceName::new("export"), path: path.to_owned(), directory };
    let wanted: Vec<GroupRef> = groups.iter().map(|text| GroupRef::parse(text)).collect();
    LdifSource::new(config, clock(), None).read(&wanted).await
}

async fn read(ldif: &str, schema: Schema, groups: &[&str]) -> Result<Snapshot, EdgeError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), ldif).unwrap();
    read_file(file.path(), schema, groups).await
}

fn usernames(snapshot: &Snapshot, at: usize) -> Vec<&str> {
    let GroupState::Found { members, .. } = &snapshot.groups[at].state else {
        panic!("{:?}", snapshot.groups[at].state)
    };
    let mut names: Vec<&str> =
        members.iter().map(|member| snapshot.people[member.person as usize].username().unwrap()).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn groups_are_found_in_every_way_and_nested() {
    let mut company = Company::new();
    company.person("ada").person("bob").group("inner", &["bob", &group_dn("outer")]);
    company.group("outer", &["ada", &group_dn("inner"), "gone", "uid=zoe,dc=other"]);
    let id = format!("id:{}", uuid(&group_dn("outer")).to_uppercase());
    let wanted = ["OUTER", "CN=Outer, ou=groups,dc=EXAMPLE,dc=test", &id, "nobody"];
    let snapshot = read(&company.ldif, Schema::Rfc2307bis, &wanted).await.unwrap();
    for at in 0..3 {
        assert_eq!(usernames(&snapshot, at), ["ada", "bob"]);
    }
    assert_eq!(snapshot.groups[3].state, GroupState::Missing);
    let findings: Vec<&str> = snapshot.findings.iter().map(|finding| finding.code.key()).collect();
    assert_eq!(findings, ["member_gone"]);
    let strangers: BTreeSet<&str> = snapshot.strangers.iter().map(|stranger| &*stranger.name).collect();
    assert_eq!(strangers, ["uid=zoe,dc=other"].into());
}

#[tokio::test]
async fn groups_nested_without_end_leave_the_group_partial() {
    let mut company = Company::new();
    for depth in 0..150 {
        company.group(&format!("g{depth}"), &[&group_dn(&format!("g{}", depth + 1))]);
    }
    company.person("ada").group("g150", &["ada"]);
    let snapshot = read(&company.ldif, Schema::Rfc2307bis, &["g0"]).await.unwrap();
    let because = "group `g0` was not read whole: groups are nested more than 100 deep".to_owned();
    assert_eq!(snapshot.coverage(), Coverage::Partial { because });
    let snapshot = read(&company.ldif, Schema::Rfc2307bis, &["g100"]).await.unwrap();
    assert_eq!(snapshot.coverage(), Coverage::Complete);
    assert_eq!(usernames(&snapshot, 0), ["ada"]);
}

#[tokio::test]
async fn two_groups_of_one_name_are_refused() {
    let mut company = Company::new();
    let twin = format!("cn=team,{PEOPLE}");
    company.person("ada").group("team", &["ada"]);
    company
        .entry(&twin, &["objectClass: groupOfNames", "cn: team", &format!("member: {}", person_dn("ada"))]);
    let snapshot = read(&company.ldif, Schema::Rfc2307bis, &["team"]).await.unwrap();
    assert_eq!(snapshot.groups[0].state, GroupState::Ambiguous { candidates: vec![group_dn("team"), twin] });
}

#[tokio::test]
async fn posix_groups_name_usernames_and_primary_groups() {
    let mut company = Company::new();
    company.person_with("ada", &["objectClass: posixAccount", "gidNumber: 1"]);
    company.person_with("bob", &["objectClass: posixAccount", "gidNumber: 200"]);
    company.entry(
        &group_dn("unix"),
        &["objectClass: posixGroup", "cn: unix", "gidNumber: 200", "memberUid: ada"],
    );
    let snapshot = read(&company.ldif, Schema::Rfc2307, &["unix"]).await.unwrap();
    assert_eq!(usernames(&snapshot, 0), ["ada", "bob"]);
}

#[tokio::test]
async fn active_directorys_exports_are_read() {
    let ldif = "dn: DC=x\nobjectClass: domain\n\n\
                dn: CN=Ada,DC=x\nobjectClass: user\nobjectGUID:: AAECAwQFBgcICQoLDA0ODw==\nsAMAccountName: ada\n\n\
                dn: CN=Bob,DC=x\nobjectClass: user\nobjectGUID:: EAECAwQFBgcICQoLDA0ODw==\nuserAccountControl: 514\n\n\
                dn: CN=Team,DC=x\nobjectClass: group\ncn: Team\nmember: CN=Ada,DC=x\nmember: CN=Bob,DC=x\n\n";
    let snapshot = read(ldif, Schema::ActiveDirectory, &["team"]).await.unwrap();
    assert_eq!(usernames(&snapshot, 0), ["ada"]);
    assert_eq!(snapshot.people[0].id(), "03020100-0504-0706-0809-0a0b0c0d0e0f");
}

#[tokio::test]
async fn a_piece_of_a_range_makes_the_group_partial() {
    let ldif = "dn: CN=Team,DC=x\nobjectClass: group\ncn: Team\nmember;range=0-1499: CN=Ada,DC=x\n\n";
    let snapshot = read(ldif, Schema::ActiveDirectory, &["Team"]).await.unwrap();
    assert!(matches!(snapshot.coverage(), Coverage::Partial { .. }));
}

#[tokio::test]
async fn a_file_that_is_damaged_says_where() {
    let said = |error: EdgeError| error.chain();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("company.ldif");
    let absent = read_file(&path, Schema::Rfc2307bis, &["team"]).await.unwrap_err();
    assert!(said(absent).starts_with(&format!("cannot read `{}`: No such file", path.display())));
    let mut company = Company::new();
    company.person("ada").group("team", &["ada"]);
    let cut = &company.ldif[..company.ldif.len() - 5];
    for (ldif, words) in [
        (cut, "line 61: the file ends in the middle of this line"),
        ("", "line 1: there is no entry in this file"),
        ("dn: cn=a\n\ndn: CN=A\n", "line 3: `CN=A` is there twice"),
        ("dn: Ada\n", "line 1: `Ada` is no distinguished name"),
        (
            "dn: cn=a\nchangetype: add\n",
            "line 2: this is a record of changes, and a content record is needed",
        ),
    ] {
        std::fs::write(&path, ldif).unwrap();
        let error = read_file(&path, Schema::Rfc2307bis, &["team"]).await.unwrap_err();
        assert_eq!(said(error), format!("`{}`, {words}", path.display()));
    }
}

#[tokio::test]
async fn an_export_without_keys_knows_people_by_their_names_and_says_so() {
    let plain = "dn: uid=ada,dc=x\nobjectClass: inetOrgPerson\nuid: ada\n\ndn: cn=team,dc=x\nobjectClass: groupOfNames\ncn: team\nmember: uid=ada,dc=x\n";
    let snapshot = read(plain, Schema::Rfc2307bis, &["team"]).await.unwrap();
    assert_eq!(snapshot.coverage(), Coverage::Complete);
    assert_eq!(snapshot.people[0].id(), "uid=ada,dc=x");
    assert_eq!(snapshot.findings[0].code.key(), "id_absent");
    assert!(snapshot.findings[0].message.contains("attributes = { id = "));

    // One key is enough to show that keys were exported: who lacks one cannot be followed.
    let keyed = plain.replace("cn: team\n", "cn: team\nentryUUID: 1\n");
    let snapshot = read(&keyed, Schema::Rfc2307bis, &["team"]).await.unwrap();
    assert!(matches!(snapshot.coverage(), Coverage::Partial { .. }));
}
