//! What would have to change for a seat.

use seatsync::model::account::Standing;
use seatsync::model::add_on::AddOn::{self, DuoEnterprise, DuoPro};
use seatsync::model::holding::Change;
use seatsync::model::person::{PersonId, PersonKey, SourceName};
use seatsync::model::policy::Contention;
use seatsync::model::remedy::{Outlook, Subject};
use seatsync::model::rule::Rule;
use seatsync::model::snapshot::GroupState;
use seatsync::planning::plan;
use seatsync::planning::remedies::outlook;
use seatsync::report::needs;

use crate::platform;
use crate::world::{World, rule};

/// What `explain` says after "for a seat", one line a remedy.
fn ways(world: &World, name: &str, add_on: AddOn) -> Vec<String> {
    let account = world.input.accounts.iter().find(|account| account.username() == name);
    let is_known = world.input.snapshots[0].people.iter().any(|person| person.username() == Some(name));
    let key = PersonKey { source: SourceName::new("corp"), id: PersonId::new(&format!("id-{name}")) };
    let subject = Subject {
        account: account.map(|account| account.id),
        people: Some(key).filter(|_| is_known).into_iter().collect(),
    };
    match outlook(&world.input, &plan, &subject, add_on) {
        Outlook::Seated => vec!["has one".to_owned()],
        Outlook::Unknown { because } => vec![format!("cannot be said: {because}")],
        Outlook::Remedies(remedies) => remedies.iter().map(|remedy| needs::remedy(remedy, add_on)).collect(),
    }
}

/// Two seats, of which ada has one and a lead takes the other; bob and cyd wait.
fn full() -> World {
    platform(2)
        .rule(Rule { rank: 10, ..rule("leads", DuoEnterprise, &["Leads"]) })
        .person("ada", &["Platform"])
        .person("bob", &["Platform"])
        .person("cyd", &["Platform"])
        .person("zoe", &["Leads"])
        .ours(DuoEnterprise, "ada", 90)
}

#[test]
fn the_second_in_line_needs_two_more_seats_or_a_better_rank() {
    assert_eq!(ways(&full(), "ada", DuoEnterprise), ["has one"]);
    assert_eq!(
        ways(&full(), "bob", DuoEnterprise),
        [
            "1 more seat of Duo Enterprise",
            "rule platform at rank 10 or better",
            "in group `Leads` of rule leads"
        ]
    );
    assert_eq!(
        ways(&full(), "cyd", DuoEnterprise),
        ["2 more seats of Duo Enterprise", "in group `Leads` of rule leads"]
    );
}

#[test]
fn the_reserve_counts_as_seats() {
    let world = platform(4).policy(DuoEnterprise, |policy| policy.reserve = 3);
    let world = world.person("ada", &["Platform"]).person("bob", &["Platform"]).person("cyd", &["Platform"]);
    assert_eq!(
        ways(&world, "cyd", DuoEnterprise),
        ["2 more seats of Duo Enterprise", "`reserve` of Duo Enterprise at 1"]
    );
}

#[test]
fn what_is_in_the_way_comes_before_the_seat() {
    let world = full().person("dan", &["Platform"]).account_is("dan", |dan| {
        dan.standing = Standing::Inactive { state: "blocked".into() };
    });
    assert_eq!(
        ways(&world, "dan", DuoEnterprise),
        ["the account active in GitLab, where it is blocked, and 3 more seats of Duo Enterprise"]
    );
    let world = full().person("dan", &[]);
    assert_eq!(
        ways(&world, "dan", DuoEnterprise),
        [
            "in group `Leads` of rule leads",
            "in group `Platform` of rule platform, and 3 more seats of Duo Enterprise",
        ]
    );
}

#[test]
fn a_quota_is_raised_before_seats_are_bought() {
    let world = World::new()
        .purchase(DuoEnterprise, 2)
        .rule(Rule { max_seats: Some(1), ..rule("platform", DuoEnterprise, &["Platform"]) })
        .person("ada", &["Platform"])
        .person("bob", &["Platform"])
        .person("cyd", &["Platform"]);
    assert_eq!(ways(&world, "bob", DuoEnterprise), ["`max_seats` of rule platform at 2"]);
    assert_eq!(
        ways(&world, "cyd", DuoEnterprise),
        ["`max_seats` of rule platform at 3, and 1 more seat of Duo Enterprise"]
    );
}

#[test]
fn a_quota_that_seats_would_run_into_is_raised_with_them() {
    let world = World::new()
        .purchase(DuoEnterprise, 1)
        .rule(Rule { max_seats: Some(2), ..rule("platform", DuoEnterprise, &["Platform"]) })
        .person("ada", &["Platform"])
        .person("bob", &["Platform"])
        .person("cyd", &["Platform"])
        .person("dan", &["Platform"]);
    assert_eq!(ways(&world, "bob", DuoEnterprise), ["1 more seat of Duo Enterprise"]);
    assert_eq!(
        ways(&world, "dan", DuoEnterprise),
        ["`max_seats` of rule platform at 4, and 3 more seats of Duo Enterprise"]
    );
}

#[test]
fn reserved_seats_may_be_given_up() {
    let world = platform(2)
        .rule(Rule { rank: 200, reserved_seats: 2, ..rule("board", DuoEnterprise, &["Board"]) })
        .person("zoe", &["Board"])
        .person("ada", &["Platform"]);
    assert_eq!(
        ways(&world, "ada", DuoEnterprise),
        [
            "1 more seat of Duo Enterprise",
            "`reserved_seats` of rule board at 1",
            "in group `Board` of rule board"
        ]
    );
}

#[test]
fn whoever_is_outranked_may_be_kept() {
    let world = full()
        .policy(DuoEnterprise, |policy| policy.contention = Contention::ByRank)
        .person("eve", &["Leads"]);
    assert_eq!(
        ways(&world, "ada", DuoEnterprise),
        [
            "1 more seat of Duo Enterprise",
            "rule platform at rank 10 or better",
            "`contention` of Duo Enterprise as \"keep_holders\"",
            "in group `Leads` of rule leads",
        ]
    );
}

#[test]
fn a_rule_says_what_it_lacks() {
    let world = World::new()
        .purchase(DuoEnterprise, 9)
        .rule(Rule { until: Some("2026-11-01".parse().unwrap()), ..rule("trial", DuoEnterprise, &["Trial"]) })
        .rule(Rule {
            except_groups: rule("", DuoEnterprise, &["Contractors"]).groups,
            ..rule("staff", DuoEnterprise, &["Staff"])
        })
        .rule(Rule {
            condition: Some("person.username.startsWith('x')".to_owned()),
            ..rule("x", DuoEnterprise, &["Staff"])
        })
        .person("ada", &["Trial"])
        .person("bob", &["Staff", "Contractors"]);
    assert_eq!(
        ways(&world, "ada", DuoEnterprise),
        ["in group `Staff` of rule staff", "rule trial lasting `until` 2026-11-22 or longer"]
    );
    assert_eq!(
        ways(&world, "bob", DuoEnterprise),
        [
            "in none of the `except_groups` of rule staff",
            "what rule x asks: `person.username.startsWith('x')`"
        ]
    );
}

#[test]
fn grace_ends_unless_a_rule_comes_back() {
    let world = platform(2).person("ada", &["Platform"]).account("zoe").ours(DuoEnterprise, "zoe", 90);
    assert_eq!(ways(&world, "zoe", DuoEnterprise), ["in group `Platform` of rule platform"]);
}

#[test]
fn without_an_account_it_begins_with_one() {
    let world = platform(0).stranger("ada", &["Platform"]).stranger("eve", &[]);
    assert_eq!(
        ways(&world, "ada", DuoEnterprise),
        ["an account in GitLab that can be matched, and 1 more seat of Duo Enterprise"]
    );
    assert_eq!(
        ways(&world, "eve", DuoEnterprise),
        [
            "an account in GitLab that can be matched, and in group `Platform` of rule platform, and 1 more seat of Duo Enterprise"
        ]
    );
}

#[test]
fn the_seat_of_another_tier_goes_first() {
    let world = World::new()
        .tiers()
        .purchase(DuoEnterprise, 1)
        .purchase(DuoPro, 1)
        .rule(rule("platform", DuoEnterprise, &["Platform"]))
        .person("ada", &["Platform"])
        .holder(DuoPro, "ada");
    assert_eq!(ways(&world, "ada", DuoEnterprise), ["the seat of Duo Pro taken back"]);
}

#[test]
fn a_seat_that_was_reclaimed_or_fought_over_or_protected_comes_back() {
    let mut world = platform(3).person("ada", &["Platform"]).person("bob", &["Platform"]);
    let ada = world.seat(DuoEnterprise, "ada");
    let long_ago = world.days_ago(20);
    world.input.memory.reclaimed.insert(ada, long_ago);
    let world = world
        .changed(DuoEnterprise, "bob", &[Change::Assign, Change::Assign])
        .policy(DuoEnterprise, |policy| policy.protect = ["cyd".to_owned()].into())
        .person("cyd", &["Platform"]);
    assert_eq!(
        ["ada", "bob", "cyd"].map(|name| ways(&world, name, DuoEnterprise)).concat(),
        [
            "out of the groups of all rules for one apply, which forgets that the seat was reclaimed",
            "30 days without a change of this seat by seatsync",
            "not under `protect` of Duo Enterprise",
        ]
    );
}

#[test]
fn what_was_not_read_is_not_guessed() {
    let world = platform(3).group_is_partial("Platform").account("ada");
    assert_eq!(ways(&world, "ada", DuoEnterprise), ["in group `Platform` of rule platform"]);
    let world = platform(3).person("ada", &["Platform"]).rule(Rule {
        except_groups: rule("", DuoEnterprise, &["Contractors"]).groups,
        ..rule("staff", DuoEnterprise, &["Staff"])
    });
    let world = world.group_is("Contractors", GroupState::Missing).person("eve", &["Staff"]);
    assert_eq!(
        ways(&world, "eve", DuoEnterprise),
        ["cannot be said: it cannot be said whether rule `staff` entitles them"]
    );
}
