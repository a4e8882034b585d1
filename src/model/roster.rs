//! What identity providers push to us: entries of people and groups, changes to them, and how far the whole is believed.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::model::group::GroupRef;
use crate::model::person::SourceName;
use crate::model::snapshot::Coverage;

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    Person,
    Group,
}

impl EntryKind {
    pub fn key(self) -> &'static str {
        match self {
            EntryKind::Person => "person",
            EntryKind::Group => "group",
        }
    }
}

/// One person or group, as an identity provider described it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub kind: EntryKind,
    /// Given by us, and never again to anybody else.
    pub id: String,
    pub description: Description,
    /// Counts the changes, from 1.
    pub version: i64,
    pub created_at: Timestamp,
    pub modified_at: Timestamp,
}

/// What the provider may change of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Description {
    /// The provider's own key.
    pub external_id: Option<String>,
    /// The username of a person, the name of a group; never empty.
    pub name: String,
    /// A person who is not counts for nobody.
    pub active: bool,
    /// All attributes, as a JSON object of SCIM; of a group without its members.
    pub body: String,
}

/// Which entries are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    Id(String),
    ExternalId(String),
    /// Without regard to case.
    Name(String),
    /// Groups that hold this member.
    Member(String),
    /// Some of all, in the order in which they came.
    Page {
        skip: u64,
        most: u64,
    },
}

/// One change to a roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    Create {
        kind: EntryKind,
        id: String,
        description: Description,
        members: Vec<String>,
    },
    /// Only while the entry has this version.
    Change {
        kind: EntryKind,
        id: String,
        version: i64,
        description: Description,
        members: MemberEdits,
    },
    /// Takes a person out of their groups as well.
    Delete {
        kind: EntryKind,
        id: String,
        version: i64,
    },
}

/// Who joins and who leaves a group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MemberEdits {
    /// Everyone leaves first.
    pub cleared: bool,
    /// Whether this one is a member afterwards.
    pub after: BTreeMap<String, bool>,
}

impl MemberEdits {
    pub fn add(&mut self, member: String) {
        self.after.insert(member, true);
    }

    pub fn remove(&mut self, member: String) {
        self.after.insert(member, false);
    }

    pub fn clear(&mut self) {
        self.cleared = true;
        self.after.clear();
    }

    pub fn is_empty(&self) -> bool {
        !self.cleared && self.after.is_empty()
    }
}

/// What became of an [`Edit`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edited {
    Done,
    /// Another person has this username.
    NameTaken,
    /// The entry has another version by now, or is gone.
    Moved,
}

/// How things stand with the roster of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub people: u64,
    pub groups: u64,
    /// When the provider last asked or told anything.
    pub heard_at: Timestamp,
    pub written_at: Option<Timestamp>,
    /// When anything was last taken away: a member, a group, a person, or that a person is active.
    pub taken_at: Option<Timestamp>,
    /// When somebody said that all had been pushed.
    pub confirmed_at: Option<Timestamp>,
    /// When the provider asked for an entry that was never here, after that.
    pub doubted_at: Option<Timestamp>,
}

/// How long a roster is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Since the provider was last heard of.
    pub stale_after: SignedDuration,
    /// From when something was taken away: who moves from one group to another is in neither for a moment.
    pub settle_after: SignedDuration,
}

impl Standing {
    /// Whether the roster is all there is; nothing tells so by itself, since a provider sends what has changed, and
    /// never says that this was all. See `docs/decisions/0002-pushed-rosters.md`.
    pub fn coverage(&self, source: &SourceName, patience: Patience, now: Timestamp) -> Coverage {
        let partial = |because| Coverage::Partial { because };
        let since = |time: Timestamp| now.duration_since(time);
        if self.confirmed_at.is_none() {
            return partial(format!(
                "nobody has confirmed that its first cycle is over: once it is, `seatsync roster {source} --complete`"
            ));
        }
        if let Some(doubted_at) = self.doubted_at {
            return partial(format!(
                "its provider asked on {doubted_at} for somebody who was never here, so something was lost: have it \
                 send everything again, then `seatsync roster {source} --complete`"
            ));
        }
        if since(self.heard_at) > patience.stale_after {
            return partial(format!("nothing was heard of its provider since {}", self.heard_at));
        }
        match self.taken_at {
            Some(taken_at) if since(taken_at) < patience.settle_after => {
                partial(format!("its provider is taking people out of it: the last time at {taken_at}"))
            }
            Some(_) | None => Coverage::Complete,
        }
    }
}

/// A group of a roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterGroup {
    pub id: String,
    pub external_id: Option<String>,
    pub name: String,
}

impl RosterGroup {
    /// Whether a rule means it: by our id, by the provider's own, or by its name.
    pub fn answers_to(&self, reference: &GroupRef) -> bool {
        match reference {
            GroupRef::Id(id) => self.id == **id || self.external_id.as_deref() == Some(&**id),
            // A provider may name a group by its DN; none has any other.
            GroupRef::Name(name) | GroupRef::Dn(name) => self.name.to_lowercase() == name.to_lowercase(),
        }
    }
}

/// The part of a roster that rules speak of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RosterReading {
    /// `None` where nothing was ever pushed.
    pub standing: Option<Standing>,
    /// All groups, by id.
    pub groups: Vec<RosterGroup>,
    /// Who is in the groups that were asked for, and in those below them; by the id of the group, sorted.
    pub members: BTreeMap<String, Vec<String>>,
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use crate::model::person::SourceName;
    use crate::model::roster::{Patience, Standing};
    use crate::model::snapshot::Coverage;

    const PATIENCE: Patience = Patience {
        stale_after: SignedDuration::from_hours(24 * 14),
        settle_after: SignedDuration::from_mins(10),
    };

    fn at(minutes: i64) -> Timestamp {
        "2026-11-22T04:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
    }

    fn believed(standing: &Standing, now: Timestamp) -> String {
        match standing.coverage(&SourceName::new("entra"), PATIENCE, now) {
            Coverage::Complete => "complete".to_owned(),
            Coverage::Partial { because } => because,
        }
    }

    #[test]
    fn a_roster_is_believed_once_confirmed_while_its_provider_lives_and_takes_nothing_away() {
        let fresh = Standing {
            people: 3,
            groups: 1,
            heard_at: at(0),
            written_at: Some(at(0)),
            taken_at: None,
            confirmed_at: None,
            doubted_at: None,
        };
        assert_eq!(
            believed(&fresh, at(10_000)),
            "nobody has confirmed that its first cycle is over: once it is, `seatsync roster entra --complete`"
        );
        let whole = Standing { confirmed_at: Some(at(1)), ..fresh };
        assert_eq!(believed(&whole, at(2)), "complete");
        assert_eq!(
            believed(&whole, at(14 * 24 * 60 + 1)),
            "nothing was heard of its provider since 2026-11-22T04:00:00Z"
        );
        let moving = Standing { taken_at: Some(at(5)), heard_at: at(5), ..whole.clone() };
        assert_eq!(
            believed(&moving, at(14)),
            "its provider is taking people out of it: the last time at 2026-11-22T04:05:00Z"
        );
        assert_eq!(believed(&moving, at(15)), "complete");
        let doubted = Standing { doubted_at: Some(at(3)), ..whole };
        assert_eq!(
            believed(&doubted, at(4)),
            "its provider asked on 2026-11-22T04:03:00Z for somebody who was never here, so something was lost: have it \
             send everything again, then `seatsync roster entra --complete`"
        );
    }
}
