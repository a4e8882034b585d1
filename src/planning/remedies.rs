//! Remedies: what would have to change for somebody to have a seat, found by supposing it and planning again.

use crate::model::add_on::AddOn;
use crate::model::decision::{LeaveReason, RevokeReason, Verdict, WaitReason};
use crate::model::explanation::RuleSays;
use crate::model::plan::{Plan, UnmatchedReason};
use crate::model::remedy::{Need, Outlook, Remedy, Subject};
use crate::planning::entitling::{entitling, hears, rules_of};
use crate::planning::input::PlanningInput;
use crate::planning::room::{larger_quota, room};
use crate::planning::rules::read;
use crate::planning::trial::{Question, Trial};

/// How many needs one remedy may have: what needs more is another life.
const MOST_NEEDS: usize = 4;

/// What would have to change for the subject to have a seat of this add-on. `plan` plans; it is asked again for each
/// change that is tried, and only what it confirms is answered.
pub fn outlook(
    input: &PlanningInput,
    plan: &dyn Fn(&PlanningInput) -> Plan,
    subject: &Subject,
    add_on: AddOn,
) -> Outlook {
    let today = Trial::of_today(input, Question { subject, add_on, plan });
    if today.is_at_rest() {
        return Outlook::Seated;
    }
    let found = room(&today).chain(first(&today).into_iter().filter_map(|need| completed(today.with(need)?)));
    let found: Vec<Remedy> = found.map(|trial| Remedy { needs: trial.needs }).collect();
    let contains = |all: &Remedy, some: &Remedy| some.needs.iter().all(|need| all.needs.contains(need));
    let mut remedies: Vec<Remedy> = Vec::new();
    for (place, remedy) in found.iter().enumerate() {
        let is_more_than = |(other, less): (usize, &Remedy)| {
            other != place
                && contains(remedy, less)
                && (less.needs.len() < remedy.needs.len() || other < place)
        };
        if !found.iter().enumerate().any(is_more_than) {
            remedies.push(remedy.clone());
        }
    }
    match unknown(&today) {
        Some(because) if remedies.is_empty() => Outlook::Unknown { because },
        Some(_) | None => Outlook::Remedies(remedies),
    }
}

/// The first way on from here that leads to a seat.
fn completed(trial: Trial<'_>) -> Option<Trial<'_>> {
    if trial.is_served() {
        return Some(trial);
    }
    if trial.needs.len() == MOST_NEEDS {
        return None;
    }
    let on = |need| completed(trial.with(need)?);
    room(&trial).next().or_else(|| first(&trial).into_iter().find_map(on))
}

/// What must be out of the way before anything else can help.
fn first(trial: &Trial<'_>) -> Vec<Need> {
    let Some(decision) = trial.decision() else {
        let has_account = trial.question.subject.account.is_some() || trial.needs.contains(&Need::AnAccount);
        return if has_account { entitling(trial) } else { vec![Need::AnAccount] };
    };
    let needs = match &decision.verdict {
        Verdict::Assign { .. } | Verdict::Keep { .. } => Vec::new(),
        Verdict::Leave { because } => match because {
            LeaveReason::Grace { .. } | LeaveReason::MinimumTenure { .. } => entitling(trial),
            LeaveReason::Protected => vec![Need::Unprotected],
            LeaveReason::NotManaged
            | LeaveReason::Frozen { .. }
            | LeaveReason::RevokeNever
            | LeaveReason::Contested => Vec::new(),
        },
        Verdict::Revoke { because } => match because {
            RevokeReason::NoLongerEntitled { .. } | RevokeReason::UntilPassed { .. } => entitling(trial),
            RevokeReason::NotEligible { standing } => vec![Need::Eligible { standing: standing.clone() }],
            RevokeReason::Inactive { .. } => vec![Need::Used],
            RevokeReason::Outranked | RevokeReason::Superseded { .. } | RevokeReason::Undone { .. } => {
                Vec::new()
            }
        },
        Verdict::Wait { because } => match because {
            WaitReason::NoSeat { .. } | WaitReason::Reserved { .. } | WaitReason::RuleQuota { .. } => {
                larger_quota(trial).into_iter().collect()
            }
            WaitReason::NotEligible { standing } => vec![Need::Eligible { standing: standing.clone() }],
            WaitReason::OtherTier { held } => vec![Need::OtherSeatGone { held: *held }],
            WaitReason::Inactive { .. } => vec![Need::ReclaimForgotten],
            WaitReason::Contested => vec![Need::ContestForgotten],
            WaitReason::Frozen { .. } => Vec::new(),
        },
    };
    needs.into_iter().filter(|need| !trial.needs.contains(need)).collect()
}

/// Why nobody can say what would help.
fn unknown(trial: &Trial<'_>) -> Option<String> {
    if let Some(Verdict::Wait { because: WaitReason::Frozen { because } }) =
        trial.decision().map(|decision| &decision.verdict)
    {
        return Some(because.clone());
    }
    let people = &trial.question.subject.people;
    let mut unmatched = trial.plan.unmatched.iter();
    let is_ambiguous = unmatched.any(|unmatched| {
        unmatched.because == UnmatchedReason::Ambiguous && people.contains(&unmatched.person.key())
    });
    if is_ambiguous {
        return Some("several people or accounts answer to the same key".to_owned());
    }
    let rules = read(&trial.input);
    rules_of(trial, &rules).find_map(|reading| match hears(trial, reading) {
        RuleSays::Unknown { because } => Some(format!("rule {}: {because}", reading.rule.name)),
        RuleSays::Entitled { .. }
        | RuleSays::NotInGroups
        | RuleSays::Excepted { .. }
        | RuleSays::ConditionFails { .. }
        | RuleSays::Ended { .. } => None,
    })
}
