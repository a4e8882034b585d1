//! Tokens: a wrong one, one that ends midway, and one that OAuth 2.0 renews.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::support::scim_company::Registrar;
use crate::support::scim_front::{Answer, Asked, ScimFront, Turn};
use crate::support::scim_servers::ScimServer;
use crate::support::stage::SCIM_TOKEN;
use crate::{rules, scim_with, seated};

/// The same source with client credentials.
fn with_oauth(url: &str, more: &str) -> String {
    let keys = format!(
        "oauth = {{ token_url = \"{url}/token\", client_id = \"seat sync\", client_secret = {{ env = \"SCIM_TOKEN\" }}, scope = \"scim read\"{more} }}"
    );
    scim_with(url, &keys)
}

/// Incident 15: a token that died on the way.
#[test]
fn a_token_that_ends_midway_takes_no_seat_from_anybody() {
    let server = ScimServer::scim2(false);
    let front = ScimFront::start(&server.url, |_| Turn::Pass);
    let (stage, ..) = seated(&front.url, &Registrar::new(&server.url));
    front.meddle(
        |asked| if asked.number > 2 { Turn::Answer(Answer::refusal(401, "expired")) } else { Turn::Pass },
    );
    let ended =
        stage.run("apply --yes").exits(5).says("the service provider does not accept the token: expired");
    assert_eq!(stage.holders(), ["ada", "bob", "cyd"], "{ended}");
    assert!(!stage.has_written());
}

#[test]
fn a_token_of_oauth_is_renewed_once_when_it_ends_midway() {
    let server = ScimServer::scim2(false);
    let front = ScimFront::start(&server.url, |_| Turn::Pass);
    let (stage, ..) = seated(&front.url, &Registrar::new(&server.url));
    stage.configure(&with_oauth(&front.url, ""), &rules());
    let given = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&given);
    front.meddle(move |asked: &Asked| {
        if asked.path == "token" {
            let number = counted.fetch_add(1, Ordering::Relaxed);
            // The first one is no good from the third request on.
            let token = if number == 0 { "short-lived" } else { SCIM_TOKEN };
            return Turn::Answer(Answer::json(
                &json!({ "access_token": token, "token_type": "Bearer", "expires_in": 3600 }),
            ));
        }
        let offers = json!({ "patch": {}, "filter": { "supported": true, "maxResults": 100 } });
        match (asked.path.as_str(), asked.login.as_str()) {
            ("ServiceProviderConfig", _) => Turn::Answer(Answer::json(&offers)),
            (_, "Bearer short-lived") => Turn::Answer(Answer::refusal(401, "expired")),
            (_, _) => Turn::Pass,
        }
    });
    stage.run("apply --yes").exits(0).says("3 kept");
    assert_eq!(given.load(Ordering::Relaxed), 2);
    let asked = front.asked();
    assert_eq!(asked[0].path, "token");
    // `seat+sync` and the secret, each encoded by itself (RFC 6749, section 2.3.1).
    let expected = data_encoding::BASE64.encode(format!("seat+sync:{SCIM_TOKEN}").as_bytes());
    assert_eq!(
        (asked[0].login.as_str(), asked[0].body.as_str()),
        (format!("Basic {expected}").as_str(), "grant_type=client_credentials&scope=scim+read")
    );
}

#[test]
fn a_client_that_is_refused_is_told_so_without_its_secret() {
    let front = ScimFront::start("http://127.0.0.1:1", |_| {
        let refused =
            json!({ "error": "invalid_client", "error_description": "unknown client", "echo": SCIM_TOKEN });
        Turn::Answer(Answer { status: 401, ..Answer::json(&refused) })
    });
    let stage = crate::support::stage::Stage::new(&["ada"], 1);
    stage.configure(&with_oauth(&front.url, ", client_auth = \"client_secret_post\""), &rules());
    let ended =
        stage.run("plan").exits(5).says("gives no token (status 401): invalid_client: unknown client");
    assert!(!ended.stdout.contains(SCIM_TOKEN) && !ended.stderr.contains(SCIM_TOKEN), "{ended}");
    let body = &front.asked()[0].body;
    assert!(
        body.contains("client_id=seat+sync") && body.contains(&format!("client_secret={SCIM_TOKEN}")),
        "{body}"
    );
}
