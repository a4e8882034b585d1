//! What `explain` tells of a person, an account and whoever has neither seat nor group, in words and as JSON.

use serde_json::{Value, json};

use crate::support::company::{Company, PEOPLE, group_dn, person_dn, uuid};
use crate::support::explained::{is_explained, is_nobody};
use crate::support::slapd::{Options, Slapd};
use crate::support::stage::{Ended, LDIF, PLATFORM, SMALL, Stage, company, ldap};

const RULES: &str = r#"
[[rule]]
name = "leads"
add_on = "duo_enterprise"
groups = ["leads"]
rank = 10

[[rule]]
name = "staff"
add_on = "duo_enterprise"
groups = ["staff"]
except_groups = ["contractors"]

[[rule]]
name = "robots"
add_on = "duo_enterprise"
groups = ["staff"]
where = 'person.username.startsWith("x")'
rank = 300

[[rule]]
name = "trial"
add_on = "duo_pro"
groups = ["staff"]
until = 2026-01-31

[add_on.duo_enterprise]
grace = "7d"
reserve = 1
"#;

/// Three seats, one in reserve: ada and dan have them, cyd and bob wait, eve is a contractor, fay has no account, and gus has
/// an account and nothing else.
fn office() -> Stage {
    let stage = Stage::new(&["ada", "bob", "cyd", "dan", "eve", "gus"], 3);
    stage.configure(LDIF, &format!("{RULES}\n{SMALL}"));
    let mut company = Company::new();
    for person in ["ada", "bob", "cyd", "dan", "eve", "fay"] {
        company.person(person);
    }
    company.group("leads", &["ada"]).group("contractors", &["eve"]);
    company.group("staff", &["ada", "bob", "cyd", "dan", "eve", "fay"]);
    stage.ldif(&company.ldif);
    stage.run("apply --yes").exits(0);
    stage
}

/// Days and instants differ from run to run.
fn undated(text: &str) -> String {
    let is_day =
        |word: &str| word.len() == 10 && word.parse::<jiff::civil::Date>().is_ok() && word > "2026-06";
    let is_time = |word: &str| word.len() == 5 && word.as_bytes()[2] == b':';
    let words = text.split_inclusive(char::is_whitespace).map(|word| {
        let bare = word.trim_end();
        if is_day(bare) || is_time(bare) { word.replace(bare, "TODAY") } else { word.to_owned() }
    });
    words.collect()
}

#[test]
fn everyone_is_explained_in_words() {
    let stage = office();
    let told = ["ada", "bob", "cyd", "eve", "fay", "gus"].map(|name| {
        let Ended { stdout, .. } = stage.run(&format!("explain {name}")).exits(0);
        format!("$ seatsync explain {name}\n{}", undated(&stdout))
    });
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn programs_are_told_the_same() {
    let stage = office();
    let told = stage.run("explain bob --format json").exits(0).json();
    assert_eq!(told["format"], "seatsync.explanation/1");
    assert_eq!(
        told["sources"],
        json!([{ "name": "corp", "kind": "ldif", "coverage": "complete", "knows": true }])
    );
    let person = &told["people"][0];
    assert_eq!(person["groups"], json!([["staff"]]));
    assert_eq!((&person["account"], &person["matched_by"]), (&json!("bob"), &json!("identity")));
    let says: Vec<&Value> = person["rules"].as_array().unwrap().iter().map(|rule| &rule["says"]).collect();
    assert_eq!(says, ["not_in_groups", "condition_fails", "entitled", "ended"]);
    let seat = &told["accounts"][0]["seats"][0];
    assert_eq!((&seat["add_on"], &seat["holds"]), (&json!("duo_enterprise"), &json!(false)));
    assert_eq!(
        (&seat["decision"]["because"], &seat["decision"]["place_in_line"]),
        (&json!("no_seat"), &json!(2))
    );
    let first = json!([{ "need": "more_seats", "value": 2, "detail": "2 more seats of Duo Enterprise" }]);
    assert_eq!((&seat["outlook"], &seat["remedies"][0]), (&json!("remedies"), &first));

    let told = stage.run("explain ada --format json").exits(0).json();
    let history = &told["accounts"][0]["history"][0];
    assert_eq!((&history["change"], &history["outcome"]), (&json!("assign"), &json!("applied")));
    assert_eq!(told["accounts"][0]["seats"][0]["outlook"], "seated");
    let told = stage.run("explain fay --format json").exits(0).json();
    assert_eq!((&told["people"][0]["unmatched"], &told["accounts"]), (&json!("no_account"), &json!([])));
    assert_eq!(told["people"][0]["seats"][0]["remedies"][0][0]["need"], "an_account");
}

/// What is said to lead to a seat leads to one.
#[test]
fn whoever_follows_the_advice_has_a_seat() {
    let stage = office();
    stage.run("explain bob").exits(0).says("for a seat   2 more seats of Duo Enterprise");
    stage.run("plan --purchased duo_enterprise=4").exits(0).says(". bob");
    stage.run("plan --purchased duo_enterprise=5").exits(0).says("+ bob");
    let config = std::fs::read_to_string(stage.path("seatsync.toml")).unwrap();
    stage.write("seatsync.toml", &config.replace("except_groups = [\"contractors\"]\n", ""));
    stage.run("plan --purchased duo_enterprise=6").exits(0).says("+ eve");
}

#[test]
fn an_account_is_found_by_its_identity() {
    let stage = office();
    let identity = person_dn("gus");
    stage.configure(
        "[ldif.corp]\npath = \"corp.ldif\"\nschema = \"rfc2307bis\"\nidentity_provider = \"ldapmain\"\n",
        RULES,
    );
    stage.run(&format!("explain {identity}")).exits(0).says("gus   account 12 in GitLab: may have seats");
}

/// Groups that rules name are all that is read; whoever is in none of them is asked for.
#[test]
fn somebody_in_no_group_is_found_in_the_directory_by_every_name() {
    let company = company(&["ada", "hal"], &["ada"]);
    let slapd = Slapd::start(&company.ldif, &Options::default());
    let stage = Stage::new(&["ada", "hal"], 2);
    stage.ldif(&company.ldif);
    let dn = person_dn("hal");
    for source in [LDIF.to_owned(), ldap(&slapd, "reader")] {
        stage.configure(&source, &format!("{PLATFORM}\n{SMALL}"));
        for name in ["hal", "HAL@example.test", &dn, &uuid(&dn)] {
            is_explained(&stage, name, "The hal", "corp");
        }
        let ended = stage.run("explain hal").exits(0).says("hal   account 8 in GitLab: may have seats");
        ended.says("for a seat   in group `platform` of rule platform\n");
        is_nobody(&stage, "nobody");
        // Groups and parts of the tree are nobody.
        is_nobody(&stage, &group_dn("platform"));
        is_nobody(&stage, PEOPLE);
    }
}

#[test]
fn somebody_in_no_group_is_found_in_a_file_by_every_name() {
    let stage = Stage::new(&["ada", "hal"], 2);
    let file = "[csv.hr]\npath = \"hr.csv\"\ncolumns = { identity = \"dn\" }\n";
    stage.configure(file, &format!("{PLATFORM}\n{SMALL}"));
    let list = "id,username,email,name,groups,dn\nE1,ada,ada@example.test,The ada,platform,uid=ada\n\
                E2,hal,hal@example.test,\"Hal \"\"the\"\" Second\",guests,\"uid=hal,dc=test\"\n";
    stage.write("hr.csv", list);
    for name in ["hal", "HAL@example.test", "e2", "hal \"the\" second", "UID=hal, DC=test"] {
        is_explained(&stage, name, "Hal \"the\" Second", "hr");
    }
    stage.run("explain hal").exits(0).says("hal   account 8 in GitLab: may have seats");
    is_nobody(&stage, "guests");

    // No rule is about this source; who is in it is told all the same.
    stage.company(&["ada"], &["ada"]);
    let of_corp = PLATFORM.replace("groups =", "source = \"corp\"\ngroups =");
    stage.configure(&format!("{file}{LDIF}"), &format!("{of_corp}\n{SMALL}"));
    let ended = stage.run("explain hal").exits(0).says("Hal \"the\" Second   in source hr\n");
    let ended = ended.says("Not seen in source corp (ldif), which was read whole");
    ended.says("for a seat   in group `platform` of rule platform\n");

    // A source that cannot be asked stops nobody.
    std::fs::remove_file(stage.path("hr.csv")).unwrap();
    let ended = stage.run("explain hal").exits(0).complains("source hr could not be asked: failed to read");
    ended.says("hal   account 8 in GitLab: may have seats");
}
