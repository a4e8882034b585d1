//! `/groups/:id`: the top-level group of GitLab.com, its identities and its accounts.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::rest::entities;
use crate::rest::paging::Paging;
use crate::rest::refusal::Refusal;
use crate::rest::signed::Presented;
use crate::world::account::{Account, AccountKind};
use crate::world::eligibility;
use crate::world::gitlab::World;
use crate::world::settings::TopLevelGroup;

/// The provider GitLab.com writes into identities that come from a group's single sign-on.
const GROUP_SAML: &str = "group_saml";

/// A group the caller may see.
struct Seen<'w> {
    top: &'w TopLevelGroup,
    id: u64,
    name: &'w str,
    path: &'w str,
    is_top_level: bool,
}

/// `GET /groups/:id`, by number or by path.
pub(crate) async fn one(
    State(world): State<Arc<Mutex<World>>>,
    presented: Presented,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let world = lock(&world);
    let group = seen(&world, &presented, &id)?;
    Ok(Json(json!({
        "id": group.id,
        "web_url": format!("https://gitlab.example.com/groups/{}", group.path),
        "name": group.name,
        "path": group.path.rsplit('/').next(),
        "full_name": group.name,
        "full_path": group.path,
        "visibility": "private",
        "parent_id": (!group.is_top_level).then_some(group.top.id),
    })))
}

/// `GET /groups/:id/saml/identities`: the whole list at once.
pub(crate) async fn saml_identities(
    State(world): State<Arc<Mutex<World>>>,
    presented: Presented,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let world = lock(&world);
    let group = owned(&world, &presented, &id)?;
    if !group.top.saml {
        return Err(Refusal::bad_request("400 Bad request - Group does not have SAML provider"));
    }
    let identities = world.accounts().flat_map(|account| {
        let own = account.identities.iter().filter(|identity| identity.provider == GROUP_SAML);
        own.map(|identity| json!({ "extern_uid": identity.extern_uid, "user_id": account.id }))
    });
    Ok(Json(identities.collect()))
}

/// `GET /groups/:id/scim/identities`: the whole list at once.
pub(crate) async fn scim_identities(
    State(world): State<Arc<Mutex<World>>>,
    presented: Presented,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let world = lock(&world);
    owned(&world, &presented, &id)?;
    let identities = world.accounts().flat_map(|account| {
        account.scim_identities.iter().map(|identity| {
            json!({ "extern_uid": identity.extern_uid, "user_id": account.id, "active": identity.active })
        })
    });
    Ok(Json(identities.collect()))
}

/// `GET /groups/:id/saml_users`: since 18.1.
pub(crate) async fn saml_accounts(
    State(world): State<Arc<Mutex<World>>>,
    presented: Presented,
    Path(id): Path<String>,
    page: Paging,
) -> Result<Response, Refusal> {
    let world = lock(&world);
    if !world.settings.version.is_at_least(18, 1) {
        return Err(Refusal::no_such_route());
    }
    let group = top_level_and_owned(&world, &presented, &id)?;
    let by_saml =
        |account: &&Arc<Account>| account.identities.iter().any(|identity| identity.provider == GROUP_SAML);
    let accounts: Vec<&Arc<Account>> = world.accounts().filter(by_saml).collect();
    Ok(page
        .offset_page(&accounts, |account| Value::Object(entities::with_identities(account, Some(group.id)))))
}

/// `GET /groups/:id/enterprise_users`: since 17.7.
pub(crate) async fn enterprise_accounts(
    State(world): State<Arc<Mutex<World>>>,
    presented: Presented,
    Path(id): Path<String>,
    page: Paging,
) -> Result<Response, Refusal> {
    let world = lock(&world);
    if !world.settings.version.is_at_least(17, 7) {
        return Err(Refusal::no_such_route());
    }
    let group = top_level_and_owned(&world, &presented, &id)?;
    let accounts: Vec<&Arc<Account>> = world.accounts().filter(|account| account.enterprise).collect();
    Ok(page
        .offset_page(&accounts, |account| Value::Object(entities::with_identities(account, Some(group.id)))))
}

#[derive(Deserialize)]
pub(crate) struct BillableParameters {
    search: Option<String>,
}

/// `GET /groups/:id/billable_members`. The address is the public one, unless the group manages the account.
pub(crate) async fn billable_members(
    State(world): State<Arc<Mutex<World>>>,
    presented: Presented,
    Path(id): Path<String>,
    page: Paging,
    Query(parameters): Query<BillableParameters>,
) -> Result<Response, Refusal> {
    let world = lock(&world);
    top_level_and_owned(&world, &presented, &id)?;
    let eligible = world.eligible_accounts();
    let accounts: Vec<&Arc<Account>> = eligible
        .iter()
        .filter_map(|&id| world.account(id))
        .filter(|account| {
            parameters.search.as_ref().is_none_or(|search| eligibility::is_found_by(account, search))
        })
        .collect();
    Ok(page.offset_page(&accounts, |account| {
        let email = if account.enterprise { Some(&account.email) } else { account.public_email.as_ref() };
        Value::Object(entities::joined(
            entities::basic(account),
            json!({
                "email": email,
                "last_activity_on": account.last_activity_on,
                "membership_type": "group_member",
                "removable": true,
                "created_at": format!("{}T00:00:00.000Z", account.created_on),
                "is_last_owner": false,
                "last_login_at": null,
            }),
        ))
    }))
}

/// `GET /groups/:id/service_accounts`.
pub(crate) async fn service_accounts(
    State(world): State<Arc<Mutex<World>>>,
    presented: Presented,
    Path(id): Path<String>,
    page: Paging,
) -> Result<Response, Refusal> {
    let world = lock(&world);
    top_level_and_owned(&world, &presented, &id)?;
    let accounts = world.accounts().filter(|account| account.kind == AccountKind::ServiceAccount);
    let accounts: Vec<&Arc<Account>> = accounts.collect();
    Ok(page.offset_page(&accounts, |account| {
        json!({ "id": account.id, "username": account.username, "name": account.name, "email": account.email })
    }))
}

/// The group by number or path. Whoever is no member cannot tell it from one that does not exist.
fn seen<'w>(world: &'w World, presented: &Presented, id: &str) -> Result<Seen<'w>, Refusal> {
    let caller = presented.reader(&[])?;
    let not_found = || Refusal::not_found("Group");
    let top = world.top_level_group().filter(|_| caller.account.is_member()).ok_or_else(not_found)?;
    let is = |number: u64, path: &str| id.parse() == Ok(number) || path.eq_ignore_ascii_case(id);
    if is(top.id, &top.path) {
        return Ok(Seen { top, id: top.id, name: &top.name, path: &top.path, is_top_level: true });
    }
    let subgroup = top.subgroups.iter().find(|group| is(group.id, &group.path)).ok_or_else(not_found)?;
    Ok(Seen { top, id: subgroup.id, name: &subgroup.name, path: &subgroup.path, is_top_level: false })
}

/// The group, for its owners only.
fn owned<'w>(world: &'w World, presented: &Presented, id: &str) -> Result<Seen<'w>, Refusal> {
    let group = seen(world, presented, id)?;
    if world.may_admin_seats(&presented.caller()?.account) { Ok(group) } else { Err(Refusal::forbidden()) }
}

fn top_level_and_owned<'w>(world: &'w World, presented: &Presented, id: &str) -> Result<Seen<'w>, Refusal> {
    let group = owned(world, presented, id)?;
    if group.is_top_level { Ok(group) } else { Err(Refusal::bad_request("Must be a top-level group")) }
}

fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}
