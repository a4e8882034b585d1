//! What Okta sends: its SCIM 2.0 SPEC test, and its life with users and pushed groups
//! (<https://developer.okta.com/docs/api/openapi/okta-scim/guides/scim-20/>).

use serde_json::{Value, json};

use crate::provider::{GROUP, Provider, USER, id, receiving};

#[test]
fn the_spec_test_passes() {
    let (_stage, sidecar) = receiving(&[], "");
    let okta = Provider::of(&sidecar);
    okta.person("isaac");

    let first = okta.sends(200, "GET", "/Users?count=1&startIndex=1", &Value::Null);
    assert!(first["itemsPerPage"].is_u64() && first["totalResults"].is_u64() && first["startIndex"].is_u64());
    assert!(first["schemas"].to_string().contains("urn:ietf:params:scim:api:messages:2.0:ListResponse"));
    let isaac = &first["Resources"][0];
    for key in ["id", "userName", "active", "emails"] {
        assert!(!isaac[key].is_null(), "{key}");
    }
    let user = format!("/Users/{}", id(isaac));
    assert_eq!(okta.sends(200, "GET", &user, &Value::Null)["userName"], "isaac");
    assert_eq!(
        okta.sends(200, "GET", "/Users?filter=userName eq \"nobody\"", &Value::Null)["totalResults"],
        0
    );
    let missing = okta.sends(404, "GET", "/Users/010101001010101011001010101011", &Value::Null);
    assert_eq!(missing["schemas"][0], "urn:ietf:params:scim:api:messages:2.0:Error");
    assert_eq!(missing["status"], "404");
    assert!(!missing["detail"].as_str().unwrap().is_empty());

    let new = json!({
        "schemas": [USER], "userName": "Runscope300Abc@atko.com", "name": { "givenName": "Runscope", "familyName": "Abc" },
        "emails": [{ "primary": true, "value": "Runscope300Abc@atko.com", "type": "work" }],
        "displayName": "Runscope Abc", "active": true,
    });
    let created = okta.sends(201, "POST", "/Users", &new);
    assert_eq!((&created["active"], &created["name"]["givenName"]), (&json!(true), &json!("Runscope")));
    let found = okta.sends(200, "GET", "/Users?filter=userName eq \"Runscope300Abc@atko.com\"", &Value::Null);
    assert_eq!(found["Resources"][0]["id"], created["id"]);
    assert_eq!(okta.get(&format!("/Users/{}", id(&created))).0, 200);
    assert_eq!(okta.sends(409, "POST", "/Users", &new)["status"], "409");
    assert!(okta.sends(200, "GET", "/Groups", &Value::Null)["totalResults"].is_u64());
}

#[test]
fn users_are_put_deactivated_and_groups_pushed() {
    let (_stage, sidecar) = receiving(&[], "");
    let okta = Provider::of(&sidecar);
    let (ada, bob) = (okta.person("ada"), okta.person("bob"));
    let put = json!({
        "schemas": [USER], "id": ada, "userName": "ada", "active": true, "locale": "en-US", "groups": [],
        "name": { "givenName": "Ada", "familyName": "Byron" }, "password": "hunter2-hunter2",
        "emails": [{ "primary": true, "value": "ada@example.test", "type": "work" }],
        "meta": { "resourceType": "User" },
    });
    let changed = okta.sends(200, "PUT", &format!("/Users/{ada}"), &put);
    assert_eq!((&changed["locale"], &changed["externalId"]), (&json!("en-US"), &Value::Null));
    assert!(!changed.to_string().contains("hunter2"), "no password is kept");
    okta.patches(200, &format!("/Users/{bob}"), &json!([{ "op": "replace", "value": { "active": false } }]));
    let taken = json!({ "schemas": [USER], "userName": "ADA" });
    assert_eq!(okta.sends(409, "PUT", &format!("/Users/{bob}"), &taken)["scimType"], "uniqueness");

    let pushed = json!({ "schemas": [GROUP], "displayName": "platform", "members": [{ "value": ada, "display": "ada" }] });
    let group = id(&okta.sends(201, "POST", "/Groups", &pushed));
    let path = format!("/Groups/{group}");
    let renamed = json!([{ "op": "replace", "value": { "id": group, "displayName": "Platform" } }]);
    okta.patches(204, &path, &renamed);
    okta.patches(
        204,
        &path,
        &json!([
            { "op": "remove", "path": format!("members[value eq \"{ada}\"]") },
            { "op": "add", "path": "members", "value": [{ "value": bob, "display": "bob" }] },
        ]),
    );
    assert_eq!(okta.members(&group), std::slice::from_ref(&bob));
    let whole =
        json!([{ "op": "replace", "path": "members", "value": [{ "value": ada }, { "value": bob }] }]);
    okta.patches(204, &path, &whole);
    assert_eq!(okta.members(&group).len(), 2);
    let put =
        json!({ "schemas": [GROUP], "id": group, "displayName": "Platform", "members": [{ "value": ada }] });
    assert_eq!(okta.sends(200, "PUT", &path, &put)["members"][0]["type"], "User");
    assert_eq!(okta.members(&group), [ada]);
    okta.sends(204, "DELETE", &path, &Value::Null);
}
