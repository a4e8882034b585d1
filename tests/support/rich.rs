//! A plan in which everything occurs, with names that are out for mischief.

use jiff::SignedDuration;
use seatsync::model::account::Standing;
use seatsync::model::add_on::AddOn::{DuoEnterprise, DuoPro};
use seatsync::model::group::NestingPath;
use seatsync::model::rule::Rule;
use seatsync::model::snapshot::GroupState;

use crate::world::{World, rule};

/// A name that would run a script, in a place where markup is read.
pub(crate) const SCRIPT: &str = "</script><script>window.hacked = 1</script>";
pub(crate) const IMAGE: &str = "\"><img src=x onerror=\"window.hacked = 1\">";
pub(crate) const FORMULA: &str = "=cmd|' /C calc'!A1";
pub(crate) const REVERSED: &str = "\u{202e}nimda";
pub(crate) const MARKDOWN: &str = "@all | [Grüße](http://evil.example) `x` #1";

/// The same three days before: the grace of one has begun, somebody else is there, and the guard has nothing against it.
pub(crate) fn before() -> World {
    let mut world = world().person("leaver", &["Research"]);
    world.input.now -= SignedDuration::from_hours(72);
    let yesterday = world.days_ago(1);
    world.input.memory.grace.values_mut().for_each(|since| *since = yesterday);
    world.input.policy.limits.max_revocations = 20;
    world
}

/// Two add-ons, every verdict, people without an account, findings, something frozen, and a guard that refuses.
pub(crate) fn world() -> World {
    let mut world = World::new()
        .purchase(DuoEnterprise, 8)
        .purchase(DuoPro, 2)
        .tiers()
        .rule(Rule { rank: 10, ..rule("platform", DuoEnterprise, &["Platform"]) })
        .rule(Rule { max_seats: Some(2), ..rule("research", DuoEnterprise, &["Research"]) })
        .rule(rule("everyone", DuoPro, &["Everyone"]))
        .rule(rule("lost", DuoPro, &["name:</td>|`Lost`"]))
        .group_is("name:</td>|`Lost`", GroupState::Missing)
        .policy(DuoEnterprise, |policy| {
            policy.grace = SignedDuration::from_hours(48);
            policy.reserve = 1;
        })
        .person("ada", &["Platform"])
        .person("grace", &["Platform"])
        .person("hedy", &["Platform"])
        .person("script", &["Platform"])
        .person("image", &["Research"])
        .person("formula", &["Research"])
        .person("reversed", &["Research"])
        .person("markdown", &["Everyone"])
        .person("emoji", &["Everyone"])
        .person("long", &["Everyone"])
        .stranger("stranger", &["Everyone"])
        .account("zoe")
        .account("gone")
        .account("ci")
        .account_is("hedy", |account| account.standing = Standing::Inactive { state: "blocked".into() })
        .ours(DuoEnterprise, "ada", 90)
        .ours(DuoEnterprise, "zoe", 90)
        .ours(DuoEnterprise, "gone", 90)
        .holder(DuoEnterprise, "ci");
    for (name, shown) in [
        ("ada", "Ada Byron"),
        ("grace", "Grace O'Malley-Hopper"),
        ("script", SCRIPT),
        ("image", IMAGE),
        ("formula", FORMULA),
        ("reversed", REVERSED),
        ("markdown", MARKDOWN),
        ("emoji", "Émilie 👩‍💻"),
        ("long", &"Long ".repeat(2000)),
        ("stranger", "+49 30 <b>|"),
    ] {
        world = world.person_is(name, |person| person.name = Some(shown.to_owned().into()));
    }
    let zoe = world.seat(DuoEnterprise, "zoe");
    let long_ago = world.days_ago(9);
    world.input.memory.grace.insert(zoe, long_ago);
    world.input.policy.limits.max_revocations = 0;
    let nested = NestingPath::new(["Platform".into(), "SRE".into(), "On <i>call</i>".into()]);
    for reading in &mut world.input.snapshots[0].groups {
        if let GroupState::Found { group, members, .. } = &mut reading.state
            && &*group.name == "Platform"
        {
            members[1].path = nested.clone();
        }
    }
    world
}
