//! Nothing seen is not nobody there: absent settings, absent directories, empty answers.

use crate::support::company::Company;
use crate::support::slapd::{Options, Slapd};
use crate::support::stage::{ENTERPRISE, LDIF, PLATFORM, Stage, company, ldap, names};
use simulator::world::purchase::{Purchase, PurchaseId};

/// 1: an absent setting was read as an empty list, and a nightly job removed every seat.
#[test]
fn an_add_on_without_a_rule_is_not_touched() {
    let stage = Stage::new(&["ada", "zoe"], 5);
    stage.company(&["ada", "zoe"], &["ada"]);
    let pro = PurchaseId(4);
    {
        let mut world = stage.gitlab.world();
        world.add_purchase(Purchase::new(pro.0, "CODE_SUGGESTIONS", 5));
        let zoe = world.account_by_username("zoe").unwrap().id;
        world.seat(pro, zoe);
    }

    let whoever = "[add_on.duo_pro]\nrevoke = \"all\"\ngrace = \"0d\"\n";
    stage.configure(LDIF, &format!("{PLATFORM}\n{whoever}"));
    let applied = stage.run("apply --yes --format json").exits(0).json();

    assert_eq!(stage.holders(), ["ada"]);
    assert_eq!(stage.gitlab.world().holder_names(pro), ["zoe"]);
    assert_eq!(applied["plan"]["add_ons"].as_array().unwrap().len(), 1, "Duo Pro is not even spoken of");
}

/// 1, once more: no rule at all.
#[test]
fn no_rules_revoke_nobody() {
    let stage = Stage::seated(&["ada"], 5);
    stage.configure(LDIF, "[add_on.duo_enterprise]\nrevoke = \"all\"\ngrace = \"0d\"\n");

    stage.run("apply --yes").exits(0).says("there is no rule: no add-on is touched");

    assert_eq!(stage.holders(), ["ada"]);
    assert!(stage.writes().is_empty());
}

/// 4: the directory was down, so nobody existed.
#[test]
fn a_directory_that_is_down_costs_nobody_a_seat() {
    let mut slapd = Slapd::start(&company(&["ada", "bob"], &["ada", "bob"]).ldif, &Options::default());
    let stage = Stage::new(&["ada", "bob"], 5);
    stage.configure(&ldap(&slapd, "reader"), PLATFORM);
    stage.run("apply --yes").exits(0);
    assert_eq!(stage.holders(), ["ada", "bob"]);
    stage.gitlab.forget_requests();

    slapd.kill();
    let ended = stage.run("apply --yes").exits(5);

    ended
        .says("partial: ")
        .says("nobody loses a seat in this run")
        .says("error[source_unread]: source `corp`");
    assert_eq!(stage.holders(), ["ada", "bob"]);
    assert!(stage.writes().is_empty());
}

/// 4: an export that the nightly dump did not write.
#[test]
fn an_export_that_is_not_there_costs_nobody_a_seat() {
    let stage = Stage::seated(&["ada", "bob"], 5);
    std::fs::remove_file(stage.path("corp.ldif")).unwrap();

    stage.run("apply --yes").exits(5).says("corp.ldif").says("nobody loses a seat in this run");

    assert_eq!(stage.holders(), ["ada", "bob"]);
}

/// 4: a wrong password is no answer either.
#[test]
fn a_refused_bind_costs_nobody_a_seat() {
    let slapd = Slapd::start(&company(&["ada", "bob"], &["ada", "bob"]).ldif, &Options::default());
    let stage = Stage::new(&["ada", "bob"], 5);
    stage.configure(&ldap(&slapd, "reader"), PLATFORM);
    stage.run("apply --yes").exits(0);

    // The account exists; the password that LDAP_PASSWORD holds is another's.
    stage.configure(&ldap(&slapd, "slow"), PLATFORM);
    stage.run("apply --yes").exits(5).says("failed to bind");

    assert_eq!(stage.holders(), ["ada", "bob"]);
}

/// 5: success with zero entries, because the account lost the right to see people.
#[test]
fn people_who_are_hidden_keep_their_seats() {
    let ldif = company(&["ada", "bob"], &["ada", "bob"]).ldif;
    let slapd = Slapd::start(&ldif, &Options::default());
    let stage = Stage::new(&["ada", "bob"], 5);
    stage.configure(&ldap(&slapd, "reader"), PLATFORM);
    stage.run("apply --yes").exits(0);

    let access =
        "access to dn.subtree=\"ou=people,dc=example,dc=test\" attrs=userPassword by anonymous auth\n\
                  access to dn.subtree=\"ou=people,dc=example,dc=test\" by * none"
            .to_owned();
    let blind = Slapd::start(&ldif, &Options { access, ..Options::default() });
    stage.configure(&ldap(&blind, "reader"), PLATFORM);
    let ended = stage.run("apply --yes").exits(5);

    ended.says("error[group_partial]: group `platform` of source `corp` was not read whole");
    assert_eq!(stage.holders(), ["ada", "bob"]);
}

/// 5: a wrong base holds nobody.
#[test]
fn a_wrong_base_costs_nobody_a_seat() {
    let slapd = Slapd::start(&company(&["ada", "bob"], &["ada", "bob"]).ldif, &Options::default());
    let stage = Stage::new(&["ada", "bob"], 5);
    stage.configure(&ldap(&slapd, "reader"), PLATFORM);
    stage.run("apply --yes").exits(0);

    for (base, words) in
        [("ou=system,dc=example,dc=test", "group_missing"), ("dc=example,dc=tset", "does not exist")]
    {
        let source = ldap(&slapd, "reader")
            .replace("base_dn = \"dc=example,dc=test\"", &format!("base_dn = \"{base}\""));
        stage.configure(&source, PLATFORM);
        stage.run("apply --yes").exits(5).says(words);
        assert_eq!(stage.holders(), ["ada", "bob"], "{base}");
    }
}

/// 5: a group was emptied but for one who is gone: its kind must name somebody.
#[test]
fn an_empty_group_freezes_its_rule() {
    let stage = Stage::seated(&["ada", "bob"], 5);
    stage.company(&["ada", "bob"], &["nobody"]);

    stage.run("apply --yes").exits(5).says("error[group_too_small]").says("`min_group_members` = 1");
    stage.run("check").exits(5).says("the groups of rule `platform` hold 0 people");

    assert_eq!(stage.holders(), ["ada", "bob"]);
}

/// 5: where an empty group is allowed, the shrink limit asks a person.
#[test]
fn a_source_that_was_emptied_trips_the_shrink_limit() {
    let stage = Stage::seated(&["ada", "bob"], 5);
    stage.configure(LDIF, &format!("{PLATFORM}\n[limits]\nmin_group_members = 0\n"));
    stage.company(&["ada", "bob"], &["nobody"]);

    let ended = stage.run("apply --yes").exits(3);

    ended.complains("source `corp` shrank by 100 %, from 2 people to 0, and at most 25 % is believed");
    stage.run("check").exits(0).says("the guard would refuse an apply: source `corp` shrank by 100 %");
    assert_eq!(stage.holders(), ["ada", "bob"]);
    assert!(stage.writes().is_empty());
}

/// 5: one group of several, where the others keep the rule from being frozen and the source from shrinking much.
#[test]
fn one_of_several_groups_that_was_emptied_trips_the_shrink_limit() {
    let names = names("p", 20);
    let everybody: Vec<&str> = names.iter().map(String::as_str).collect();
    let stage = Stage::new(&everybody, 30);
    let both = PLATFORM.replace("[\"platform\"]", "[\"platform\", \"backend\"]");
    stage.configure(LDIF, &both);
    let directory = |backend: &[&str]| {
        let mut company = Company::new();
        for name in &everybody {
            company.person(name);
        }
        company.group("platform", &everybody[1..]).group("backend", backend);
        company.ldif
    };
    stage.ldif(&directory(&everybody[..1])).run("apply --yes").exits(0);
    stage.gitlab.forget_requests();

    stage.ldif(&directory(&["nobody"]));
    let ended = stage.run("apply --yes").exits(3);

    ended.complains("group `backend` of source `corp` was emptied: it held 1 when it was last read whole");
    assert!(stage.writes().is_empty());
}

/// 5: both at once, as the defaults have it: the refusal is what the exit code tells.
#[test]
fn an_emptied_source_is_frozen_and_refused() {
    let stage = Stage::seated(&["ada", "bob"], 5);
    stage.configure(LDIF, PLATFORM).company(&["ada", "bob"], &["nobody"]);

    stage.run("apply --yes").exits(3).says("error[group_too_small]").complains("shrank by 100 %");

    assert_eq!(stage.holders(), ["ada", "bob"]);
}

/// 5: a fresh replica answers everything with success and holds the bare tree.
#[test]
fn a_fresh_replica_costs_nobody_a_seat() {
    let slapd = Slapd::start(&company(&["ada", "bob"], &["ada", "bob"]).ldif, &Options::default());
    let stage = Stage::new(&["ada", "bob"], 5);
    stage.configure(&ldap(&slapd, "reader"), PLATFORM);
    stage.run("apply --yes").exits(0);

    let fresh = Slapd::start(&Company::new().ldif, &Options::default());
    stage.configure(&ldap(&fresh, "reader"), PLATFORM);
    stage.run("apply --yes").exits(5).says("error[group_missing]: group `platform` does not exist");

    assert_eq!(stage.gitlab.world().holder_names(ENTERPRISE), ["ada", "bob"]);
}

/// 5: a group without any member is one whose members may not be seen.
#[test]
fn a_group_that_shows_no_member_is_not_taken_for_empty() {
    let stage = Stage::seated(&["ada", "bob"], 5);
    stage.company(&["ada", "bob"], &[]);

    stage.run("apply --yes").exits(5).says("though its kind always has one");

    assert_eq!(stage.holders(), ["ada", "bob"]);
}
