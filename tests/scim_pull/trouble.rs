//! The incidents of other tools, over SCIM: paging, totals, failures midway, groups that vanish, members that nobody shows.

use serde_json::{Value, json};

use crate::support::scim_company::Registrar;
use crate::support::scim_front::{Answer, Asked, ScimFront, Turn};
use crate::support::scim_servers::ScimServer;
use crate::support::stage::{Stage, names};
use crate::{platform, rules, scim, scim_with, seated};

/// Runs an apply that must read in part, and take no seat from anybody.
#[track_caller]
fn nobody_loses_a_seat(stage: &Stage, words: &str) {
    let ended = stage.run("apply --yes").exits(5).says(words);
    assert_eq!(stage.holders(), ["ada", "bob", "cyd"], "{ended}");
    assert!(!stage.has_written(), "{ended}");
}

/// A stage with a front that passes everything on, and ada, bob and cyd seated.
fn fronted() -> (ScimServer, ScimFront, Stage, String, Vec<String>) {
    let server = ScimServer::scim2(false);
    let front = ScimFront::start(&server.url, |_| Turn::Pass);
    let (stage, group, people) = seated(&front.url, &Registrar::new(&server.url));
    (server, front, stage, group, people)
}

/// Incident 7: the first page kept, the others removed.
#[test]
fn a_server_that_does_not_page_is_refused() {
    let server = ScimServer::scimmy(false);
    let registrar = Registrar::new(&server.url);
    let (stage, ..) = seated(&server.url, &registrar);
    for number in 0..60 {
        registrar.group(&format!("team {number:02}"), &[]);
    }
    // The name differs in case, which this server's filter does not overlook: all groups are listed.
    stage.configure(
        &scim_with(&server.url, "token = { env = \"SCIM_TOKEN\" }\npage_size = 20"),
        &rules().replace("[\"platform\"]", "[\"Platform\"]"),
    );
    nobody_loses_a_seat(&stage, "asked for startIndex 21, the server answered 1: it does not page");
}

/// Incident 3 and 7: a list that ends early is not a smaller company.
#[test]
fn a_list_that_is_shorter_than_its_total_is_refused() {
    let (_server, front, stage, ..) = fronted();
    front.meddle(|asked| match asked.path.as_str() {
        // Without filters, groups are found in the list of all.
        "ServiceProviderConfig" => Turn::Answer(Answer::status(404)),
        "Groups" => Turn::Change(|mut list| {
            list["Resources"] = json!([]);
            list
        }),
        _ => Turn::Pass,
    });
    nobody_loses_a_seat(&stage, "the list of `GET /Groups` cannot be trusted: 0 of 1 entries came");
    let asked = front.asked();
    let lists = asked.iter().filter(|asked| asked.path == "Groups" && asked.query.contains_key("startIndex"));
    assert_eq!(lists.count(), 2, "it is read once more");
}

/// People who come while the list is read move it; whoever is not seen for it is asked for by itself.
#[test]
fn a_list_that_moves_costs_calls_and_nobody() {
    let server = ScimServer::scim2(false);
    let registrar = Registrar::new(&server.url);
    let usernames = names("p", 30);
    let accounts: Vec<&str> = usernames.iter().map(String::as_str).collect();
    platform(&registrar, &accounts);
    let front = ScimFront::start(&server.url, |asked| match asked.path.as_str() {
        "ServiceProviderConfig" => Turn::Answer(Answer::status(404)),
        "Users" if asked.query["startIndex"] != "1" => Turn::Change(|mut list| {
            list["totalResults"] = json!(31);
            list
        }),
        _ => Turn::Pass,
    });
    let stage = Stage::new(&accounts, 100);
    stage.configure(&scim_with(&front.url, "token = { env = \"SCIM_TOKEN\" }\npage_size = 20"), &rules());
    let plan = stage.run("plan --format json").exits(0).json();
    assert_eq!(plan["sources"][0]["coverage"], "complete");
    assert_eq!(plan["add_ons"][0]["tally"]["assign"], 30);
    assert_eq!(front.count("Users/"), 10, "those of the second page, one by one");
}

/// Incident 8: the source answers 5xx midway.
#[test]
fn a_server_that_fails_midway_takes_no_seat_from_anybody() {
    let (_server, front, stage, group, people) = fronted();
    let path = format!("Groups/{group}");
    front.meddle(move |asked| {
        if asked.path == path && !asked.query.contains_key("excludedAttributes") {
            Turn::Answer(Answer::status(503))
        } else {
            Turn::Pass
        }
    });
    nobody_loses_a_seat(&stage, "failed with status 503");

    // A member whom the server fails to show, by any way.
    let bob = people[1].clone();
    front.meddle(move |asked| {
        let meant = asked.path == format!("Users/{bob}") || asked.path == "Users";
        if meant { Turn::Answer(Answer::status(500)) } else { Turn::Pass }
    });
    nobody_loses_a_seat(&stage, "failed with status 500");
}

/// Incident 4: the directory is down, so nobody exists.
#[test]
fn a_server_that_is_down_takes_no_seat_from_anybody() {
    let (server, _front, stage, ..) = fronted();
    drop(server);
    stage.configure(&scim("http://127.0.0.1:1"), &rules());
    nobody_loses_a_seat(&stage, "failed to connect to `http://127.0.0.1:1`");
}

/// Incident 15: a storm of 429 whose Retry-After is 40 minutes, and one that is short.
#[test]
fn a_rate_limit_is_obeyed_up_to_the_deadline() {
    let (_server, front, stage, ..) = fronted();
    let limited = |seconds: u32| {
        let headers = vec![("retry-after", seconds.to_string())];
        Turn::Answer(Answer { headers, ..Answer::status(429) })
    };
    front.meddle(move |asked| if asked.number == 2 { limited(1) } else { Turn::Pass });
    stage.run("apply --yes").exits(0).says("3 kept");
    front.meddle(move |_| limited(2400));
    nobody_loses_a_seat(&stage, "must wait 2400s, and 2s is the most");
    assert_eq!(front.asked().len(), 1, "nothing is asked of a server that wants to be left alone");
}

/// Incident 2: a group that was renamed or deleted; and rules that name an id outlive a new name.
#[test]
fn a_group_that_is_gone_freezes_its_rule() {
    let (server, _front, stage, group, people) = fronted();
    let registrar = Registrar::new(&server.url);
    let members: Vec<Value> = people.iter().map(|id| json!({ "value": id })).collect();
    registrar.set_members("platform engineers", &group, members);
    nobody_loses_a_seat(&stage, "platform");
    stage.configure(&scim(&server.url), &rules().replace("\"platform\"]", &format!("\"id:{group}\"]")));
    stage.run("plan").exits(0).says("3 kept");
    registrar.delete(&format!("Groups/{group}"));
    nobody_loses_a_seat(&stage, "does not exist");
}

/// Incident 5: success with nobody in it.
#[test]
fn a_group_that_is_suddenly_empty_freezes_its_rule() {
    let (server, _front, stage, group, _) = fronted();
    Registrar::new(&server.url).set_members("platform", &group, Vec::new());
    let ended = stage.run("apply --yes");
    assert_eq!(stage.holders(), ["ada", "bob", "cyd"], "{ended}");
}

/// Incident 6: a group that shows no members, and has them all the same.
#[test]
fn a_group_that_hides_its_members_is_not_empty() {
    let (_server, front, stage, group, _) = fronted();
    let hiding = format!("Groups/{group}");
    front.meddle(move |asked| {
        if asked.path == hiding {
            return Turn::Change(|mut group| {
                group.as_object_mut().unwrap().remove("members");
                group
            });
        }
        match asked.query.get("filter") {
            Some(filter) if filter.starts_with("groups.value eq ") => {
                let id = filter.trim_start_matches("groups.value eq ").trim_matches('"');
                let user = json!({ "id": "7f", "groups": [{ "value": id }] });
                Turn::Answer(Answer::json(
                    &json!({ "totalResults": 1, "startIndex": 1, "Resources": [user] }),
                ))
            }
            Some(_) | None => Turn::Pass,
        }
    });
    nobody_loses_a_seat(&stage, "it shows no members, and yet there are users who are in it");
}

/// A user who was deleted and is still a member is gone, and freezes nothing; a 404 of a gateway proves nothing.
#[test]
fn only_the_service_provider_itself_says_who_is_gone() {
    let (server, front, stage, _, people) = fronted();
    let bob = people[1].clone();
    Registrar::new(&server.url).delete(&format!("Users/{bob}"));
    front.meddle(move |asked| {
        let gateway = json!({ "message": "no Route matched with those values" });
        if asked.path.ends_with(&bob) {
            Turn::Answer(Answer { status: 404, ..Answer::json(&gateway) })
        } else {
            Turn::Pass
        }
    });
    nobody_loses_a_seat(&stage, "(status 404, which is no answer of SCIM)");
    front.meddle(|_| Turn::Pass);
    let gone = format!("member `{}` of group `platform` no longer exists", people[1]);
    stage.run("apply --yes").exits(0).says(&gone);
    assert_eq!(stage.holders(), ["ada", "cyd"]);
}

/// What a group names besides users and groups is not taken to be nobody.
#[test]
fn a_member_of_an_unknown_type_is_not_nobody() {
    let (_server, front, stage, group, _) = fronted();
    let path = format!("Groups/{group}");
    let with_a_device = move |asked: &Asked| {
        if asked.path == path {
            Turn::Change(|mut group| {
                group["members"][1] = json!({ "value": "d-1", "type": "Device" });
                group
            })
        } else {
            Turn::Pass
        }
    };
    front.meddle(with_a_device);
    nobody_loses_a_seat(&stage, "if those are never people, non_person_member_types = [\"Device\"]");
    stage.configure(
        &scim_with(&front.url, "token = { env = \"SCIM_TOKEN\" }\nnon_person_member_types = [\"device\"]"),
        &rules(),
    );
    stage.run("apply --yes").exits(0);
    assert_eq!(stage.holders(), ["ada", "cyd"]);
}

/// One group that cannot be read freezes its rule; those of the other add-on and whoever is entitled are served.
#[test]
fn one_unreadable_group_freezes_its_own_add_on_alone() {
    let (server, front, stage, group, people) = fronted();
    let registrar = Registrar::new(&server.url);
    let others: Vec<&str> = people.iter().take(2).map(String::as_str).collect();
    let pros = registrar.group("pros", &others);
    stage.gitlab.world().add_purchase(simulator::world::purchase::Purchase::new(4, "CODE_SUGGESTIONS", 10));
    let pro = "[[rule]]\nname = \"pro\"\nadd_on = \"duo_pro\"\ngroups = [\"pros\"]\n\n[add_on.duo_pro]\ngrace = \"0d\"\n";
    stage.configure(&scim(&front.url), &format!("{}\n{pro}", rules()));
    stage.run("apply --yes").exits(0);
    registrar.set_members("pros", &pros, vec![json!({ "value": people[0] })]);
    let path = format!("Groups/{group}");
    front.meddle(
        move |asked| if asked.path == path { Turn::Answer(Answer::refusal(403, "no")) } else { Turn::Pass },
    );
    let ended = stage.run("apply --yes").exits(5).says("the service provider forbids");
    assert_eq!(stage.holders(), ["ada", "bob", "cyd"], "{ended}");
    let pro = stage.gitlab.world().holder_names(simulator::world::purchase::PurchaseId(4)).join(" ");
    assert_eq!(pro, "ada", "{ended}");
}

/// Incident 24: who got another name is followed by the id.
#[test]
fn a_person_is_followed_through_a_new_name() {
    let (_server, front, stage, ..) = fronted();
    front.meddle(|asked| {
        if asked.path.starts_with("Users") {
            Turn::Change(|mut users| {
                let rename = |user: &mut Value| {
                    if user["userName"] == "bob" {
                        (user["userName"], user["emails"], user["externalId"]) =
                            (json!("robert"), json!([]), Value::Null);
                    }
                };
                match users["Resources"].as_array_mut() {
                    Some(list) => list.iter_mut().for_each(rename),
                    None => rename(&mut users),
                }
                users
            })
        } else {
            Turn::Pass
        }
    });
    stage.run("apply --yes").exits(0).says("3 kept");
    assert_eq!(stage.holders(), ["ada", "bob", "cyd"]);
}

/// A server that invents pages, members or bytes without end holds us neither in memory nor in time.
#[test]
fn a_hostile_server_is_left() {
    let (_server, front, stage, ..) = fronted();
    front.meddle(|asked| match asked.path.as_str() {
        "ServiceProviderConfig" => Turn::Answer(Answer::status(404)),
        _ => Turn::Answer(Answer { body: "[".repeat(9 * 1024 * 1024), ..Answer::json(&Value::Null) }),
    });
    nobody_loses_a_seat(&stage, "is longer than 8 MiB");
    front.meddle(|asked| match asked.path.as_str() {
        "ServiceProviderConfig" => {
            Turn::Answer(Answer::json(&json!({ "patch": {}, "pagination": { "cursor": true } })))
        }
        _ => {
            let list = json!({ "Resources": [], "nextCursor": "again" });
            Turn::Answer(Answer::json(&list))
        }
    });
    nobody_loses_a_seat(&stage, "a cursor came twice");
    front.meddle(|asked| match asked.path.as_str() {
        "ServiceProviderConfig" => Turn::Answer(Answer::status(404)),
        "Groups" => Turn::Pass,
        // Each group holds another one.
        other => {
            let id = other.trim_start_matches("Groups/");
            let member = json!({ "value": format!("{id}x"), "type": "Group" });
            Turn::Answer(Answer::json(&json!({ "id": id, "displayName": id, "members": [member] })))
        }
    });
    nobody_loses_a_seat(&stage, "groups are nested more than 100 deep");
    assert!(front.asked().len() < 110);
}
