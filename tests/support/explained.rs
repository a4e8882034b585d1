//! What `explain` tells of somebody who is in no group that rules name.

use serde_json::{Value, json};

use crate::support::stage::{Ended, Stage};

/// Asks with a name that may hold blanks.
pub fn explain(stage: &Stage, asked: &str, options: &[&str]) -> Ended {
    Ended::of(stage.command("explain").arg(asked).args(options).output().unwrap())
}

/// The source of the rule `platform` knows somebody by this name, who is told of in words and as JSON: where they are seen,
/// that no account was matched, what the rule says, and that being in its group would do.
#[track_caller]
pub fn is_explained(stage: &Stage, asked: &str, who: &str, source: &str) {
    let ended = explain(stage, asked, &[]).exits(0).says(&format!("{who}   in source {source}\n"));
    let ended = ended.says("  account    not looked for: no rule speaks of this person\n");
    let ended = ended.says("platform (Duo Enterprise): does not: in none of its groups (`platform`)\n");
    let ended = ended.says("in group `platform` of rule platform\n");
    assert!(!ended.stderr.contains("could not be asked"), "{ended}");

    let told = explain(stage, asked, &["--format", "json"]).exits(0).json();
    let [person] = told["people"].as_array().unwrap().as_slice() else { panic!("{told:#}") };
    assert_eq!((&person["source"], &told["sources"][0]["knows"]), (&json!(source), &json!(true)));
    assert_eq!((&person["groups"], &person["unmatched"]), (&json!([]), &json!("not_sought")));
    assert_eq!(person["rules"][0]["says"], "not_in_groups");
    let seats = if person["seats"].is_null() { &told["accounts"][0]["seats"] } else { &person["seats"] };
    let needs = seats[0]["remedies"][0].as_array().unwrap();
    let needs: Vec<&Value> = needs.iter().map(|need| &need["need"]).collect();
    assert_eq!(needs.last(), Some(&&json!("in_group")), "{told:#}");
}

/// No source knows anybody by this name, and all could be asked.
#[track_caller]
pub fn is_nobody(stage: &Stage, asked: &str) {
    let ended = explain(stage, asked, &[]).exits(1);
    let ended = ended.complains(&format!("nobody whom a source shows, and no account, answers to `{asked}`"));
    assert!(!ended.stderr.contains("could not be asked"), "{ended}");
}
