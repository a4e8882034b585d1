//! What would let a rule entitle somebody whom it does not entitle today.

use std::collections::BTreeSet;

use crate::model::explanation::RuleSays;
use crate::model::remedy::Need;
use crate::model::snapshot::GroupState;
use crate::planning::hearing::{concerns, says};
use crate::planning::rules::{RuleReading, read};
use crate::planning::trial::Trial;

/// Of how many rules it is tried to be in a group, best rank first: each try is a plan.
const MOST_GROUPS: usize = 5;

/// What would let a rule entitle them that does not.
pub fn entitling(trial: &Trial<'_>) -> Vec<Need> {
    let rules = read(&trial.input);
    let mut tried = BTreeSet::new();
    let needs = rules_of(trial, &rules).filter_map(|reading| {
        let rule = reading.rule.name.clone();
        match hears(trial, reading) {
            RuleSays::NotInGroups if !reading.ended && tried.len() < MOST_GROUPS => {
                let source = &reading.rule.source;
                let snapshot = trial.input.snapshot(source)?;
                let found = |group: &&_| matches!(snapshot.group(group), Some(GroupState::Found { .. }));
                let group = reading.rule.groups.iter().filter(found).min()?;
                let need = Need::InGroup { rule, group: group.clone() };
                tried.insert((source, group)).then_some(need)
            }
            RuleSays::Excepted { .. } => Some(Need::NotExcepted { rule }),
            RuleSays::ConditionFails { condition, .. } => Some(Need::ConditionMet { rule, condition }),
            RuleSays::Ended { .. } => Some(Need::Lasting { rule, until: trial.input.today() }),
            RuleSays::NotInGroups | RuleSays::Entitled { .. } | RuleSays::Unknown { .. } => None,
        }
    });
    needs.collect()
}

/// The rules of the add-on, best rank first.
pub fn rules_of<'r, 'i>(
    trial: &Trial<'_>,
    rules: &'r [RuleReading<'i>],
) -> impl Iterator<Item = &'r RuleReading<'i>> {
    let add_on = trial.question.add_on;
    let mut rules: Vec<&RuleReading<'_>> =
        rules.iter().filter(|reading| reading.rule.add_on == add_on).collect();
    rules.sort_by_key(|reading| (reading.rule.rank, &reading.rule.name));
    rules.into_iter()
}

/// What a rule says of the subject; of one whom its source does not know: that it is in none of its groups.
pub fn hears(trial: &Trial<'_>, reading: &RuleReading<'_>) -> RuleSays {
    let said = trial.question.subject.people.iter().filter_map(|key| {
        let home = trial.input.snapshot(&key.source)?;
        let place = home.people.iter().position(|person| person.id() == key.id.as_str())?;
        let place = u32::try_from(place).ok()?;
        concerns(&trial.input, reading, home, place).then(|| says(&trial.input, reading, home, place))
    });
    let mut said: Vec<RuleSays> = said.collect();
    let most = said.iter().position(|says| *says != RuleSays::NotInGroups).unwrap_or(0);
    if said.is_empty() { RuleSays::NotInGroups } else { said.swap_remove(most) }
}
