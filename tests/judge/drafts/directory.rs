//! Drafts of people, groups, and the snapshots that hold them.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use seatsync::model::group::{Group, Member, NestingPath};
use seatsync::model::person::{Attribute, Person, Profile, SourceName};
use seatsync::model::snapshot::{Coverage, GroupReading, GroupState, Snapshot, SourceKind};

use crate::judge::drafts::keys::{HUMANS, group_ref, key, of_whom, person_id};

#[derive(Debug, Clone)]
pub(crate) struct PersonDraft {
    username: Option<usize>,
    email: Option<usize>,
    second_email: Option<usize>,
    identity: Option<usize>,
    departments: Vec<&'static str>,
}

pub(crate) fn person() -> impl Strategy<Value = PersonDraft> {
    let departments = vec(prop_oneof![Just("R&D"), Just("Sales")], 0..3);
    (key(), key(), weighted(0.05, 0..HUMANS), key(), departments).prop_map(
        |(username, email, second_email, identity, departments)| PersonDraft {
            username,
            email,
            second_email,
            identity,
            departments,
        },
    )
}

impl PersonDraft {
    pub(crate) fn build(&self, human: usize) -> Person {
        let address = |of| format!("P{of}@corp.example").into();
        Person::from(Profile {
            id: person_id(human).as_str().to_owned().into(),
            username: of_whom(human, self.username).map(|of| format!("P{of}").into()),
            name: None,
            emails: of_whom(human, self.email).into_iter().chain(self.second_email).map(address).collect(),
            identity: of_whom(human, self.identity).map(|of| format!("UID=p{of}, DC=corp").into()),
            attributes: if self.departments.is_empty() {
                Vec::new()
            } else {
                vec![Attribute {
                    name: "department".into(),
                    values: self.departments.iter().map(|value| (*value).into()).collect(),
                }]
            },
        })
    }
}

#[derive(Debug, Clone)]
pub(crate) struct GroupDraft {
    state: u8,
    members: Vec<Option<bool>>,
}

pub(crate) fn group() -> impl Strategy<Value = GroupDraft> {
    let state = prop_oneof![40 => Just(0_u8), 1 => 1_u8..5];
    (state, vec(weighted(0.5, any::<bool>()), HUMANS))
        .prop_map(|(state, members)| GroupDraft { state, members })
}

pub(crate) fn snapshot(name: &str, people: &[Option<PersonDraft>], groups: &[GroupDraft]) -> Snapshot {
    let present: Vec<(usize, &PersonDraft)> = people
        .iter()
        .enumerate()
        .filter_map(|(human, draft)| draft.as_ref().map(|draft| (human, draft)))
        .collect();
    let readings = groups.iter().enumerate().map(|(index, draft)| {
        let found = |coverage| GroupState::Found {
            group: Group { id: format!("{index}").into(), name: format!("g{index}").into() },
            members: present
                .iter()
                .zip(0_u32..)
                .filter_map(|((human, _), person)| {
                    let nested = draft.members[*human]?;
                    let way: &[&str] = if nested { &["outer", "inner"] } else { &["outer"] };
                    Some(Member {
                        person,
                        path: NestingPath::new(
                            way.iter().map(|name| (*name).into()).collect::<Vec<Box<str>>>(),
                        ),
                    })
                })
                .collect(),
            coverage,
        };
        let state = match draft.state {
            0 => found(Coverage::Complete),
            1 => found(Coverage::Partial { because: "a range is missing".to_owned() }),
            2 => GroupState::Missing,
            3 => GroupState::Ambiguous { candidates: vec!["cn=1".to_owned(), "cn=2".to_owned()] },
            _ => GroupState::Unread { because: "busy".to_owned() },
        };
        GroupReading { reference: group_ref(index), state }
    });
    Snapshot {
        source: SourceName::new(name),
        kind: SourceKind::Ldap,
        reading: Coverage::Complete,
        read_whole_at: None,
        people: present.iter().map(|(human, draft)| Arc::new(draft.build(*human))).collect(),
        groups: readings.collect(),
        strangers: Vec::new(),
        guests: Vec::new(),
        doubtful: Vec::new(),
        findings: Vec::new(),
    }
}
