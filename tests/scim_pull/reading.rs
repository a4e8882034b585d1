//! What is in a service provider is what the plan speaks of: groups in groups, attributes, those who are gone or inactive.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::scim_company::Registrar;
use crate::support::scim_servers::ScimServer;
use crate::support::stage::{Stage, names};
use crate::{rules, scim, scim_with};

/// The add-on's part of a report.
fn enterprise(report: &str) -> String {
    let begin = report.find("idp ").unwrap();
    let end = report.find("\nPlan ").unwrap();
    report[begin..end].trim().to_owned()
}

fn ids_are_not_told(report: &str, ids: &[(&str, &str)]) -> String {
    ids.iter().fold(report.to_owned(), |report, (id, name)| report.replace(id, name))
}

fn group_member(id: &str) -> Value {
    json!({ "value": id, "type": "Group" })
}

/// Two makes of service provider, one and the same story.
fn a_company_is_read_whole(server: &ScimServer) {
    let registrar = Registrar::new(&server.url);
    let ada = registrar.person_of("R&D", "ada");
    let bob = registrar.person_of("Sales", "bob");
    let cyd = registrar.person_of("R&D", "cyd");
    let dan = registrar.person_with("dan", &json!({ "active": false }));
    let eve = registrar.person_of("R&D", "eve");
    let sre = registrar.group("SRE", &[&cyd, &dan]);
    let user = |id: &str| json!({ "value": id, "type": "User" });
    let platform =
        registrar.group_of("platform", vec![user(&ada), user(&bob), user(&eve), group_member(&sre)]);
    // A group in itself is legal.
    registrar.set_members("SRE", &sre, vec![user(&cyd), user(&dan), group_member(&platform)]);
    registrar.delete(&format!("Users/{eve}"));

    let stage = Stage::new(&["ada", "bob", "cyd", "dan", "eve"], 10);
    let keys = "token = { env = \"SCIM_TOKEN\" }\nattributes = { extra = [\"department\"] }";
    let rules = rules().replace("groups =", "where = 'person.department == \"R&D\"'\ngroups =");
    stage.configure(&scim_with(&server.url, keys), &rules);
    let plan = stage.run("plan").exits(0);
    let report = ids_are_not_told(&enterprise(&plan.stdout), &[(&eve, "EVE")]);
    insta::allow_duplicates! {
        assert_snapshot!(report, @r"
        idp   scim   3 people in 1 group   read whole

        warning[member_gone]: member `EVE` of group `platform` no longer exists

        Duo Enterprise   10 purchased   0 in reserve   0 held -> 2
          + ada           rule platform (platform)        takes a free seat
          + cyd           rule platform (platform > SRE)  takes a free seat
          0 unchanged
        ");
    }

    stage.run("apply --yes").exits(0);
    assert_eq!(stage.holders(), ["ada", "cyd"]);
    let told = stage.run("explain cyd").exits(0);
    assert!(told.stdout.contains("platform > SRE"), "{told}");
}

#[test]
fn scim2_server_is_read_whole_by_index() {
    a_company_is_read_whole(&ScimServer::scim2(false));
}

#[test]
fn scim2_server_is_read_whole_by_cursors() {
    a_company_is_read_whole(&ScimServer::scim2(true));
}

#[test]
fn scimmy_that_pages_is_read_whole() {
    a_company_is_read_whole(&ScimServer::scimmy(true));
}

/// More people than a page holds, more groups than a page holds.
fn a_large_company_is_read_whole(server: &ScimServer) {
    let registrar = Registrar::new(&server.url);
    let usernames = names("p", 230);
    let people: Vec<String> = usernames.iter().map(|username| registrar.person(username)).collect();
    for (number, person) in people.iter().take(120).enumerate() {
        registrar.group(&format!("team {number:03}"), &[person]);
    }
    let members: Vec<&str> = people.iter().skip(5).map(String::as_str).collect();
    registrar.group("platform", &members);

    let accounts: Vec<&str> = usernames.iter().map(String::as_str).collect();
    let stage = Stage::new(&accounts, 500);
    // Several names: then all groups are listed, over two pages.
    let rules = rules().replace(
        "groups = [\"platform\"]",
        "groups = [\"platform\", \"team 000\", \"TEAM 001\", \"id:ext-team 002\", \"team 119\"]",
    );
    stage.configure(&scim(&server.url), &rules);
    let plan = stage.run("plan --format json").exits(0).json();
    assert_eq!(
        plan["sources"][0],
        json!({ "name": "idp", "kind": "scim", "people": 228, "groups": 5, "coverage": "complete" })
    );
    assert_eq!(plan["add_ons"][0]["tally"]["assign"], 228);
}

#[test]
fn scim2_server_is_followed_over_pages_by_index() {
    a_large_company_is_read_whole(&ScimServer::scim2(false));
}

#[test]
fn scim2_server_is_followed_over_pages_by_cursors() {
    a_large_company_is_read_whole(&ScimServer::scim2(true));
}

#[test]
fn scimmy_that_pages_is_followed_over_pages() {
    a_large_company_is_read_whole(&ScimServer::scimmy(true));
}

#[test]
fn a_name_that_several_groups_bear_is_refused() {
    let server = ScimServer::scim2(false);
    let registrar = Registrar::new(&server.url);
    let ada = registrar.person("ada");
    let first = registrar.group("platform", &[&ada]);
    let second = registrar.group("platform", &[]);
    let stage = Stage::new(&["ada"], 10);
    stage.configure(&scim(&server.url), &rules());
    let plan = stage.run("plan").exits(5);
    let mut both = [format!("id:{first}"), format!("id:{second}")];
    both.sort();
    assert!(plan.stdout.contains(&both.join(" · ")), "{plan}");
    stage.configure(&scim(&server.url), &rules().replace("\"platform\"]", &format!("\"id:{first}\"]")));
    stage.run("plan").exits(0).says("+ ada");
}

#[test]
fn a_person_is_matched_by_the_identity_that_gitlab_keeps_for_scim() {
    let server = ScimServer::scim2(false);
    let registrar = Registrar::new(&server.url);
    let ada = registrar.person_with("augusta", &json!({ "externalId": "E-7", "emails": [] }));
    registrar.group("platform", &[&ada]);
    let stage = Stage::new(&["ada", "augusta"], 10);
    let id = stage.account("ada");
    stage.gitlab.world().edit_account(id, |account| *account = account.clone().with_scim_identity("e-7"));
    stage.configure(&scim(&server.url), &rules());
    let plan = stage.run("plan --format json").exits(0).json();
    let decided = &plan["decisions"][0];
    assert_eq!(
        (&decided["account"]["username"], &decided["matched_by"]),
        (&json!("ada"), &json!("identity"))
    );
    // By another attribute and another provider.
    stage
        .gitlab
        .world()
        .edit_account(id, |account| *account = account.clone().with_identity("saml", "augusta"));
    let keys = "token = { env = \"SCIM_TOKEN\" }\nmatch_by = [\"identity\"]\nidentity_provider = \"saml\"\nidentity_attribute = \"userName\"";
    stage.configure(&scim_with(&server.url, keys), &rules());
    let plan = stage.run("plan --format json").exits(0).json();
    assert_eq!(plan["decisions"][0]["account"]["username"], "ada");
}
