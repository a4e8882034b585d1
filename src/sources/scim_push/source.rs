//! A roster as a source: what was pushed of the groups that rules name, believed as far as it may be.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::membership::graph::{Graph, GroupNode, Node};
use crate::membership::reading::{Root, snapshot};
use crate::model::group::{Group, GroupRef};
use crate::model::person::{Person, SourceName};
use crate::model::roster::{Entry, RosterReading, Standing};
use crate::model::snapshot::{Coverage, Snapshot, SourceKind};
use crate::ports::roster::RosterReader;
use crate::ports::{Clock, EdgeError, Probe, Source};
use crate::sources::scim_push::config::ScimPushConfig;
use crate::sources::scim_push::decode::{Decoded, Decoder};

const NOTHING_YET: &str = "its provider has pushed nothing yet";

/// Reads the roster of one source from the state.
pub struct ScimPushSource {
    config: ScimPushConfig,
    rosters: Arc<dyn RosterReader>,
    clock: Arc<dyn Clock>,
}

impl ScimPushSource {
    pub fn new(
        config: ScimPushConfig,
        rosters: Arc<dyn RosterReader>,
        clock: Arc<dyn Clock>,
    ) -> ScimPushSource {
        ScimPushSource { config, rosters, clock }
    }
}

impl Source for ScimPushSource {
    fn name(&self) -> &SourceName {
        &self.config.name
    }

    fn kind(&self) -> SourceKind {
        SourceKind::ScimPush
    }

    fn read<'a>(&'a self, wanted: &'a [GroupRef]) -> BoxFuture<'a, Result<Snapshot, EdgeError>> {
        Box::pin(async move {
            let decoder = Decoder::new(&self.config);
            let mut found = Found::default();
            let mut take = |entry: Entry| found.take(&decoder, &entry);
            let read = self.rosters.read(&self.config.name, wanted, &mut take).await?;
            Ok(self.snapshot(wanted, found, &read))
        })
    }

    fn find<'a>(&'a self, asked: &'a str) -> BoxFuture<'a, Result<Vec<Arc<Person>>, EdgeError>> {
        Box::pin(async move {
            let decoder = Decoder::new(&self.config);
            let mut found = Vec::new();
            let mut take = |entry: Entry| match decoder.decoded(&entry) {
                Decoded::Person(person) if person.answers_to(asked) => found.push(Arc::from(person)),
                Decoded::Person(_) | Decoded::Inactive | Decoded::Broken => {}
            };
            self.rosters.everyone(&self.config.name, &mut take).await?;
            Ok(found)
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<Probe, EdgeError>> {
        Box::pin(async move {
            let read = self.rosters.read(&self.config.name, &[], &mut |_| ()).await?;
            let place = format!("/scim/v2/{}", self.config.name);
            let pushed = match &read.standing {
                None => "nothing yet".to_owned(),
                Some(Standing { people, groups, .. }) => format!("people {people}, groups {groups}"),
            };
            Ok(Probe { place, product: Some(format!("SCIM, pushed ({pushed})")), trouble: Vec::new() })
        })
    }
}

impl ScimPushSource {
    fn snapshot(&self, wanted: &[GroupRef], found: Found, read: &RosterReading) -> Snapshot {
        let roots: Vec<(Root, Option<usize>)> = wanted.iter().map(|wanted| root(wanted, read)).collect();
        let (graph, places) = graph(found, read);
        let roots = roots.into_iter().map(|(root, at)| match at {
            Some(at) => places.get(read.groups[at].id.as_str()).map_or(root, |place| Root::Group(*place)),
            None => root,
        });
        let name = &self.config.name;
        let nested = self.config.nested_groups;
        let mut snapshot = snapshot(name, SourceKind::ScimPush, wanted, roots.collect(), graph, nested);
        if let Some(because) = self.doubt(read) {
            snapshot.reading = Coverage::Partial { because };
        }
        snapshot
    }

    /// Why what was pushed may not be all there is.
    fn doubt(&self, read: &RosterReading) -> Option<String> {
        let Some(standing) = &read.standing else {
            return Some(NOTHING_YET.to_owned());
        };
        match standing.coverage(&self.config.name, self.config.patience, self.clock.now()) {
            Coverage::Complete => None,
            Coverage::Partial { because } => Some(because),
        }
    }
}

/// The entries that were handed over.
#[derive(Default)]
struct Found {
    graph: Graph,
    /// Places in the nodes of the graph.
    nodes: HashMap<String, u32>,
}

impl Found {
    fn take(&mut self, decoder: &Decoder<'_>, entry: &Entry) {
        let node = match decoder.decoded(entry) {
            Decoded::Person(person) => {
                self.graph.people.push(Arc::new(*person));
                Node::Person(place(self.graph.people.len() - 1))
            }
            Decoded::Inactive => Node::LeftOut,
            Decoded::Broken => {
                Node::Hidden { because: format!("what is kept of `{}` cannot be read", entry.id).into() }
            }
        };
        self.node(entry.id.clone(), node);
    }

    fn node(&mut self, id: String, node: Node) -> u32 {
        let at = place(self.graph.nodes.len());
        self.graph.nodes.push(node);
        self.nodes.insert(id, at);
        at
    }
}

/// The groups that were read, and who is in them; and the place of each.
fn graph(mut found: Found, read: &RosterReading) -> (Graph, HashMap<&str, u32>) {
    let mut places = HashMap::new();
    let read_groups = read.groups.iter().filter(|group| read.members.contains_key(&group.id));
    for (at, group) in (0..).zip(read_groups.clone()) {
        places.insert(group.id.as_str(), at);
        found.node(group.id.clone(), Node::Group(at));
    }
    for group in read_groups {
        let mut members = Vec::new();
        for member in read.members.get(&group.id).into_iter().flatten() {
            let node = match found.nodes.get(member) {
                Some(node) => *node,
                // Providers push members before the people they are.
                None => {
                    let because = format!("its member `{member}` was not pushed yet").into();
                    found.node(member.clone(), Node::Hidden { because })
                }
            };
            members.push(node);
        }
        let group = Group { id: group.id.as_str().into(), name: group.name.as_str().into() };
        found.graph.groups.push(GroupNode { group, members, flaw: None });
    }
    (found.graph, places)
}

/// What a reference comes to, and the place of the one group that it means.
fn root(wanted: &GroupRef, read: &RosterReading) -> (Root, Option<usize>) {
    let groups = &read.groups;
    let found: Vec<usize> = (0..groups.len()).filter(|at| groups[*at].answers_to(wanted)).collect();
    match found.as_slice() {
        // It is not misspelt: nobody can tell yet.
        [] if read.standing.is_none() => (Root::Unread { because: NOTHING_YET.to_owned() }, None),
        [] => (Root::Missing, None),
        [at] => (Root::Unread { because: "it was not read".to_owned() }, Some(*at)),
        several => {
            let candidates = several.iter().map(|at| format!("id:{}", groups[*at].id)).collect();
            (Root::Ambiguous { candidates }, None)
        }
    }
}

fn place(at: usize) -> u32 {
    u32::try_from(at).expect("a directory holds fewer than four billion entries")
}
