//! The text of a CSV file (RFC 4180) as people and their groups; pure.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use csv::{ErrorKind, ReaderBuilder, StringRecord};

use crate::model::person::{Attribute, Person, PersonId, Profile};
use crate::sources::csv::config::{ColumnNames, CsvConfig};
use crate::sources::csv::error::DecodeError;

/// One person and the groups that any of their lines names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub person: Arc<Person>,
    pub groups: BTreeSet<Box<str>>,
    /// The byte of the text where the person was first met.
    at: u64,
}

/// Everyone in the file, by id. Whatever is wrong with any line is an error: half a file is not a smaller company.
pub fn decode(bytes: &[u8], config: &CsvConfig) -> Result<BTreeMap<PersonId, Listed>, DecodeError> {
    let text = text(bytes)?;
    check_quotes(text)?;
    let mut reader = ReaderBuilder::new().from_reader(text.as_bytes());
    let of_csv = |error| of_csv(text, error);
    let header = Header::read(text, reader.headers().map_err(of_csv)?, &config.columns)?;

    let mut people: BTreeMap<PersonId, Listed> = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(of_csv)?;
        let listed = header.listed(&record, config)?;
        let id = PersonId::new(listed.person.id());
        match people.get_mut(&id) {
            Some(known) => {
                header.agree(known, &listed)?;
                known.groups.extend(listed.groups);
            }
            None => {
                people.insert(id, listed);
            }
        }
    }
    Ok(people)
}

/// Where the columns are that mean something.
struct Header<'c> {
    text: &'c str,
    names: &'c ColumnNames,
    id: usize,
    groups: usize,
    username: Option<usize>,
    email: Option<usize>,
    name: Option<usize>,
    identity: Option<usize>,
    /// All the others.
    extra: Vec<(Arc<str>, usize)>,
}

impl<'c> Header<'c> {
    fn read(text: &'c str, header: &StringRecord, names: &'c ColumnNames) -> Result<Header<'c>, DecodeError> {
        let found: Vec<&str> = header.iter().map(str::trim).collect();
        if found.iter().all(|name| name.is_empty()) {
            return Err(DecodeError::NoHeader);
        }
        for (at, name) in found.iter().enumerate() {
            if name.is_empty() {
                return Err(DecodeError::NamelessColumn { field: at + 1 });
            }
            if found[..at].contains(name) {
                return Err(DecodeError::ColumnTwice { name: (*name).to_owned() });
            }
        }
        let listed = || found.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>();
        let place = |name: &str| found.iter().position(|column| *column == name);
        let needed = |name: &str| {
            place(name).ok_or_else(|| DecodeError::NoColumn { name: name.to_owned(), found: listed() })
        };
        // A column that is asked for must be there; one of a default name may be missing.
        let wanted = |name: &str, default: &str| match place(name) {
            None if name != default => needed(name).map(Some),
            found => Ok(found),
        };

        let default = ColumnNames::default();
        let id = place(&names.id)
            .ok_or_else(|| DecodeError::NoIdColumn { name: names.id.clone(), found: listed() })?;
        let groups = needed(&names.groups)?;
        let username = wanted(&names.username, &default.username)?;
        let email = wanted(&names.email, &default.email)?;
        let name = wanted(&names.name, &default.name)?;
        let identity = names.identity.as_deref().map(needed).transpose()?;
        if username.or(email).or(identity).is_none() {
            return Err(DecodeError::NoMatchingColumn { found: listed() });
        }
        let meant = [Some(id), Some(groups), username, email, name, identity];
        let mut extra: Vec<(Arc<str>, usize)> = found
            .iter()
            .enumerate()
            .filter(|(at, _)| !meant.contains(&Some(*at)))
            .map(|(at, name)| (Arc::from(*name), at))
            .collect();
        extra.sort();
        Ok(Header { text, names, id, groups, username, email, name, identity, extra })
    }

    fn listed(&self, record: &StringRecord, config: &CsvConfig) -> Result<Listed, DecodeError> {
        let cell = |at: usize| record.get(at).map(str::trim).filter(|text| !text.is_empty());
        let optional = |at: Option<usize>| at.and_then(cell).map(Cow::from);
        let at = record.position().map_or(0, csv::Position::byte);
        let Some(id) = cell(self.id) else {
            let line = line(self.text, at);
            return Err(DecodeError::NoId { line, column: self.names.id.clone() });
        };
        let groups = cell(self.groups).unwrap_or_default().split(config.group_separator);
        let attribute = |(name, at): &(Arc<str>, usize)| {
            cell(*at).map(|value| Attribute { name: name.clone(), values: vec![value.into()] })
        };
        let profile = Profile {
            id: id.into(),
            username: optional(self.username),
            name: optional(self.name),
            emails: optional(self.email).into_iter().collect(),
            identity: optional(self.identity),
            attributes: self.extra.iter().filter_map(attribute).collect(),
        };
        Ok(Listed {
            person: Arc::new(profile.into()),
            groups: groups.map(str::trim).filter(|group| !group.is_empty()).map(Box::from).collect(),
            at,
        })
    }

    /// Several lines may tell of one person, but not two things.
    fn agree(&self, first: &Listed, second: &Listed) -> Result<(), DecodeError> {
        let (one, other) = (&*first.person, &*second.person);
        let extra = self.extra.iter().find(|(name, _)| one.attribute(name) != other.attribute(name));
        let column = if one.username() != other.username() {
            &self.names.username
        } else if one.email() != other.email() {
            &self.names.email
        } else if one.name() != other.name() {
            &self.names.name
        } else if one.identity() != other.identity() {
            self.names.identity.as_deref().unwrap_or_default()
        } else if let Some((name, _)) = extra {
            name
        } else {
            return Ok(());
        };
        Err(DecodeError::Disagreement {
            line: line(self.text, second.at),
            first_line: line(self.text, first.at),
            column: column.to_owned(),
            id: other.id().to_owned(),
        })
    }
}

/// The text without a byte order mark.
fn text(bytes: &[u8]) -> Result<&str, DecodeError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(error) => {
            let valid = std::str::from_utf8(&bytes[..error.valid_up_to()]).expect("it is valid up to there");
            let (line, column) = place(valid);
            Err(DecodeError::NotUtf8 { line, column })
        }
    }
}

/// The reader forgives a quote that is never closed, and takes all lines that follow for a part of it: people would be
/// missing, and nobody would know.
fn check_quotes(text: &str) -> Result<(), DecodeError> {
    let mut opened = None;
    let mut at_start = true;
    let mut characters = text.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        match (opened, c) {
            (Some(_), '"') if characters.next_if(|(_, next)| *next == '"').is_some() => {}
            (Some(_), '"') => {
                opened = None;
                if let Some((at, _)) =
                    characters.peek().filter(|(_, next)| !matches!(next, ',' | '\r' | '\n'))
                {
                    let (line, column) = place(&text[..*at]);
                    return Err(DecodeError::TextAfterQuote { line, column });
                }
            }
            (Some(_), _) => {}
            (None, '"') if at_start => opened = Some(at),
            (None, _) => at_start = matches!(c, ',' | '\r' | '\n'),
        }
    }
    match opened {
        Some(at) => {
            let (line, column) = place(&text[..at]);
            Err(DecodeError::OpenQuote { line, column })
        }
        None => Ok(()),
    }
}

/// The line and column of what comes after `before`, counting characters from 1.
fn place(before: &str) -> (usize, usize) {
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

fn of_csv(text: &str, error: csv::Error) -> DecodeError {
    let line = line(text, error.position().map_or(0, csv::Position::byte));
    if let ErrorKind::UnequalLengths { expected_len, len, .. } = error.kind() {
        return DecodeError::FieldCount { line, found: *len, expected: *expected_len };
    }
    DecodeError::Other { line, cause: error }
}

/// The line of the record at a byte. The reader's own count stops before the empty lines above a record.
fn line(text: &str, at: u64) -> usize {
    let (before, record) = text.split_at(usize::try_from(at).map_or(0, |at| text.floor_char_boundary(at)));
    let empty = record.len() - record.trim_start_matches(['\r', '\n']).len();
    place(before).0 + record[..empty].matches('\n').count()
}
