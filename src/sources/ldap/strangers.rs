//! Members whom groups of another source name: looked up here by DN, or by the SID that a stand-in bears.

use std::collections::HashMap;
use std::sync::Arc;

use crate::membership::graph::{Graph, Node};
use crate::model::distinguished_name::DistinguishedName;
use crate::model::snapshot::Coverage;
use crate::ports::Identified;
use crate::sources::ldap::config::Schema;
use crate::sources::ldap::decode::Decoder;
use crate::sources::ldap::lookup::{Lookup, Name};
use crate::sources::ldap::sid::Sid;
use crate::sources::ldap::walk::meet;

/// What a stranger's name tells.
#[derive(Debug, Clone)]
pub enum Clue {
    Sid(Sid),
    Name(Name),
    /// It can be nobody of this source.
    None,
}

/// What each name tells a source of this schema that holds people in places that `covers` says.
pub fn clues(names: &[Box<str>], schema: Schema, covers: impl Fn(&DistinguishedName) -> bool) -> Vec<Clue> {
    let clue = |spelt: &str| match (Sid::of_stand_in(spelt), DistinguishedName::parse(spelt)) {
        (Some(sid), _) if schema == Schema::ActiveDirectory => Clue::Sid(sid),
        (None, Some(canonical)) if covers(&canonical) => Clue::Name(Name { spelt: spelt.into(), canonical }),
        (Some(_) | None, Some(_) | None) => Clue::None,
    };
    names.iter().map(|name| clue(name)).collect()
}

/// Whether there is anybody to ask for.
pub fn any(clues: &[Clue]) -> bool {
    clues.iter().any(|clue| match clue {
        Clue::Sid(_) | Clue::Name(_) => true,
        Clue::None => false,
    })
}

/// The answers where the directory could not be asked.
pub fn unread(clues: &[Clue], because: &str) -> Vec<Identified> {
    let answer = |clue: &Clue| match clue {
        Clue::Sid(_) | Clue::Name(_) => Identified::Unread { because: because.to_owned() },
        Clue::None => Identified::Unknown,
    };
    clues.iter().map(answer).collect()
}

/// Who they are, one answer for each clue.
pub async fn identify(lookup: &impl Lookup, decoder: &Decoder, clues: &[Clue]) -> Vec<Identified> {
    let sids: Vec<Sid> = clues
        .iter()
        .filter_map(|clue| match clue {
            Clue::Sid(sid) => Some(sid.clone()),
            Clue::Name(_) | Clue::None => None,
        })
        .collect();
    let holders = match sids.is_empty() {
        true => Ok(HashMap::new()),
        false => lookup.sids(&sids).await,
    };
    let mut answers = vec![Identified::Unknown; clues.len()];
    let (mut names, mut asked) = (Vec::new(), Vec::new());
    for (at, clue) in clues.iter().enumerate() {
        let name = match (clue, &holders) {
            (Clue::Name(name), _) => Some(name.clone()),
            (Clue::Sid(sid), Ok(holders)) => holders
                .get(sid)
                .and_then(|dn| Some(Name { spelt: dn.clone(), canonical: DistinguishedName::parse(dn)? })),
            (Clue::Sid(_), Err(because)) => {
                answers[at] = Identified::Unread { because: because.clone() };
                None
            }
            (Clue::None, _) => None,
        };
        if let Some(name) = name {
            names.push(name);
            asked.push(at);
        }
    }
    let (nodes, graph) = meet(lookup, decoder, names).await;
    for (at, node) in asked.into_iter().zip(nodes) {
        answers[at] = answer(&graph, node, decoder.directory.nested_groups);
    }
    answers
}

fn answer(graph: &Graph, node: u32, nested: bool) -> Identified {
    let known = |people| Identified::Known { people, coverage: Coverage::Complete };
    match &graph.nodes[node as usize] {
        Node::Person(person) => known(vec![(Arc::clone(&graph.people[*person as usize]), Vec::new())]),
        Node::Group(group) if nested => of_group(graph, *group),
        Node::LeftOut => known(Vec::new()),
        // Not even its own directory knows it, or follows it: so it is named by whoever names it.
        Node::Group(_) | Node::Gone { .. } | Node::Outside { .. } => Identified::Unknown,
        Node::Hidden { because } => Identified::Unread { because: because.to_string() },
        Node::Pending => Identified::Unread { because: "a member was not looked up".to_owned() },
    }
}

fn of_group(graph: &Graph, group: u32) -> Identified {
    let closure = graph.closure(group, true);
    // Whoever is outside of this source as well is not asked for once more.
    let coverage = match (closure.coverage, closure.strangers.first()) {
        (Coverage::Complete, Some((name, path))) => Coverage::Partial {
            because: format!(
                "member `{name}` of group `{}` is of a third source",
                path.names().last().map_or("", |name| name)
            ),
        },
        (coverage, _) => coverage,
    };
    let person = |at: u32| Arc::clone(&graph.people[at as usize]);
    let people =
        closure.members.iter().map(|member| (person(member.person), member.path.names().to_vec())).collect();
    Identified::Known { people, coverage }
}
