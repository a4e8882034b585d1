//! Every shape an error takes.

use serde_json::{Value, json};

use crate::support::{ask, company, graphql, purchase_gid, rest, send, start};

#[tokio::test]
async fn a_document_that_does_not_fit_the_schema_gets_no_data() {
    let simulator = start(company()).await;
    let answer = graphql(&simulator, "admin", "{\n  brokenQuery\n}", json!({})).await;
    assert_eq!(
        answer,
        json!({ "errors": [{
            "message": "Field 'brokenQuery' doesn't exist on type 'Query'",
            "locations": [{ "line": 2, "column": 3 }],
            "path": ["query", "brokenQuery"],
            "extensions": { "code": "undefinedField", "typeName": "Query", "fieldName": "brokenQuery" },
        }] })
    );
    for (query, message) in [
        ("query P($x: Int) { addOnPurchases { id } }", "Variable $x is declared by query P but not used"),
        ("{ addOnPurchases { id(a: 1) } }", "Field 'id' doesn't accept argument 'a'"),
        ("{ group { id } }", "Field 'group' is missing required arguments: fullPath"),
        ("{ addOnPurchases }", "Field must have selections (field 'addOnPurchases' has no selections)"),
        (
            "query P($x: Int) { addOnPurchases(namespaceId: $x) { id } }",
            "Type mismatch on variable $x and argument namespaceId (Int / NamespaceID)",
        ),
    ] {
        let answer = graphql(&simulator, "admin", query, json!({})).await;
        assert_eq!(answer["errors"][0]["message"], message);
        assert!(answer.get("data").is_none());
    }
    let broken = format!(
        "{{ {} }}",
        "oops ".repeat(9).split(' ').enumerate().map(|(n, word)| format!("{word}{n} ")).collect::<String>()
    );
    let answer = graphql(&simulator, "admin", &broken, json!({})).await;
    assert_eq!(answer["errors"].as_array().unwrap().len(), 5, "validation stops at five");
}

#[tokio::test]
async fn a_global_id_that_is_none_gets_no_data() {
    let simulator = start(company()).await;
    let query = "query E($ids: [GitlabSubscriptionsAddOnPurchaseID!]!) {
        selfManagedAddOnEligibleUsers(addOnType: DUO_CORE, addOnPurchaseIds: $ids) { count } }";
    for (ids, explanation) in [
        (json!(["x"]), r#""x" is not a valid Global ID"#),
        (
            json!(["gid://gitlab/User/1"]),
            r#""gid://gitlab/User/1" does not represent an instance of GitlabSubscriptions::AddOnPurchase"#,
        ),
    ] {
        let answer = graphql(&simulator, "admin", query, json!({ "ids": ids })).await;
        let message = answer["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains(explanation), "{message}");
        assert!(answer.get("data").is_none());
    }
    let answer = graphql(&simulator, "admin", query, json!({})).await;
    assert!(answer["errors"][0]["message"].as_str().unwrap().contains("Expected value to not be null"));
    let literal = r#"{ addOnPurchases(namespaceId: "y") { id } }"#;
    let answer = graphql(&simulator, "admin", literal, json!({})).await;
    assert_eq!(answer["errors"][0]["message"], r#""y" is not a valid Global ID"#);
    assert!(answer.get("data").is_none());
}

#[tokio::test]
async fn too_complex_a_query_is_refused_by_the_caller_s_limit() {
    let simulator = start(company()).await;
    let list = r#"selfManagedAddOnEligibleUsers(addOnType: DUO_CORE, addOnPurchaseIds: [], first: 100, sort: ID_ASC) {
        nodes { id username state publicEmail lastActivityOn lastDuoActivityOn
          addOnAssignments(addOnPurchaseIds: []) { nodes { addOnPurchase { id name } } } }
        pageInfo { endCursor hasNextPage } }"#;
    let lists = |count| (0..count).map(|n| format!("l{n}: {list}")).collect::<Vec<_>>().join(" ");
    let query = |count| format!("{{ {} queryComplexity {{ score limit }} }}", lists(count));
    let answer = graphql(&simulator, "admin", &query(6), json!({})).await;
    assert_eq!(answer["data"]["queryComplexity"], json!({ "score": 44 * 6 + 3, "limit": 300 }));
    let answer = graphql(&simulator, "admin", &query(7), json!({})).await;
    let text = "Query has complexity of 311, which exceeds max complexity of 300";
    assert_eq!(answer, json!({ "errors": [{ "message": text }] }));
    let answer = graphql(&simulator, "ada", &query(6), json!({})).await;
    let text = "Query has complexity of 267, which exceeds max complexity of 250";
    assert_eq!(answer, json!({ "errors": [{ "message": text }] }));
}

#[tokio::test]
async fn tokens_that_open_nothing_are_told_so_by_graphql() {
    let simulator = start(company()).await;
    for token in ["unknown", "expired", "revoked", "registry"] {
        let reply = ask(&simulator, token, "{ addOnPurchases { id } }", json!({})).await;
        let invalid = json!({ "errors": [{ "message": "Invalid token" }] });
        assert_eq!((reply.status, reply.json()), (401, invalid), "token {token}");
    }
    let reply = ask(&simulator, "blocked", "{ addOnPurchases { id } }", json!({})).await;
    let refused = json!({ "errors": [{ "message": "API not accessible for user" }] });
    assert_eq!((reply.status, reply.json()), (403, refused));
}

#[tokio::test]
async fn tokens_that_open_nothing_are_told_so_by_rest() {
    let simulator = start(company()).await;
    let invalid = |text: &str| json!({ "error": "invalid_token", "error_description": text });
    for (token, status, body) in [
        ("", 401, json!({ "message": "401 Unauthorized" })),
        ("unknown", 401, json!({ "message": "401 Unauthorized" })),
        ("expired", 401, invalid("Token is expired. You can either do re-authorization or token refresh.")),
        ("revoked", 401, invalid("Token was revoked. You have to re-authorize from the user.")),
        ("blocked", 403, json!({ "message": "403 Forbidden - Your account has been blocked." })),
    ] {
        let reply = rest(&simulator, token, "/metadata").await;
        assert_eq!((reply.status, reply.json()), (status, body), "token `{token}`");
    }
    let reply = rest(&simulator, "registry", "/users").await;
    assert_eq!(reply.status, 403);
    let body = reply.json();
    assert_eq!(
        (&body["error"], &body["scope"]),
        (&json!("insufficient_scope"), &json!("api read_api read_user"))
    );
}

#[tokio::test]
async fn a_query_beyond_10_000_characters_is_not_read() {
    let simulator = start(company()).await;
    let query = format!("{{ addOnPurchases {{ id }} }} {}", "#".repeat(10_000));
    let reply = ask(&simulator, "admin", &query, json!({})).await;
    assert_eq!((reply.status, reply.json()), (422, json!({ "errors": [{ "message": "Query too large" }] })));
    let ids: Vec<String> = vec![purchase_gid(3); 1000];
    let query = "query($ids: [GitlabSubscriptionsAddOnPurchaseID!]!) {
        selfManagedAddOnEligibleUsers(addOnType: DUO_CORE, addOnPurchaseIds: $ids) { count } }";
    let answer = graphql(&simulator, "admin", query, json!({ "ids": ids })).await;
    assert_eq!(answer["data"]["selfManagedAddOnEligibleUsers"]["count"], 5, "variables do not count");
}

#[tokio::test]
async fn a_get_request_may_ask_but_not_change() {
    let simulator = start(company()).await;
    let ask = async |query: &str| {
        let path = format!("/api/graphql?query={query}");
        send(&simulator, "GET", &path, "admin", "").await.unwrap()
    };
    let reply = ask("%7BaddOnPurchases%7Bname%7D%7D").await;
    assert_eq!(reply.json()["data"]["addOnPurchases"][0]["name"], "CODE_SUGGESTIONS");
    let gid = |text: &str| format!("%22gid://gitlab/{text}%22");
    let reply = ask(&format!(
        "mutation%7BuserAddOnAssignmentCreate(input:%7BaddOnPurchaseId:{},userId:{}%7D)%7Berrors%7D%7D",
        gid("GitlabSubscriptions::AddOnPurchase/3"),
        gid("User/7")
    ))
    .await;
    let refused = json!({ "errors": [{ "message": "Mutations are forbidden in GET requests" }] });
    assert_eq!((reply.status, reply.json()), (422, refused));
}

#[tokio::test]
async fn a_read_only_instance_refuses_to_change() {
    let mut world = company();
    world.settings.read_only = true;
    let simulator = start(world).await;
    let query = r#"mutation { userAddOnAssignmentCreate(input: {
        addOnPurchaseId: "gid://gitlab/GitlabSubscriptions::AddOnPurchase/3", userId: "gid://gitlab/User/7"}) { errors } }"#;
    let answer = graphql(&simulator, "admin", query, json!({})).await;
    let text = "You cannot perform write operations on a read-only instance";
    assert_eq!(answer["errors"][0]["message"], text);
    assert_eq!(answer["data"], json!({ "userAddOnAssignmentCreate": Value::Null }));
}
