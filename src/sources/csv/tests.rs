//! Files as people write them, and as they go wrong.

use std::fmt::Write as _;
use std::path::PathBuf;

use insta::assert_snapshot;

use crate::model::group::GroupRef;
use crate::model::person::SourceName;
use crate::model::snapshot::{Coverage, GroupState, Snapshot};
use crate::ports::{EdgeError, Source as _};
use crate::sources::csv::config::{ColumnNames, CsvConfig};
use crate::sources::csv::source::CsvSource;

fn config(path: PathBuf) -> CsvConfig {
    CsvConfig { name: SourceName::new("hr"), path, columns: ColumnNames::default(), group_separator: ';' }
}

async fn read(text: impl AsRef<[u8]>, columns: ColumnNames, wanted: &[&str]) -> Result<Snapshot, EdgeError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.csv");
    std::fs::write(&path, text).unwrap();
    let wanted: Vec<GroupRef> = wanted.iter().map(|group| GroupRef::parse(group)).collect();
    CsvSource::new(CsvConfig { columns, ..config(path) }).read(&wanted).await
}

/// The people and groups of a file, in a form to be read.
async fn told(text: impl AsRef<[u8]>, wanted: &[&str]) -> String {
    let snapshot = read(text, ColumnNames::default(), wanted).await.unwrap();
    assert_eq!(snapshot.reading, Coverage::Complete);
    let mut told = String::new();
    for person in &snapshot.people {
        let field = |field: Option<&str>| field.unwrap_or("-").to_owned();
        let extra: Vec<String> = person
            .attributes()
            .iter()
            .map(|attribute| format!("{}={}", attribute.name, attribute.values.join("+")))
            .collect();
        let line = format!(
            "{} {} {} {} {}",
            person.id(),
            field(person.username()),
            person.email().unwrap_or("-"),
            field(person.name()),
            extra.join(" ")
        );
        told.push_str(line.trim_end());
        told.push('\n');
    }
    for reading in &snapshot.groups {
        let _ = match &reading.state {
            GroupState::Found { group, members, coverage: Coverage::Complete } => {
                let members: Vec<String> = members
                    .iter()
                    .map(|member| {
                        format!(
                            "{} by {}",
                            snapshot.people[member.person as usize].id(),
                            member.path.names().join(" > ")
                        )
                    })
                    .collect();
                writeln!(told, "{}: {}", group.name, members.join(", "))
            }
            GroupState::Missing => writeln!(told, "{}: missing", reading.reference),
            GroupState::Found { .. } | GroupState::Ambiguous { .. } | GroupState::Unread { .. } => {
                panic!("a file is read whole")
            }
        };
    }
    told
}

async fn refusal(text: impl AsRef<[u8]>) -> String {
    refusal_of(text, ColumnNames::default()).await
}

async fn refusal_of(text: impl AsRef<[u8]>, columns: ColumnNames) -> String {
    let error = read(text, columns, &["a"]).await.expect_err("something is wrong");
    let (_, words) = error
        .chain()
        .split_once("is no list of people: ")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    format!("{words}\nhint: {}", error.hint)
}

#[tokio::test]
async fn people_and_their_groups() {
    let text = "\u{feff}id,username,email,name,groups,department,title\r\n\
        2,bob,bob@x,\"Bob \"\"B\"\" Lee\",Platform; SRE ;,R&D,\r\n\
        1,ada,ada@x,\"Byron, Ada\",Platform,R&D,Dr\r\n\
        \r\n\
        3,,,,Sales,,\r\n";
    assert_snapshot!(told(text, &["Platform", "id:SRE", "platform", "Nobody"]).await, @r#"
    1 ada ada@x Byron, Ada department=R&D title=Dr
    2 bob bob@x Bob "B" Lee department=R&D
    Platform: 1 by Platform, 2 by Platform
    SRE: 2 by SRE
    platform: missing
    Nobody: missing
    "#);
}

#[tokio::test]
async fn one_line_for_each_group() {
    let text = "id,username,groups\n1,ada,Platform\n2,bob,Sales\n1,ada,SRE\n1,ada,\n";
    assert_snapshot!(told(text, &["SRE", "Platform"]).await, @r#"
    1 ada - -
    SRE: 1 by SRE
    Platform: 1 by Platform
    "#);
}

#[tokio::test]
async fn a_header_alone_means_that_every_group_is_missing() {
    assert_snapshot!(told("id,username,groups\n", &["Platform"]).await, @"Platform: missing");
}

#[tokio::test]
async fn columns_are_named_by_the_configuration() {
    let columns = ColumnNames {
        id: "Personalnummer".to_owned(),
        email: "Mail".to_owned(),
        groups: "Team".to_owned(),
        identity: Some("SSO".to_owned()),
        ..ColumnNames::default()
    };
    let snapshot = read("Team,SSO,Mail,Personalnummer\na,uid-1,ada@x,17\n", columns, &["a"]).await.unwrap();
    let ada = &snapshot.people[0];
    assert_eq!((ada.id(), ada.email(), ada.identity()), ("17", Some("ada@x"), Some("uid-1")));
    assert!(ada.attributes().is_empty());
}

#[tokio::test]
async fn a_file_with_a_wrong_line_tells_of_nobody() {
    assert_snapshot!(refusal("id,username,groups\n1,ada,a\n\n\r\n2,bob\n").await, @r#"
    line 5 has 2 fields, and the header has 3
    hint: correct the line; where the file ends in the middle, export it again
    "#);
    assert_snapshot!(refusal("id,username,groups\n1,ada,a\n\n ,bob,a\n").await, @r#"
    line 4: column `id` is empty, so nobody knows whom the line is about
    hint: fill it in, or remove the line
    "#);
    assert_snapshot!(refusal("id,username,groups\n1,ada,a\n1,eve,b\n").await, @r#"
    line 3: column `username` is not what line 2 says of the same id `1`
    hint: several lines of one person may differ in their groups alone; correct one of the two
    "#);
    assert_snapshot!(refusal("id,username,groups,team\n1,ada,a,x\n2,bob,b,y\n1,ada,b,z\n").await, @r#"
    line 4: column `team` is not what line 2 says of the same id `1`
    hint: several lines of one person may differ in their groups alone; correct one of the two
    "#);
    assert_snapshot!(refusal(b"id,username,groups\n1,ad\xe4,a\n").await, @r#"
    line 2, column 5: the text is not UTF-8
    hint: export the file as UTF-8
    "#);
    assert_snapshot!(refusal("id,username,groups\n1,ada,\"a\n2,bob,a\n3,eve,a\n").await, @r#"
    line 2, column 7: a quote is opened and never closed
    hint: a quote inside of a quoted field is written twice (RFC 4180)
    "#);
    assert_snapshot!(refusal("id,username,groups\n1,\"ada\" b,a\n").await, @r#"
    line 2, column 8: text follows a closing quote
    hint: a quote inside of a quoted field is written twice (RFC 4180)
    "#);
}

#[tokio::test]
async fn a_wrong_header_tells_of_nobody() {
    assert_snapshot!(refusal("").await, @r#"
    it has no header line
    hint: begin the file with a line such as `id,username,email,name,groups`
    "#);
    assert_snapshot!(refusal("username,email,groups\nada,ada@x,a\n").await, @r#"
    line 1: there is no column for the person's unchanging id, `id`; there are `username`, `email`, `groups`
    hint: name a column with an unchanging id, such as an employee number: columns = { id = "…" }
    "#);
    assert_snapshot!(refusal("id,username\n1,ada\n").await, @r#"
    line 1: there is no column `groups`; there are `id`, `username`
    hint: say which columns mean what: columns = { username = "…", email = "…", groups = "…" }; commas part them
    "#);
    assert_snapshot!(refusal("id,name,groups\n1,ada,a\n").await, @r#"
    line 1: there is no column by which an account could be found; there are `id`, `name`, `groups`
    hint: say which columns mean what: columns = { username = "…", email = "…", groups = "…" }; commas part them
    "#);
    assert_snapshot!(refusal("id,username,groups,id\n1,ada,a,1\n").await, @r#"
    line 1: column `id` is twice in the header
    hint: give every column a name of its own
    "#);
    assert_snapshot!(refusal("id,username,groups,\n1,ada,a,\n").await, @r#"
    line 1: column 4 has no name
    hint: give every column a name of its own
    "#);
    let columns = ColumnNames { email: "mail".to_owned(), ..ColumnNames::default() };
    assert_snapshot!(refusal_of("id,username,groups\n1,ada,a\n", columns).await, @r#"
    line 1: there is no column `mail`; there are `id`, `username`, `groups`
    hint: say which columns mean what: columns = { username = "…", email = "…", groups = "…" }; commas part them
    "#);
}

#[tokio::test]
async fn a_file_that_is_not_there_is_an_error() {
    let source = CsvSource::new(config(PathBuf::from("/absent/people.csv")));
    let error = source.read(&[]).await.expect_err("there is none");
    assert_eq!(error.chain(), "failed to read `/absent/people.csv`: No such file or directory (os error 2)");
    assert_eq!(error.hint, "`path` in the configuration says where it is");
}
