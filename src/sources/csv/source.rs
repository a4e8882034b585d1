//! A CSV file as a source.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::model::group::{Group, GroupRef, Member, NestingPath};
use crate::model::person::{Person, PersonId, SourceName};
use crate::model::snapshot::{Coverage, GroupReading, GroupState, Snapshot, SourceKind};
use crate::ports::{EdgeError, Probe, Source};
use crate::sources::csv::config::CsvConfig;
use crate::sources::csv::decode::{Listed, decode};
use crate::sources::csv::error::CsvError;

/// Reads the whole file each time: it is complete, or an error.
#[derive(Debug)]
pub struct CsvSource {
    config: CsvConfig,
}

impl CsvSource {
    pub fn new(config: CsvConfig) -> CsvSource {
        CsvSource { config }
    }

    async fn people(&self) -> Result<BTreeMap<PersonId, Listed>, CsvError> {
        let path = &self.config.path;
        let bytes =
            tokio::fs::read(path).await.map_err(|cause| CsvError::Read { path: path.clone(), cause })?;
        decode(&bytes, &self.config).map_err(|cause| CsvError::Decode { path: path.clone(), cause })
    }
}

impl Source for CsvSource {
    fn name(&self) -> &SourceName {
        &self.config.name
    }

    fn kind(&self) -> SourceKind {
        SourceKind::Csv
    }

    fn read<'a>(&'a self, wanted: &'a [GroupRef]) -> BoxFuture<'a, Result<Snapshot, EdgeError>> {
        Box::pin(async move { Ok(snapshot(&self.config.name, &self.people().await?, wanted)) })
    }

    fn find<'a>(&'a self, asked: &'a str) -> BoxFuture<'a, Result<Vec<Arc<Person>>, EdgeError>> {
        Box::pin(async move {
            let people = self.people().await?.into_values().map(|listed| listed.person);
            Ok(people.filter(|person| person.answers_to(asked)).collect())
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<Probe, EdgeError>> {
        let place = self.config.path.display().to_string();
        Box::pin(
            async move { Ok(Probe { place, product: Some("CSV file".to_owned()), trouble: Vec::new() }) },
        )
    }
}

/// A group is a text in the column of groups, so it exists as long as somebody is in it.
fn snapshot(source: &SourceName, people: &BTreeMap<PersonId, Listed>, wanted: &[GroupRef]) -> Snapshot {
    let texts: Vec<&str> = wanted.iter().map(text).collect();
    let known: Vec<&Listed> =
        people.values().filter(|listed| texts.iter().any(|text| listed.groups.contains(*text))).collect();
    let groups = wanted
        .iter()
        .zip(texts)
        .map(|(reference, text)| GroupReading { reference: reference.clone(), state: group(text, &known) })
        .collect();
    Snapshot {
        source: source.clone(),
        kind: SourceKind::Csv,
        reading: Coverage::Complete,
        read_whole_at: None,
        people: known.iter().map(|listed| listed.person.clone()).collect(),
        groups,
        strangers: Vec::new(),
        guests: Vec::new(),
        doubtful: Vec::new(),
        findings: Vec::new(),
    }
}

fn group(text: &str, people: &[&Listed]) -> GroupState {
    let path = NestingPath::new([Box::from(text)]);
    let members: Vec<Member> = (0..)
        .zip(people)
        .filter(|(_, listed)| listed.groups.contains(text))
        .map(|(person, _)| Member { person, path: path.clone() })
        .collect();
    if members.is_empty() {
        return GroupState::Missing;
    }
    let group = Group { id: text.into(), name: text.into() };
    GroupState::Found { group, members, coverage: Coverage::Complete }
}

/// Name, DN and id of a group are the same here: its text.
fn text(reference: &GroupRef) -> &str {
    match reference {
        GroupRef::Name(text) | GroupRef::Dn(text) | GroupRef::Id(text) => text,
    }
}
