//! What Entra ID and Okta send, and what becomes of an entry by it.

use serde_json::{Map, Value, json};

use crate::model::roster::{EntryKind, MemberEdits, Selection};
use crate::provisioning::change::Change;
use crate::provisioning::filter::{Filter, MembersAsked};
use crate::provisioning::patch::patched;
use crate::provisioning::projection::Projection;

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn ada() -> Map<String, Value> {
    let sent = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "externalId": "0a21f0f2", "userName": "ada@example.com", "active": true,
        "name": { "givenName": "Ada", "familyName": "Byron" },
        "emails": [{ "primary": true, "type": "work", "value": "ada@example.com" }],
        "meta": { "resourceType": "User" }, "roles": [], "password": "secret", "id": "chosen",
    });
    Change::whole(EntryKind::Person, &object(sent)).unwrap().attributes
}

/// What is left after these operations; or why not.
fn after(operations: Value) -> String {
    let request = object(
        json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations }),
    );
    match patched(EntryKind::Person, ada(), &request) {
        Ok(change) => Value::Object(change.attributes).to_string(),
        Err(refusal) => format!("{:?}: {}", refusal.because, refusal.detail),
    }
}

/// Who is in a group afterwards and who is not.
fn members(operations: Value) -> MemberEdits {
    let group = object(json!({ "displayName": "platform" }));
    patched(EntryKind::Group, group, &object(json!({ "operations": operations }))).unwrap().members
}

fn edits(cleared: bool, after: &[(&str, bool)]) -> MemberEdits {
    let after = after.iter().map(|(member, joins)| ((*member).to_owned(), *joins)).collect();
    MemberEdits { cleared, after }
}

#[test]
fn what_is_sent_is_kept_less_what_is_ours_and_what_is_secret() {
    assert_eq!(
        Value::Object(ada()).to_string(),
        r#"{"externalId":"0a21f0f2","userName":"ada@example.com","active":true,"name":{"givenName":"Ada","familyName":"Byron"},"emails":[{"primary":true,"type":"work","value":"ada@example.com"}]}"#
    );
}

#[test]
fn entra_id_disables_in_capitals_and_in_text() {
    let disabled = after(json!([{ "op": "Replace", "path": "active", "value": "False" }]));
    assert!(disabled.contains(r#""active":false"#), "{disabled}");
    assert_eq!(disabled, after(json!([{ "op": "replace", "path": "active", "value": false }])));
    assert_eq!(disabled, after(json!([{ "op": "Replace", "value": { "active": "false" } }])));
}

#[test]
fn a_value_path_changes_what_it_selects_and_makes_what_it_does_not_find() {
    assert_eq!(
        after(json!([
            { "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "new@example.com" },
            { "op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+41 1" },
            { "op": "Add", "path": "addresses[type eq \"work\"].formatted", "value": "Bahnhofstrasse 1" },
            { "op": "Add", "path": "roles[primary eq \"True\"].value", "value": "admin" },
            { "op": "Replace", "path": "name.familyName", "value": "Lovelace" },
        ])),
        r#"{"externalId":"0a21f0f2","userName":"ada@example.com","active":true,"name":{"givenName":"Ada","familyName":"Lovelace"},"emails":[{"primary":true,"type":"work","value":"new@example.com"}],"phoneNumbers":[{"type":"mobile","value":"+41 1"}],"addresses":[{"type":"work","formatted":"Bahnhofstrasse 1"}],"roles":[{"primary":true,"value":"admin"}]}"#
    );
}

#[test]
fn without_a_path_keys_are_paths_and_urns() {
    assert_eq!(
        after(json!([{ "op": "replace", "value": {
            "id": "theirs", "displayName": "Ada L.", "name.familyName": "Lovelace", "nonsense": 1,
            "emails[type eq \"work\"].value": "l@example.com",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department": "R&D",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "employeeNumber": "7", "manager": "boss" },
            "urn:ietf:params:scim:schemas:extension:acme:2.0:User": { "floor": "3" },
            "urn:ietf:params:scim:schemas:core:2.0:User:title": "Countess",
        } }])),
        r#"{"externalId":"0a21f0f2","userName":"ada@example.com","active":true,"name":{"givenName":"Ada","familyName":"Lovelace"},"emails":[{"primary":true,"type":"work","value":"l@example.com"}],"displayName":"Ada L.","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"R&D","employeeNumber":"7","manager":{"value":"boss"}},"urn:ietf:params:scim:schemas:extension:acme:2.0:User":{"floor":"3"},"title":"Countess"}"#
    );
}

#[test]
fn a_manager_comes_as_an_id_as_an_object_or_as_a_list_and_goes() {
    let path = format!("{ENTERPRISE}:manager");
    let bare = after(json!([{ "op": "Add", "path": path, "value": "42" }]));
    assert!(bare.contains(r#""manager":{"value":"42"}"#), "{bare}");
    assert_eq!(bare, after(json!([{ "op": "Add", "path": path, "value": { "value": "42" } }])));
    assert_eq!(bare, after(json!([{ "op": "Replace", "path": path, "value": [{ "value": "42" }] }])));
    let added = json!({ "op": "Add", "path": path, "value": "42" });
    for gone in
        [json!({ "op": "Remove", "path": path }), json!({ "op": "Replace", "path": path, "value": "" })]
    {
        assert_eq!(after(json!([added.clone(), gone])), Value::Object(ada()).to_string());
    }
}

#[test]
fn an_empty_text_and_null_clear() {
    let without = after(json!([{ "op": "Remove", "path": "externalId" }]));
    assert!(!without.contains("externalId"), "{without}");
    for nothing in [json!(""), Value::Null] {
        assert_eq!(after(json!([{ "op": "Replace", "path": "externalId", "value": nothing }])), without);
        assert_eq!(after(json!([{ "op": "Replace", "value": { "externalId": nothing } }])), without);
    }
    let unnamed = after(json!([{ "op": "replace", "value": { "name": null, "emails": [] } }]));
    assert!(!unnamed.contains("Byron") && !unnamed.contains("emails"), "{unnamed}");
}

#[test]
fn values_are_added_once_and_the_last_primary_one_is_it() {
    let twice = json!({ "op": "Add", "path": "emails", "value": [{ "type": "home", "value": "h@x", "primary": true }] });
    let once = after(json!([twice.clone()]));
    assert_eq!(after(json!([twice.clone(), twice.clone()])), once);
    assert!(once.contains(r#"{"type":"home","value":"h@x","primary":true}"#), "{once}");
    assert!(once.contains(r#"{"primary":false,"type":"work","value":"ada@example.com"}"#), "{once}");
    let removed = after(json!([twice, { "op": "Remove", "path": "emails", "value": [{ "value": "h@x" }] }]));
    assert!(!removed.contains("h@x") && removed.contains("ada@example.com"), "{removed}");
    let all = after(json!([{ "op": "remove", "path": "emails[type eq \"work\"]" }]));
    assert!(!all.contains("emails"), "{all}");
}

#[test]
fn members_join_and_leave_in_parts() {
    let list =
        |ids: &[&str]| -> Value { ids.iter().map(|id| json!({ "$ref": null, "value": id })).collect() };
    assert_eq!(
        members(json!([{ "op": "Add", "path": "members", "value": list(&["a", "b", "a"]) }])),
        edits(false, &[("a", true), ("b", true)])
    );
    assert_eq!(
        members(json!([{ "op": "Remove", "path": "members", "value": list(&["a"]) }])),
        edits(false, &[("a", false)])
    );
    assert_eq!(
        members(json!([{ "op": "remove", "path": "members[value eq \"a\"]" }])),
        edits(false, &[("a", false)])
    );
    assert_eq!(members(json!([{ "op": "remove", "path": "members" }])), edits(true, &[]));
    assert_eq!(
        members(
            json!([{ "op": "replace", "path": "members", "value": list(&["c"]) }, { "op": "add", "value": { "members": ["d"] } }])
        ),
        edits(true, &[("c", true), ("d", true)])
    );
    assert_eq!(
        members(
            json!([{ "op": "replace", "value": { "id": "x", "displayName": "platform", "members": { "value": "e" } } }])
        ),
        edits(true, &[("e", true)])
    );
}

#[test]
fn what_cannot_be_is_refused_in_its_own_words() {
    assert_eq!(after(json!([])), "InvalidSyntax: `Operations` must hold at least one operation");
    assert_eq!(
        after(json!([{ "op": "move", "path": "title" }])),
        "InvalidSyntax: `op` is one of `add`, `replace` and `remove`"
    );
    assert_eq!(after(json!([{ "op": "remove" }])), "NoTarget: `remove` needs a `path`");
    assert_eq!(
        after(json!([{ "op": "add", "value": 3 }])),
        "InvalidValue: an operation without a `path` needs an object as its `value`"
    );
    assert_eq!(
        after(json!([{ "op": "replace", "path": "id", "value": "x" }])),
        "Mutability: `id` is read-only"
    );
    assert_eq!(
        after(json!([{ "op": "replace", "path": "emails[", "value": "x" }])),
        "InvalidPath: `path` is none of RFC 7644, too deep or too long"
    );
    assert_eq!(
        after(json!([{ "op": "replace", "path": "active", "value": "perhaps" }])),
        "InvalidValue: `active` has a value of another type"
    );
    let many: Vec<Value> =
        (0..10_001).map(|_| json!({ "op": "add", "path": "title", "value": "x" })).collect();
    assert_eq!(after(many.into()), "TooMany: there are more than 10000 operations");
}

#[test]
fn a_filter_selects() {
    let resource = json!({
        "id": "7f", "userName": "Ada", "active": true, "emails": [{ "type": "work", "value": "ada@x" }, { "type": "home", "value": "h@y" }],
        "name": { "familyName": "Byron" }, "externalId": "E7", "meta": { "lastModified": "2026-11-22T04:00:00Z" },
        ENTERPRISE: { "department": "R&D" },
    });
    let holds = |text: &str| Filter::parse(text).unwrap().holds_for(&resource);
    for text in [
        "userName eq \"ADA\"",
        "USERNAME Eq \"ada\"",
        "externalId eq \"E7\"",
        "emails.value co \"@y\"",
        "emails[type eq \"work\" and value sw \"ada\"]",
        "emails[type eq \"work\"].value eq \"ada@x\"",
        "(emails[type eq \"work\"].value eq \"ada@x\") and active eq true",
        "active eq \"True\"",
        "title pr or name.familyName ew \"on\"",
        "not (title pr)",
        "title eq null",
        "name pr",
        "meta.lastModified gt \"2026-11-22T04:30:00+01:00\"",
        "urn:ietf:params:scim:schemas:core:2.0:User:userName eq \"ada\"",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq \"r&d\"",
    ] {
        assert!(holds(text), "{text}");
    }
    for text in [
        "externalId eq \"e7\"",
        "emails[type eq \"work\" and value co \"@y\"]",
        "userName ne \"ada\"",
        "active eq false",
        "title eq \"x\"",
        "meta.lastModified lt \"2026-11-22T04:30:00+01:00\"",
    ] {
        assert!(!holds(text), "{text}");
    }
}

#[test]
fn a_filter_is_bounded() {
    let deep = format!("{}title pr{}", "(".repeat(10_000), ")".repeat(10_000));
    let deepish = format!("{}title pr{}", "not (".repeat(100), ")".repeat(100));
    let long = vec!["title pr"; 2000].join(" or ");
    for text in [
        deep.as_str(),
        &deepish,
        &long,
        "",
        "userName eq",
        "userName eq \"a\" and",
        "emails[type eq \"a\"].",
        "].x",
    ] {
        assert!(Filter::parse(text).is_err(), "{}", &text[..text.len().min(40)]);
    }
}

#[test]
fn a_filter_says_by_which_index_and_which_members() {
    let selection = |kind, text: &str| Filter::parse(text).unwrap().among(kind);
    assert_eq!(
        selection(EntryKind::Person, "userName eq \"ada\" and active eq true"),
        Some(Selection::Name("ada".to_owned()))
    );
    assert_eq!(selection(EntryKind::Person, "userName eq \"ada\" or active eq true"), None);
    assert_eq!(selection(EntryKind::Person, "displayName eq \"ada\""), None);
    assert_eq!(
        selection(EntryKind::Group, "displayName eq \"sre\""),
        Some(Selection::Name("sre".to_owned()))
    );
    assert_eq!(
        selection(EntryKind::Group, "members eq \"u\" and id eq \"g\""),
        Some(Selection::Id("g".to_owned()))
    );
    assert_eq!(
        selection(EntryKind::Group, "members[value eq \"u\"]"),
        Some(Selection::Member("u".to_owned()))
    );
    let asked = |text: &str| Filter::parse(text).unwrap().members_asked();
    assert_eq!(asked("id eq \"g\" and members eq \"u\""), MembersAsked::These(vec!["u".to_owned()]));
    assert_eq!(asked("members pr"), MembersAsked::All);
    assert_eq!(asked("displayName eq \"sre\""), MembersAsked::These(Vec::new()));
}

#[test]
fn a_projection_shows_what_is_asked_for() {
    let resource = json!({
        "schemas": ["s"], "id": "7f", "userName": "ada", "name": { "givenName": "Ada", "familyName": "Byron" },
        "members": [{ "value": "u" }], ENTERPRISE: { "department": "R&D", "division": "x" },
    });
    let list = |names: &str| -> Vec<String> { names.split(',').map(str::to_owned).collect() };
    let only = |names: &str| Projection::of(&list(names), &[]).apply(resource.clone()).to_string();
    assert_eq!(only("USERNAME"), r#"{"schemas":["s"],"id":"7f","userName":"ada"}"#);
    assert_eq!(only("name.familyName"), r#"{"schemas":["s"],"id":"7f","name":{"familyName":"Byron"}}"#);
    assert_eq!(
        only(&format!("{ENTERPRISE}:department")),
        format!(r#"{{"schemas":["s"],"id":"7f","{ENTERPRISE}":{{"department":"R&D"}}}}"#)
    );
    assert_eq!(
        only(ENTERPRISE),
        format!(r#"{{"schemas":["s"],"id":"7f","{ENTERPRISE}":{{"department":"R&D","division":"x"}}}}"#)
    );
    let but = |names: &str| Projection::of(&[], &list(names)).apply(resource.clone()).to_string();
    assert_eq!(
        but(&format!("id,members,name,{ENTERPRISE}:division")),
        format!(r#"{{"schemas":["s"],"id":"7f","userName":"ada","{ENTERPRISE}":{{"department":"R&D"}}}}"#)
    );
    assert!(!Projection::of(&[], &list("Members")).shows("members"));
    assert!(!Projection::of(&list("displayName"), &[]).shows("members"));
    assert!(Projection::of(&list("members.value"), &[]).shows("members"));
}
