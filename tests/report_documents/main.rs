//! Reports as documents: what a plan looks like as Markdown, CSV and HTML, and that no name breaks them.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};
use seatsync::model::account::AccountId;
use seatsync::model::add_on::AddOn::{DuoEnterprise, DuoPro};
use seatsync::model::holding::{Change, SeatKey};
use seatsync::model::outcome::{ChangeOutcome, Lapsed, LapsedReason, Outcome, Outcomes};
use seatsync::model::plan::Plan;
use seatsync::report::document::Document;
use seatsync::report::since::Past;
use seatsync::report::text::Look;
use seatsync::report::{csv, html, json, markdown, text};

use crate::world::{World, rule};

#[path = "../support/rich.rs"]
mod rich;
#[expect(dead_code, reason = "it is shared, and this test tells other stories")]
#[path = "../support/world.rs"]
mod world;

/// What was planned three days before.
fn past() -> Past {
    let written = serde_json::to_string(&json::plan(&rich::before().plan())).unwrap();
    Past::read(&written).unwrap()
}

/// GitLab refused one change and gave no answer to another.
fn outcomes(plan: &Plan) -> Outcomes {
    let changes = plan.changes().into_iter().enumerate().map(|(place, (change, seat))| {
        let outcome = match place {
            1 => Outcome::Refused { because: "INVALID_USER_ID_PRESENT: @all | no".to_owned() },
            2 => Outcome::Deferred { because: "GitLab did not answer".to_owned() },
            _ => Outcome::Applied,
        };
        ChangeOutcome { seat, change, outcome }
    });
    let lapsed = Lapsed {
        change: Change::Assign,
        seat: SeatKey { add_on: DuoPro, account: AccountId(99) },
        username: None,
        because: LapsedReason::NotEntitled,
    };
    Outcomes { changes: changes.collect(), lapsed: vec![lapsed], ..Outcomes::default() }
}

#[test]
fn a_plan_as_text_obeys_no_name() {
    let (plan, past) = (rich::world().plan(), past());
    let page = text::page(Document::of_plan(&plan, Some(&past)), Look { color: false });
    assert!(!page.contains(rich::REVERSED));
    insta::assert_snapshot!(page);
}

#[test]
fn a_plan_as_markdown() {
    let (plan, past) = (rich::world().plan(), past());
    insta::assert_snapshot!(markdown::page(Document::of_plan(&plan, Some(&past))));
}

#[test]
fn a_plan_as_csv() {
    let (plan, past) = (rich::world().plan(), past());
    insta::assert_snapshot!(String::from_utf8(csv::table(Document::of_plan(&plan, Some(&past)))).unwrap());
}

#[test]
fn a_plan_as_html() {
    let (plan, past) = (rich::world().plan(), past());
    insta::assert_snapshot!(own_words(&html::page(Document::of_plan(&plan, Some(&past)))));
}

#[test]
fn what_came_of_a_plan() {
    let plan = rich::world().plan();
    let outcomes = outcomes(&plan);
    let document = Document::of_outcomes(&plan, &outcomes);
    insta::assert_snapshot!("outcome_markdown", markdown::page(document));
    insta::assert_snapshot!("outcome_csv", String::from_utf8(csv::table(document)).unwrap());
    insta::assert_snapshot!("outcome_html", own_words(&html::page(document)));
}

/// A page without its script and style, whose hashes change with every touch.
fn own_words(page: &str) -> String {
    let mut page = page.to_owned();
    for (start, end) in [("<style>", "</style>"), ("<script>", "</script>"), ("script-src ", "; base-uri")] {
        let from = page.rfind(start).unwrap() + start.len();
        let to = from + page[from..].find(end).unwrap();
        page.replace_range(from..to, "…");
    }
    page
}

#[test]
fn a_page_holds_no_markup_of_others() {
    let plan = rich::world().plan();
    let page = html::page(Document::of_plan(&plan, None));
    for hostile in [rich::SCRIPT, rich::IMAGE, "<img", "<i>", "</td>|", rich::REVERSED] {
        assert!(!page.contains(hostile), "{hostile}");
    }
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script>").count(), 2);
    let outside =
        ["<link", "<iframe", "\"refresh\"", "href=\"http", "@import", "url(http", " style=", " onclick="];
    for outside in outside {
        assert!(!page.contains(outside), "{outside}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever people, groups and rules are called: every row has its cells, and the cells say what they are to say.
    #[test]
    fn no_name_breaks_a_table(
        name in any::<String>(),
        odd in "[=+@|\"`'\\r\\n\\t,;<a-]{0,10}",
        group in "[^\\u{0}]{1,8}",
    ) {
        for name in [name, odd] {
            let group = format!("name:g{group}");
            let plan = World::new()
                .purchase(DuoEnterprise, 2)
                .rule(rule(&name, DuoEnterprise, &[&group]))
                .person("ada", &[&group])
                .stranger("bob", &[&group])
                .person_is("ada", |person| person.name = Some(name.clone().into()))
                .person_is("bob", |person| person.emails = vec![name.clone().into()])
                .plan();
            let document = Document::of_plan(&plan, None);

            let table = csv::table(document);
            let mut reader = ::csv::ReaderBuilder::new().from_reader(table.as_slice());
            let columns = reader.headers().unwrap().clone();
            let rows: Vec<::csv::StringRecord> = reader.records().map(Result::unwrap).collect();
            prop_assert_eq!(rows.len(), 2);
            let cell = |row: usize, column: &str| {
                let place = columns.iter().position(|one| one == column).unwrap();
                rows[row][place].to_owned()
            };
            for (row, column) in [(0, "name"), (0, "rule"), (1, "email"), (1, "rule")] {
                let cell = cell(row, column);
                prop_assert!(cell == name || cell == format!("'{name}"), "{cell:?} for {name:?}");
                prop_assert!(!cell.starts_with(['=', '@', '\t', '\r']), "{cell:?}");
                prop_assert!(!cell.starts_with(['+', '-']) || cell.parse::<i64>().is_ok(), "{cell:?}");
            }

            let page = markdown::page(document);
            for table in page.split("\n\n").filter(|part| part.starts_with('|')) {
                let bars: Vec<usize> = table.lines().map(|line| line.matches('|').count()).collect();
                prop_assert!(bars.windows(2).all(|pair| pair[0] == pair[1]), "{table}");
            }

            let page = html::page(document);
            let (_, data) = page.split_once("id=\"data\">").unwrap();
            let (data, _) = data.split_once("</script>").unwrap();
            let data: serde_json::Value = serde_json::from_str(data).unwrap();
            prop_assert_eq!(data["name"].as_array().unwrap().len(), 2);
            prop_assert_eq!(page.matches("<tr").count(), 3);
        }
    }
}
