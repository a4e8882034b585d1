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
    insta::assert_snapshot!(told(&stage(), &server.url, 0), @r"
    ok       source idp: SCIM 2.0 (filters, pages by cursor) at URL
    ok       source idp: 1 person in 1 group, read whole
    ");
    let server = ScimServer::scimmy(true);
    platform(&Registrar::new(&server.url), &["ada"]);
    insta::assert_snapshot!(told(&stage(), &server.url, 0), @r"
    ok       source idp: SCIM 2.0 (filters, pages by index) at URL
    ok       source idp: 1 person in 1 group, read whole
    ");
}

#[test]
fn a_server_that_does_not_page_is_named() {
    let server = ScimServer::scimmy(false);
    platform(&Registrar::new(&server.url), &["ada", "bob"]);
    insta::assert_snapshot!(told(&stage(), &server.url, 5), @r"
    ok       source idp: SCIM 2.0 (filters, pages by index) at URL
    error    source idp: it does not page: asked for users from the second one on (startIndex 2), it answered from startIndex 1; lists of more than one page are refused
    ok       source idp: 2 people in 1 group, read whole
    ");
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
            told(&stage, &front.url, 5).lines().next().unwrap().to_owned()
        })
        .collect();
    insta::assert_snapshot!(recorded.join("\n"), @r"
    error    source idp: the service provider does not accept the token: who are you?; hint: check `token`: it may have expired, or belong to another tenant
    error    source idp: the service provider forbids `GET /Groups`: not yours; hint: the token needs the right to read users and groups
    error    source idp: nothing answers to `GET /Groups` (status 404, which is no answer of SCIM); hint: `url` is the SCIM base address, which often ends with `/scim/v2`, and not that of a page for people
    error    source idp: `GET /ServiceProviderConfig` was answered with a web page (status 200); hint: `url` is the SCIM base address, which often ends with `/scim/v2`, and not that of a page for people
    error    source idp: `GET /ServiceProviderConfig` is redirected to `https://login.example.com`; hint: write the address where it ends: tokens do not follow redirects
    error    source idp: the answer to `GET /Groups` is not what was asked for (it is no list); hint: is `url` the SCIM base address, which often ends with `/scim/v2`?
    ");
}

#[test]
fn a_token_that_reaches_nobody_is_named() {
    let server = ScimServer::scim2(false);
    insta::assert_snapshot!(told(&stage(), &server.url, 5), @r"
    ok       source idp: SCIM 2.0 (filters, pages by index) at URL
    error    source idp: it shows no users: does the token reach those that are meant?
    error    source idp: it shows no groups: does the token reach those that are meant?
    error    source idp: group `platform` does not exist
    error    group `platform` does not exist in source `idp`: rule `platform` is frozen, nobody loses a seat by it; correct the rule, or name the group by `id:` so that it survives renames
    ");
}
