//! The simulated GitLab itself: its tables, and the indices that keep it quick with 100,000 accounts.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::{Arc, OnceLock};

use jiff::civil::Date;

use crate::world::account::{Account, AccountId, Membership};
use crate::world::application::{Application, Lie};
use crate::world::eligibility;
use crate::world::purchase::{Assignment, Purchase, PurchaseId};
use crate::world::settings::{Scope, Settings, TopLevelGroup};
use crate::world::token::{Token, TokenState};

/// One GitLab: an instance, or one top-level group of GitLab.com.
///
/// Edits go through methods that keep the indices true. Nothing here reads a clock: `today` is a field.
#[derive(Debug, Clone)]
pub struct World {
    pub today: Date,
    pub settings: Settings,
    /// What ID tokens say that is not so.
    pub lie: Option<Lie>,
    scope: Scope,
    accounts: BTreeMap<AccountId, Arc<Account>>,
    purchases: BTreeMap<PurchaseId, Purchase>,
    tokens: BTreeMap<String, Token>,
    applications: BTreeMap<String, Application>,
    by_username: HashMap<String, AccountId>,
    by_email: HashMap<String, Vec<AccountId>>,
    by_identity: HashMap<(String, String), Vec<AccountId>>,
    /// Eligible accounts in the order of their ids, worked out when first asked for after an edit of accounts.
    eligible: OnceLock<Arc<[AccountId]>>,
    assignments_made: u64,
}

impl World {
    /// An empty self-managed instance on the day `today`.
    pub fn instance(today: Date) -> World {
        World::empty(today, Scope::Instance)
    }

    /// GitLab.com as the customer sees it who owns `group`.
    pub fn gitlab_com(today: Date, group: TopLevelGroup) -> World {
        World::empty(today, Scope::TopLevelGroup(group))
    }

    fn empty(today: Date, scope: Scope) -> World {
        World {
            today,
            settings: Settings::default(),
            lie: None,
            scope,
            accounts: BTreeMap::new(),
            purchases: BTreeMap::new(),
            tokens: BTreeMap::new(),
            applications: BTreeMap::new(),
            by_username: HashMap::new(),
            by_email: HashMap::new(),
            by_identity: HashMap::new(),
            eligible: OnceLock::new(),
            assignments_made: 0,
        }
    }

    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The top-level group where GitLab.com is simulated.
    pub fn top_level_group(&self) -> Option<&TopLevelGroup> {
        match &self.scope {
            Scope::Instance => None,
            Scope::TopLevelGroup(group) => Some(group),
        }
    }

    // Accounts.

    /// Adds an account, or replaces the one with the same id.
    pub fn add_account(&mut self, account: Account) {
        self.forget(account.id);
        self.index(account);
    }

    pub fn account(&self, id: AccountId) -> Option<&Arc<Account>> {
        self.accounts.get(&id)
    }

    /// All accounts by id.
    pub fn accounts(&self) -> impl DoubleEndedIterator<Item = &Arc<Account>> {
        self.accounts.values()
    }

    /// The accounts behind `id` in the order of ids; the whole list without `id`.
    pub fn accounts_after(&self, id: Option<AccountId>) -> impl Iterator<Item = &Arc<Account>> {
        let start = id.map_or(Bound::Unbounded, Bound::Excluded);
        self.accounts.range((start, Bound::Unbounded)).map(|(_, account)| account)
    }

    /// The accounts before `id`, in falling order of ids; the whole list without `id`.
    pub fn accounts_before(&self, id: Option<AccountId>) -> impl Iterator<Item = &Arc<Account>> {
        let end = id.map_or(Bound::Unbounded, Bound::Excluded);
        self.accounts.range((Bound::Unbounded, end)).rev().map(|(_, account)| account)
    }

    pub fn account_by_username(&self, username: &str) -> Option<&Arc<Account>> {
        self.accounts.get(self.by_username.get(&username.to_lowercase())?)
    }

    /// The accounts with this address, be it their primary or their public one.
    pub fn accounts_by_email(&self, email: &str) -> Vec<&Arc<Account>> {
        let ids = self.by_email.get(&email.to_lowercase()).map_or(&[][..], Vec::as_slice);
        ids.iter().filter_map(|id| self.accounts.get(id)).collect()
    }

    /// The accounts that `provider` calls `extern_uid`, whatever the case of letters.
    ///
    /// The provider `scim` stands for SCIM identities, as in GitLab's own finder.
    pub fn accounts_by_identity(&self, provider: &str, extern_uid: &str) -> Vec<&Arc<Account>> {
        let key = (provider.to_owned(), normalised_uid(provider, extern_uid));
        let ids = self.by_identity.get(&key).map_or(&[][..], Vec::as_slice);
        ids.iter().filter_map(|id| self.accounts.get(id)).collect()
    }

    /// Changes an account; says whether there is one. The id stays what it is.
    pub fn edit_account(&mut self, id: AccountId, edit: impl FnOnce(&mut Account)) -> bool {
        let Some(account) = self.accounts.get(&id) else { return false };
        let mut account = Account::clone(account);
        edit(&mut account);
        account.id = id;
        self.add_account(account);
        true
    }

    /// Deletes an account and, as GitLab does, its seats; says whether there was one.
    pub fn delete_account(&mut self, id: AccountId) -> bool {
        for purchase in self.purchases.values_mut() {
            purchase.holders.remove(&id);
        }
        self.forget(id)
    }

    /// Who may have a seat, by id.
    pub fn eligible_accounts(&self) -> Arc<[AccountId]> {
        let work_out = || {
            let eligible = self.accounts.values().filter(|account| self.is_eligible(account));
            eligible.map(|account| account.id).collect()
        };
        Arc::clone(self.eligible.get_or_init(work_out))
    }

    /// Whether GitLab would give this account a seat.
    pub fn is_eligible(&self, account: &Account) -> bool {
        eligibility::is_eligible(&self.scope, account)
    }

    // Purchases and seats.

    /// Adds a purchase, or replaces the one with the same id.
    pub fn add_purchase(&mut self, purchase: Purchase) {
        self.purchases.insert(purchase.id, purchase);
    }

    pub fn purchase(&self, id: PurchaseId) -> Option<&Purchase> {
        self.purchases.get(&id)
    }

    /// All purchases by id, active or not.
    pub fn purchases(&self) -> impl Iterator<Item = &Purchase> {
        self.purchases.values()
    }

    /// Changes a purchase; says whether there is one.
    pub fn edit_purchase(&mut self, id: PurchaseId, edit: impl FnOnce(&mut Purchase)) -> bool {
        self.purchases.get_mut(&id).map(edit).is_some()
    }

    /// Puts an account on a seat without asking any rule, as the past may have done.
    ///
    /// Says whether both exist; whoever holds the seat already keeps the older assignment.
    pub fn seat(&mut self, purchase: PurchaseId, account: AccountId) -> bool {
        let Some(purchase) = self.purchases.get_mut(&purchase) else { return false };
        if !self.accounts.contains_key(&account) {
            return false;
        }
        self.assignments_made += 1;
        purchase.holders.entry(account).or_insert(Assignment { sequence: self.assignments_made });
        true
    }

    /// Takes a seat without asking any rule; says whether there was one.
    pub fn unseat(&mut self, purchase: PurchaseId, account: AccountId) -> bool {
        let purchase = self.purchases.get_mut(&purchase);
        purchase.is_some_and(|purchase| purchase.holders.remove(&account).is_some())
    }

    /// The usernames on the seats of a purchase, sorted.
    pub fn holder_names(&self, purchase: PurchaseId) -> Vec<&str> {
        let holders = self.purchases.get(&purchase).into_iter().flat_map(|purchase| purchase.holders.keys());
        let accounts = holders.filter_map(|id| self.accounts.get(id));
        let mut names: Vec<&str> = accounts.map(|account| account.username.as_str()).collect();
        names.sort_unstable();
        names
    }

    // Tokens.

    /// Adds a token, or replaces the one with the same value.
    pub fn add_token(&mut self, token: Token) {
        self.tokens.insert(token.value.clone(), token);
    }

    pub fn token(&self, value: &str) -> Option<&Token> {
        self.tokens.get(value)
    }

    pub fn tokens(&self) -> impl Iterator<Item = &Token> {
        self.tokens.values()
    }

    /// Sets the state of a token; says whether there is one.
    pub fn set_token_state(&mut self, value: &str, state: TokenState) -> bool {
        self.tokens.get_mut(value).map(|token| token.state = state).is_some()
    }

    // Applications.

    /// Adds an application, or replaces the one with the same client id.
    pub fn add_application(&mut self, application: Application) {
        self.applications.insert(application.client_id.clone(), application);
    }

    pub fn application(&self, client_id: &str) -> Option<&Application> {
        self.applications.get(client_id)
    }

    pub fn applications(&self) -> impl Iterator<Item = &Application> {
        self.applications.values()
    }

    // What an account may do.

    /// Whether this account may see and change seats: an administrator, or an owner of the top-level group.
    pub fn may_admin_seats(&self, account: &Account) -> bool {
        match self.scope {
            Scope::Instance => account.admin,
            Scope::TopLevelGroup(_) => account.membership == Membership::Owner,
        }
    }

    fn index(&mut self, account: Account) {
        self.eligible = OnceLock::new();
        self.by_username.insert(account.username.to_lowercase(), account.id);
        for email in emails(&account) {
            self.by_email.entry(email).or_default().push(account.id);
        }
        for key in identity_keys(&account) {
            self.by_identity.entry(key).or_default().push(account.id);
        }
        self.accounts.insert(account.id, Arc::new(account));
    }

    fn forget(&mut self, id: AccountId) -> bool {
        let Some(account) = self.accounts.remove(&id) else { return false };
        self.eligible = OnceLock::new();
        let username = account.username.to_lowercase();
        if self.by_username.get(&username) == Some(&id) {
            self.by_username.remove(&username);
        }
        for email in emails(&account) {
            drop_id(self.by_email.get_mut(&email), id);
        }
        for key in identity_keys(&account) {
            drop_id(self.by_identity.get_mut(&key), id);
        }
        true
    }
}

fn drop_id(ids: Option<&mut Vec<AccountId>>, id: AccountId) {
    if let Some(ids) = ids {
        ids.retain(|&other| other != id);
    }
}

fn emails(account: &Account) -> BTreeSet<String> {
    [Some(&account.email), account.public_email.as_ref()]
        .into_iter()
        .flatten()
        .map(|it| it.to_lowercase())
        .collect()
}

fn identity_keys(account: &Account) -> BTreeSet<(String, String)> {
    let identities = account.identities.iter().map(|identity| {
        (identity.provider.clone(), normalised_uid(&identity.provider, &identity.extern_uid))
    });
    let scim = account
        .scim_identities
        .iter()
        .map(|identity| ("scim".to_owned(), normalised_uid("scim", &identity.extern_uid)));
    identities.chain(scim).collect()
}

/// Letters in lower case; a DN also without the blanks around its commas.
fn normalised_uid(provider: &str, extern_uid: &str) -> String {
    let lower = extern_uid.to_lowercase();
    if provider.starts_with("ldap") {
        lower.split(',').map(str::trim).collect::<Vec<_>>().join(",")
    } else {
        lower
    }
}
