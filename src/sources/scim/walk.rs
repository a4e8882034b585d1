//! Reads the groups that rules name and everything below them: first the groups, level by level, then the people of all.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream;

use crate::membership::graph::{Graph, GroupNode, Node};
use crate::membership::reading::Root;
use crate::model::group::{Group, GroupRef};
use crate::sources::scim::decode::{Decoder, Kind, MemberKind};
use crate::sources::scim::directory::Directory;
use crate::sources::scim::error::ScimError;
use crate::sources::scim::groups::{self, Search, find, hidden_members};
use crate::sources::scim::people::{self, Fate};
use crate::sources::scim::wire::GroupBody;

/// How deep groups may be nested; a server that invents groups without end must not hold us for ever.
const DEEPEST: usize = 100;

/// How many members all groups may have together, each counted once.
const MOST: usize = 5_000_000;

/// Reads what `wanted` names, and all below it. `told` hears how many people have been read.
pub async fn walk(
    directory: &Directory<'_>,
    decoder: &Decoder<'_>,
    wanted: &[GroupRef],
    told: &(dyn Fn(u64) + Send + Sync),
) -> (Vec<Root>, Graph) {
    let mut walk =
        Walk { directory, decoder, graph: Graph::default(), known: HashMap::new(), next: Level::default() };
    let searches = find(directory, wanted).await;
    let roots: Vec<Result<u32, Root>> = searches.into_iter().map(|search| walk.root(search)).collect();
    walk.finish(told).await;
    let roots =
        roots.into_iter().map(|root| root.map_or_else(|known| known, |node| walk.found(node))).collect();
    (roots, walk.graph)
}

struct Walk<'a> {
    directory: &'a Directory<'a>,
    decoder: &'a Decoder<'a>,
    graph: Graph,
    /// The nodes by what groups call them.
    known: HashMap<Called, u32>,
    next: Level,
}

/// Users and groups may have the same ids.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Called {
    Group(Box<str>),
    /// A user, or something of which nothing else was said.
    Member(Box<str>),
}

/// What to look up next.
#[derive(Default)]
struct Level {
    groups: Vec<Errand>,
    members: Vec<Box<str>>,
    /// For each member, its node.
    member_nodes: Vec<u32>,
    /// For each member, what it is said to be besides a user and a group.
    member_types: Vec<Option<Box<str>>>,
}

/// A group to read.
struct Errand {
    node: u32,
    id: Box<str>,
    /// Its name alone, since its members do not matter.
    name_only: bool,
}

/// What came of an [`Errand`].
enum Brought {
    Group { body: GroupBody, flaw: Option<String> },
    Name(Option<Box<str>>),
    Gone,
    Hidden { because: Box<str> },
}

impl Walk<'_> {
    fn root(&mut self, search: Search) -> Result<u32, Root> {
        match search {
            Search::Found { id } => Ok(self.group(id, true)),
            Search::Missing => Err(Root::Missing),
            Search::Ambiguous { candidates } => Err(Root::Ambiguous { candidates }),
            Search::Unread { because } => Err(Root::Unread { because }),
        }
    }

    /// What became of a group that a rule names.
    fn found(&self, node: u32) -> Root {
        match &self.graph.nodes[node as usize] {
            Node::Group(group) => Root::Group(*group),
            Node::Hidden { because } => Root::Unread { because: because.to_string() },
            Node::Gone { .. } => Root::Missing,
            Node::Pending | Node::Person(_) | Node::LeftOut | Node::Outside { .. } => {
                Root::Unread { because: "it was not read".to_owned() }
            }
        }
    }

    /// Reads until nothing is left to look up: people come last, when all groups are known.
    async fn finish(&mut self, told: &(dyn Fn(u64) + Send + Sync)) {
        for _ in 0..DEEPEST {
            let groups = std::mem::take(&mut self.next.groups);
            if !groups.is_empty() {
                self.read_groups(groups).await;
            } else if self.next.members.is_empty() {
                return;
            } else {
                self.read_members(told).await;
            }
        }
        let because = format!("groups are nested more than {DEEPEST} deep");
        for node in self.graph.nodes.iter_mut().filter(|node| **node == Node::Pending) {
            *node = Node::Hidden { because: because.as_str().into() };
        }
    }

    async fn read_groups(&mut self, errands: Vec<Errand>) {
        let directory = self.directory;
        let reading: Vec<_> = errands
            .into_iter()
            .map(|errand| async move { (bring(directory, &errand).await, errand) })
            .collect();
        let mut brought = stream::iter(reading).buffered(directory.at_once());
        while let Some((brought, errand)) = brought.next().await {
            let node = match brought {
                Brought::Group { body, flaw } => Node::Group(self.add(errand.id, body, flaw)),
                Brought::Name(name) => Node::Group(self.bare(errand.id, name)),
                Brought::Gone => Node::Gone { name: errand.id },
                Brought::Hidden { because } => Node::Hidden { because },
            };
            self.graph.nodes[errand.node as usize] = node;
        }
    }

    async fn read_members(&mut self, told: &(dyn Fn(u64) + Send + Sync)) {
        let directory = self.directory;
        let Level { members, member_nodes, member_types, .. } = std::mem::take(&mut self.next);
        let mut settle = |at: usize, fate| {
            let id = &members[at];
            let node = match fate {
                Fate::User(user) => match self.decoder.kind(&user) {
                    Kind::Person(person) => {
                        self.graph.people.push(Arc::from(person));
                        Node::Person(index(self.graph.people.len() - 1))
                    }
                    Kind::Inactive => Node::LeftOut,
                    Kind::Unusable { because } => Node::Hidden { because: because.into() },
                },
                Fate::Group(body) => self.unexpected(id.clone(), body),
                Fate::Gone => match &member_types[at] {
                    Some(other) => Node::Hidden { because: foreign(id, other).into() },
                    None => Node::Gone { name: id.clone() },
                },
                Fate::Hidden { because } => Node::Hidden { because },
            };
            self.graph.nodes[member_nodes[at] as usize] = node;
            told(self.graph.people.len() as u64);
        };
        people::settle(directory, &members, &mut settle).await;
    }

    /// A member that turned out to be a group.
    fn unexpected(&mut self, id: Box<str>, body: GroupBody) -> Node {
        let node = self.node(Called::Group(id.clone()));
        if self.graph.nodes[node as usize] == Node::Pending {
            let group = if self.directory.config.nested_groups {
                self.add(id, body, None)
            } else {
                self.bare(id, body.name)
            };
            self.graph.nodes[node as usize] = Node::Group(group);
        }
        self.graph.nodes[node as usize].clone()
    }

    fn add(&mut self, id: Box<str>, body: GroupBody, mut flaw: Option<String>) -> u32 {
        let at = self.bare(id, body.name);
        let mut members = Vec::with_capacity(body.members.len());
        for member in body.members {
            let kind = self.decoder.member(&member.0);
            let node = match (kind, member.0.value) {
                (MemberKind::Skipped, _) => continue,
                (_, None) => {
                    flaw = flaw.or_else(|| Some("a member has no `value`".to_owned()));
                    continue;
                }
                (_, Some(_)) if self.graph.nodes.len() >= MOST => {
                    flaw = flaw.or_else(|| Some(format!("the groups have more than {MOST} members")));
                    continue;
                }
                (MemberKind::Group, Some(id)) => self.group(id, false),
                (MemberKind::User | MemberKind::Untold, Some(id)) => self.member(id, None),
                (MemberKind::Foreign, Some(id)) => self.member(id, member.0.kind),
            };
            members.push(node);
        }
        let group = &mut self.graph.groups[at as usize];
        (group.members, group.flaw) = (members, flaw);
        at
    }

    fn bare(&mut self, id: Box<str>, name: Option<Box<str>>) -> u32 {
        let group = Group { name: name.unwrap_or_else(|| id.clone()), id };
        self.graph.groups.push(GroupNode { group, members: Vec::new(), flaw: None });
        index(self.graph.groups.len() - 1)
    }

    /// The node of a group, which is read next unless it is known.
    fn group(&mut self, id: Box<str>, is_root: bool) -> u32 {
        let fresh = self.graph.nodes.len();
        let node = self.node(Called::Group(id.clone()));
        if node as usize == fresh {
            let name_only = !is_root && !self.directory.config.nested_groups;
            self.next.groups.push(Errand { node, id, name_only });
        }
        node
    }

    fn member(&mut self, id: Box<str>, foreign: Option<Box<str>>) -> u32 {
        let fresh = self.graph.nodes.len();
        let node = self.node(Called::Member(id.clone()));
        if node as usize == fresh {
            self.next.members.push(id);
            self.next.member_nodes.push(node);
            self.next.member_types.push(foreign);
        }
        node
    }

    fn node(&mut self, called: Called) -> u32 {
        let nodes = &mut self.graph.nodes;
        *self.known.entry(called).or_insert_with(|| {
            nodes.push(Node::Pending);
            index(nodes.len() - 1)
        })
    }
}

async fn bring(directory: &Directory<'_>, errand: &Errand) -> Brought {
    if let Some(because) = directory.fallen() {
        return Brought::Hidden { because };
    }
    if errand.name_only {
        return Brought::Name(groups::name(directory, &errand.id).await);
    }
    let hidden = |error: ScimError| Brought::Hidden { because: error.in_one_line().into() };
    match groups::read(directory, &errand.id).await.map_err(hidden) {
        Ok(Some(body)) => {
            let flaw =
                if body.members.is_empty() { hidden_members(directory, &errand.id).await } else { None };
            Brought::Group { body, flaw }
        }
        Ok(None) => Brought::Gone,
        Err(hidden) => hidden,
    }
}

/// It may be a device, or a person whom this service provider keeps elsewhere.
fn foreign(id: &str, kind: &str) -> String {
    format!(
        "member `{id}` is a `{kind}`, which is neither a user nor a group: if those are never people, \
         non_person_member_types = [\"{kind}\"]"
    )
}

fn index(at: usize) -> u32 {
    u32::try_from(at).expect("a directory holds fewer than four billion entries")
}
