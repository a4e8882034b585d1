//! What Entra ID sends, as Microsoft describes it and as it really does
//! (<https://learn.microsoft.com/en-us/entra/identity/app-provisioning/application-provisioning-config-problem-scim-compatibility>).

use serde_json::{Value, json};

use crate::provider::{ENTERPRISE, GROUP, Provider, USER, id, receiving};

const ADSCIM: &str = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group";

fn test_user() -> Value {
    json!({
        "schemas": [USER, ENTERPRISE],
        "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
        "userName": "Test_User_ab6490ee",
        "active": true,
        "emails": [{ "primary": true, "type": "work", "value": "Test_User_fd0ea19b@testuser.com" }],
        "meta": { "resourceType": "User" },
        "name": { "formatted": "givenName familyName", "familyName": "familyName", "givenName": "givenName" },
        "roles": [],
    })
}

#[test]
fn the_connection_is_tested_by_somebody_who_does_not_exist() {
    let (_stage, sidecar) = receiving(&[], "");
    let entra = Provider::of(&sidecar);
    let nobody = "/Users?aadOptscim062020&filter=userName eq \"7b2fb2a2-a3a2-4a3e-8f3c-d3e5c5ab1e11\"";
    let found = entra.sends(200, "GET", nobody, &Value::Null);
    assert_eq!(
        found,
        json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 0,
                "startIndex": 1, "itemsPerPage": 0, "Resources": [] })
    );
    let groups = "/Groups?excludedAttributes=members&filter=displayName eq \"nobody\"";
    assert_eq!(entra.sends(200, "GET", groups, &Value::Null)["totalResults"], 0);
}

#[test]
fn a_user_is_matched_created_changed_disabled_and_deleted() {
    let (_stage, sidecar) = receiving(&[], "");
    let entra = Provider::of(&sidecar);
    let created = entra.sends(201, "POST", "/Users?aadOptscim062020", &test_user());
    let user = format!("/Users/{}", id(&created));
    for (key, sent) in test_user().as_object().unwrap() {
        if !["schemas", "meta", "roles"].contains(&key.as_str()) {
            assert_eq!(created[key], *sent, "what was sent comes back: {key}");
        }
    }
    assert_eq!(created["meta"]["location"], format!("http://seatsync.example.com/scim/v2/entra{user}"));
    assert_eq!(entra.sends(409, "POST", "/Users", &test_user())["scimType"], "uniqueness");

    let matched = entra.sends(200, "GET", "/Users?filter=userName eq \"TEST_user_AB6490EE\"", &Value::Null);
    assert_eq!((&matched["totalResults"], &matched["Resources"][0]["id"]), (&json!(1), &created["id"]));
    let by_mail = "/Users?filter=emails[type eq \"work\"].value eq \"test_user_fd0ea19b@testuser.com\"";
    assert_eq!(entra.sends(200, "GET", by_mail, &Value::Null)["totalResults"], 1);

    let changed = entra.patches(
        200,
        &user,
        &json!([
            { "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "updatedEmail@microsoft.com" },
            { "op": "Replace", "path": "name.familyName", "value": "updatedFamilyName" },
            { "op": "Add", "path": format!("{ENTERPRISE}:manager"), "value": "8a3b" },
            { "op": "Add", "path": format!("{ENTERPRISE}:department"), "value": "R&D" },
        ]),
    );
    assert_eq!(changed["emails"][0]["value"], "updatedEmail@microsoft.com");
    assert_eq!(changed["name"]["familyName"], "updatedFamilyName");
    assert_eq!(changed[ENTERPRISE], json!({ "manager": { "value": "8a3b" }, "department": "R&D" }));
    assert_eq!(changed["schemas"], json!([USER, ENTERPRISE]));

    let disabled =
        entra.patches(200, &user, &json!([{ "op": "Replace", "path": "active", "value": "False" }]));
    assert_eq!(disabled["active"], false);
    let inactive = entra.sends(200, "GET", "/Users?filter=active eq false", &Value::Null);
    assert_eq!(inactive["totalResults"], 1);
    entra.sends(204, "DELETE", &user, &Value::Null);
    entra.sends(404, "GET", &user, &Value::Null);
    entra.sends(404, "DELETE", &user, &Value::Null);
    entra.sends(201, "POST", "/Users", &test_user());
}

#[test]
fn a_group_gets_and_loses_members_in_parts() {
    let (_stage, sidecar) = receiving(&[], "");
    let entra = Provider::of(&sidecar);
    let people: Vec<String> = ["a", "b", "c"].iter().map(|name| entra.person(name)).collect();
    let sent = json!({
        "schemas": [GROUP, ADSCIM], "externalId": "8aa1a0c0", "displayName": "platform", "meta": { "resourceType": "Group" },
    });
    let created = entra.sends(201, "POST", "/Groups", &sent);
    let group = format!("/Groups/{}", id(&created));
    let shown = entra.sends(200, "GET", &format!("{group}?excludedAttributes=members"), &Value::Null);
    assert_eq!((&shown["displayName"], &shown["externalId"]), (&json!("platform"), &json!("8aa1a0c0")));

    let add = |ids: &[&String]| -> Value {
        let members: Vec<Value> = ids.iter().map(|id| json!({ "$ref": null, "value": id })).collect();
        json!([{ "op": "Add", "path": "members", "value": members }])
    };
    entra.patches(204, &group, &add(&[&people[0], &people[1]]));
    entra.patches(204, &group, &add(&[&people[1], &people[2]]));
    assert_eq!(entra.members(&id(&created)).len(), 3, "who is added twice is in it once");

    let is_in = |who: &str| {
        let group = id(&created);
        let path =
            format!("/Groups?filter=id eq \"{group}\" and members eq \"{who}\"&excludedAttributes=members");
        entra.sends(200, "GET", &path, &Value::Null)["totalResults"].as_u64().unwrap()
    };
    assert_eq!((is_in(&people[0]), is_in("8a3b")), (1, 0));

    let remove = json!([{ "op": "Remove", "path": "members", "value": [{ "value": people[0] }] }]);
    entra.patches(204, &group, &remove);
    entra.patches(204, &group, &remove);
    assert_eq!(is_in(&people[0]), 0);
    assert_eq!(entra.members(&id(&created)).len(), 2, "the others stay");
    let path = format!("members[value eq \"{}\"]", people[1]);
    entra.patches(204, &group, &json!([{ "op": "Remove", "path": path }]));
    assert_eq!(entra.members(&id(&created)), [people[2].clone()]);

    entra.patches(204, &group, &json!([{ "op": "Replace", "path": "displayName", "value": "Platform 2" }]));
    let renamed = entra.sends(200, "GET", "/Groups?filter=displayName eq \"platform 2\"", &Value::Null);
    assert_eq!(renamed["totalResults"], 1);
    entra.sends(204, "DELETE", &format!("/Users/{}", people[2]), &Value::Null);
    assert_eq!(entra.members(&id(&created)), [""; 0], "who is gone is in no group");
    entra.sends(204, "DELETE", &group, &Value::Null);
    entra.sends(404, "GET", &group, &Value::Null);
}

#[test]
fn pages_repeat_the_index_that_was_asked_for() {
    let (_stage, sidecar) = receiving(&[], "");
    let entra = Provider::of(&sidecar);
    let people: Vec<String> = (0..5).map(|number| entra.person(&format!("person-{number}"))).collect();
    let page = |query: &str| {
        let page = entra.sends(200, "GET", &format!("/Users?{query}"), &Value::Null);
        let ids: Vec<String> = page["Resources"].as_array().unwrap().iter().map(id).collect();
        (page["totalResults"].as_u64().unwrap(), page["startIndex"].as_u64().unwrap(), ids)
    };
    assert_eq!(page("startIndex=1&count=2"), (5, 1, people[..2].to_vec()));
    assert_eq!(page("startIndex=5&count=2"), (5, 5, people[4..].to_vec()));
    assert_eq!(page("startIndex=99&count=2"), (5, 99, Vec::new()));
    assert_eq!(page("startIndex=0&count=-1"), (5, 1, Vec::new()));
    assert_eq!(page("count=0"), (5, 1, Vec::new()));
    assert_eq!(page("filter=userName sw \"person\"&startIndex=2&count=2"), (5, 2, people[1..3].to_vec()));
    assert_eq!(entra.get("/Users?startIndex=x").0, 400);
}

#[test]
fn entity_tags_keep_edits_apart() {
    let (_stage, sidecar) = receiving(&[], "");
    let entra = Provider::of(&sidecar);
    let user = format!("/Users/{}", entra.person("ada"));
    let read = entra.raw("GET", &user, "", "");
    assert!(read.head.contains("etag: W/\"1\""), "{}", read.head);
    assert_eq!(entra.raw("GET", &user, "If-None-Match: W/\"1\"\r\n", "").status, 304);
    let title = r#"{"Operations":[{"op":"replace","path":"title","value":"Countess"}]}"#;
    assert_eq!(entra.raw("PATCH", &user, "If-Match: W/\"7\"\r\n", title).status, 412);
    assert_eq!(entra.raw("PATCH", &user, "If-Match: W/\"1\"\r\n", title).status, 200);
    assert_eq!(entra.raw("PATCH", &user, "If-Match: W/\"2\"\r\n", title).status, 200, "nothing was changed");
    assert_eq!(entra.raw("DELETE", &user, "If-Match: W/\"1\"\r\n", "").status, 412);
    assert_eq!(entra.raw("DELETE", &user, "If-Match: W/\"2\"\r\n", "").status, 204);
}
