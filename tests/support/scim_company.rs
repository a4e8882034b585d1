//! People and groups put into a SCIM service provider over SCIM itself.

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::support::stage::SCIM_TOKEN;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// Whoever keeps the people of one service provider.
pub struct Registrar {
    url: String,
    http: Client,
    runtime: Runtime,
}

impl Registrar {
    pub fn new(url: &str) -> Registrar {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Registrar { url: url.to_owned(), http, runtime }
    }

    /// Somebody with the address that accounts of a stage have; their id.
    pub fn person(&self, username: &str) -> String {
        self.person_with(username, &json!({}))
    }

    /// The same with more attributes.
    pub fn person_with(&self, username: &str, more: &Value) -> String {
        let mut user = json!({
            "schemas": [USER, ENTERPRISE],
            "userName": username,
            "externalId": format!("ext-{username}"),
            "active": true,
            "emails": [{ "value": format!("{username}@example.test"), "type": "work", "primary": true }],
        });
        merge(&mut user, more);
        self.post("Users", &user)
    }

    /// Somebody of a department, by the enterprise extension.
    pub fn person_of(&self, department: &str, username: &str) -> String {
        self.person_with(username, &json!({ ENTERPRISE: { "department": department } }))
    }

    /// A group of these people; its id.
    pub fn group(&self, name: &str, people: &[&str]) -> String {
        self.group_of(name, people.iter().map(|id| json!({ "value": id, "type": "User" })).collect())
    }

    /// A group of whatever.
    pub fn group_of(&self, name: &str, members: Vec<Value>) -> String {
        self.post("Groups", &json!({ "schemas": [GROUP], "displayName": name, "externalId": format!("ext-{name}"), "members": members }))
    }

    pub fn set_members(&self, name: &str, id: &str, members: Vec<Value>) {
        let group = json!({ "schemas": [GROUP], "id": id, "displayName": name, "members": members });
        self.send(Method::PUT, &format!("Groups/{id}"), Some(&group));
    }

    pub fn delete(&self, path: &str) {
        self.send(Method::DELETE, path, None);
    }

    fn post(&self, path: &str, body: &Value) -> String {
        let made = self.send(Method::POST, path, Some(body));
        made["id"].as_str().unwrap_or_else(|| panic!("no id: {made}")).to_owned()
    }

    fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let mut request = self.http.request(method, format!("{}/{path}", self.url)).bearer_auth(SCIM_TOKEN);
        if let Some(body) = body {
            request = request.header("content-type", "application/scim+json").body(body.to_string());
        }
        self.runtime.block_on(async {
            let answer = request.send().await.unwrap();
            let status = answer.status();
            let text = answer.text().await.unwrap();
            assert!(status.is_success(), "{status}: {text}");
            serde_json::from_str(&text).unwrap_or_default()
        })
    }
}

fn merge(into: &mut Value, more: &Value) {
    for (key, value) in more.as_object().unwrap() {
        into[key] = value.clone();
    }
}
