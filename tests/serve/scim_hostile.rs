//! Whoever means no good on the port of the pushes: without a token nothing is told, with one nothing is used up.

use std::io::Write as _;

use serde_json::{Map, Value, json};

use crate::provider::{PUSH, Provider, receiving};

#[test]
fn without_a_token_of_the_source_nothing_is_told() {
    let (_stage, sidecar) = receiving(&[], "");
    Provider::of(&sidecar).person("ada");
    for token in ["", "wrong", crate::sidecar::TOKEN, &PUSH[1..], &format!("{PUSH}x")] {
        let stranger = Provider::showing(&sidecar, token);
        for path in ["/Users", "/ServiceProviderConfig", "/nothing", ""] {
            let answer = stranger.raw("GET", path, "", "");
            assert_eq!(answer.status, 401, "{token} {path}");
            assert!(answer.head.contains("www-authenticate: Bearer"), "{}", answer.head);
            assert!(answer.body.contains("\"status\":\"401\""), "{}", answer.body);
        }
    }
    let shown = format!("Host: x\r\nConnection: close\r\nAuthorization: Bearer {PUSH}\r\n\r\n");
    for path in
        ["/scim/v2/okta/Users", "/scim/v2//Users", "/scim/v2/%65ntra%00/Users", "/scim/v2/entra%2FUsers"]
    {
        assert_eq!(sidecar.ask(&format!("GET {path} HTTP/1.1\r\n{shown}")).status, 401, "{path}");
    }
    assert_eq!(sidecar.ask(&format!("GET /scim/v2/%65ntra/Users HTTP/1.1\r\n{shown}")).status, 200);
    let basic = "GET /scim/v2/entra/Users HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Basic Zm9v\r\n\r\n";
    assert_eq!(sidecar.ask(basic).status, 401);
    // A body that nobody may send is not waited for.
    let huge = "POST /scim/v2/entra/Users HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n";
    assert_eq!(sidecar.ask(huge).status, 401);
}

#[test]
fn paths_lead_nowhere_but_where_they_say() {
    let (_stage, sidecar) = receiving(&[], "");
    let provider = Provider::of(&sidecar);
    for (path, status) in [
        ("/Users/../../../etc/passwd", 404),
        ("/Users/..%2f..%2fruns", 404),
        ("/Users/%ff", 400),
        ("/Users/' OR 1=1 --", 404),
        ("/Users/a/b", 404),
        ("//Users", 404),
        ("/Bulk", 501),
        ("/Me", 501),
        ("", 404),
        ("/users/", 200),
        ("/Schemas/urn:nothing", 404),
        ("/Schemas?filter=id eq \"x\"", 403),
    ] {
        assert_eq!(provider.get(path).0, status, "{path}");
    }
    for path in ["/Schemas", "/ResourceTypes/User", "/ServiceProviderConfig"] {
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let answer = provider.raw(method, path, "", "{}");
            assert_eq!(answer.status, 405, "{method} {path}");
            assert!(answer.head.contains("allow: GET"), "{}", answer.head);
        }
    }
    assert_eq!(provider.send("DELETE", "/Users", &Value::Null).0, 405);
}

#[test]
fn bodies_that_are_none_are_refused_in_the_form_of_scim() {
    let (_stage, sidecar) = receiving(&[], "");
    let provider = Provider::of(&sidecar);
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    for (body, detail) in [
        ("", "the body is no JSON"),
        ("[]", "the body is no JSON object"),
        ("{\"userName\": \"ada\"", "the body is no JSON: line 1, column "),
        (deep.as_str(), "the body is no JSON: line 1, column "),
        ("{}", "`userName` is required"),
        ("{\"userName\": \" \"}", "`userName` is required"),
        ("{\"userName\": {\"a\": 1}}", "`userName` has a value of another type"),
    ] {
        let answer = provider.raw("POST", "/Users", "Content-Type: application/json\r\n", body);
        let error: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!((answer.status, &error["status"]), (400, &json!("400")), "{detail}");
        assert!(error["detail"].as_str().unwrap().contains(detail), "{error}");
    }
    for content_type in ["text/html", "application/x-www-form-urlencoded", "application/jsonx"] {
        let header = format!("Content-Type: {content_type}\r\n");
        assert_eq!(provider.raw("POST", "/Users", &header, "{\"userName\":\"ada\"}").status, 415);
    }
    let long = json!({ "userName": "x".repeat(2000) });
    assert_eq!(provider.send("POST", "/Users", &long).0, 400);
    let large = json!({ "userName": "ada", "title": "x".repeat(100_000) });
    assert_eq!(provider.send("POST", "/Users", &large).0, 400);
    let nul = json!({ "userName": "a\u{0}da", "externalId": "\u{0}", "title": "\u{0}" });
    provider.sends(201, "POST", "/Users", &nul);
    provider.sends(409, "POST", "/Users", &json!({ "userName": "ada" }));
}

#[test]
fn what_is_huge_or_deep_takes_neither_memory_nor_time() {
    let (_stage, sidecar) = receiving(&[], "");
    let provider = Provider::of(&sidecar);
    for number in 0..20 {
        provider.person(&format!("person-{number}"));
    }
    let deep = format!("/Users?filter={}title pr{}", "not (".repeat(500), ")".repeat(500));
    let answer = provider.get(&deep);
    assert_eq!((answer.0, &answer.1["scimType"]), (400, &json!("invalidFilter")));
    let long = "/Users/.search";
    let filter = vec!["title eq \"x\""; 2000].join(" or ");
    assert_eq!(provider.send("POST", long, &json!({ "filter": filter })).0, 400);
    let found = provider.sends(
        200,
        "POST",
        long,
        &json!({ "filter": "userName ew \"-7\"", "attributes": ["userName"] }),
    );
    assert_eq!(found["Resources"][0]["userName"], "person-7");

    let values: Vec<Value> = (0..100_000).map(|number| json!({ "value": number })).collect();
    let fields: Map<String, Value> = (0..100_000).map(|at| (format!("field{at}"), at.into())).collect();
    let mut schemas: Map<String, Value> =
        (0..50_000).map(|at| (format!("urn:x:s{at}:User"), json!({ "a": 1 }))).collect();
    schemas.insert("userName".to_owned(), "eve".into());
    for body in [
        json!({ "userName": "eve", "emails": values }),
        json!({ "userName": "eve", "urn:x:y:User": fields }),
        schemas.into(),
    ] {
        // Work that grows with the square would not be answered within the minute that the client waits.
        let (status, error) = provider.send("POST", "/Users", &body);
        assert_eq!((status, &error["scimType"]), (400, &json!("invalidValue")), "{error}");
    }

    let members: Vec<Value> =
        (0..20_000).map(|number| json!({ "value": format!("member-{number}") })).collect();
    let group = json!({ "displayName": "all", "members": members });
    let created = provider.sends(201, "POST", "/Groups", &group);
    assert_eq!(created["members"].as_array().unwrap().len(), 20_000);
    let head = format!("POST /scim/v2/entra/Groups HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {PUSH}\r\n");
    let announced = sidecar.ask(&format!("{head}Content-Length: 9000000\r\nConnection: close\r\n\r\n"));
    assert_eq!(announced.status, 413, "{}", announced.head);
    let chunks = format!("186A00\r\n{}\r\n", "x".repeat(0x0018_6A00)).repeat(6);
    let unannounced =
        format!("{head}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n{chunks}0\r\n\r\n");
    let mut stream = std::net::TcpStream::connect(sidecar.address).unwrap();
    // It may be closed before all was sent, which is what it is about.
    let _ = stream.write_all(unannounced.as_bytes());
    assert_eq!(sidecar.get("/healthz").status, 200);
}
