//! What would make room for one who is entitled and lacks nothing but a seat.

use std::iter::once_with;

use crate::model::decision::{RevokeReason, Verdict, WaitReason};
use crate::model::policy::Contention;
use crate::model::remedy::Need;
use crate::model::rule::Rule;
use crate::planning::entitling::entitling;
use crate::planning::trial::Trial;

/// The single changes by which one who lacks nothing but room has a seat, each confirmed; worked out one by one.
pub fn room<'t, 'a>(trial: &'t Trial<'a>) -> impl Iterator<Item = Trial<'a>> + 't {
    let lacks_room = trial.decision().is_some_and(|decision| match &decision.verdict {
        Verdict::Wait { because } => match because {
            WaitReason::NoSeat { .. } | WaitReason::Reserved { .. } | WaitReason::RuleQuota { .. } => true,
            WaitReason::NotEligible { .. }
            | WaitReason::OtherTier { .. }
            | WaitReason::Inactive { .. }
            | WaitReason::Contested
            | WaitReason::Frozen { .. } => false,
        },
        Verdict::Revoke { because } => *because == RevokeReason::Outranked,
        Verdict::Assign { .. } | Verdict::Keep { .. } | Verdict::Leave { .. } => false,
    });
    let here = Some(trial).filter(|_| lacks_room).into_iter();
    here.flat_map(|here| {
        let seats = once_with(|| more_seats(here)).flatten();
        let rank = once_with(|| better_rank(here)).flatten();
        let policy = once_with(|| other_policies(here)).flatten();
        let groups = once_with(|| entitling(here)).flatten();
        let single = policy.chain(groups).filter_map(|need| here.with(need)).filter(Trial::is_served);
        seats.chain(rank).chain(single)
    })
}

/// More seats; and, where the reserve would do for that, a smaller reserve.
fn more_seats<'a>(trial: &Trial<'a>) -> Vec<Trial<'a>> {
    let place = trial.decision().map_or(1, |decision| decision.verdict.order().1.max(1));
    let reserve = trial.input.policy.add_on(trial.question.add_on).reserve;
    let Some((more, found)) =
        trial.least(place, plenty(trial), |more| Need::MoreSeats { more }, Trial::is_served)
    else {
        return Vec::new();
    };
    let smaller = reserve.checked_sub(more).and_then(|reserve| trial.with(Need::SmallerReserve { reserve }));
    [Some(found), smaller.filter(Trial::is_served)].into_iter().flatten().collect()
}

/// So many more seats that nobody waits for one.
fn plenty(trial: &Trial<'_>) -> u32 {
    let reading = trial.input.seats.purchases.iter();
    let assigned: u32 = reading.map(|reading| reading.purchase.assigned).sum();
    let reserved: u32 = trial.input.rules.iter().map(|rule| rule.reserved_seats).fold(0, u32::saturating_add);
    let reserve = trial.input.policy.add_on(trial.question.add_on).reserve;
    decided(trial).saturating_add(assigned).saturating_add(reserved).saturating_add(reserve)
}

fn decided(trial: &Trial<'_>) -> u32 {
    u32::try_from(trial.plan.decisions.len()).unwrap_or(u32::MAX)
}

/// The smallest quota that has room for them, where seats alone are not enough. It is tried with plenty of seats: while
/// those are short, a quota looks roomier than it is.
pub fn larger_quota(trial: &Trial<'_>) -> Option<Need> {
    let seated = trial.with(Need::MoreSeats { more: plenty(trial) })?;
    let decision = seated.decision()?;
    let Verdict::Wait { because: WaitReason::RuleQuota { max_seats } } = decision.verdict else {
        return None;
    };
    let rule = decision.grounds.as_ref()?.rule.clone();
    let need = |more| Need::LargerQuota { rule: rule.clone(), max_seats: max_seats.saturating_add(more) };
    let has_room = |trial: &Trial<'_>| {
        trial.decision().is_some_and(|decision| decision.verdict.because() != "rule_quota")
    };
    seated.least(1, decided(trial), need, has_room).map(|(more, _)| need(more))
}

/// The worst rank of the rule they wait by that is good enough. Ranks between those of two other rules are all one.
fn better_rank<'a>(trial: &Trial<'a>) -> Option<Trial<'a>> {
    let grounds = trial.decision()?.grounds.as_ref()?;
    let others = trial.input.rules.iter().filter(|rule| is_rival(trial, rule) && rule.name != grounds.rule);
    let mut ranks: Vec<i64> =
        others.flat_map(|other| [other.rank, other.rank - 1]).filter(|rank| *rank < grounds.rank).collect();
    ranks.sort_unstable_by(|a, b| b.cmp(a));
    ranks.dedup();
    let last = u32::try_from(ranks.len()).ok().filter(|last| *last > 0)?;
    let need =
        |number: u32| Need::BetterRank { rule: grounds.rule.clone(), rank: ranks[(number - 1) as usize] };
    trial.least(last, last, need, Trial::is_served).map(|(_, trial)| trial)
}

/// Other policies that could make room.
fn other_policies(trial: &Trial<'_>) -> Vec<Need> {
    let policy = trial.input.policy.add_on(trial.question.add_on);
    let mut needs = vec![match policy.contention {
        Contention::KeepHolders => Need::ByRank,
        Contention::ByRank => Need::KeepHolders,
    }];
    for rule in trial.input.rules.iter().filter(|rule| is_rival(trial, rule) && rule.reserved_seats > 0) {
        let reserved = rule.reserved_seats;
        let need =
            |fewer| Need::SmallerReservation { rule: rule.name.clone(), reserved_seats: reserved - fewer };
        needs.extend(trial.least(reserved, reserved, need, Trial::is_served).map(|(fewer, _)| need(fewer)));
    }
    needs
}

fn is_rival(trial: &Trial<'_>, rule: &Rule) -> bool {
    rule.add_on == trial.question.add_on
}
