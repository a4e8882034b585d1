//! What is pushed: edits whole or not at all, each once, beside whoever runs, and read as of one instant.

use seatsync::model::group::GroupRef;
use seatsync::model::person::SourceName;
use seatsync::model::roster::{
    Description, Edit, Edited, Entry, EntryKind, MemberEdits, RosterReading, Selection,
};
use seatsync::ports::roster::{RosterReader as _, RosterWriter as _};
use seatsync::store::roster::StoredRosters;
use seatsync::store::roster_reading::RostersAt;

use crate::state::{State, day};

stories! { roster,
    an_entry_is_created_changed_and_gone
    a_username_belongs_to_one_person_of_a_source
    an_edit_of_an_older_version_is_none
    members_join_and_leave_and_are_counted
    groups_are_read_with_all_below_them
    everyone_is_handed_over_and_nobody_else
    a_run_and_a_push_do_not_wait_for_each_other
    an_older_state_takes_nothing
    a_state_that_became_newer_takes_nothing_from_sessions_that_are_open
}

fn entra() -> SourceName {
    SourceName::new("entra")
}

fn described(name: &str) -> Description {
    let body = format!("{{\"userName\":\"{name}\"}}");
    Description { external_id: Some(format!("ext-{name}")), name: name.to_owned(), active: true, body }
}

async fn rosters(state: &State) -> StoredRosters {
    state.open().await.close().await;
    StoredRosters::at(&state.place())
}

async fn create(rosters: &StoredRosters, kind: EntryKind, id: &str, members: &[&str]) -> Edited {
    let members = members.iter().map(|member| (*member).to_owned()).collect();
    let edit = Edit::Create { kind, id: id.to_owned(), description: described(id), members };
    rosters.edit(&entra(), day(1), &edit).await.unwrap()
}

fn edits(cleared: bool, after: &[(&str, bool)]) -> MemberEdits {
    MemberEdits { cleared, after: after.iter().map(|(id, joins)| ((*id).to_owned(), *joins)).collect() }
}

async fn change(rosters: &StoredRosters, id: &str, version: i64, members: MemberEdits) -> Edited {
    let (kind, description) = (EntryKind::Group, described(id));
    let edit = Edit::Change { kind, id: id.to_owned(), version, description, members };
    rosters.edit(&entra(), day(2), &edit).await.unwrap()
}

async fn one(rosters: &StoredRosters, kind: EntryKind, wanted: Selection) -> Option<Entry> {
    let mut found = rosters.entries(&entra(), kind, &wanted).await.unwrap();
    assert!(found.len() < 2);
    found.pop()
}

async fn members(rosters: &StoredRosters, group: &str) -> Vec<String> {
    let members = rosters.members(&entra(), group, None).await.unwrap();
    members.into_iter().map(|(member, _)| member).collect()
}

/// What is read of these groups, and the ids of the people in them.
async fn read(state: &State, wanted: &[&str]) -> (RosterReading, Vec<String>) {
    let wanted: Vec<GroupRef> = wanted.iter().map(|group| GroupRef::parse(group)).collect();
    let mut people = Vec::new();
    let mut take = |entry: Entry| people.push(entry.id);
    let read = RostersAt(state.place()).read(&entra(), &wanted, &mut take).await.unwrap();
    (read, people)
}

async fn everyone_is_handed_over_and_nobody_else(state: State) {
    let everyone = async || {
        let mut people = Vec::new();
        let mut take = |entry: Entry| people.push(entry.id);
        RostersAt(state.place()).everyone(&entra(), &mut take).await.unwrap();
        people
    };
    assert!(everyone().await.is_empty(), "there is no state yet");
    let rosters = rosters(&state).await;
    for (kind, id) in [(EntryKind::Person, "eve"), (EntryKind::Group, "dev"), (EntryKind::Person, "ada")] {
        create(&rosters, kind, id, &["ada"]).await;
    }
    let edit = Edit::Create {
        kind: EntryKind::Person,
        id: "okta".to_owned(),
        description: described("okta"),
        members: Vec::new(),
    };
    rosters.edit(&SourceName::new("okta"), day(1), &edit).await.unwrap();
    assert_eq!(everyone().await, ["ada", "eve"]);
}

async fn an_entry_is_created_changed_and_gone(state: State) {
    let rosters = rosters(&state).await;
    assert_eq!(rosters.standing(&entra()).await.unwrap(), None);
    assert_eq!(create(&rosters, EntryKind::Person, "Ada", &[]).await, Edited::Done);
    let by = [
        Selection::Id("Ada".to_owned()),
        Selection::ExternalId("ext-Ada".to_owned()),
        Selection::Name("aDA".to_owned()),
        Selection::Page { skip: 0, most: 5 },
    ];
    for selection in by {
        let ada = one(&rosters, EntryKind::Person, selection).await.unwrap();
        let times = (ada.created_at, ada.modified_at);
        assert_eq!((ada.version, &ada.description, times), (1, &described("Ada"), (day(1), day(1))));
    }
    assert_eq!(one(&rosters, EntryKind::Group, Selection::Id("Ada".to_owned())).await, None);
    let (kind, id) = (EntryKind::Person, "Ada".to_owned());
    let description = Description { active: false, ..described("Ada") };
    let body = format!("{}\n", description.body);
    let description = Description { body, ..description };
    let members = MemberEdits::default();
    let off = Edit::Change { kind, id: id.clone(), version: 1, description, members };
    assert_eq!(rosters.edit(&entra(), day(2), &off).await.unwrap(), Edited::Done);
    let standing = rosters.standing(&entra()).await.unwrap().unwrap();
    assert_eq!((standing.people, standing.taken_at), (1, Some(day(2))), "nobody is active any more");
    let delete = Edit::Delete { kind, id, version: 2 };
    assert_eq!(rosters.edit(&entra(), day(3), &delete).await.unwrap(), Edited::Done);
    assert_eq!(rosters.edit(&entra(), day(3), &delete).await.unwrap(), Edited::Moved);
    let standing = rosters.standing(&entra()).await.unwrap().unwrap();
    assert_eq!((standing.people, standing.heard_at, standing.written_at), (0, day(3), Some(day(3))));
}

async fn a_username_belongs_to_one_person_of_a_source(state: State) {
    let rosters = rosters(&state).await;
    assert_eq!(create(&rosters, EntryKind::Person, "ada", &[]).await, Edited::Done);
    let (kind, description) = (EntryKind::Person, described("ADA"));
    let again = Edit::Create { kind, id: "other".to_owned(), description, members: Vec::new() };
    assert_eq!(rosters.edit(&entra(), day(1), &again).await.unwrap(), Edited::NameTaken);
    assert_eq!(rosters.edit(&SourceName::new("okta"), day(1), &again).await.unwrap(), Edited::Done);
    assert_eq!(create(&rosters, EntryKind::Person, "bob", &[]).await, Edited::Done);
    let (id, members) = ("bob".to_owned(), MemberEdits::default());
    let takes = Edit::Change { kind, id, version: 1, description: described("Ada"), members };
    assert_eq!(rosters.edit(&entra(), day(1), &takes).await.unwrap(), Edited::NameTaken);
    for id in ["g-1", "g-2"] {
        let description = described("same");
        let group =
            Edit::Create { kind: EntryKind::Group, id: id.to_owned(), description, members: Vec::new() };
        assert_eq!(rosters.edit(&entra(), day(1), &group).await.unwrap(), Edited::Done);
    }
    assert_eq!(
        rosters.standing(&entra()).await.unwrap().unwrap().people,
        2,
        "what was refused left no trace"
    );
}

async fn an_edit_of_an_older_version_is_none(state: State) {
    let rosters = rosters(&state).await;
    create(&rosters, EntryKind::Group, "g", &["a"]).await;
    assert_eq!(change(&rosters, "g", 1, edits(false, &[("b", true)])).await, Edited::Done);
    assert_eq!(change(&rosters, "g", 1, edits(true, &[])).await, Edited::Moved);
    assert_eq!(members(&rosters, "g").await, ["a", "b"]);
    assert_eq!(change(&rosters, "g", 2, edits(false, &[("b", true)])).await, Edited::Done);
    let group = one(&rosters, EntryKind::Group, Selection::Id("g".to_owned())).await.unwrap();
    assert_eq!(group.version, 2, "nothing was changed");
}

async fn members_join_and_leave_and_are_counted(state: State) {
    let rosters = rosters(&state).await;
    create(&rosters, EntryKind::Person, "a", &[]).await;
    create(&rosters, EntryKind::Group, "g", &["a", "b", "b"]).await;
    let told = rosters.members(&entra(), "g", None).await.unwrap();
    assert_eq!(told, [("a".to_owned(), Some(EntryKind::Person)), ("b".to_owned(), None)]);
    let among = ["b".to_owned(), "x".to_owned()];
    assert_eq!(rosters.members(&entra(), "g", Some(&among)).await.unwrap(), [("b".to_owned(), None)]);
    let taken = async || rosters.standing(&entra()).await.unwrap().unwrap().taken_at;
    change(&rosters, "g", 1, edits(false, &[("c", true), ("x", false)])).await;
    assert_eq!(taken().await, None, "nobody left");
    change(&rosters, "g", 2, edits(true, &[("a", true), ("b", true), ("c", true)])).await;
    assert_eq!(taken().await, None, "all stayed");
    change(&rosters, "g", 2, edits(true, &[("b", true), ("d", true)])).await;
    assert_eq!((members(&rosters, "g").await, taken().await), (vec!["b".into(), "d".into()], Some(day(2))));
    let many: Vec<String> = (0..2500).map(|number| format!("m-{number:04}")).collect();
    let after = many.iter().map(|id| (id.clone(), true)).collect();
    change(&rosters, "g", 3, MemberEdits { cleared: true, after }).await;
    assert_eq!(members(&rosters, "g").await, many);
    let in_which = one(&rosters, EntryKind::Group, Selection::Member("m-2499".to_owned())).await;
    assert_eq!(in_which.map(|group| group.id), Some("g".to_owned()));
    let delete = Edit::Delete { kind: EntryKind::Person, id: "a".to_owned(), version: 1 };
    create(&rosters, EntryKind::Group, "h", &["a", "b"]).await;
    rosters.edit(&entra(), day(3), &delete).await.unwrap();
    let h = one(&rosters, EntryKind::Group, Selection::Id("h".to_owned())).await.unwrap();
    assert_eq!((members(&rosters, "h").await, h.version), (vec!["b".to_owned()], 2));
}

async fn groups_are_read_with_all_below_them(state: State) {
    assert_eq!(read(&state, &["outer"]).await, (RosterReading::default(), Vec::new()), "there is no state");
    let rosters = rosters(&state).await;
    for person in ["a", "b", "c", "elsewhere"] {
        create(&rosters, EntryKind::Person, person, &[]).await;
    }
    create(&rosters, EntryKind::Group, "outer", &["a", "inner", "later"]).await;
    create(&rosters, EntryKind::Group, "inner", &["b", "outer"]).await;
    create(&rosters, EntryKind::Group, "other", &["elsewhere"]).await;
    let (reading, people) = read(&state, &["OUTER", "id:ext-inner", "missing"]).await;
    assert_eq!(people, ["a", "b"]);
    let all: Vec<&str> = reading.groups.iter().map(|group| group.id.as_str()).collect();
    assert_eq!(all, ["inner", "other", "outer"]);
    let of = |id: &str| reading.members.get(id).map(|members| members.join(" "));
    assert_eq!(
        [of("outer"), of("inner"), of("other")],
        [Some("a inner later".into()), Some("b outer".into()), None]
    );
    assert_eq!(reading.standing.unwrap().groups, 3);
}

async fn a_run_and_a_push_do_not_wait_for_each_other(state: State) {
    let rosters = rosters(&state).await;
    create(&rosters, EntryKind::Person, "a", &[]).await;
    let running = state.open().await;
    assert_eq!(create(&rosters, EntryKind::Group, "g", &["a"]).await, Edited::Done);
    assert!(running.confirm_roster(&entra(), true, day(2)).await.unwrap());
    assert!(!running.confirm_roster(&SourceName::new("okta"), true, day(2)).await.unwrap());
    rosters.missed(&entra(), day(3), "a").await.unwrap();
    let delete = Edit::Delete { kind: EntryKind::Person, id: "a".to_owned(), version: 1 };
    rosters.edit(&entra(), day(3), &delete).await.unwrap();
    rosters.missed(&entra(), day(3), "a").await.unwrap();
    assert_eq!(rosters.standing(&entra()).await.unwrap().unwrap().doubted_at, None, "both were here");
    rosters.missed(&entra(), day(4), "never").await.unwrap();
    assert_eq!(rosters.standing(&entra()).await.unwrap().unwrap().doubted_at, Some(day(4)));
    let lines = running.audit().await.unwrap();
    let told: Vec<(&str, &str)> = lines.iter().map(|line| (line.kind.as_str(), line.body.as_str())).collect();
    assert_eq!(told, [("roster", r#"{"complete":true,"groups":1,"people":1,"source":"entra"}"#)]);
    assert!(running.forget_roster(&entra(), day(5)).await.unwrap());
    assert!(!running.forget_roster(&entra(), day(5)).await.unwrap());
    assert_eq!(rosters.standing(&entra()).await.unwrap(), None);
    assert_eq!(members(&rosters, "g").await, Vec::<String>::new());
    running.close().await;
}

async fn an_older_state_takes_nothing(state: State) {
    state.made_by(2).await;
    let rosters = StoredRosters::at(&state.place());
    let edit = Edit::Delete { kind: EntryKind::Person, id: "a".to_owned(), version: 1 };
    let refused = rosters.edit(&entra(), day(1), &edit).await.unwrap_err();
    assert!(refused.chain().contains("is not at the version of this seatsync yet"), "{}", refused.chain());
    assert_eq!(read(&state, &["g"]).await.0, RosterReading::default());
    state.open().await.close().await;
    assert_eq!(rosters.edit(&entra(), day(1), &edit).await.unwrap(), Edited::Moved);
}

async fn a_state_that_became_newer_takes_nothing_from_sessions_that_are_open(state: State) {
    let rosters = rosters(&state).await;
    assert_eq!(create(&rosters, EntryKind::Person, "a", &[]).await, Edited::Done);
    state.ask(state.newer()).await;
    let edit = Edit::Delete { kind: EntryKind::Person, id: "a".to_owned(), version: 1 };
    let refused = rosters.edit(&entra(), day(1), &edit).await.unwrap_err();
    assert!(refused.chain().contains("was written by a newer seatsync"), "{}", refused.chain());
}
