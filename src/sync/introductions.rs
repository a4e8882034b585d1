//! Introducing: members whom one source names but does not hold are looked for in the others.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::future::join_all;

use crate::model::group::{GroupRef, Member, NestingPath};
use crate::model::person::{Person, SourceName};
use crate::model::snapshot::{Coverage, GroupState, Snapshot, SourceKind};
use crate::model::stranger::{Guest, Stranger};
use crate::ports::{Identified, Source};

/// Asks every source about the strangers of the others. Those whom one knows become guests; where one that might know
/// them could not be asked, the group that names them is partial; the others stay strangers.
pub async fn introduce(snapshots: &mut Vec<Snapshot>, sources: &[Arc<dyn Source>]) {
    let mut sources: Vec<&Arc<dyn Source>> = sources.iter().collect();
    sources.sort_by(|a, b| a.name().cmp(b.name()));
    let answers: Vec<Answers> =
        join_all(sources.into_iter().map(|source| ask(source.as_ref(), snapshots))).await;
    let mut hall = Hall { snapshots: std::mem::take(snapshots), places: HashMap::new() };
    for at in 0..hall.snapshots.len() {
        for stranger in std::mem::take(&mut hall.snapshots[at].strangers) {
            hall.seat(at, stranger, &answers);
        }
    }
    *snapshots = hall.snapshots;
}

/// What one source said.
struct Answers {
    source: SourceName,
    kind: SourceKind,
    by_name: BTreeMap<Box<str>, Identified>,
}

async fn ask(source: &dyn Source, snapshots: &[Snapshot]) -> Answers {
    let others = snapshots.iter().filter(|snapshot| snapshot.source != *source.name());
    let names: BTreeSet<&str> =
        others.flat_map(|snapshot| snapshot.strangers.iter().map(|stranger| &*stranger.name)).collect();
    let names: Vec<Box<str>> = names.into_iter().map(Box::from).collect();
    let answers = if names.is_empty() { Vec::new() } else { source.identify(&names).await };
    let by_name = names.into_iter().zip(answers).collect();
    Answers { source: source.name().clone(), kind: source.kind(), by_name }
}

/// The snapshots while guests are seated.
struct Hall {
    snapshots: Vec<Snapshot>,
    /// By the place of a snapshot, the places of its people by their ids.
    places: HashMap<usize, HashMap<Box<str>, u32>>,
}

impl Hall {
    fn seat(&mut self, at: usize, stranger: Stranger, answers: &[Answers]) {
        let told: Vec<(&Answers, &Identified)> = answers
            .iter()
            .filter(|answers| answers.source != self.snapshots[at].source)
            .filter_map(|answers| Some((answers, answers.by_name.get(&stranger.name)?)))
            .collect();
        for (answers, identified) in &told {
            let Identified::Known { people, coverage } = identified else { continue };
            if let Coverage::Partial { because } = coverage {
                self.spoil(at, &stranger.group, because);
            }
            for (person, below) in people {
                let path: Vec<Box<str>> = stranger.path.names().iter().chain(below).cloned().collect();
                let member = Member { person: self.place(answers, person), path: NestingPath::new(path) };
                let (group, home) = (stranger.group.clone(), answers.source.clone());
                self.snapshots[at].guests.push(Guest { group, home, member });
            }
            return;
        }
        for (answers, identified) in told {
            if let Identified::Unread { because } = identified {
                let because = format!(
                    "source `{}`, to which member `{}` may belong, could not tell: {because}",
                    answers.source, stranger.name
                );
                return self.spoil(at, &stranger.group, &because);
            }
        }
        self.snapshots[at].strangers.push(stranger);
    }

    /// The place of a person among the people of their home.
    fn place(&mut self, home: &Answers, person: &Arc<Person>) -> u32 {
        let known = self.snapshots.iter().position(|snapshot| snapshot.source == home.source);
        let at = known.unwrap_or_else(|| {
            self.snapshots.push(no_groups(home));
            self.snapshots.len() - 1
        });
        let people = &mut self.snapshots[at].people;
        let index =
            |place: usize| u32::try_from(place).expect("a directory holds fewer than four billion people");
        let places = self.places.entry(at).or_insert_with(|| {
            people.iter().enumerate().map(|(place, person)| (person.id().into(), index(place))).collect()
        });
        *places.entry(person.id().into()).or_insert_with(|| {
            people.push(Arc::clone(person));
            index(people.len() - 1)
        })
    }

    fn spoil(&mut self, at: usize, group: &GroupRef, because: &str) {
        for reading in self.snapshots[at].groups.iter_mut().filter(|reading| reading.reference == *group) {
            if let GroupState::Found { coverage, .. } = &mut reading.state
                && *coverage == Coverage::Complete
            {
                *coverage = Coverage::Partial { because: because.to_owned() };
            }
        }
    }
}

/// Of a source of which no rule names a group.
fn no_groups(home: &Answers) -> Snapshot {
    Snapshot {
        source: home.source.clone(),
        kind: home.kind,
        reading: Coverage::Complete,
        read_whole_at: None,
        people: Vec::new(),
        groups: Vec::new(),
        strangers: Vec::new(),
        guests: Vec::new(),
        doubtful: Vec::new(),
        findings: Vec::new(),
    }
}
