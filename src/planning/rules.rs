//! What each rule says of the people who were seen, and whether it could be read at all.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::group::{GroupRef, Member};
use crate::model::person::Person;
use crate::model::rule::Rule;
use crate::model::snapshot::{Coverage, GroupState, Snapshot};
use crate::planning::condition::{Condition, values};
use crate::planning::input::PlanningInput;

/// One rule, read against its source.
#[derive(Debug)]
pub struct RuleReading<'a> {
    /// Its place among all rules, in the order of their names.
    pub place: u32,
    pub rule: &'a Rule,
    /// The people it entitles, those of one source together; where it has ended, those it would entitle.
    pub people: Vec<Named<'a>>,
    /// People of whom it cannot be said whether it entitles them.
    pub doubtful: Vec<Named<'a>>,
    /// Why no revocation may follow from it.
    pub frozen: Vec<Frozen>,
    /// Its last day has passed.
    pub ended: bool,
}

/// Somebody in the groups of a rule, whichever source knows them.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// The snapshot among whose people they are.
    pub home: &'a Snapshot,
    pub member: &'a Member,
}

impl<'a> Named<'a> {
    pub fn person(self) -> &'a Arc<Person> {
        &self.home.people[self.member.person as usize]
    }

    /// Whether they are the one at this place of a snapshot.
    pub fn is(self, home: &Snapshot, place: u32) -> bool {
        self.member.person == place && std::ptr::eq(self.home, home)
    }

    /// Whether they are one of the first `places` people of a snapshot.
    pub fn is_among(self, home: &Snapshot, places: usize) -> bool {
        (self.member.person as usize) < places && std::ptr::eq(self.home, home)
    }

    /// By source, and by their places there.
    fn order(&self, other: &Named<'_>) -> Ordering {
        let sources = if std::ptr::eq(self.home, other.home) {
            Ordering::Equal
        } else {
            self.home.source.cmp(&other.home.source)
        };
        sources.then(self.member.person.cmp(&other.member.person))
    }
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
    rules.into_iter().zip(0..).map(|(rule, place)| read_one(place, rule, input)).collect()
}

fn read_one<'a>(place: u32, rule: &'a Rule, input: &'a PlanningInput) -> RuleReading<'a> {
    let ended = rule.until.is_some_and(|until| until < input.today());
    let Some(snapshot) = input.snapshot(&rule.source) else {
        let frozen = vec![Frozen::SourceUnread { because: "it was not read".to_owned() }];
        let (people, doubtful) = (Vec::new(), Vec::new());
        return RuleReading { place, rule, people, doubtful, frozen, ended };
    };
    let mut frozen = Vec::new();
    if let Coverage::Partial { because } = &snapshot.reading {
        frozen.push(Frozen::SourceUnread { because: because.clone() });
    }
    let members = union(&rule.groups, snapshot, input, &mut frozen);
    let unread_groups = frozen.len();
    let excepted = union(&rule.except_groups, snapshot, input, &mut frozen);
    let exceptions_unread = frozen.len() > unread_groups;
    let count = u32::try_from(members.len()).unwrap_or(u32::MAX);
    if count < input.policy.limits.min_group_members && unread_groups == 0 {
        frozen.push(Frozen::TooFewMembers { members: count, minimum: input.policy.limits.min_group_members });
    }
    let is_excepted = |named: &Named<'_>| excepted.binary_search_by(|excepted| excepted.order(named)).is_ok();
    let members = members.into_iter().filter(|named| !is_excepted(named)).collect();
    let (people, mut doubtful) = filter(rule, snapshot, members, &mut frozen);
    let mut reading = RuleReading { place, rule, people, doubtful: Vec::new(), frozen, ended };
    if exceptions_unread {
        doubtful.append(&mut reading.people);
    }
    doubtful.extend(snapshot.doubtful.iter().map(|member| Named { home: snapshot, member }));
    // Whoever gathers them goes through the sources, and the people of each, once.
    doubtful.sort_by(Named::order);
    doubtful.dedup_by(|later, kept| later.order(kept).is_eq());
    reading.doubtful = doubtful;
    reading
}

/// Everyone in any of the groups, each once by the shortest way; sorted by source and by their places there.
fn union<'a>(
    groups: &[GroupRef],
    snapshot: &'a Snapshot,
    input: &'a PlanningInput,
    frozen: &mut Vec<Frozen>,
) -> Vec<Named<'a>> {
    let mut found: Vec<Named<'_>> = Vec::new();
    let mut sorted: Vec<&GroupRef> = groups.iter().collect();
    sorted.sort_unstable();
    for reference in sorted {
        let group = || reference.clone();
        match snapshot.group(reference) {
            Some(GroupState::Found { members, coverage, .. }) => {
                found.extend(members.iter().map(|member| Named { home: snapshot, member }));
                found.extend(snapshot.guests_of(reference).filter_map(|guest| {
                    Some(Named { home: input.snapshot(&guest.home)?, member: &guest.member })
                }));
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
    let way = |named: &Named<'a>| &named.member.path;
    found.sort_by(|a, b| {
        a.order(b)
            .then_with(|| way(a).names().len().cmp(&way(b).names().len()))
            .then_with(|| way(a).cmp(way(b)))
    });
    found.dedup_by(|later, kept| later.order(kept).is_eq());
    found
}

/// Splits the members into those for whom the `where` holds and those for whom it has no answer.
fn filter<'a>(
    rule: &Rule,
    snapshot: &Snapshot,
    members: Vec<Named<'a>>,
    frozen: &mut Vec<Frozen>,
) -> (Vec<Named<'a>>, Vec<Named<'a>>) {
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
    let everyone = || snapshot.people.iter().chain(members.iter().map(|named| named.person()));
    let absent =
        condition.attributes().find(|name| !everyone().any(|person| !values(person, name).is_empty()));
    if let Some(attribute) = absent
        && !members.is_empty()
    {
        frozen.push(Frozen::AttributeAbsent { attribute: attribute.to_owned() });
        return (Vec::new(), members);
    }
    let (mut people, mut doubtful, mut reasons) = (Vec::new(), Vec::new(), BTreeSet::new());
    for named in members {
        match condition.holds(named.person()) {
            Ok(true) => people.push(named),
            Ok(false) => {}
            Err(no_answer) => {
                reasons.insert(no_answer.because);
                doubtful.push(named);
            }
        }
    }
    if let Some(because) = reasons.pop_first() {
        frozen.push(Frozen::WhereFailed { people: doubtful.len(), because });
    }
    (people, doubtful)
}
