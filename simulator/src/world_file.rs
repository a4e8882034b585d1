//! A world in a TOML file: read to start with, written back to go on from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use toml::value::Datetime;

use crate::world::account::{
    Account, AccountId, AccountKind, AccountState, Identity, Membership, ScimIdentity,
};
use crate::world::application::Application;
use crate::world::gitlab::World;
use crate::world::purchase::{Purchase, PurchaseId};
use crate::world::settings::{Settings, TopLevelGroup};
use crate::world::token::{Token, TokenState};

/// Why a file is no world.
#[derive(Debug, thiserror::Error)]
pub enum WorldFileError {
    #[error("failed to read `{}`", path.display())]
    Read {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("`{}` is no world", path.display())]
    Parse {
        path: PathBuf,
        #[source]
        cause: Box<toml::de::Error>,
    },
    #[error("`{}` contradicts itself: {problem}", path.display())]
    Contradiction { path: PathBuf, problem: String },
    #[error("failed to put the world into TOML")]
    Print {
        #[source]
        cause: toml::ser::Error,
    },
    #[error("failed to write `{}`", path.display())]
    Write {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
}

/// Reads a world. `today` is the day it is where the file does not say.
pub fn read(path: &Path, today: Date) -> Result<World, WorldFileError> {
    let path = path.to_owned();
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(cause) => return Err(WorldFileError::Read { path, cause }),
    };
    let file: WorldFile = match toml::from_str(&text) {
        Ok(file) => file,
        Err(cause) => return Err(WorldFileError::Parse { path, cause: Box::new(cause) }),
    };
    file.into_world(today).map_err(|problem| WorldFileError::Contradiction { path, problem })
}

/// The world of `simulator/example.toml`.
pub fn example(today: Date) -> World {
    let file: WorldFile =
        toml::from_str(include_str!("../example.toml")).expect("our own example is TOML with known keys");
    file.into_world(today).expect("our own example does not contradict itself")
}

/// Writes a world, so that [`read`] makes the same of it.
pub fn write(path: &Path, world: &World) -> Result<(), WorldFileError> {
    let text = toml::to_string(&WorldFile::of(world)).map_err(|cause| WorldFileError::Print { cause })?;
    fs::write(path, text).map_err(|cause| WorldFileError::Write { path: path.to_owned(), cause })
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WorldFile {
    #[serde(skip_serializing_if = "Option::is_none")]
    today: Option<Datetime>,
    #[serde(default)]
    settings: Settings,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_level_group: Option<TopLevelGroup>,
    #[serde(default, rename = "token")]
    tokens: Vec<TokenEntry>,
    /// What users may sign in to.
    #[serde(default, rename = "application", skip_serializing_if = "Vec::is_empty")]
    applications: Vec<Application>,
    #[serde(default, rename = "purchase")]
    purchases: Vec<PurchaseEntry>,
    #[serde(default, rename = "account")]
    accounts: Vec<AccountEntry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenEntry {
    value: String,
    /// A username.
    account: String,
    scopes: Vec<String>,
    #[serde(default = "valid")]
    state: TokenState,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PurchaseEntry {
    id: u64,
    add_on: String,
    quantity: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_on: Option<Datetime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_on: Option<Datetime>,
    /// Usernames, whoever got the seat first coming first.
    #[serde(default)]
    holders: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountEntry {
    id: u64,
    username: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_email: Option<String>,
    #[serde(default = "active")]
    state: AccountState,
    #[serde(default = "human")]
    kind: AccountKind,
    #[serde(default)]
    admin: bool,
    #[serde(default = "member")]
    membership: Membership,
    #[serde(default)]
    enterprise: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_on: Option<Datetime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_activity_on: Option<Datetime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_duo_activity_on: Option<Datetime>,
    #[serde(default)]
    identities: Vec<Identity>,
    #[serde(default)]
    scim_identities: Vec<ScimIdentity>,
}

impl WorldFile {
    fn into_world(self, today: Date) -> Result<World, String> {
        let today = day(self.today)?.unwrap_or(today);
        let mut world = match self.top_level_group {
            None => World::instance(today),
            Some(group) => World::gitlab_com(today, group),
        };
        world.settings = self.settings;
        for entry in self.accounts {
            let account = entry.into_account()?;
            if let Some(twin) = world.account(account.id).or(world.account_by_username(&account.username)) {
                return Err(format!(
                    "accounts `{}` and `{}` share an id or a username",
                    twin.username, account.username
                ));
            }
            world.add_account(account);
        }
        for entry in self.tokens {
            let account = known(&world, &entry.account)?;
            world.add_token(Token { value: entry.value, account, scopes: entry.scopes, state: entry.state });
        }
        for application in self.applications {
            world.add_application(application);
        }
        let mut add_ons = BTreeMap::new();
        for entry in self.purchases {
            if let Some(twin) = add_ons.insert(entry.add_on.clone(), entry.id) {
                return Err(format!("purchases {twin} and {} are both of `{}`", entry.id, entry.add_on));
            }
            let id = PurchaseId(entry.id);
            if world.purchase(id).is_some() {
                return Err(format!("two purchases have the id {}", entry.id));
            }
            let mut purchase = Purchase::new(entry.id, &entry.add_on, entry.quantity);
            purchase.started_on = day(entry.started_on)?;
            purchase.expires_on = day(entry.expires_on)?.unwrap_or(purchase.expires_on);
            world.add_purchase(purchase);
            for holder in &entry.holders {
                let account = known(&world, holder)?;
                world.seat(id, account);
            }
        }
        Ok(world)
    }

    fn of(world: &World) -> WorldFile {
        let username = |id: AccountId| world.account(id).map(|account| account.username.clone());
        let token = |token: &Token| {
            Some(TokenEntry {
                value: token.value.clone(),
                account: username(token.account)?,
                scopes: token.scopes.clone(),
                state: token.state,
            })
        };
        let purchase = |purchase: &Purchase| {
            let mut holders: Vec<_> = purchase.holders.iter().collect();
            holders.sort_by_key(|(_, assignment)| assignment.sequence);
            PurchaseEntry {
                id: purchase.id.0,
                add_on: purchase.add_on.clone(),
                quantity: purchase.quantity,
                started_on: purchase.started_on.map(written),
                expires_on: Some(written(purchase.expires_on)),
                holders: holders.into_iter().filter_map(|(&id, _)| username(id)).collect(),
            }
        };
        WorldFile {
            today: Some(written(world.today)),
            settings: world.settings.clone(),
            top_level_group: world.top_level_group().cloned(),
            tokens: world.tokens().filter_map(token).collect(),
            applications: world.applications().cloned().collect(),
            purchases: world.purchases().map(purchase).collect(),
            accounts: world.accounts().map(|account| AccountEntry::of(account)).collect(),
        }
    }
}

impl AccountEntry {
    fn into_account(self) -> Result<Account, String> {
        let plain = Account::human(self.id, &self.username);
        let mut account = Account {
            name: self.name.unwrap_or(plain.name),
            email: self.email.unwrap_or(plain.email),
            public_email: self.public_email,
            state: self.state,
            kind: self.kind,
            admin: self.admin,
            membership: self.membership,
            enterprise: self.enterprise,
            scim_identities: self.scim_identities,
            created_on: day(self.created_on)?.unwrap_or(plain.created_on),
            last_activity_on: day(self.last_activity_on)?,
            last_duo_activity_on: day(self.last_duo_activity_on)?,
            ..plain
        };
        for identity in &self.identities {
            account = account.with_identity(&identity.provider, &identity.extern_uid);
        }
        Ok(account)
    }

    fn of(account: &Account) -> AccountEntry {
        AccountEntry {
            id: account.id.0,
            username: account.username.clone(),
            name: Some(account.name.clone()),
            email: Some(account.email.clone()),
            public_email: account.public_email.clone(),
            state: account.state,
            kind: account.kind,
            admin: account.admin,
            membership: account.membership,
            enterprise: account.enterprise,
            created_on: Some(written(account.created_on)),
            last_activity_on: account.last_activity_on.map(written),
            last_duo_activity_on: account.last_duo_activity_on.map(written),
            identities: account.identities.clone(),
            scim_identities: account.scim_identities.clone(),
        }
    }
}

fn known(world: &World, username: &str) -> Result<AccountId, String> {
    let account = world.account_by_username(username);
    account.map(|account| account.id).ok_or_else(|| format!("there is no account `{username}`"))
}

/// A day as TOML writes it, without a time.
fn day(written: Option<Datetime>) -> Result<Option<Date>, String> {
    let Some(written) = written else { return Ok(None) };
    let text = written.to_string();
    text.parse().map(Some).map_err(|_| format!("`{text}` is no day\nhint: write it as 2026-11-22"))
}

fn written(day: Date) -> Datetime {
    day.to_string().parse().expect("TOML writes days as ISO 8601 does")
}

fn valid() -> TokenState {
    TokenState::Valid
}

fn active() -> AccountState {
    AccountState::Active
}

fn human() -> AccountKind {
    AccountKind::Human
}

fn member() -> Membership {
    Membership::Member
}
