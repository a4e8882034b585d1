//! Pulling from SCIM service providers: two real ones of different make, and whatever can go wrong between.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod checking;
mod cost;
mod explaining;
mod joining;
mod reading;
#[path = "../support/mod.rs"]
mod support;
mod tokens;
mod trouble;

use support::scim_company::Registrar;
use support::stage::{PLATFORM, SMALL, Stage};

/// The source `idp` at this address, in a hurry.
fn scim(url: &str) -> String {
    scim_with(url, "token = { env = \"SCIM_TOKEN\" }")
}

/// The same with these keys.
fn scim_with(url: &str, keys: &str) -> String {
    format!(
        "[scim.idp]\nurl = \"{url}\"\nrequests_per_minute = 100000\nretry_deadline = \"2s\"\ntimeout = \"10s\"\n{keys}\n"
    )
}

/// The rule [`PLATFORM`] and no limit on shrinking.
fn rules() -> String {
    format!("{PLATFORM}\n{SMALL}")
}

/// Puts these people into the group `platform` of a service provider; its id, and theirs.
fn platform(registrar: &Registrar, usernames: &[&str]) -> (String, Vec<String>) {
    let people: Vec<String> = usernames.iter().map(|username| registrar.person(username)).collect();
    let ids: Vec<&str> = people.iter().map(String::as_str).collect();
    (registrar.group("platform", &ids), people)
}

/// A stage on which ada, bob and cyd are in the group and an apply has given each of them a seat.
fn seated(url: &str, registrar: &Registrar) -> (Stage, String, Vec<String>) {
    let stage = Stage::new(&["ada", "bob", "cyd"], 10);
    let (group, people) = platform(registrar, &["ada", "bob", "cyd"]);
    stage.configure(&scim(url), &rules());
    stage.run("apply --yes").exits(0);
    assert_eq!(stage.holders(), ["ada", "bob", "cyd"]);
    stage.gitlab.forget_requests();
    (stage, group, people)
}
