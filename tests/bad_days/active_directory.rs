//! The incidents that happened with an Active Directory, before a real one.

use crate::support::ad_front::limit;
use crate::support::samba::{BASE, CROWD, GROUPS, Options, Samba, group_dn, person_dn};
use crate::support::samba_reading::{section, section_at};
use crate::support::spoiler::{Spoil, spoil};
use crate::support::stage::{PLATFORM, SMALL, Stage};

/// The people of the group `platform`, through nested groups.
const PEOPLE: [&str; 4] = ["ada", "bob", "cyd", "dan"];

/// The rule [`PLATFORM`], its group named otherwise.
fn rule_by(group: &str) -> String {
    format!("{}\n{SMALL}", PLATFORM.replace("\"platform\"]", &format!("\"{group}\"]")))
}

/// A domain, and a stage on which those whom its groups `platform` entitle have their seats.
fn seated(options: &Options, rule: &str) -> (Samba, Stage) {
    let samba = Samba::start(options);
    let stage = Stage::new(&PEOPLE, 5);
    stage.configure(&section(&samba, "svc-reader"), rule);
    stage.run("apply --yes").exits(0);
    assert_eq!(stage.holders(), PEOPLE);
    stage.gitlab.forget_requests();
    (samba, stage)
}

/// 2: a group was renamed, then deleted.
#[test]
fn a_group_that_was_renamed_or_deleted_freezes_a_rule_that_names_it() {
    let (samba, stage) = seated(&Options::default(), &rule_by("platform"));
    // Only `sAMAccountName` tells the old name.
    samba.rename(&group_dn("platform"), "CN=platform team", None);
    stage.run("plan --exit-code").exits(0);
    samba.set(&group_dn("platform team"), "sAMAccountName", &["platform-team"]);
    let missing = "error[group_missing]: group `platform` does not exist in source `corp`";
    stage
        .run("apply --yes")
        .exits(5)
        .says(missing)
        .says("name the group by `id:` so that it survives renames");
    samba.delete(&group_dn("platform team"));
    stage.run("apply --yes").exits(5).says(missing);
    assert_eq!(stage.holders(), PEOPLE);
    assert!(stage.writes().is_empty());
}

/// 2: bound to its id, the rule notices neither a rename nor a move, but that the group is gone.
#[test]
fn a_rule_bound_to_an_id_survives_all_but_the_end_of_its_group() {
    let (samba, stage) = seated(&Options::default(), &rule_by("platform"));
    let by_id = rule_by(&format!("id:{}", samba.guid(&group_dn("platform"))));
    stage.configure(&section(&samba, "svc-reader"), &by_id);
    samba.rename(&group_dn("platform"), "CN=the platform", Some(&format!("OU=Old,{GROUPS}")));
    stage.run("plan --exit-code").exits(0);

    samba.delete(&format!("CN=the platform,OU=Old,{GROUPS}"));
    samba.add_group("platform", &["ada"]);
    stage.run("apply --yes").exits(5).says("error[group_missing]");
    assert_eq!(stage.holders(), PEOPLE, "another group of the same name is another group");
}

/// 3 and 8: limits, a server that is too busy, and one that goes away, at every place of the reading.
#[test]
fn a_reading_that_breaks_off_takes_no_seat() {
    let options = Options { allow_plaintext: true, ..Options::default() };
    let (samba, stage) = seated(&options, &rule_by("platform"));
    samba.leave("bob", "platform");
    for how in [Spoil::Result(4), Spoil::Result(11), Spoil::Result(51), Spoil::Result(53), Spoil::HangUp] {
        for after in [0, 1, 3] {
            let url = spoil(samba.port, after, how);
            stage.configure(&section_at(&samba, &url, "svc-reader"), &rule_by("platform"));
            stage.run("apply --yes").exits(5).says("nobody loses a seat in this run");
            assert_eq!(stage.holders(), PEOPLE);
        }
    }
    stage.configure(&section(&samba, "svc-reader"), &rule_by("platform"));
    stage.run("apply --yes").exits(0);
    assert_eq!(stage.holders(), ["ada", "cyd", "dan"]);
}

/// 4: the only controller went down.
#[test]
fn a_controller_that_is_down_costs_nobody_a_seat() {
    let (mut samba, stage) = seated(&Options::default(), &rule_by("platform"));
    samba.kill();
    stage.run("apply --yes").exits(5).says("error[source_unread]: source `corp`");
    assert_eq!(stage.holders(), PEOPLE);
    assert!(stage.writes().is_empty());
}

/// 5: success with no member at all: the group was emptied, or we lost the right to see who is in it.
#[test]
fn a_group_without_members_is_asked_about_and_one_that_hides_them_is_not_believed() {
    let samba = Samba::start(&Options::default());
    let stage = Stage::new(&["ada", "bob"], 5);
    stage.configure(&section(&samba, "svc-dirsync"), &rule_by("closed"));
    stage.run("apply --yes").exits(0);
    assert_eq!(stage.holders(), ["ada", "bob"]);

    stage.configure(&section(&samba, "svc-reader"), &rule_by("closed"));
    let hidden =
        format!("the server shows no `member` of `{}`, but shows people who are in it", group_dn("closed"));
    stage.run("apply --yes").exits(5).says("error[group_partial]").says(&hidden);
    stage.run("check").exits(5).says(&hidden);

    samba.empty("closed");
    let unlimited = rule_by("closed").replace(SMALL, "[limits]\nmin_group_members = 0\n");
    stage.configure(&section(&samba, "svc-reader"), &unlimited);
    let refused = stage.run("apply --yes").exits(3);
    refused.complains("source `corp` shrank by 100 %, from 2 people to 0, and at most 25 % is believed");
    assert_eq!(stage.holders(), ["ada", "bob"]);
}

/// 5: whoever may no longer be seen is not gone, though Active Directory gives the same answer.
#[test]
fn members_who_are_hidden_keep_their_seats() {
    let (samba, stage) = seated(&Options::default(), &rule_by("platform"));
    samba.rename(&person_dn("bob"), "CN=bob", Some(&format!("OU=Hidden,{BASE}")));

    let ended = stage.run("apply --yes").exits(5);

    ended.says(&format!("the server does not show member `CN=bob,OU=Hidden,{BASE}`, though whoever is gone"));
    assert_eq!(stage.holders(), PEOPLE);
}

/// 6: of more than 1,500 members Active Directory hands out the first 1,500; the others lost their seats.
#[test]
fn members_beyond_the_first_range_keep_their_seats() {
    let samba = Samba::start(&Options { allow_plaintext: true, ..Options::default() });
    let first_and_last = ["p000000", &format!("p{:06}", CROWD - 1)].map(str::to_owned);
    let stage = Stage::new(&[&first_and_last[0], &first_and_last[1]], 5);
    let windows = limit(samba.port);
    let url = format!("ldap://localhost:{windows}");
    stage.configure(&section_at(&samba, &url, "svc-reader"), &rule_by("everyone"));
    stage.run("apply --yes").exits(0);
    assert_eq!(stage.holders(), first_and_last);

    // The group and its first range come; the second range does not.
    let url = spoil(windows, 2, Spoil::Result(51));
    stage.configure(&section_at(&samba, &url, "svc-reader"), &rule_by("everyone"));
    stage.run("apply --yes").exits(5).says("the server handed out only a part of `member`");
    assert_eq!(stage.holders(), first_and_last);
}

/// 23: two groups of the same name in different units.
#[test]
fn an_ambiguous_name_is_an_error_that_lists_both() {
    let samba = Samba::start(&Options::default());
    let stage = Stage::new(&["ada", "bob"], 5);
    stage.configure(&section(&samba, "svc-reader"), &rule_by("twin"));
    let ended = stage.run("apply --yes").exits(5).says("error[group_ambiguous]");
    ended.says(&group_dn("twin")).says(&format!("CN=twin,OU=Old,{GROUPS}"));
    assert!(stage.holders().is_empty());
}

/// 24: a person moved to another unit, and married.
#[test]
fn whoever_is_moved_and_renamed_keeps_the_seat() {
    let (samba, stage) = seated(&Options::default(), &rule_by("platform"));
    let moved = format!("OU=Elsewhere,{BASE}");
    samba.rename(&person_dn("ada"), "CN=Ada Lovelace", Some(&moved));
    let ada = format!("CN=Ada Lovelace,{moved}");
    samba.set(&ada, "sAMAccountName", &["alovelace"]);
    samba.set(&ada, "userPrincipalName", &["alovelace@corp.example.test"]);
    samba.set(&ada, "mail", &["lovelace@example.test"]);

    stage.run("plan --exit-code").exits(0);
    stage.run("apply --yes").exits(0);

    assert_eq!(stage.holders(), PEOPLE);
    assert!(stage.writes().is_empty());
}

/// A lockout passes within the hour, and anybody can bring it about who guesses passwords; a disabled account has left.
#[test]
fn a_lockout_keeps_the_seat_and_a_disabled_account_gives_it_back() {
    let samba = Samba::start(&Options::default());
    let stage = Stage::new(&["ada", "locked"], 5);
    stage.configure(&section(&samba, "svc-reader"), &rule_by("mixed"));
    stage.run("apply --yes").exits(0);
    assert_eq!(stage.holders(), ["ada", "locked"]);

    samba.guess_password("locked", 4);
    stage.run("apply --yes").exits(0);
    assert_eq!(stage.holders(), ["ada", "locked"]);

    samba.disable("ada");
    stage.run("apply --yes").exits(0);
    assert_eq!(stage.holders(), ["locked"]);
}
