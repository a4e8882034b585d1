//! Who is told what after a run, once.

use jiff::{SignedDuration, Timestamp, ToSpan};
use seatsync::model::add_on::AddOn::DuoEnterprise;
use seatsync::model::holding::{Change, SeatKey};
use seatsync::model::notice::{Notice, NoticePolicy, Watch};
use seatsync::model::outcome::{ChangeOutcome, Outcome, Outcomes};
use seatsync::planning::notices::{Happened, notices};

use crate::platform;
use crate::world::World;

fn policy() -> NoticePolicy {
    NoticePolicy {
        source_partial_after: SignedDuration::from_hours(24),
        seats_low: 0,
        trials: [].into(),
        page: None,
    }
}

fn kinds(notices: &[Notice]) -> Vec<&'static str> {
    notices.iter().map(|notice| notice.kind().key()).collect()
}

/// A run each hour; what each tells that was not told before.
fn hourly(happened: &[Happened<'_>]) -> Vec<Vec<&'static str>> {
    let (mut watch, mut told) = (Watch::default(), std::collections::BTreeSet::new());
    let mut now: Timestamp = "2026-11-22T04:00:00Z".parse().unwrap();
    let mut news = Vec::new();
    for happened in happened {
        let (notices, next) = notices(*happened, &policy(), &watch, now);
        let fresh: Vec<Notice> =
            notices.into_iter().filter(|notice| told.insert(notice.key.clone())).collect();
        news.push(kinds(&fresh));
        (watch, now) = (next, now + 1.hours());
    }
    news
}

fn applied(world: &World, change: Change, outcome: Outcome) -> Outcomes {
    let plan = world.plan();
    let changes = plan.changes().into_iter().filter(|(made, _)| *made == change);
    let changes = changes.map(|(change, seat): (Change, SeatKey)| ChangeOutcome {
        seat,
        change,
        outcome: outcome.clone(),
    });
    Outcomes { changes: changes.collect(), ..Outcomes::default() }
}

#[test]
fn a_failure_is_told_once_until_it_is_over_and_then_again() {
    let world = platform(9);
    let plan = world.plan();
    let (failed, fine) = (Happened::Failed { because: "nobody answers" }, Happened::Planned { plan: &plan });
    assert_eq!(
        hourly(&[failed, failed, fine, failed]),
        [vec!["run_failed"], vec![], vec![], vec!["run_failed"]]
    );
}

#[test]
fn a_plan_that_waits_for_approval_is_told_once_and_an_empty_one_never() {
    let (world, nobody) = (platform(9).person("ada", &["Platform"]), platform(9));
    let (plan, empty) = (world.plan(), nobody.plan());
    let (waits, nothing) = (Happened::Waits { plan: &plan }, Happened::Waits { plan: &empty });
    assert_eq!(hourly(&[nothing, waits, waits]), [vec![], vec!["awaits_approval"], vec![]]);
}

#[test]
fn a_source_read_in_part_is_told_after_a_while() {
    let world = platform(9).person("ada", &["Platform"]).group_is_partial("Platform");
    let plan = world.plan();
    let partial = Happened::Planned { plan: &plan };
    let news = hourly(&[partial; 26]);
    assert!(news[..24].iter().all(Vec::is_empty));
    assert_eq!(news[24..], [vec!["source_partial"], vec![]]);
}

#[test]
fn people_who_wait_are_told_of_and_so_is_the_last_free_seat() {
    let full = platform(1).person("ada", &["Platform"]).person("bob", &["Platform"]);
    let last = platform(1).person("ada", &["Platform"]);
    let (full, last) = (full.plan(), last.plan());
    assert_eq!(hourly(&[Happened::Planned { plan: &full }]), [vec!["people_wait"]]);
    assert_eq!(hourly(&[Happened::Planned { plan: &last }]), [vec!["seats_nearly_gone"]]);
}

#[test]
fn whoever_gets_a_seat_is_told_by_the_address_of_the_directory() {
    let world = platform(9).person("ada", &["Platform"]);
    let (plan, outcomes) = (world.plan(), applied(&world, Change::Assign, Outcome::Applied));
    let happened = Happened::Applied { plan: &plan, outcomes: &outcomes };
    let (told, _) = notices(happened, &policy(), &Watch::default(), plan.made_at);
    assert_eq!(kinds(&told), ["seat_assigned"]);
    assert_eq!(told[0].recipient().unwrap().email.as_deref(), Some("ada@corp.example.com"));
}

#[test]
fn a_change_that_did_not_happen_is_told_to_the_operators_and_not_to_the_person() {
    let world = platform(9).person("ada", &["Platform"]);
    let outcomes =
        applied(&world, Change::Assign, Outcome::Deferred { because: "the deadline passed".to_owned() });
    let plan = world.plan();
    assert_eq!(hourly(&[Happened::Applied { plan: &plan, outcomes: &outcomes }]), [vec!["applied_in_part"]]);
}

#[test]
fn whoever_is_about_to_lose_a_seat_is_told_once_of_each_grace() {
    let mut world = platform(9)
        .policy(DuoEnterprise, |policy| policy.grace = SignedDuration::from_hours(24 * 7))
        .person("ada", &["Platform"])
        .ours(DuoEnterprise, "ada", 90)
        .account("zoe")
        .ours(DuoEnterprise, "zoe", 90);
    let seat = world.seat(DuoEnterprise, "zoe");
    world.input.memory.grace.insert(seat, world.days_ago(2));
    let (plan, outcomes) = (world.plan(), Outcomes::default());
    let happened = Happened::Applied { plan: &plan, outcomes: &outcomes };
    assert_eq!(hourly(&[happened, happened]), [vec!["seat_ends"], vec![]]);
}

#[test]
fn a_trial_is_warned_of_two_weeks_a_week_and_a_day_before_it_ends() {
    let world = platform(9);
    let plan = world.plan();
    let ends: jiff::civil::Date = "2026-12-20".parse().unwrap();
    let policy = NoticePolicy { trials: [(DuoEnterprise, ends)].into(), ..policy() };
    let (mut told, mut days) = (std::collections::BTreeSet::new(), Vec::new());
    for day in 0..40 {
        let now: Timestamp = "2026-11-22T04:00:00Z".parse().unwrap();
        let now = now + SignedDuration::from_hours(24 * day);
        let (notices, _) = notices(Happened::Planned { plan: &plan }, &policy, &Watch::default(), now);
        if notices.into_iter().any(|notice| told.insert(notice.key)) {
            days.push(28 - day);
        }
    }
    assert_eq!(days, [14, 7, 1]);
}
