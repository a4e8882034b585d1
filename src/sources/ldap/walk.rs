//! Reads the groups that rules name and everything below them, level by level, each entry once.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::StreamExt as _;

use crate::membership::graph::{Graph, GroupNode, Node};
use crate::membership::reading::Root;
use crate::model::distinguished_name::DistinguishedName;
use crate::model::group::GroupRef;
use crate::sources::ldap::decode::{Decoder, GroupEntry, Kind, Primary};
use crate::sources::ldap::entry::Entry;
use crate::sources::ldap::lookup::{Fate, GroupSearch, Lookup, Name};

/// How deep groups may be nested. No directory of ours goes beyond ten; a server that invents groups without end must
/// not hold us for ever.
const DEEPEST: usize = 100;

/// How many references are looked up at a time.
const GROUPS_AT_A_TIME: usize = 8;

/// Reads what `wanted` names, and all below it. `told` hears how many people have been read.
pub async fn walk(
    lookup: &impl Lookup,
    decoder: &Decoder,
    wanted: &[GroupRef],
    told: &(dyn Fn(u64) + Send + Sync),
) -> (Vec<Root>, Graph) {
    let mut walk = Walk::new(decoder);
    let searches: Vec<_> = wanted.iter().map(|reference| lookup.groups(reference)).collect();
    let searches: Vec<GroupSearch> =
        futures_util::stream::iter(searches).buffered(GROUPS_AT_A_TIME).collect().await;
    let roots = searches.into_iter().map(|search| walk.root(search)).collect();
    walk.finish(lookup, told).await;
    (roots, walk.graph)
}

/// Reads the entries of these names, and all below them; for each name, its node.
pub async fn meet(lookup: &impl Lookup, decoder: &Decoder, names: Vec<Name>) -> (Vec<u32>, Graph) {
    let mut walk = Walk::new(decoder);
    let nodes = names.into_iter().map(|name| walk.named(name)).collect();
    walk.finish(lookup, &|_| ()).await;
    (nodes, walk.graph)
}

struct Walk<'a> {
    decoder: &'a Decoder,
    graph: Graph,
    /// The nodes by what groups call them.
    known: HashMap<Called, u32>,
    next: Level,
}

/// Where an entry was met.
struct Place {
    /// Whether people are looked for there.
    covered: bool,
    /// Whether a rule names it.
    root: bool,
}

/// What to look up next.
#[derive(Default)]
struct Level {
    names: Vec<Name>,
    /// For each name, its node.
    nodes: Vec<u32>,
    usernames: Vec<Box<str>>,
    /// For each username, its node.
    username_nodes: Vec<u32>,
    /// The groups that are somebody's primary group.
    primaries: Vec<(u32, Primary)>,
    /// The groups that show no member, by their names.
    blank: Vec<(u32, Box<str>)>,
}

impl Level {
    fn is_empty(&self) -> bool {
        self.names.is_empty()
            && self.usernames.is_empty()
            && self.primaries.is_empty()
            && self.blank.is_empty()
    }
}

#[derive(PartialEq, Eq, Hash)]
enum Called {
    Name(DistinguishedName),
    Username(Box<str>),
}

impl Walk<'_> {
    fn new(decoder: &Decoder) -> Walk<'_> {
        Walk { decoder, graph: Graph::default(), known: HashMap::new(), next: Level::default() }
    }

    /// Reads level by level until nothing is left to look up.
    async fn finish(&mut self, lookup: &impl Lookup, told: &(dyn Fn(u64) + Send + Sync)) {
        for _ in 0..DEEPEST {
            let level = std::mem::take(&mut self.next);
            if level.is_empty() {
                return;
            }
            self.read(lookup, level, told).await;
        }
        let level = std::mem::take(&mut self.next);
        let because = format!("groups are nested more than {DEEPEST} deep");
        for node in level.nodes.into_iter().chain(level.username_nodes) {
            self.graph.nodes[node as usize] = Node::Hidden { because: because.as_str().into() };
        }
        for group in level.primaries.iter().map(|(at, _)| at).chain(level.blank.iter().map(|(at, _)| at)) {
            self.graph.groups[*group as usize].flaw = Some(because.clone());
        }
    }

    fn root(&mut self, search: GroupSearch) -> Root {
        let mut entries = match search {
            GroupSearch::Failed { because } => return Root::Unread { because },
            GroupSearch::Answered(entries) => entries,
        };
        if entries.len() > 1 {
            let mut candidates: Vec<String> = entries.into_iter().map(|entry| entry.dn).collect();
            candidates.sort_unstable();
            return Root::Ambiguous { candidates };
        }
        let Some(entry) = entries.pop() else { return Root::Missing };
        let dn = entry.dn.clone();
        let Some(name) = DistinguishedName::parse(&dn) else {
            return Root::Unread { because: format!("`{dn}` is no distinguished name") };
        };
        let node = self.node(Called::Name(name));
        if self.graph.nodes[node as usize] == Node::Pending {
            self.settle(node, &dn, Fate::Found(entry), Place { covered: true, root: true });
        }
        match &self.graph.nodes[node as usize] {
            Node::Group(group) => Root::Group(*group),
            Node::Hidden { because } => Root::Unread { because: because.to_string() },
            Node::Pending | Node::Person(_) | Node::LeftOut | Node::Gone { .. } | Node::Outside { .. } => {
                Root::NoGroup { what: dn }
            }
        }
    }

    async fn read(&mut self, lookup: &impl Lookup, level: Level, told: &(dyn Fn(u64) + Send + Sync)) {
        let mut settle = |at: usize, fate| {
            let (name, node) = (&level.names[at], level.nodes[at]);
            if self.graph.nodes[node as usize] == Node::Pending {
                let place = Place { covered: lookup.covers_person(&name.canonical), root: false };
                self.settle(node, &name.spelt, fate, place);
            }
            told(self.graph.people.len() as u64);
        };
        lookup.named(&level.names, &mut settle).await;
        let mut settle = |at: usize, fate| {
            self.settle_username(level.username_nodes[at], &level.usernames[at], fate);
            told(self.graph.people.len() as u64);
        };
        lookup.usernames(&level.usernames, &mut settle).await;
        for (group, primary) in &level.primaries {
            let (entries, flaw) = lookup.primary(primary).await;
            for entry in entries {
                if let Some(node) = self.entry_node(entry) {
                    self.graph.groups[*group as usize].members.push(node);
                }
            }
            let held = &mut self.graph.groups[*group as usize].flaw;
            *held = held.take().or(flaw);
            told(self.graph.people.len() as u64);
        }
        for (group, name) in &level.blank {
            let hidden = lookup.hidden_members(name).await;
            let held = &mut self.graph.groups[*group as usize].flaw;
            *held = held.take().or(hidden);
        }
    }

    fn settle_username(&mut self, node: u32, username: &str, fate: Fate) {
        let settled = match fate {
            Fate::Found(entry) => match self.entry_node(entry) {
                Some(same) => self.graph.nodes[same as usize].clone(),
                None => Node::Hidden { because: format!("`{username}` has no readable name").into() },
            },
            Fate::LeftOut => Node::LeftOut,
            Fate::Gone => Node::Gone { name: username.into() },
            Fate::Outside => Node::Outside { name: username.into() },
            Fate::Hidden { because } => Node::Hidden { because: because.into() },
        };
        self.graph.nodes[node as usize] = settled;
    }

    /// The node of an entry that was met in another way than by its name.
    fn entry_node(&mut self, entry: Entry) -> Option<u32> {
        let dn = entry.dn.clone();
        let node = self.node(Called::Name(DistinguishedName::parse(&dn)?));
        if self.graph.nodes[node as usize] == Node::Pending {
            self.settle(node, &dn, Fate::Found(entry), Place { covered: true, root: false });
        }
        Some(node)
    }

    fn settle(&mut self, node: u32, name: &str, fate: Fate, place: Place) {
        let settled = match fate {
            Fate::Found(entry) => match self.decoder.kind(&entry) {
                Kind::Group(group) => Node::Group(self.group(group, place.root)),
                Kind::Foreign => Node::Outside { name: name.into() },
                Kind::Person(_) if !place.covered => Node::Outside { name: name.into() },
                Kind::Person(person) => {
                    self.graph.people.push(Arc::new(person));
                    Node::Person(index(self.graph.people.len() - 1))
                }
                Kind::Disabled | Kind::Machine => Node::LeftOut,
                Kind::Unusable { because } => Node::Hidden { because: because.into() },
            },
            Fate::LeftOut => Node::LeftOut,
            Fate::Gone => Node::Gone { name: name.into() },
            Fate::Outside => Node::Outside { name: name.into() },
            Fate::Hidden { because } => Node::Hidden { because: because.into() },
        };
        self.graph.nodes[node as usize] = settled;
    }

    fn group(&mut self, entry: GroupEntry, root: bool) -> u32 {
        let at = index(self.graph.groups.len());
        if !root && !self.decoder.directory.nested_groups {
            self.graph.groups.push(GroupNode { group: entry.group, members: Vec::new(), flaw: None });
            return at;
        }
        let mut members = Vec::with_capacity(entry.members.len() + entry.usernames.len());
        let mut flaw = entry.flaw;
        for spelt in entry.members {
            let Some(canonical) = DistinguishedName::parse(&spelt) else {
                flaw = flaw.or_else(|| {
                    Some(format!("member `{spelt}` of `{}` is no distinguished name", entry.group.name))
                });
                continue;
            };
            members.push(self.named(Name { spelt, canonical }));
        }
        for username in entry.usernames {
            let fresh = self.graph.nodes.len();
            let node = self.node(Called::Username(username.to_lowercase().into()));
            if node as usize == fresh {
                self.next.usernames.push(username);
                self.next.username_nodes.push(node);
            }
            members.push(node);
        }
        self.next.primaries.extend(entry.primary.map(|primary| (at, primary)));
        self.next.blank.extend(entry.blank.map(|name| (at, name)));
        self.graph.groups.push(GroupNode { group: entry.group, members, flaw });
        at
    }

    /// The node of a name, which is looked up next unless it is known.
    fn named(&mut self, name: Name) -> u32 {
        let fresh = self.graph.nodes.len();
        let node = self.node(Called::Name(name.canonical.clone()));
        if node as usize == fresh {
            self.next.names.push(name);
            self.next.nodes.push(node);
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

fn index(at: usize) -> u32 {
    u32::try_from(at).expect("a directory holds fewer than four billion entries")
}
