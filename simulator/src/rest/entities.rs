//! Accounts and groups as REST shows them.

use serde_json::{Map, Value, json};

use crate::world::account::Account;

/// `UserBasic`: what every caller sees.
pub(crate) fn basic(account: &Account) -> Map<String, Value> {
    object(json!({
        "id": account.id,
        "username": account.username,
        "name": account.name,
        "state": account.state.word(),
        "locked": false,
        "public_email": account.public_email,
        "avatar_url": null,
        "web_url": format!("https://gitlab.example.com/{}", account.username),
    }))
}

/// `UserPublic` with its identities: what the account itself and those who manage it see.
pub(crate) fn with_identities(account: &Account, group: Option<u64>) -> Map<String, Value> {
    let identities: Vec<Value> = account
        .identities
        .iter()
        .map(|identity| {
            let saml_provider = (identity.provider == "group_saml").then_some(1);
            json!({
                "provider": identity.provider,
                "extern_uid": identity.extern_uid,
                "saml_provider_id": saml_provider,
            })
        })
        .collect();
    let scim_identities: Vec<Value> = account
        .scim_identities
        .iter()
        .map(|it| json!({ "extern_uid": it.extern_uid, "group_id": group, "active": it.active }))
        .collect();
    let more = json!({
        "email": account.email,
        "bot": account.is_bot(),
        "created_at": format!("{}T00:00:00.000Z", account.created_on),
        "last_activity_on": account.last_activity_on,
        "current_sign_in_at": null,
        "identities": identities,
        "scim_identities": scim_identities,
    });
    joined(basic(account), more)
}

/// `UserWithAdmin`: what administrators see.
pub(crate) fn for_admins(account: &Account, using_seat: bool) -> Map<String, Value> {
    let more = json!({
        "is_admin": account.admin,
        "is_auditor": false,
        "external": false,
        "using_license_seat": using_seat,
        "provisioned_by_group_id": null,
        "namespace_id": account.id,
        "created_by": null,
        "shared_runners_minutes_limit": null,
        "extra_shared_runners_minutes_limit": null,
    });
    joined(with_identities(account, None), more)
}

pub(crate) fn joined(mut first: Map<String, Value>, second: Value) -> Map<String, Value> {
    first.extend(object(second));
    first
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    }
}
