//! Hearing: what one rule says of one person, and by which way a group holds them.

use crate::model::explanation::RuleSays;
use crate::model::group::{GroupRef, NestingPath};
use crate::model::snapshot::{GroupState, Snapshot};
use crate::model::stranger::Guest;
use crate::planning::input::PlanningInput;
use crate::planning::rules::{Named, RuleReading};

/// Whether a rule could speak of the people of this source: those of its own, and those whom its groups hold as guests.
pub fn concerns(input: &PlanningInput, reading: &RuleReading<'_>, home: &Snapshot, place: u32) -> bool {
    reading.rule.source == home.source
        || input
            .snapshot(&reading.rule.source)
            .is_some_and(|there| there.guests.iter().any(|guest| is_guest(guest, home, place)))
}

/// What a rule says of the person at this place of a source.
pub fn says(input: &PlanningInput, reading: &RuleReading<'_>, home: &Snapshot, place: u32) -> RuleSays {
    let rule = reading.rule;
    let find = |people: &[Named<'_>]| {
        people.iter().find(|named| named.is(home, place)).map(|named| named.member.path.clone())
    };
    let there = input.snapshot(&rule.source);
    let way_in = |group: &GroupRef| there.and_then(|there| way(there, group, home, place));
    let unknown = || RuleSays::Unknown {
        because: reading
            .frozen
            .first()
            .map_or_else(|| "its source was not told their groups".to_owned(), |frozen| frozen.reason()),
    };
    if let Some(path) = find(&reading.people) {
        match rule.until.filter(|_| reading.ended) {
            Some(until) => RuleSays::Ended { until },
            None => RuleSays::Entitled { rank: rule.rank, path },
        }
    } else if find(&reading.doubtful).is_some() {
        unknown()
    } else if let Some(path) = rule.except_groups.iter().find_map(way_in) {
        RuleSays::Excepted { path }
    } else if let (Some(path), Some(condition)) = (rule.groups.iter().find_map(way_in), &rule.condition) {
        RuleSays::ConditionFails { path, condition: condition.clone() }
    } else if reading.frozen.is_empty() {
        RuleSays::NotInGroups
    } else {
        unknown()
    }
}

/// How a group of a source holds a person of a source, if it does.
pub fn way(source: &Snapshot, group: &GroupRef, home: &Snapshot, place: u32) -> Option<NestingPath> {
    let guest = source.guests_of(group).find(|guest| is_guest(guest, home, place)).map(|guest| &guest.member);
    let member = match source.group(group)? {
        GroupState::Found { members, .. } if source.source == home.source => {
            members.iter().find(|member| member.person == place)
        }
        GroupState::Found { .. }
        | GroupState::Missing
        | GroupState::Ambiguous { .. }
        | GroupState::Unread { .. } => None,
    };
    member.or(guest).map(|member| member.path.clone())
}

fn is_guest(guest: &Guest, home: &Snapshot, place: u32) -> bool {
    guest.home == home.source && guest.member.person == place
}
