//! One reading of a directory, and how much of it may be believed.

use std::sync::Arc;

use jiff::Timestamp;

use crate::model::finding::Finding;
use crate::model::group::{Group, GroupRef, Member};
use crate::model::person::{Person, SourceName};
use crate::model::stranger::{Guest, Stranger};

/// Whether a reading is all there is. Only what is complete may take a seat from anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Coverage {
    Complete,
    Partial { because: String },
}

/// What kind of directory a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    Ldap,
    Ldif,
    Csv,
    /// Pulled from a SCIM 2.0 service provider.
    Scim,
    /// Pushed to us over SCIM 2.0 by an identity provider.
    ScimPush,
    /// Told by signed assertions.
    Saml,
}

impl SourceKind {
    pub fn key(self) -> &'static str {
        match self {
            SourceKind::Ldap => "ldap",
            SourceKind::Ldif => "ldif",
            SourceKind::Csv => "csv",
            SourceKind::Scim => "scim",
            SourceKind::ScimPush => "scim_push",
            SourceKind::Saml => "saml",
        }
    }
}

/// What one source told of the groups that rules name, and of the people in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub source: SourceName,
    pub kind: SourceKind,
    /// Of the reading as a whole; a group may be less than that. See [`Snapshot::coverage`].
    pub reading: Coverage,
    /// Where only changes were read: when the source was last read whole.
    pub read_whole_at: Option<Timestamp>,
    /// Everyone in the groups below, each once; and whoever is in groups of other sources.
    pub people: Vec<Arc<Person>>,
    /// One for each group that was asked for.
    pub groups: Vec<GroupReading>,
    /// Members of these groups whom no source that was asked knows.
    pub strangers: Vec<Stranger>,
    /// Members of these groups whom another source knows.
    pub guests: Vec<Guest>,
    /// People of whom the source cannot say in which groups they are.
    pub doubtful: Vec<Member>,
    /// What the source noticed, such as members that are gone.
    pub findings: Vec<Finding>,
}

/// What became of one group that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupReading {
    pub reference: GroupRef,
    pub state: GroupState,
}

/// See [`GroupReading`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupState {
    Found {
        group: Group,
        members: Vec<Member>,
        coverage: Coverage,
    },
    /// The directory answered in full, and there is no such group.
    Missing,
    /// Several groups bear this name; `candidates` are their DNs or ids.
    Ambiguous {
        candidates: Vec<String>,
    },
    /// It could not be read at all.
    Unread {
        because: String,
    },
}

impl Snapshot {
    /// The snapshot of a source that could not be read: nothing is known, and nothing may follow from it.
    pub fn unread(source: SourceName, kind: SourceKind, wanted: &[GroupRef], because: &str) -> Snapshot {
        Snapshot {
            source,
            kind,
            reading: Coverage::Partial { because: because.to_owned() },
            read_whole_at: None,
            people: Vec::new(),
            groups: wanted
                .iter()
                .map(|reference| GroupReading {
                    reference: reference.clone(),
                    state: GroupState::Unread { because: because.to_owned() },
                })
                .collect(),
            strangers: Vec::new(),
            guests: Vec::new(),
            doubtful: Vec::new(),
            findings: Vec::new(),
        }
    }

    /// Complete only where the reading and each group that was asked for are; otherwise the first reason why not, by
    /// the group.
    pub fn coverage(&self) -> Coverage {
        if let Coverage::Partial { .. } = &self.reading {
            return self.reading.clone();
        }
        let mut groups: Vec<&GroupReading> = self.groups.iter().collect();
        groups.sort_by_key(|reading| &reading.reference);
        for GroupReading { reference, state } in groups {
            let because = match state {
                GroupState::Found { coverage: Coverage::Complete, .. } => continue,
                GroupState::Found { coverage: Coverage::Partial { because }, .. } => {
                    format!("group `{reference}` was not read whole: {because}")
                }
                GroupState::Missing => format!("group `{reference}` does not exist"),
                GroupState::Ambiguous { .. } => format!("several groups are named `{reference}`"),
                GroupState::Unread { because } => format!("group `{reference}` could not be read: {because}"),
            };
            return Coverage::Partial { because };
        }
        Coverage::Complete
    }

    /// How many of the groups that were asked for were found.
    pub fn groups_found(&self) -> usize {
        self.groups.iter().filter(|reading| matches!(reading.state, GroupState::Found { .. })).count()
    }

    /// The guests of a group that was asked for.
    pub fn guests_of(&self, reference: &GroupRef) -> impl Iterator<Item = &Guest> {
        self.guests.iter().filter(move |guest| guest.group == *reference)
    }

    /// What became of a group that was asked for.
    pub fn group(&self, reference: &GroupRef) -> Option<&GroupState> {
        self.groups.iter().find(|reading| reading.reference == *reference).map(|reading| &reading.state)
    }
}
