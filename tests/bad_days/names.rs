//! Names that change, are missing, or mean two things: groups and people are followed by what never changes.

use crate::support::company::{Company, SUFFIX, group_dn, uuid};
use crate::support::slapd::{Options, Slapd};
use crate::support::stage::{LDIF, PLATFORM, SMALL, Stage, company, ldap};

/// The rule [`PLATFORM`], its group named otherwise.
fn rule_by(group: &str) -> String {
    format!("{}\n{SMALL}", PLATFORM.replace("\"platform\"]", &format!("\"{group}\"]")))
}

/// 2: a group was renamed, and its members lost their seats.
#[test]
fn a_renamed_group_freezes_a_rule_that_names_it() {
    let ldif = company(&["ada", "bob"], &["ada", "bob"]).ldif;
    let before = Slapd::start(&ldif, &Options::default());
    let stage = Stage::new(&["ada", "bob"], 5);
    for name in ["platform", "name:platform", &group_dn("platform")] {
        stage.configure(&ldap(&before, "reader"), &rule_by(name));
        stage.run("apply --yes").exits(0);

        let renamed =
            ldif.replace("cn=platform,", "cn=platform team,").replace("cn: platform", "cn: platform team");
        let after = Slapd::start(&renamed, &Options::default());
        stage.configure(&ldap(&after, "reader"), &rule_by(name));
        let ended = stage.run("apply --yes").exits(5);

        let ended = ended.says("error[group_missing]: group ").says("does not exist in source `corp`");
        ended.says("name the group by `id:` so that it survives renames");
        assert_eq!(stage.holders(), ["ada", "bob"], "{name}");
    }
}

/// 2: bound to its id, the rule does not notice.
#[test]
fn a_rule_bound_to_an_id_survives_a_rename() {
    let ldif = company(&["ada", "bob"], &["ada", "bob"]).ldif;
    let by_id = rule_by(&format!("id:{}", uuid(&group_dn("platform"))));
    let stage = Stage::new(&["ada", "bob"], 5);
    let renamed =
        ldif.replace("cn=platform,", "cn=platform team,").replace("cn: platform", "cn: platform team");
    for ldif in [&ldif, &renamed] {
        let slapd = Slapd::start(ldif, &Options::default());
        stage.configure(&ldap(&slapd, "reader"), &by_id);
        stage.run("apply --yes").exits(0);
        assert_eq!(stage.holders(), ["ada", "bob"]);
    }
    stage.configure(LDIF, &by_id).ldif(&renamed);
    stage.run("plan --exit-code").exits(0);
}

/// 2: one of several groups was mistyped.
#[test]
fn one_mistyped_group_freezes_the_whole_rule() {
    let stage = Stage::new(&["ada", "bob"], 5);
    stage.company(&["ada", "bob"], &["ada", "bob"]).run("apply --yes").exits(0);

    stage.configure(LDIF, &rule_by("platform\", \"plaftorm"));
    stage.company(&["ada", "bob"], &["ada"]);
    stage.run("plan --exit-code").exits(5).says("group `plaftorm` does not exist in source `corp`");
    stage.run("apply --yes").exits(5);

    assert_eq!(stage.holders(), ["ada", "bob"]);
}

/// 2: a group that must not have seats cannot be read: nobody gains one by that rule.
#[test]
fn a_missing_group_of_exceptions_lets_nobody_in() {
    let stage = Stage::new(&["ada", "bob"], 5);
    let except =
        PLATFORM.replace("groups = [\"platform\"]", "groups = [\"platform\"]\nexcept_groups = [\"interns\"]");
    stage.configure(LDIF, &format!("{except}\n{SMALL}")).company(&["ada", "bob"], &["ada", "bob"]);

    stage.run("apply --yes").exits(5).says("group `interns` does not exist");

    assert!(stage.holders().is_empty());
    assert!(stage.writes().is_empty());
}

/// 23: of two groups of one name, an arbitrary one was taken.
#[test]
fn an_ambiguous_name_lists_both_and_takes_neither() {
    let mut company = Company::new();
    let abroad = format!("cn=platform,ou=people,{SUFFIX}");
    company.person("ada").person("bob").person("zoe").group("platform", &["ada"]);
    company.entry(
        &abroad,
        &["objectClass: groupOfNames", "cn: platform", "member: uid=bob,ou=people,dc=example,dc=test"],
    );
    let slapd = Slapd::start(&company.ldif, &Options::default());
    let stage = Stage::new(&["ada", "bob", "zoe"], 5);
    stage.ldif(&company.ldif);
    stage.give_seat("zoe");
    let everybody = "revoke = \"all\"\n";

    for source in [LDIF, &ldap(&slapd, "reader")] {
        stage.configure(source, &format!("{PLATFORM}{everybody}\n{SMALL}"));
        let ended = stage.run("apply --yes").exits(5);
        let ended =
            ended.says("error[group_ambiguous]: several groups of source `corp` are named `platform`");
        ended.says(&abroad).says(&group_dn("platform")).says("name one by `dn:` or `id:`");
        assert_eq!(stage.holders(), ["zoe"]);
    }

    stage.configure(
        LDIF,
        &format!("{}{everybody}\n{SMALL}", PLATFORM.replace("\"platform\"]", &format!("\"{abroad}\"]"))),
    );
    stage.run("apply --yes").exits(0);
    assert_eq!(stage.holders(), ["bob"]);
}

/// 24: a person moved to another unit, the DN no longer matched, and the seat was lost.
#[test]
fn a_person_who_moves_to_another_unit_keeps_the_seat() {
    let by_dn = format!("{LDIF}match_by = [\"identity\"]\nidentity_provider = \"ldapmain\"\n");
    let stage = Stage::new(&["ada", "bob"], 5);
    stage.configure(&by_dn, &format!("{PLATFORM}\n{SMALL}"));
    let before = company(&["ada", "bob"], &["ada", "bob"]).ldif;
    let applied = stage.ldif(&before).run("apply --yes --format json").exits(0).json();
    assert_eq!(applied["plan"]["decisions"][0]["matched_by"], "identity");
    stage.gitlab.forget_requests();

    // GitLab learns the new DN when ada signs in the next time; until then it knows the old one.
    let mut research = Company { ldif: before.replace("uid=ada,ou=people", "uid=ada,ou=research") };
    research.entry(&format!("ou=research,{SUFFIX}"), &["objectClass: organizationalUnit", "ou: research"]);
    stage.ldif(&research.ldif);
    let plan = stage.run("plan --exit-code --format json").exits(0).json();

    let ada =
        plan["decisions"].as_array().unwrap().iter().find(|one| one["account"]["username"] == "ada").unwrap();
    assert_eq!((&ada["verdict"], &ada["matched_by"]), (&"keep".into(), &"remembered".into()));
    stage.run("apply --yes").exits(0);
    assert_eq!(stage.holders(), ["ada", "bob"]);
    assert!(stage.writes().is_empty());
}

/// 24: the same on a server, for somebody who marries: new name, new address, new username.
#[test]
fn a_person_who_is_renamed_keeps_the_seat() {
    let before = company(&["ada", "bob"], &["ada", "bob"]).ldif;
    let after = before
        .replace("uid=ada,", "uid=adele,")
        .replace("uid: ada\n", "uid: adele\n")
        .replace("mail: ada@", "mail: adele@");
    let stage = Stage::new(&["ada", "bob"], 5);
    for ldif in [&before, &after] {
        let slapd = Slapd::start(ldif, &Options::default());
        stage.configure(&ldap(&slapd, "reader"), &format!("{PLATFORM}\n{SMALL}"));
        stage.run("apply --yes").exits(0);
        assert_eq!(stage.holders(), ["ada", "bob"]);
    }
}

/// An address that two people share says nothing about either.
#[test]
fn an_address_that_two_people_share_matches_neither() {
    let stage = Stage::new(&["ada"], 5);
    let mut shared = Company::new();
    shared.person("ada").entry(
        &format!("uid=ada2,ou=people,{SUFFIX}"),
        &["objectClass: inetOrgPerson", "sn: Two", "uid: ada2", "cn: Ada Two", "mail: ada@example.test"],
    );
    shared.group("platform", &["ada", "ada2"]);
    stage.configure(&format!("{LDIF}match_by = [\"email\", \"username\"]\n"), PLATFORM).ldif(&shared.ldif);

    let plan = stage.run("plan --format json").exits(0).json();

    let unmatched = plan["unmatched"].as_array().unwrap();
    assert_eq!(unmatched.len(), 2);
    assert!(unmatched.iter().all(|one| one["because"] == "ambiguous"));
    assert_eq!(plan["add_ons"][0]["tally"]["assign"], 0);
}
