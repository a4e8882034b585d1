//! What a reading costs follows the people in the groups that rules name, not those in the company.

use crate::support::scim_company::Registrar;
use crate::support::scim_front::{Answer, ScimFront, Turn};
use crate::support::scim_servers::ScimServer;
use crate::support::stage::{Stage, names};
use crate::{rules, scim};

#[test]
fn few_members_of_a_large_company_are_few_calls() {
    let server = ScimServer::scimmy(true);
    let registrar = Registrar::new(&server.url);
    let usernames = names("p", 1000);
    let people: Vec<String> = usernames.iter().map(|username| registrar.person(username)).collect();
    let members: Vec<&str> = people.iter().map(String::as_str).take(60).collect();
    registrar.group("platform", &members);
    for number in 0..150 {
        registrar.group(&format!("team {number}"), &[]);
    }
    let accounts: Vec<&str> = usernames.iter().map(String::as_str).take(60).collect();
    let stage = Stage::new(&accounts, 100);

    // With filters: what is offered, one group by name, its members, and a page of users that shows listing all to be the
    // longer way.
    let front = ScimFront::start(&server.url, |_| Turn::Pass);
    stage.configure(&scim(&front.url), &rules());
    stage.run("plan").exits(0).says("60 people in 1 group");
    assert!(front.asked().len() <= 6, "{:#?}", front.asked());

    // Without: the heads of groups, its members, and ten pages of users rather than sixty calls.
    front.meddle(|asked| {
        if asked.path == "ServiceProviderConfig" { Turn::Answer(Answer::status(404)) } else { Turn::Pass }
    });
    stage.run("plan").exits(0).says("60 people in 1 group");
    let asked = front.asked();
    assert!(asked.len() <= 14, "{asked:#?}");
    let lists = asked.iter().filter(|asked| asked.path == "Groups");
    assert!(
        lists.clone().count() == 3
            && lists.clone().all(|asked| asked.query["excludedAttributes"] == "members")
    );
}

/// A server that says it filters, and does not.
#[test]
fn a_filter_that_does_nothing_is_found_out() {
    let server = ScimServer::scimmy(true);
    let registrar = Registrar::new(&server.url);
    let usernames = names("p", 400);
    let people: Vec<String> = usernames.iter().map(|username| registrar.person(username)).collect();
    let members: Vec<&str> = people.iter().map(String::as_str).skip(200).collect();
    registrar.group("platform", &members);
    let front = ScimFront::start(&server.url, |asked| match asked.query.get("filter") {
        Some(filter) if filter.starts_with("id eq ") => {
            let nobody = serde_json::json!({ "totalResults": 0, "startIndex": 1, "Resources": [] });
            Turn::Answer(Answer::json(&nobody))
        }
        Some(_) | None => Turn::Pass,
    });
    let accounts: Vec<&str> = usernames.iter().map(String::as_str).collect();
    let stage = Stage::new(&accounts, 400);
    stage.configure(&scim(&front.url), &rules());
    stage.run("plan").exits(0).says("200 people in 1 group");
}
