//! What could not be read takes no seat from anybody.

use seatsync::model::account::Standing;
use seatsync::model::add_on::AddOn::DuoEnterprise;
use seatsync::model::group::{GroupRef, Member, NestingPath};
use seatsync::model::rule::Rule;
use seatsync::model::snapshot::GroupState;

use crate::platform;
use crate::world::{World, rule};

#[test]
fn while_a_rule_is_frozen_nobody_loses_a_seat_and_those_who_were_seen_may_gain_one() {
    let world = platform(3)
        .person("ada", &["Platform"])
        .account("zoe")
        .account("ida")
        .account_is("ida", |ida| ida.standing = Standing::Inactive { state: "banned".into() })
        .ours(DuoEnterprise, "zoe", 90)
        .ours(DuoEnterprise, "ida", 90)
        .group_is_partial("Platform");
    assert_eq!(
        world.verdicts(),
        [
            "enterprise ada: assign (entitled)",
            "enterprise ida: revoke (not_eligible)",
            "enterprise zoe: leave (frozen)"
        ]
    );
    assert_eq!(world.findings(), ["group_partial"]);
}

#[test]
fn a_group_that_is_missing_ambiguous_unread_or_too_small_freezes_its_rule() {
    let unread = GroupState::Unread { because: "busy".to_owned() };
    let several = GroupState::Ambiguous { candidates: vec!["cn=1".to_owned(), "cn=2".to_owned()] };
    for (state, finding) in
        [(GroupState::Missing, "group_missing"), (several, "group_ambiguous"), (unread, "group_partial")]
    {
        let world = platform(1).account("zoe").ours(DuoEnterprise, "zoe", 90).group_is("Platform", state);
        assert_eq!(world.verdicts(), ["enterprise zoe: leave (frozen)"]);
        assert_eq!(world.findings(), [finding]);
    }
    let mut small = platform(1).account("zoe").ours(DuoEnterprise, "zoe", 90);
    assert_eq!(small.verdicts(), ["enterprise zoe: leave (frozen)"]);
    assert_eq!(small.findings(), ["group_too_small"]);
    small.input.policy.limits.min_group_members = 0;
    assert_eq!(small.verdicts(), ["enterprise zoe: revoke (no_longer_entitled)"]);
}

#[test]
fn where_the_exceptions_could_not_be_read_nobody_new_is_served() {
    let with = |rule: Rule| World::new().purchase(DuoEnterprise, 9).rule(rule).person("ada", &["Platform"]);
    let contractors = vec![GroupRef::parse("Contractors")];
    let excepting = Rule { except_groups: contractors, ..rule("platform", DuoEnterprise, &["Platform"]) };
    let world = with(excepting).person("con", &["Platform", "Contractors"]);
    assert_eq!(world.verdicts(), ["enterprise ada: assign (entitled)"]);
    let partial = world.group_is_partial("Contractors");
    assert_eq!(partial.verdicts(), ["enterprise ada: wait (frozen)"]);
}

#[test]
fn an_attribute_that_nobody_has_freezes_the_rule() {
    let condition = Some(r#"person.department == "R&D""#.to_owned());
    let world = World::new()
        .purchase(DuoEnterprise, 2)
        .rule(Rule { condition, ..rule("platform", DuoEnterprise, &["Platform"]) })
        .person("ada", &["Platform"])
        .person("bob", &["Platform"])
        .ours(DuoEnterprise, "ada", 9);
    assert_eq!(world.verdicts(), ["enterprise ada: leave (frozen)", "enterprise bob: wait (frozen)"]);
    assert_eq!(world.findings(), ["attribute_absent"]);
}

#[test]
fn a_clock_that_ran_backwards_takes_no_seat() {
    let mut world = platform(1).account("zoe").ours(DuoEnterprise, "zoe", 90).person("ada", &["Platform"]);
    world.input.memory.last_run_at = Some(world.days_ago(-1));
    assert_eq!(world.verdicts(), ["enterprise ada: wait (no_seat)", "enterprise zoe: leave (frozen)"]);
    assert_eq!(world.findings(), ["clock_backwards"]);
}

/// As where an identity provider sends no groups of somebody: they may be in any.
#[test]
fn whoever_may_be_in_any_group_keeps_a_seat_and_gets_none() {
    let mut world = platform(3)
        .person("ada", &["Platform"])
        .person("bob", &[])
        .person("eve", &[])
        .account("zoe")
        .ours(DuoEnterprise, "bob", 90)
        .ours(DuoEnterprise, "zoe", 90);
    let snapshot = &mut world.input.snapshots[0];
    let unsaid = (0..).zip(&snapshot.people).filter(|(_, person)| person.username() != Some("ada"));
    snapshot.doubtful = unsaid.map(|(person, _)| Member { person, path: NestingPath::new([]) }).collect();
    assert_eq!(
        world.verdicts(),
        [
            "enterprise ada: assign (entitled)",
            "enterprise bob: leave (frozen)",
            "enterprise eve: wait (frozen)",
            "enterprise zoe: revoke (no_longer_entitled)"
        ]
    );
}
