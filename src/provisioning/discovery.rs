//! What we say of ourselves: `ServiceProviderConfig`, `ResourceTypes` and `Schemas` (RFC 7643, sections 5 to 7).

use serde_json::{Map, Value, json};

use crate::provisioning::attributes::{ENTERPRISE, GROUP, USER};
use crate::provisioning::listing::MOST;
use crate::provisioning::schema::{Attribute, Kind, Schema};

pub fn service_provider(base: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": MOST },
        "changePassword": { "supported": false },
        "sort": { "supported": false },
        "etag": { "supported": true },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "One of the tokens of this source in the configuration of seatsync",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": meta("ServiceProviderConfig", &format!("{base}/ServiceProviderConfig")),
    })
}

pub fn resource_types(base: &str) -> Vec<Value> {
    let of = |schema: &Schema, endpoint: &str, extensions: Value| {
        let mut kind = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": schema.name,
            "name": schema.name,
            "endpoint": endpoint,
            "description": schema.about,
            "schema": schema.urn,
            "meta": meta("ResourceType", &format!("{base}/ResourceTypes/{}", schema.name)),
        });
        if extensions != Value::Null {
            kind["schemaExtensions"] = extensions;
        }
        kind
    };
    vec![
        of(&USER, "/Users", json!([{ "schema": ENTERPRISE.urn, "required": false }])),
        of(&GROUP, "/Groups", Value::Null),
    ]
}

pub fn schemas(base: &str) -> Vec<Value> {
    let of = |schema: &Schema| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": schema.urn,
            "name": schema.name,
            "description": schema.about,
            "attributes": schema.attributes.iter().map(described).collect::<Vec<_>>(),
            "meta": meta("Schema", &format!("{base}/Schemas/{}", schema.urn)),
        })
    };
    [USER, ENTERPRISE, GROUP].iter().map(of).collect()
}

fn described(attribute: &Attribute) -> Value {
    let kind = match &attribute.kind {
        Kind::Text => "string",
        Kind::Truth => "boolean",
        Kind::Reference(_) => "reference",
        Kind::Parts(_) => "complex",
    };
    let mut said = Map::from_iter([
        ("name".to_owned(), attribute.name.into()),
        ("type".to_owned(), kind.into()),
        ("multiValued".to_owned(), attribute.many.into()),
        ("description".to_owned(), attribute.about.into()),
        ("required".to_owned(), attribute.required.into()),
        ("caseExact".to_owned(), attribute.exact.into()),
        ("mutability".to_owned(), attribute.mutability.into()),
        ("returned".to_owned(), "default".into()),
        ("uniqueness".to_owned(), if attribute.unique { "server" } else { "none" }.into()),
    ]);
    match &attribute.kind {
        Kind::Parts(parts) => {
            said.insert("subAttributes".to_owned(), parts.iter().map(described).collect());
        }
        Kind::Reference(types) => {
            said.insert("referenceTypes".to_owned(), types.iter().copied().collect());
        }
        Kind::Text | Kind::Truth => {}
    }
    Value::Object(said)
}

fn meta(kind: &str, location: &str) -> Value {
    json!({ "resourceType": kind, "location": location })
}
