//! Half of it was read: limits, lost pages, failures midway. Half is never taken for all.

use simulator::http::faults::Failure;
use simulator::world::account::Account;
use simulator::world::purchase::{Purchase, PurchaseId};

use crate::support::company::Company;
use crate::support::slapd::{Options, Slapd};
use crate::support::spoiler::{Spoil, spoil};
use crate::support::stage::{Ended, LDIF, PLATFORM, SMALL, Stage, company, ldap, ldap_at, names};

/// So many people that several searches and several pages are needed.
const MANY: usize = 230;

/// A stage whose directory is a real server, and on which everybody has a seat.
fn crowd() -> (Slapd, Stage) {
    let uids = names("p", MANY);
    let uids: Vec<&str> = uids.iter().map(String::as_str).collect();
    let slapd = Slapd::start(&company(&uids, &uids).ldif, &Options::default());
    let stage = Stage::new(&uids, 300);
    stage.configure(&ldap(&slapd, "reader"), PLATFORM);
    stage.run("apply --yes").exits(0).says("Applied").says("230 assigned");
    stage.gitlab.forget_requests();
    (slapd, stage)
}

/// 3: half of the directory was read, and taken for all of it.
#[test]
fn any_result_code_but_success_takes_no_seat() {
    let (slapd, stage) = crowd();
    let codes = [
        ("size limit", 4),
        ("time limit", 3),
        ("administrative limit", 11),
        ("busy", 51),
        ("unavailable", 52),
    ];
    for (name, code) in codes {
        for after in [0, 60] {
            let url = spoil(slapd.port, after, Spoil::Result(code));
            stage.configure(&ldap_at(&url, "reader"), PLATFORM);

            let ended = stage.run("apply --yes").exits(5);

            assert!(ended.stdout.contains("partial: "), "{name}\n{ended}");
            assert_eq!(stage.holders().len(), MANY, "{name} after {after} entries");
            assert!(stage.writes().is_empty(), "{name} after {after} entries");
        }
    }
}

/// 3: the same with the limits of the server itself: what it does not give whole in one search is asked for in smaller
/// ones, and what is not given at all is missing to nobody.
#[test]
fn an_account_with_limits_takes_no_seat() {
    let (slapd, stage) = crowd();
    for account in ["limited", "nopage"] {
        stage.configure(&ldap(&slapd, account), PLATFORM);
        let mut command = stage.command("apply --yes");
        command.env("LDAP_PASSWORD", format!("{account}-pw"));
        let ended = Ended::of(command.output().unwrap());
        assert!([0, 5].contains(&ended.code), "{account}: {ended}");
        assert_eq!(stage.holders().len(), MANY, "{account}");
        assert!(stage.writes().is_empty(), "{account}");
    }
}

/// 7: the first hundred were kept, the others removed.
#[test]
fn a_directory_read_in_small_pages_is_read_whole() {
    let (slapd, stage) = crowd();
    for size in [1, 7, 100, 229, 230] {
        stage.configure(&format!("{}page_size = {size}\n", ldap(&slapd, "reader")), PLATFORM);
        let plan = stage.run("plan --exit-code --format json").exits(0).json();
        assert_eq!(plan["sources"][0]["people"], MANY, "pages of {size}");
    }
}

/// 7: an export that was cut while it was copied.
#[test]
fn a_truncated_export_takes_no_seat() {
    let stage = Stage::seated(&["ada", "bob", "cyd"], 5);
    let whole = std::fs::read_to_string(stage.path("corp.ldif")).unwrap();
    let group = whole.find("dn: cn=platform").unwrap();
    let last = whole.rfind("member: ").unwrap();
    for end in [group - 9, group + 4, last + 11, whole.trim_end().len()] {
        stage.ldif(&whole[..end]);
        let ended = stage.run("apply --yes").exits(5);
        assert!(ended.stdout.contains("the file ends in the middle of this line"), "{end}: {ended}");
        assert_eq!(stage.holders(), ["ada", "bob", "cyd"]);
    }
}

/// 7: what `ldapsearch` says of its own success is read.
#[test]
fn an_export_that_ended_in_an_error_takes_no_seat() {
    let stage = Stage::seated(&["ada", "bob"], 5);
    let mut company = Company::new();
    company.person("ada").group("platform", &["ada"]);
    stage.ldif(&format!("{}search: 2\nresult: 4 Size limit exceeded\n", company.ldif));

    let ended = stage.run("apply --yes").exits(5);

    ended.says("the export is not whole: it ends with result `4 Size limit exceeded`");
    assert_eq!(stage.holders(), ["ada", "bob"]);
}

/// 7: GitLab's own pages: totals are compared, and all of them are followed.
#[test]
fn holders_are_read_to_the_last_page() {
    let (_slapd, stage) = crowd();
    let plan = stage.run("plan --format json --exit-code").exits(0).json();
    assert_eq!(plan["add_ons"][0]["held_before"], MANY);
    assert_eq!(plan["add_ons"][0]["tally"]["keep"], MANY);
}

/// 7: a page of holders that contradicts the others ends the run.
#[test]
fn holder_pages_that_lead_nowhere_end_the_run() {
    let (_slapd, stage) = crowd();
    let body = r#"{"data":{"selfManagedAddOnEligibleUsers":{"nodes":[],"pageInfo":{"hasNextPage":true,"endCursor":null}}}}"#;
    let answer =
        Failure::Answer { status: 200, content_type: "application/json".to_owned(), body: body.to_owned() };
    stage.fails("selfManagedAddOnEligibleUsers", 0, 100, answer);

    let ended = stage.run("apply --yes").exits(1);

    ended.complains("the list of holders cannot be trusted: more is said to follow, but not where");
    assert!(stage.writes().is_empty());
    assert_eq!(stage.holders().len(), MANY);
}

/// 8: the directory failed midway, and the members not read were removed.
#[test]
fn a_directory_that_fails_midway_takes_no_seat() {
    let (slapd, stage) = crowd();
    for after in [0, 1, 60, 200] {
        let url = spoil(slapd.port, after, Spoil::HangUp);
        stage.configure(&ldap_at(&url, "reader"), PLATFORM);

        stage.run("apply --yes").exits(5).says("nobody loses a seat in this run");

        assert_eq!(stage.holders().len(), MANY, "hung up after {after} entries");
        assert!(stage.writes().is_empty());
    }
}

/// 8: while the directory is half read, those who were seen are served all the same.
#[test]
fn who_was_seen_is_served_though_others_were_not() {
    let (slapd, stage) = crowd();
    stage.take_seat("p0000");
    stage.give_seat("root");
    let url = spoil(slapd.port, 150, Spoil::Result(4));
    stage.configure(&ldap_at(&url, "reader"), PLATFORM);

    let applied = stage.run("apply --yes --format json").exits(5).json();

    let seen = applied["plan"]["sources"][0]["people"].as_u64().unwrap();
    assert!(seen > 0 && seen < 230, "{seen} people were seen");
    assert_eq!(applied["plan"]["add_ons"][0]["tally"]["revoke"], 0);
    assert!(stage.holders().len() >= MANY);
}

/// 8: GitLab answered 5xx midway, and the members not read were removed.
#[test]
fn a_gitlab_that_fails_midway_ends_the_run() {
    let (_slapd, stage) = crowd();
    let everyone = stage.holders();
    stage.company(&["p0000"], &["p0000"]);
    stage.configure(LDIF, PLATFORM);
    for failure in [Failure::InternalError, Failure::BadGateway, Failure::TimedOut, Failure::DropConnection] {
        stage.fails("selfManagedAddOnEligibleUsers", 1, 1000, failure.clone());

        let ended = stage.run("apply --yes").exits(1);

        assert!(ended.stderr.starts_with("error: "), "{failure:?}: {ended}");
        assert!(stage.writes().is_empty(), "{failure:?}");
        assert_eq!(stage.holders(), everyone, "{failure:?}");
        stage.gitlab.faults().clear();
    }
}

/// 8: a failure that passes is waited for.
#[test]
fn a_gitlab_that_fails_for_a_moment_is_asked_again() {
    let (_slapd, stage) = crowd();
    stage.fails("selfManagedAddOnEligibleUsers", 1, 2, Failure::BadGateway);
    stage.run("plan --exit-code").exits(0);
}

/// 10: what was pruned after a failed update had been healthy.
#[test]
fn no_revocation_rests_on_a_rule_that_could_not_be_read() {
    let stage = Stage::new(&["ada", "bob", "cyd"], 5);
    let backend = "[[rule]]\nname = \"backend\"\nadd_on = \"duo_enterprise\"\ngroups = [\"backend\"]\n";
    let rules = format!("{PLATFORM}\n{SMALL}\n{backend}");
    stage.configure(LDIF, &rules);
    let directory = |platform: &[&str], backend: &str| {
        let mut company = Company::new();
        company
            .person("ada")
            .person("bob")
            .person("cyd")
            .group("platform", platform)
            .group(backend, &["cyd"]);
        company.ldif
    };
    stage.ldif(&directory(&["ada", "bob"], "backend")).run("apply --yes").exits(0);

    // Bob left the healthy group; the other one cannot be found any more, and might entitle him as well.
    stage.ldif(&directory(&["ada"], "back-end"));
    let ended = stage.run("apply --yes").exits(5);

    ended.says("error[group_missing]: group `backend` does not exist in source `corp`");
    assert_eq!(stage.holders(), ["ada", "bob", "cyd"]);

    stage.ldif(&directory(&["ada"], "backend")).run("apply --yes").exits(0);
    assert_eq!(stage.holders(), ["ada", "cyd"]);
}

/// 10: one directory of two is down: add-ons that do not depend on it go on.
#[test]
fn a_source_that_is_down_freezes_its_own_add_ons_alone() {
    let stage = Stage::new(&["ada", "bob"], 5);
    let pro = PurchaseId(4);
    stage.gitlab.world().add_purchase(Purchase::new(pro.0, "CODE_SUGGESTIONS", 5));
    let sources = format!("{LDIF}\n{}", LDIF.replace("corp", "labs"));
    let rules = format!(
        "{}\n{}\n{SMALL}",
        PLATFORM.replace("groups =", "source = \"corp\"\ngroups ="),
        PLATFORM
            .replace("groups =", "source = \"labs\"\ngroups =")
            .replace("\"platform\"\nadd", "\"labs\"\nadd")
            .replace("duo_enterprise", "duo_pro"),
    );
    stage.configure(&sources, &rules).company(&["ada", "bob"], &["ada", "bob"]);
    std::fs::copy(stage.path("corp.ldif"), stage.path("labs.ldif")).unwrap();
    stage.run("apply --yes").exits(0);

    std::fs::remove_file(stage.path("labs.ldif")).unwrap();
    stage.company(&["ada", "bob"], &["ada"]).run("apply --yes").exits(5);

    assert_eq!(stage.holders(), ["ada"], "Duo Enterprise rests on the directory that was read");
    assert_eq!(stage.gitlab.world().holder_names(pro), ["ada", "bob"]);
}

/// 10: a seat whose revocation failed is not handed out.
#[test]
fn a_seat_that_could_not_be_taken_back_is_not_handed_out() {
    let stage = Stage::seated(&["ada", "bob"], 2);
    {
        let mut world = stage.gitlab.world();
        world.add_account(Account::human(20, "cyd").with_email("cyd@example.test"));
    }
    stage.company(&["ada", "bob", "cyd"], &["bob", "cyd"]);
    let refusal = r#"{"data":{"userAddOnAssignmentBulkRemove":{"errors":["SOMETHING_NEW"],"addOnPurchase":null,"users":null}}}"#;
    let answer = Failure::Answer {
        status: 200,
        content_type: "application/json".to_owned(),
        body: refusal.to_owned(),
    };
    stage.fails("userAddOnAssignmentBulkRemove", 0, 1, answer);

    let ended = stage.run("apply --yes").exits(4);

    let ended = ended.says("refused: revocation from ada of Duo Enterprise: SOMETHING_NEW");
    ended.says(
        "deferred: seat for cyd of Duo Enterprise: the seat it was to take could not be taken back first",
    );
    assert_eq!(stage.holders(), ["ada", "bob"]);

    stage.run("apply --yes").exits(0);
    assert_eq!(stage.holders(), ["bob", "cyd"]);
}
