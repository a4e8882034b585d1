//! Somebody in no group that rules name is asked for by every name, in a handful of requests.

use serde_json::json;

use crate::support::explained::{explain, is_explained, is_nobody};
use crate::support::scim_company::Registrar;
use crate::support::scim_front::{Answer, Asked, ScimFront, Turn};
use crate::support::scim_servers::ScimServer;
use crate::support::stage::{Stage, names};
use crate::{platform, rules, scim, scim_with};

const HAL: &str = "Hal \"the\" Second";

/// A company whose list of users fills more pages than are read to be sure, hal in it and in no group, behind a front.
fn company(server: &ScimServer) -> (ScimFront, Stage, String) {
    let registrar = Registrar::new(&server.url);
    platform(&registrar, &["ada"]);
    let hal = registrar.person_with("hal", &json!({ "displayName": HAL }));
    registrar.person_with("gone", &json!({ "active": false }));
    names("p", 20).iter().for_each(|username| drop(registrar.person(username)));
    let front = ScimFront::start(&server.url, |_| Turn::Pass);
    let stage = Stage::new(&["ada", "hal"], 10);
    stage.configure(&scim_with(&front.url, "token = { env = \"SCIM_TOKEN\" }\npage_size = 5"), &rules());
    (front, stage, hal)
}

fn filters(front: &ScimFront) -> Vec<String> {
    let mut filters: Vec<String> =
        front.asked().into_iter().filter_map(|asked| asked.query.get("filter").cloned()).collect();
    filters.retain(|filter| !filter.starts_with("displayName eq \"platform\""));
    filters.sort();
    filters
}

fn lists(front: &ScimFront) -> usize {
    let is_list = |asked: &&Asked| asked.path == "Users" && !asked.query.contains_key("filter");
    front.asked().iter().filter(is_list).count()
}

/// What a service provider makes of `\"` in a filter.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quotes {
    Understood,
    Refused,
}

/// Two makes of service provider, one and the same story.
fn everyone_is_found_by_every_name(server: &ScimServer, quotes: Quotes) {
    let (front, stage, hal) = company(server);
    let names = ["hal", "hal@example.test", "ext-hal", &hal, HAL];
    for name in names.iter().filter(|name| quotes == Quotes::Understood || **name != HAL) {
        front.meddle(|_| Turn::Pass);
        is_explained(&stage, name, HAL, "idp");
        assert_eq!(lists(&front), 0, "the list of users was read: {:#?}", front.asked());
    }
    is_nobody(&stage, "nobody");
    // Whoever is inactive counts for nobody.
    is_nobody(&stage, "ext-gone");

    // What is asked for, and that no name breaks out of its filter.
    front.meddle(|_| Turn::Pass);
    let cracker = "x\" or userName eq \"hal";
    match quotes {
        Quotes::Understood => is_nobody(&stage, cracker),
        Quotes::Refused => {
            let ended = explain(&stage, cracker, &[]).exits(1);
            ended.complains("source idp could not be asked: `GET /Users` was refused with status 400");
        }
    }
    let value = "\"x\\\" or userName eq \\\"hal\"";
    let asked =
        ["displayName", "emails.value", "externalId", "userName"].map(|name| format!("{name} eq {value}"));
    assert_eq!(filters(&front), asked);
    assert_eq!(lists(&front), 1, "the first page shows that there are many");

    // Without filters: from the list of all, page by page.
    front.meddle(|asked| match asked.path.as_str() {
        "ServiceProviderConfig" => Turn::Answer(Answer::status(404)),
        _ => Turn::Pass,
    });
    for name in names {
        is_explained(&stage, &name.to_uppercase(), HAL, "idp");
    }
    is_nobody(&stage, cracker);
    assert!(filters(&front).is_empty());
    assert!(lists(&front) >= 5, "{:#?}", front.asked());
}

#[test]
fn scim2_server_is_asked_for_everyone() {
    everyone_is_found_by_every_name(&ScimServer::scim2(false), Quotes::Understood);
}

#[test]
fn scimmy_is_asked_for_everyone() {
    everyone_is_found_by_every_name(&ScimServer::scimmy(true), Quotes::Refused);
}

/// SCIMMY's filters do not overlook case, and others are none at all: where the list is short, it decides.
#[test]
fn a_filter_that_brings_nobody_is_not_believed_where_the_list_is_short() {
    let server = ScimServer::scimmy(true);
    let (front, stage, _) = company(&server);
    stage.configure(&scim(&front.url), &rules());
    is_explained(&stage, "HAL", HAL, "idp");
    front.meddle(|asked| match asked.query.get("filter") {
        Some(filter) if !filter.contains("platform") => {
            Turn::Answer(Answer::json(&json!({ "totalResults": 0, "startIndex": 1, "Resources": [] })))
        }
        Some(_) | None => Turn::Pass,
    });
    is_explained(&stage, "ext-hal", HAL, "idp");
    assert_eq!(lists(&front), 2, "one page for each of the two questions");
}

/// Some know one attribute alone, and refuse an id that is not of their form.
#[test]
fn a_way_that_is_refused_is_said_only_where_no_other_brings_anybody() {
    let server = ScimServer::scim2(false);
    let (front, stage, hal) = company(&server);
    let poor = |asked: &Asked| {
        let refused = match asked.query.get("filter") {
            Some(filter) => !filter.starts_with("userName eq ") && !filter.contains("platform"),
            None => asked.path == "Users/hal" || asked.path == "Users/hal@example.test",
        };
        if refused { Turn::Answer(Answer::refusal(400, "not supported")) } else { Turn::Pass }
    };
    front.meddle(poor);
    is_explained(&stage, "hal", HAL, "idp");
    is_explained(&stage, &hal, HAL, "idp");
    let ended = explain(&stage, "hal@example.test", &[]).exits(0);
    let ended = ended.complains("source idp could not be asked: `GET /Users` was refused with status 400");
    ended.says("hal   account 8 in GitLab: may have seats");

    // Down in the middle: said, and the account is explained all the same.
    front.meddle(|asked| match asked.query.get("filter") {
        Some(filter) if !filter.contains("platform") => Turn::Answer(Answer::status(503)),
        Some(_) | None => Turn::Pass,
    });
    let ended =
        explain(&stage, "hal", &[]).exits(0).complains("source idp could not be asked: `GET /Users` failed");
    ended.says("hal   account 8 in GitLab: may have seats");
}

#[test]
fn whoever_is_asked_for_is_in_no_log() {
    let server = ScimServer::scim2(false);
    let (_front, stage, _) = company(&server);
    let ended = stage.run("explain hal@example.test -vvv").exits(0).says(HAL);
    assert!(!ended.stderr.is_empty() && !ended.stderr.contains("hal"), "{}", ended.stderr);
}
