//! `seatsync check` says what is wrong with a service provider, and what to do about it.

use serde_json::json;

use crate::support::scim_company::Registrar;
use crate::support::scim_front::{Answer, ScimFront, Turn};
use crate::support::scim_servers::ScimServer;
use crate::support::stage::Stage;
use crate::{platform, rules, scim};

fn stage() -> Stage {
    Stage::new(&["ada"], 10)
}

/// Every line about the source.
fn told(stage: &Stage, url: &str, code: i32) -> String {
    stage.configure(&scim(url), &rules());
    let ended = stage.run("check").exits(code);
    let lines = ended.stdout.lines().skip_while(|line| !line.contains("idp"));
    let about: Vec<&str> = lines.take_while(|line| line.contains("idp") || line.contains("hint:")).collect();
    about.join("\n").replace(url, "URL").replace(url.trim_end_matches("/scim/v2"), "ORIGIN")
}

#[test]
fn what_is_well_is_named() {
    let server = ScimServer::scim2(true);
    platform(&Registrar::new(&server.url), &["ada"]);
    insta::assert_snapshot!(told(&stage(), &server.url, 0), @"");
    let server = ScimServer::scimmy(true);
    platform(&Registrar::new(&server.url), &["ada"]);
    insta::assert_snapshot!(told(&stage(), &server.url, 0), @"");
}

#[test]
fn a_server_that_does_not_page_is_named() {
    let server = ScimServer::scimmy(false);
    platform(&Registrar::new(&server.url), &["ada", "bob"]);
    insta::assert_snapshot!(told(&stage(), &server.url, 5), @"");
}

#[test]
fn a_wrong_token_an_address_of_something_else_and_a_web_page_are_told_apart() {
    let answers = [
        Answer::refusal(401, "who are you?"),
        Answer::refusal(403, "not yours"),
        Answer::status(404),
        Answer { headers: vec![("content-type", "text/html".to_owned())], ..Answer::status(200) },
        Answer {
            headers: vec![("location", "https://login.example.com/?next=x".to_owned())],
            ..Answer::status(302)
        },
        Answer::json(&json!({ "hello": "world" })),
    ];
    let stage = stage();
    let recorded: Vec<String> = answers
        .into_iter()
        .map(|answer| {
            let front = ScimFront::start("", move |_| Turn::Answer(answer.clone()));
            told(&stage, &front.url, 5)
        })
        .collect();
    insta::assert_snapshot!(recorded.join("\n\n"), @"");
}

#[test]
fn a_token_that_reaches_nobody_is_named() {
    let server = ScimServer::scim2(false);
    insta::assert_snapshot!(told(&stage(), &server.url, 5), @"");
}
