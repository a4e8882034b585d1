//! From what was walked to a snapshot: the state of each group that was asked for, and what was odd on the way.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::membership::graph::{Graph, Node};
use crate::model::finding::{Finding, FindingCode, Level, listed};
use crate::model::group::{GroupRef, Member};
use crate::model::person::{Person, SourceName};
use crate::model::snapshot::{Coverage, GroupReading, GroupState, Snapshot, SourceKind};
use crate::model::stranger::Stranger;

/// What a reference came to.
#[derive(Debug)]
pub enum Root {
    /// A place in [`Graph::groups`].
    Group(u32),
    /// It is an entry, but no group.
    NoGroup {
        what: String,
    },
    Missing,
    Ambiguous {
        candidates: Vec<String>,
    },
    Unread {
        because: String,
    },
}

/// The snapshot of one reading; the order in which a server answered leaves no trace in it.
pub fn snapshot(
    source: &SourceName,
    kind: SourceKind,
    wanted: &[GroupRef],
    roots: Vec<Root>,
    mut graph: Graph,
    nested: bool,
) -> Snapshot {
    let (people, places) = in_order(std::mem::take(&mut graph.people));
    let mut walked = BTreeSet::new();
    let mut ignored = BTreeSet::new();
    let mut strangers = Vec::new();
    let mut groups = Vec::with_capacity(wanted.len());
    for (reference, root) in wanted.iter().zip(roots) {
        let state = match root {
            Root::Group(at) => {
                let closure = graph.closure(at, nested);
                walked.extend(closure.groups);
                ignored.extend(closure.ignored.into_iter().map(|inner| (at, inner)));
                strangers.extend(closure.strangers.into_iter().map(|(name, path)| Stranger {
                    group: reference.clone(),
                    name,
                    path,
                }));
                let mut members: Vec<Member> = closure
                    .members
                    .into_iter()
                    .map(|member| Member { person: places[member.person as usize], path: member.path })
                    .collect();
                members.sort_unstable_by_key(|member| member.person);
                let group = graph.groups[at as usize].group.clone();
                GroupState::Found { group, members, coverage: closure.coverage }
            }
            Root::NoGroup { what } => GroupState::Unread { because: format!("`{what}` is no group") },
            Root::Missing => GroupState::Missing,
            Root::Ambiguous { candidates } => GroupState::Ambiguous { candidates },
            Root::Unread { because } => GroupState::Unread { because },
        };
        groups.push(GroupReading { reference: reference.clone(), state });
    }
    let mut findings: Vec<Finding> = walked.into_iter().filter_map(|at| departed(&graph, at)).collect();
    findings.extend(ignored.into_iter().map(|(outer, inner)| not_followed(&graph, outer, inner)));
    findings.sort_unstable();
    findings.dedup();
    let reading = shared_id(&people).map_or(Coverage::Complete, |because| Coverage::Partial { because });
    Snapshot {
        source: source.clone(),
        kind,
        reading,
        read_whole_at: None,
        people,
        groups,
        strangers,
        guests: Vec::new(),
        doubtful: Vec::new(),
        findings,
    }
}

/// The people by their ids, and for each earlier place the new one.
fn in_order(people: Vec<Arc<Person>>) -> (Vec<Arc<Person>>, Vec<u32>) {
    let key = |at: usize| (people[at].id(), people[at].identity());
    let mut order: Vec<usize> = (0..people.len()).collect();
    order.sort_by(|&a, &b| key(a).cmp(&key(b)));
    let mut places = vec![0; people.len()];
    for (place, &was) in order.iter().enumerate() {
        places[was] = u32::try_from(place).expect("a directory holds fewer than four billion entries");
    }
    (order.into_iter().map(|was| people[was].clone()).collect(), places)
}

/// An id that two people share cannot follow either of them.
fn shared_id(people: &[Arc<Person>]) -> Option<String> {
    let pair = people.windows(2).find(|pair| pair[0].id() == pair[1].id())?;
    Some(format!(
        "several people have the id `{}`: `attributes.id` must name a unique attribute",
        pair[0].id()
    ))
}

/// The members of one group that are gone.
fn departed(graph: &Graph, at: u32) -> Option<Finding> {
    let group = &graph.groups[at as usize];
    let gone: BTreeSet<&str> = group
        .members
        .iter()
        .filter_map(|&member| match &graph.nodes[member as usize] {
            Node::Gone { name } => Some(&**name),
            Node::Pending
            | Node::Person(_)
            | Node::Group(_)
            | Node::LeftOut
            | Node::Outside { .. }
            | Node::Hidden { .. } => None,
        })
        .collect();
    let (first, name) = (gone.first()?, &group.group.name);
    let message = match gone.len() {
        1 => format!("member `{first}` of group `{name}` no longer exists"),
        count => format!("{count} members of group `{name}` no longer exist: {}", listed(&gone)),
    };
    Some(Finding { level: Level::Warning, code: FindingCode::MemberGone, rule: None, message })
}

fn not_followed(graph: &Graph, outer: u32, inner: u32) -> Finding {
    let name = |at: u32| &graph.groups[at as usize].group.name;
    Finding {
        level: Level::Info,
        code: FindingCode::NestedIgnored,
        rule: None,
        message: format!(
            "group `{}` in group `{}` is not followed, because `nested_groups` is off",
            name(inner),
            name(outer)
        ),
    }
}
