//! An identity provider under our hand: it pushes into a sidecar over SCIM, and reads what it is answered.

use serde_json::{Value, json};

use crate::sidecar::{Answer, SERVE, Sidecar};
use crate::support::stage::{PLATFORM, SMALL, Stage};

/// What the provider shows.
pub(crate) const PUSH: &str = "the-token-that-the-provider-shows";

pub(crate) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
pub(crate) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub(crate) const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// The source `entra`, with more keys.
pub(crate) fn source(keys: &str) -> String {
    format!("[scim_push.entra]\ntokens = [{{ file = \"push.token\" }}]\n{keys}\n")
}

/// A stage whose one source is pushed, and which runs when it is asked to.
pub(crate) fn stage(usernames: &[&str], keys: &str) -> Stage {
    let stage = Stage::new(usernames, 10);
    configure(&stage, keys);
    stage
}

pub(crate) fn configure(stage: &Stage, keys: &str) {
    stage.write("push.token", PUSH);
    stage.write("serve.token", crate::sidecar::TOKEN);
    let schedule = "[[schedule]]\nname = \"nightly\"\ncron = \"0 4 1 1 *\"\nmode = \"auto\"\n";
    stage.configure(&source(keys), &format!("{PLATFORM}\n{SMALL}\n{SERVE}\n{schedule}"));
}

/// A stage and a sidecar that leads, so that its state is there.
pub(crate) fn receiving(usernames: &[&str], keys: &str) -> (Stage, Sidecar) {
    let stage = stage(usernames, keys);
    let sidecar = Sidecar::start(&stage);
    sidecar.shows("seatsync_leader", 1.0);
    (stage, sidecar)
}

/// Sends as whoever shows this token.
pub(crate) struct Provider<'s> {
    sidecar: &'s Sidecar,
    token: String,
}

impl<'s> Provider<'s> {
    pub(crate) fn of(sidecar: &'s Sidecar) -> Provider<'s> {
        Provider::showing(sidecar, PUSH)
    }

    pub(crate) fn showing(sidecar: &'s Sidecar, token: &str) -> Provider<'s> {
        Provider { sidecar, token: token.to_owned() }
    }

    /// One request; `path` is below the address of the provider. Blanks and quotes in it are encoded.
    pub(crate) fn raw(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let path = path.replace(' ', "%20").replace('"', "%22").replace('[', "%5B").replace(']', "%5D");
        let (token, length) = (&self.token, body.len());
        self.sidecar.ask(&format!(
            "{method} /scim/v2/entra{path} HTTP/1.1\r\nHost: seatsync.example.com\r\nConnection: close\r\n\
             Authorization: Bearer {token}\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
        ))
    }

    pub(crate) fn send(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.raw(method, path, "Content-Type: application/scim+json; charset=utf-8\r\n", &body);
        let value =
            if answer.body.is_empty() { Value::Null } else { serde_json::from_str(&answer.body).unwrap() };
        (answer.status, value)
    }

    pub(crate) fn get(&self, path: &str) -> (u16, Value) {
        self.send("GET", path, &Value::Null)
    }

    /// Pushes, and wants this status.
    #[track_caller]
    pub(crate) fn sends(&self, status: u16, method: &str, path: &str, body: &Value) -> Value {
        let (answered, value) = self.send(method, path, body);
        assert_eq!(answered, status, "{method} {path}: {value}");
        value
    }

    #[track_caller]
    pub(crate) fn patches(&self, status: u16, path: &str, operations: &Value) -> Value {
        self.sends(status, "PATCH", path, &json!({ "schemas": [PATCH], "Operations": operations }))
    }

    /// A person with the address that their account has; gives the id.
    #[track_caller]
    pub(crate) fn person(&self, username: &str) -> String {
        let user = json!({
            "schemas": [USER], "userName": username, "active": true, "externalId": format!("ext-{username}"),
            "emails": [{ "value": format!("{username}@example.test"), "type": "work", "primary": true }],
        });
        id(&self.sends(201, "POST", "/Users", &user))
    }

    #[track_caller]
    pub(crate) fn group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<Value> = members.iter().map(|id| json!({ "value": id })).collect();
        let group = json!({ "schemas": [GROUP], "displayName": name, "members": members });
        id(&self.sends(201, "POST", "/Groups", &group))
    }

    /// The members of a group, sorted.
    #[track_caller]
    pub(crate) fn members(&self, group: &str) -> Vec<String> {
        let group = self.sends(200, "GET", &format!("/Groups/{group}"), &Value::Null);
        let members = group["members"].as_array().cloned().unwrap_or_default();
        members.iter().map(|member| member["value"].as_str().unwrap().to_owned()).collect()
    }
}

pub(crate) fn id(resource: &Value) -> String {
    resource["id"].as_str().expect("it has an id").to_owned()
}
