//! `/users`: all accounts for administrators, a telephone book for others.

use std::cmp::Reverse;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use crate::rest::entities;
use crate::rest::paging::{Cursor, Paging};
use crate::rest::refusal::Refusal;
use crate::rest::signed::{Presented, is_admin};
use crate::world::account::{Account, AccountId, AccountKind, AccountState};
use crate::world::eligibility;
use crate::world::gitlab::World;

/// The scope that opens `/user` and `/users` besides those for the whole API.
const READ_USER: &[&str] = &["read_user"];

/// The query string of `GET /users`. Parameters GitLab does not declare are ignored, as Grape does.
#[derive(Debug, Deserialize)]
pub(crate) struct UserParameters {
    username: Option<String>,
    search: Option<String>,
    extern_uid: Option<String>,
    provider: Option<String>,
    #[serde(default)]
    active: bool,
    #[serde(default)]
    blocked: bool,
    #[serde(default)]
    humans: bool,
    #[serde(default)]
    exclude_active: bool,
    #[serde(default)]
    exclude_humans: bool,
    #[serde(default)]
    exclude_internal: bool,
    #[serde(default)]
    without_project_bots: bool,
    #[serde(default)]
    admins: bool,
    pagination: Option<String>,
    cursor: Option<String>,
    order_by: Option<OrderBy>,
    sort: Option<Direction>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OrderBy {
    Id,
    Name,
    Username,
    CreatedAt,
    UpdatedAt,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Direction {
    Asc,
    Desc,
}

/// `GET /users`.
pub(crate) async fn list(
    State(world): State<Arc<Mutex<World>>>,
    presented: Presented,
    parameters: Result<Query<UserParameters>, QueryRejection>,
    page: Paging,
) -> Result<Response, Refusal> {
    let caller = presented.reader(READ_USER)?;
    let Ok(Query(mut parameters)) = parameters else {
        return Err(Refusal::bad_parameter("a parameter does not have a valid value"));
    };
    if parameters.extern_uid.is_some() != parameters.provider.is_some() {
        return Err(Refusal::bad_parameter("extern_uid, provider provide all or none of parameters"));
    }
    let world = world.lock().unwrap_or_else(PoisonError::into_inner);
    let admin = is_admin(&world, caller);
    if !admin {
        if parameters.extern_uid.is_some() {
            return Err(Refusal::forbidden());
        }
        // GitLab drops these silently.
        (parameters.order_by, parameters.sort, parameters.admins) = (None, None, false);
    }
    let entity = |account: &Arc<Account>| entity(&world, account, admin);
    let keep = |account: &&Arc<Account>| parameters.keep(account, admin);
    let order = parameters.order_by.unwrap_or(OrderBy::Id);
    let direction = parameters.sort.unwrap_or(Direction::Desc);

    if parameters.pagination.as_deref() == Some("keyset") {
        let cursor = parameters.cursor.as_deref().map(Cursor::parse).transpose()?;
        let per_page = page.per_page();
        // One row more tells whether there is another page.
        let mut rows = match parameters.pick(&world) {
            Some(picked) => {
                behind(sorted(picked.into_iter().filter(keep).collect(), order, direction), cursor, order)
            }
            None if order == OrderBy::Id => {
                let after = cursor.map(|cursor| AccountId(cursor.id));
                match direction {
                    Direction::Asc => world.accounts_after(after).filter(keep).take(per_page + 1).collect(),
                    Direction::Desc => world.accounts_before(after).filter(keep).take(per_page + 1).collect(),
                }
            }
            None => behind(sorted(world.accounts().filter(keep).collect(), order, direction), cursor, order),
        };
        let more = rows.len() > per_page;
        rows.truncate(per_page);
        let last = rows.last().filter(|_| more);
        let next = last.map(|account| Cursor { key: key(account, order), id: account.id.0 });
        return Ok(page.keyset_page(rows.into_iter().map(entity).collect(), next.as_ref()));
    }

    page.check_offset("User")?;
    let rows = match parameters.pick(&world) {
        Some(picked) => picked.into_iter().filter(keep).collect(),
        None => world.accounts().filter(keep).collect(),
    };
    let rows = sorted(rows, order, direction);
    Ok(page.offset_page(&rows, |account| entity(account)))
}

/// `GET /users/:id`.
pub(crate) async fn one(
    State(world): State<Arc<Mutex<World>>>,
    presented: Presented,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let caller = presented.reader(READ_USER)?;
    let id = id.parse().map(AccountId).map_err(|_| Refusal::bad_parameter("id is invalid"))?;
    let world = world.lock().unwrap_or_else(PoisonError::into_inner);
    let account = world.account(id).ok_or_else(|| Refusal::not_found("User"))?;
    Ok(Json(entity(&world, account, is_admin(&world, caller))))
}

/// `GET /user`: the account of the token itself.
pub(crate) async fn myself(
    State(world): State<Arc<Mutex<World>>>,
    presented: Presented,
) -> Result<Json<Value>, Refusal> {
    let caller = presented.reader(READ_USER)?;
    let world = world.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(Json(if caller.account.admin {
        entity(&world, &caller.account, true)
    } else {
        Value::Object(entities::with_identities(&caller.account, None))
    }))
}

impl UserParameters {
    /// The few accounts that an index finds, where the filters allow for one.
    fn pick<'w>(&self, world: &'w World) -> Option<Vec<&'w Arc<Account>>> {
        if let (Some(extern_uid), Some(provider)) = (&self.extern_uid, &self.provider) {
            return Some(world.accounts_by_identity(provider, extern_uid));
        }
        if let Some(username) = &self.username {
            return Some(world.account_by_username(username).into_iter().collect());
        }
        let search = self.search.as_ref()?;
        // Nobody's name holds an `@`, so an address needs no look at every account.
        search.contains('@').then(|| world.accounts_by_email(search))
    }

    fn keep(&self, account: &Account, admin: bool) -> bool {
        let internal = account.kind == AccountKind::Ghost;
        let blocked = matches!(account.state, AccountState::Blocked | AccountState::LdapBlocked);
        let named = self.username.as_ref().is_none_or(|name| account.username.eq_ignore_ascii_case(name));
        named
            && self.search.as_ref().is_none_or(|search| found(account, search, admin))
            && (!self.active || (account.is_active() && !internal))
            && (!self.exclude_active || !account.is_active())
            && (!self.blocked || blocked)
            && (!self.humans || account.is_human())
            && (!self.exclude_humans || !account.is_human())
            && (!self.exclude_internal || !internal)
            && (!self.without_project_bots || account.kind != AccountKind::ProjectBot)
            && (!self.admins || account.admin)
    }
}

/// Administrators find an account by its whole address, too; others by the address it made public.
fn found(account: &Account, search: &str, admin: bool) -> bool {
    let public = account.public_email.as_deref().is_some_and(|email| email.eq_ignore_ascii_case(search));
    public
        || (admin && account.email.eq_ignore_ascii_case(search))
        || eligibility::is_found_by(account, search)
}

fn entity(world: &World, account: &Account, admin: bool) -> Value {
    Value::Object(if admin {
        entities::for_admins(account, world.is_eligible(account))
    } else {
        entities::basic(account)
    })
}

fn sorted(mut rows: Vec<&Arc<Account>>, order: OrderBy, direction: Direction) -> Vec<&Arc<Account>> {
    match direction {
        Direction::Asc => rows.sort_by_cached_key(|account| (key(account, order), account.id)),
        Direction::Desc => rows.sort_by_cached_key(|account| Reverse((key(account, order), account.id))),
    }
    rows
}

/// The rows of an ordered list that come after the one the cursor names.
fn behind(rows: Vec<&Arc<Account>>, cursor: Option<Cursor>, order: OrderBy) -> Vec<&Arc<Account>> {
    let Some(cursor) = cursor else { return rows };
    let at = rows.iter().position(|account| account.id.0 == cursor.id && key(account, order) == cursor.key);
    at.map_or_else(Vec::new, |at| rows[at + 1..].to_vec())
}

/// What the list is ordered by, before the id.
fn key(account: &Account, order: OrderBy) -> Option<String> {
    match order {
        OrderBy::Id => None,
        OrderBy::Name => Some(account.name.clone()),
        OrderBy::Username => Some(account.username.clone()),
        OrderBy::CreatedAt | OrderBy::UpdatedAt => Some(account.created_on.to_string()),
    }
}
