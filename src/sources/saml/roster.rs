//! What may be concluded from all that was said; pure.
//!
//! A word holds for as long as the source lets it. Nobody is groupless for want of a word: whoever said nothing yet may
//! still come, so the source is read whole only once everybody had that long to do so.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::model::distinguished_name::DistinguishedName;
use crate::model::finding::{Finding, FindingCode, Level, listed};
use crate::model::group::{Group, GroupRef, Member, NestingPath};
use crate::model::person::{Person, SourceName};
use crate::model::snapshot::{Coverage, GroupReading, GroupState, Snapshot, SourceKind};
use crate::model::testimony::{Heard, Hearing, ProvenGroups, Testimony, Unsaid};

/// What was heard, as a reading of the groups that rules name.
pub fn snapshot(
    source: &SourceName,
    hearing: &Hearing,
    wanted: &[GroupRef],
    valid_for: SignedDuration,
    now: Timestamp,
) -> Snapshot {
    let last_words: Vec<LastWord<'_>> =
        hearing.people.iter().filter_map(|heard| LastWord::of(heard, valid_for, now)).collect();
    let person = |word: &LastWord<'_>| Arc::new(Person::from(word.testimony().person.clone()));
    let doubtful = (0..).zip(&last_words).filter(|(_, word)| matches!(word, LastWord::Unknown(..)));
    Snapshot {
        source: source.clone(),
        kind: SourceKind::Saml,
        reading: coverage(hearing.open_since, valid_for, now),
        read_whole_at: None,
        people: last_words.iter().map(person).collect(),
        groups: wanted
            .iter()
            .map(|reference| GroupReading {
                reference: reference.clone(),
                state: group(reference, &last_words),
            })
            .collect(),
        strangers: Vec::new(),
        guests: Vec::new(),
        doubtful: doubtful.map(|(person, _)| Member { person, path: NestingPath::new([]) }).collect(),
        findings: findings(source, &last_words),
    }
}

/// What counts of all that was said of one person.
enum LastWord<'a> {
    Known(&'a Testimony, &'a BTreeSet<String>),
    Unknown(&'a Testimony, Unsaid),
}

impl<'a> LastWord<'a> {
    /// `None` where nothing that was said holds any more. Groups that were named hold to their end, also where a later word
    /// names none.
    fn of(heard: &'a Heard, valid_for: SignedDuration, now: Timestamp) -> Option<LastWord<'a>> {
        let holds = |testimony: &&Testimony| until(testimony.said_at, valid_for) > now;
        let words = [&heard.known, &heard.unknown].into_iter().flatten().filter(holds);
        let mut words = words.map(|testimony| match &testimony.groups {
            ProvenGroups::Known(groups) => LastWord::Known(testimony, groups),
            ProvenGroups::Unknown(because) => LastWord::Unknown(testimony, *because),
        });
        words.next()
    }

    fn testimony(&self) -> &'a Testimony {
        match self {
            LastWord::Known(testimony, _) | LastWord::Unknown(testimony, _) => testimony,
        }
    }
}

fn until(since: Timestamp, span: SignedDuration) -> Timestamp {
    since.checked_add(span).unwrap_or(Timestamp::MAX)
}

fn coverage(open_since: Option<Timestamp>, valid_for: SignedDuration, now: Timestamp) -> Coverage {
    let because = match open_since.map(|since| (since, until(since, valid_for))) {
        None => "nobody could prove their groups yet: `seatsync serve` lets them, or `seatsync saml accept`"
            .to_owned(),
        Some((_, whole_from)) if whole_from <= now => return Coverage::Complete,
        Some((since, whole_from)) => format!(
            "people can prove their groups since {since} only, and whoever has not yet may until {whole_from}"
        ),
    };
    Coverage::Partial { because }
}

/// A group is a text in an attribute. Where nobody whose word holds is in it, nobody can tell whether there is such a group.
fn group(reference: &GroupRef, words: &[LastWord<'_>]) -> GroupState {
    let (GroupRef::Name(wanted) | GroupRef::Dn(wanted) | GroupRef::Id(wanted)) = reference;
    let wanted_dn = match reference {
        GroupRef::Dn(dn) => DistinguishedName::folded(dn),
        GroupRef::Name(_) | GroupRef::Id(_) => None,
    };
    let is_it = |group: &String| match &wanted_dn {
        Some(dn) => DistinguishedName::folded(group).as_ref() == Some(dn),
        None => **group == **wanted,
    };
    let path = NestingPath::new([wanted.clone()]);
    let members: Vec<Member> = (0..)
        .zip(words)
        .filter(|(_, word)| matches!(word, LastWord::Known(_, groups) if groups.iter().any(is_it)))
        .map(|(person, _)| Member { person, path: path.clone() })
        .collect();
    if members.is_empty() {
        let because =
            "nobody whose word still holds has named it; see that it is spelt as the identity provider does";
        return GroupState::Unread { because: because.to_owned() };
    }
    GroupState::Found {
        group: Group { id: wanted.clone(), name: wanted.clone() },
        members,
        coverage: Coverage::Complete,
    }
}

/// Who proved nothing, and what to do about it.
fn findings(source: &SourceName, words: &[LastWord<'_>]) -> Vec<Finding> {
    let of = |wanted: Unsaid| -> Vec<String> {
        let unsaid =
            words.iter().filter(|word| matches!(word, LastWord::Unknown(_, because) if *because == wanted));
        unsaid.map(|word| Person::from(word.testimony().person.clone()).label().to_owned()).collect()
    };
    let about = |unsaid: Unsaid, words: &str| {
        let names = of(unsaid);
        (!names.is_empty()).then(|| Finding {
            level: Level::Warning,
            code: FindingCode::GroupsUnsaid,
            rule: None,
            message: format!(
                "source `{source}` was not told the groups of {}: {words}; nothing is concluded for them",
                listed(&names.iter().map(String::as_str).collect())
            ),
        })
    };
    [
        about(Unsaid::NotSent, "the attribute was not sent, see `attributes = { groups = … }`"),
        about(
            Unsaid::TooMany,
            "they are in more than the identity provider sends; let it send assigned groups alone",
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use crate::model::group::GroupRef;
    use crate::model::person::{Profile, SourceName};
    use crate::model::snapshot::{Coverage, GroupState, Snapshot};
    use crate::model::testimony::{Heard, Hearing, ProvenGroups, Testimony, Unsaid};
    use crate::sources::saml::roster::snapshot;

    const WEEK: SignedDuration = SignedDuration::from_hours(24 * 7);

    fn days_ago(days: i64) -> Timestamp {
        now() - SignedDuration::from_hours(24 * days)
    }

    fn now() -> Timestamp {
        "2026-11-22T04:00:00Z".parse().unwrap()
    }

    fn said(days: i64, name: &'static str, groups: ProvenGroups) -> Option<Testimony> {
        let person = Profile { id: name.into(), ..Profile::default() };
        Some(Testimony { said_at: days_ago(days), person, subject: None, groups })
    }

    fn known(days: i64, name: &'static str, groups: &[&str]) -> Option<Testimony> {
        said(days, name, ProvenGroups::Known(groups.iter().map(ToString::to_string).collect()))
    }

    fn unknown(days: i64, name: &'static str) -> Option<Testimony> {
        said(days, name, ProvenGroups::Unknown(Unsaid::TooMany))
    }

    fn read(open_since: Option<Timestamp>, people: Vec<Heard>) -> Snapshot {
        let wanted = [GroupRef::Name("platform".into()), GroupRef::Name("sre".into())];
        snapshot(&SourceName::new("okta"), &Hearing { open_since, people }, &wanted, WEEK, now())
    }

    fn members(snapshot: &Snapshot, group: &str) -> Option<Vec<String>> {
        match snapshot.group(&GroupRef::Name(group.into()))? {
            GroupState::Found { members, coverage: Coverage::Complete, .. } => {
                let name = |person: u32| snapshot.people[person as usize].id().to_owned();
                Some(members.iter().map(|member| name(member.person)).collect())
            }
            GroupState::Found { .. }
            | GroupState::Missing
            | GroupState::Ambiguous { .. }
            | GroupState::Unread { .. } => None,
        }
    }

    #[test]
    fn a_word_holds_for_a_week_and_an_empty_group_may_be_a_misspelt_one() {
        let heard = |known| Heard { known, unknown: None };
        let snapshot = read(
            Some(days_ago(30)),
            vec![heard(known(6, "ada", &["platform"])), heard(known(8, "bob", &["platform", "sre"]))],
        );
        assert_eq!(snapshot.reading, Coverage::Complete);
        assert_eq!(members(&snapshot, "platform"), Some(vec!["ada".to_owned()]));
        assert_eq!(members(&snapshot, "sre"), None);
    }

    #[test]
    fn whoever_was_not_told_of_is_in_doubt_once_older_words_hold_no_more() {
        let snapshot = read(
            Some(days_ago(30)),
            vec![
                Heard { known: known(3, "ada", &["platform"]), unknown: unknown(1, "ada") },
                Heard { known: known(8, "bob", &["platform"]), unknown: unknown(1, "bob") },
            ],
        );
        assert_eq!(members(&snapshot, "platform"), Some(vec!["ada".to_owned()]));
        let doubtful: Vec<u32> = snapshot.doubtful.iter().map(|member| member.person).collect();
        assert_eq!(doubtful, [1]);
        assert_eq!(
            snapshot.findings[0].message,
            "source `okta` was not told the groups of `bob`: they are in more than the identity provider sends; let it \
             send assigned groups alone; nothing is concluded for them"
        );
    }

    #[test]
    fn a_state_that_is_new_or_lost_says_of_nobody_that_they_are_in_no_group() {
        let partial = |since| match read(since, Vec::new()).reading {
            Coverage::Partial { because } => because,
            Coverage::Complete => "it is whole".to_owned(),
        };
        assert_eq!(
            partial(None),
            "nobody could prove their groups yet: `seatsync serve` lets them, or `seatsync saml accept`"
        );
        assert_eq!(
            partial(Some(days_ago(6))),
            "people can prove their groups since 2026-11-16T04:00:00Z only, and whoever has not yet may until \
             2026-11-23T04:00:00Z"
        );
        assert_eq!(partial(Some(days_ago(7))), "it is whole");
    }
}
