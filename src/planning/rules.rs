//! What each rule says of the people who were seen, and whether it could be read at all.

use std::collections::BTreeSet;

use crate::model::group::{GroupRef, Member};
use crate::model::rule::Rule;
use crate::model::snapshot::{Coverage, GroupState, Snapshot};
use crate::planning::condition::{Condition, values};
use crate::planning::input::PlanningInput;

/// One rule, read against its source.
#[derive(Debug)]
pub struct RuleReading<'a> {
    /// Its place among all rules, in the order of their names.
    pub place: usize,
    pub rule: &'a Rule,
    pub snapshot: Option<&'a Snapshot>,
    /// The people it entitles; where it has ended, those it would entitle.
    pub people: Vec<&'a Member>,
    /// People of whom it cannot be said whether it entitles them.
    pub doubtful: Vec<&'a Member>,
    /// Why no revocation may follow from it.
    pub frozen: Vec<Frozen>,
    /// Its last day has passed.
    pub ended: bool,
}

/// Why a rule is frozen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frozen {
    SourceUnread { because: String },
    GroupMissing { group: GroupRef },
    GroupAmbiguous { group: GroupRef, candidates: Vec<String> },
    GroupPartial { group: GroupRef, because: String },
    TooFewMembers { members: u32, minimum: u32 },
    AttributeAbsent { attribute: String },
    WhereFailed { people: usize, because: String },
}

impl Frozen {
    /// The reason in words, for reports.
    pub fn reason(&self) -> String {
        match self {
            Frozen::SourceUnread { because } => format!("its source could not be read: {because}"),
            Frozen::GroupMissing { group } => format!("group `{group}` does not exist"),
            Frozen::GroupAmbiguous { group, .. } => format!("several groups are named `{group}`"),
            Frozen::GroupPartial { group, because } => {
                format!("group `{group}` was not read whole: {because}")
            }
            Frozen::TooFewMembers { members, minimum } => {
                format!("its groups hold {members} people, fewer than {minimum}")
            }
            Frozen::AttributeAbsent { attribute } => {
                format!("nobody in the source has the attribute `{attribute}`")
            }
            Frozen::WhereFailed { people, because } => {
                format!("its `where` has no answer for {people} people: {because}")
            }
        }
    }
}

/// Reads every rule; in the order of their names, so that the order of the file does not matter.
pub fn read(input: &PlanningInput) -> Vec<RuleReading<'_>> {
    let mut rules: Vec<&Rule> = input.rules.iter().collect();
    rules.sort_by(|a, b| a.name.cmp(&b.name));
    rules.into_iter().enumerate().map(|(place, rule)| read_one(place, rule, input)).collect()
}

fn read_one<'a>(place: usize, rule: &'a Rule, input: &'a PlanningInput) -> RuleReading<'a> {
    let ended = rule.until.is_some_and(|until| until < input.today());
    let Some(snapshot) = input.snapshot(&rule.source) else {
        let frozen = vec![Frozen::SourceUnread { because: "it was not read".to_owned() }];
        let (people, doubtful) = (Vec::new(), Vec::new());
        return RuleReading { place, rule, snapshot: None, people, doubtful, frozen, ended };
    };
    let mut frozen = Vec::new();
    if let Coverage::Partial { because } = &snapshot.reading {
        frozen.push(Frozen::SourceUnread { because: because.clone() });
    }
    let members = union(&rule.groups, snapshot, &mut frozen);
    let unread_groups = frozen.len();
    let excepted = union(&rule.except_groups, snapshot, &mut frozen);
    let exceptions_unread = frozen.len() > unread_groups;
    let count = u32::try_from(members.len()).unwrap_or(u32::MAX);
    if count < input.policy.limits.min_group_members && unread_groups == 0 {
        frozen.push(Frozen::TooFewMembers { members: count, minimum: input.policy.limits.min_group_members });
    }
    let is_excepted = |person| excepted.binary_search_by_key(&person, |member| member.person).is_ok();
    let members = members.into_iter().filter(|member| !is_excepted(member.person)).collect();
    let (people, mut doubtful) = filter(rule, snapshot, members, &mut frozen);
    let mut reading =
        RuleReading { place, rule, snapshot: Some(snapshot), people, doubtful: Vec::new(), frozen, ended };
    if exceptions_unread {
        doubtful.append(&mut reading.people);
    }
    reading.doubtful = doubtful;
    reading
}

/// Everyone in any of the groups, each once by the shortest way; sorted by their place in the snapshot.
fn union<'a>(groups: &[GroupRef], snapshot: &'a Snapshot, frozen: &mut Vec<Frozen>) -> Vec<&'a Member> {
    let mut found: Vec<&Member> = Vec::new();
    let mut sorted: Vec<&GroupRef> = groups.iter().collect();
    sorted.sort_unstable();
    for reference in sorted {
        let group = || reference.clone();
        match snapshot.group(reference) {
            Some(GroupState::Found { members, coverage, .. }) => {
                found.extend(members);
                if let Coverage::Partial { because } = coverage {
                    frozen.push(Frozen::GroupPartial { group: group(), because: because.clone() });
                }
            }
            Some(GroupState::Missing) => frozen.push(Frozen::GroupMissing { group: group() }),
            Some(GroupState::Ambiguous { candidates }) => {
                frozen.push(Frozen::GroupAmbiguous { group: group(), candidates: candidates.clone() });
            }
            Some(GroupState::Unread { because }) => {
                frozen.push(Frozen::GroupPartial { group: group(), because: because.clone() });
            }
            None => frozen
                .push(Frozen::GroupPartial { group: group(), because: "it was not asked for".to_owned() }),
        }
    }
    let way = |member: &Member| (member.person, member.path.0.len());
    found.sort_by(|a, b| way(a).cmp(&way(b)).then_with(|| a.path.cmp(&b.path)));
    found.dedup_by_key(|member| member.person);
    found
}

/// Splits the members into those for whom the `where` holds and those for whom it has no answer.
fn filter<'a>(
    rule: &Rule,
    snapshot: &Snapshot,
    members: Vec<&'a Member>,
    frozen: &mut Vec<Frozen>,
) -> (Vec<&'a Member>, Vec<&'a Member>) {
    let Some(text) = &rule.condition else {
        return (members, Vec::new());
    };
    let condition = match Condition::compile(text) {
        Ok(condition) => condition,
        Err(error) => {
            frozen.push(Frozen::WhereFailed { people: members.len(), because: error.to_string() });
            return (Vec::new(), members);
        }
    };
    let absent = condition
        .attributes()
        .find(|name| !snapshot.people.iter().any(|person| !values(person, name).is_empty()));
    if let Some(attribute) = absent
        && !members.is_empty()
    {
        frozen.push(Frozen::AttributeAbsent { attribute: attribute.to_owned() });
        return (Vec::new(), members);
    }
    let (mut people, mut doubtful, mut reasons) = (Vec::new(), Vec::new(), BTreeSet::new());
    for member in members {
        match condition.holds(&snapshot.people[member.person as usize]) {
            Ok(true) => people.push(member),
            Ok(false) => {}
            Err(no_answer) => {
                reasons.insert(no_answer.because);
                doubtful.push(member);
            }
        }
    }
    if let Some(because) = reasons.pop_first() {
        frozen.push(Frozen::WhereFailed { people: doubtful.len(), because });
    }
    (people, doubtful)
}
