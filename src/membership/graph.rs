//! Groups, who is in them, and how each person is reached: breadth first, so that the shortest way is the one told.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use crate::model::group::{Group, Member, NestingPath};
use crate::model::person::Person;
use crate::model::snapshot::Coverage;

/// All that was read. Nodes are the things that groups name; people and groups are told apart there.
#[derive(Debug, Default)]
pub struct Graph {
    pub nodes: Vec<Node>,
    pub groups: Vec<GroupNode>,
    pub people: Vec<Arc<Person>>,
}

/// Something that a group names as its member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// Not looked up yet; never left over.
    Pending,
    /// A place in [`Graph::people`].
    Person(u32),
    /// A place in [`Graph::groups`].
    Group(u32),
    /// Rightly nobody: a disabled person, a machine, one whom a filter leaves out.
    LeftOut,
    Gone {
        name: Box<str>,
    },
    Outside {
        name: Box<str>,
    },
    /// A member it is, but nobody can tell who.
    Hidden {
        because: Box<str>,
    },
}

/// One group.
#[derive(Debug)]
pub struct GroupNode {
    pub group: Group,
    /// Places in [`Graph::nodes`].
    pub members: Vec<u32>,
    /// Why the members may not be all.
    pub flaw: Option<String>,
}

/// Everyone in a group, through nested groups or not.
#[derive(Debug)]
pub struct Closure {
    pub members: Vec<Member>,
    /// The names of members outside, and the way to the group that names them.
    pub strangers: Vec<(Box<str>, NestingPath)>,
    pub coverage: Coverage,
    /// The places of all groups that were walked through, the first included.
    pub groups: Vec<u32>,
    /// The groups nested in it that were not followed, because nested groups are off.
    pub ignored: Vec<u32>,
}

impl Graph {
    /// Follows a group down to the last of its members. Cycles are legal, and change nothing.
    pub fn closure(&self, root: u32, nested: bool) -> Closure {
        let mut members = Vec::new();
        let mut strangers = Vec::new();
        let mut people = HashSet::new();
        let mut ignored = Vec::new();
        let mut flaw: Option<String> = None;
        let mut walked = vec![root];
        let mut met = HashSet::from([root]);
        let mut queue = VecDeque::from([(root, vec![self.group(root).group.name.clone()])]);
        while let Some((at, names)) = queue.pop_front() {
            let group = self.group(at);
            let path = NestingPath::new(names.clone());
            flaw = flaw.or_else(|| group.flaw.clone());
            for &member in &group.members {
                match &self.nodes[member as usize] {
                    Node::Person(person) => {
                        if people.insert(*person) {
                            members.push(Member { person: *person, path: path.clone() });
                        }
                    }
                    Node::Group(inner) if !nested => {
                        if *inner != root && !ignored.contains(inner) {
                            ignored.push(*inner);
                        }
                    }
                    Node::Group(inner) => {
                        if met.insert(*inner) {
                            let mut longer = names.clone();
                            longer.push(self.group(*inner).group.name.clone());
                            walked.push(*inner);
                            queue.push_back((*inner, longer));
                        }
                    }
                    Node::Outside { name } => strangers.push((name.clone(), path.clone())),
                    Node::LeftOut | Node::Gone { .. } => {}
                    Node::Hidden { because } => flaw = flaw.or_else(|| Some(because.to_string())),
                    Node::Pending => flaw = flaw.or_else(|| Some("a member was not looked up".to_owned())),
                }
            }
        }
        let coverage = flaw.map_or(Coverage::Complete, |because| Coverage::Partial { because });
        Closure { members, strangers, coverage, groups: walked, ignored }
    }

    fn group(&self, at: u32) -> &GroupNode {
        &self.groups[at as usize]
    }
}

#[cfg(test)]
mod tests {
    use crate::membership::graph::{Graph, GroupNode, Node};
    use crate::model::group::Group;
    use crate::model::snapshot::Coverage;

    /// Groups named by their places; members are places in `nodes`.
    fn graph(nodes: &[Node], groups: &[&[u32]]) -> Graph {
        let group = |(at, members): (usize, &&[u32])| GroupNode {
            group: Group { id: at.to_string().into(), name: at.to_string().into() },
            members: members.to_vec(),
            flaw: None,
        };
        Graph {
            nodes: nodes.to_vec(),
            groups: groups.iter().enumerate().map(group).collect(),
            people: Vec::new(),
        }
    }

    fn paths(graph: &Graph, nested: bool) -> Vec<(u32, String)> {
        graph
            .closure(0, nested)
            .members
            .iter()
            .map(|member| (member.person, member.path.names().join(">")))
            .collect()
    }

    #[test]
    fn the_shortest_way_is_told_and_a_cycle_ends() {
        let nodes = [Node::Person(0), Node::Person(1), Node::Group(0), Node::Group(1), Node::Group(2)];
        let graph = graph(&nodes, &[&[3, 4], &[4, 2], &[0, 1, 2]]);
        assert_eq!(paths(&graph, true), [(0, "0>2".to_owned()), (1, "0>2".to_owned())]);
    }

    #[test]
    fn a_group_within_itself_is_not_one_that_was_ignored() {
        let graph = graph(&[Node::Group(0), Node::Group(1), Node::Person(0)], &[&[0, 1, 1, 2], &[]]);
        let closure = graph.closure(0, false);
        assert_eq!(closure.ignored, [1]);
        assert_eq!(closure.members.len(), 1);
    }

    #[test]
    fn one_hidden_member_deep_below_makes_the_whole_partial() {
        let hidden = Node::Hidden { because: "refused".into() };
        let graph = graph(&[Node::Group(1), hidden, Node::Person(0)], &[&[0, 2], &[1]]);
        let closure = graph.closure(0, true);
        assert_eq!(closure.coverage, Coverage::Partial { because: "refused".to_owned() });
        assert_eq!(closure.members.len(), 1);
    }

    #[test]
    fn the_gone_and_the_outsiders_leave_it_complete() {
        let nodes = [Node::Gone { name: "a".into() }, Node::Outside { name: "b".into() }, Node::LeftOut];
        assert_eq!(graph(&nodes, &[&[0, 1, 2]]).closure(0, true).coverage, Coverage::Complete);
    }
}
