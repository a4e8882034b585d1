//! Finds accounts: on an instance one by one or by listing them all, on GitLab.com among the members of the group.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use futures_util::future::try_join_all;
use serde::de::IgnoredAny;
use url::Url;

use crate::gitlab::client::Client;
use crate::gitlab::error::GitLabError;
use crate::gitlab::members::{eligible, members};
use crate::gitlab::reader::Reader;
use crate::gitlab::wanted::{Lookup, Wanted, listing_is_cheaper, lookups};
use crate::gitlab::wire::rest::RestUser;
use crate::model::account::{Account, AccountId, Standing};
use crate::model::account_query::AccountQuery;
use crate::model::purchase::Scope;
use crate::ports::{AccountReader, EdgeError, Progress};

impl AccountReader for Reader {
    async fn accounts(
        &self,
        queries: &[AccountQuery<'_>],
        eligible_accounts: Option<u64>,
    ) -> Result<Vec<Arc<Account>>, EdgeError> {
        if queries.is_empty() {
            return Ok(Vec::new());
        }
        let search = Search { client: &self.client, progress: &*self.progress };
        let accounts = match self.client.scope() {
            Scope::Instance => search.of_instance(queries, eligible_accounts).await?,
            Scope::TopLevelGroup { path } => {
                let purchases = self.known_purchases.get().map_or(&[][..], Vec::as_slice);
                members(&self.client, path, purchases, &Wanted::of(queries))
                    .await?
                    .into_iter()
                    .map(Arc::new)
                    .collect()
            }
        };
        Ok(accounts)
    }

    async fn numbered(&self, ids: &[AccountId]) -> Result<Vec<Arc<Account>>, EdgeError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let search = Search { client: &self.client, progress: &*self.progress };
        match self.client.scope() {
            Scope::Instance => Ok(search.numbered(ids).await?),
            Scope::TopLevelGroup { path } => {
                let purchases = self.known_purchases.get().map_or(&[][..], Vec::as_slice);
                let mut members = eligible(&self.client, path, purchases).await?.accounts;
                members.retain(|member| ids.contains(&member.id));
                Ok(members.into_iter().map(Arc::new).collect())
            }
        }
    }
}

struct Search<'a> {
    client: &'a Client,
    progress: &'a dyn Progress,
}

/// The accounts found so far.
#[derive(Default)]
struct Found {
    accounts: BTreeMap<AccountId, Arc<Account>>,
    /// Whether GitLab left out of some of them whether they are bots.
    bots_untold: bool,
}

impl Search<'_> {
    /// Sorted by id. Steps are taken together, all first ones at once, then the second ones of those whom the first
    /// did not find; as soon as what is left would be more calls than there are pages, everybody is listed.
    async fn of_instance(
        &self,
        queries: &[AccountQuery<'_>],
        eligible_accounts: Option<u64>,
    ) -> Result<Vec<Arc<Account>>, GitLabError> {
        let mut found = Found::default();
        let mut answered: HashMap<Lookup<'_>, bool> = HashMap::new();
        let mut open: Vec<AccountQuery<'_>> = queries.to_vec();
        for step in 0.. {
            open.retain(|query| query.steps().nth(step).is_some());
            if open.is_empty() {
                break;
            }
            let mut now = BTreeSet::new();
            let asked = open.iter().filter_map(|query| query.steps().nth(step)).flat_map(lookups);
            let beyond = asked.filter(|one| !answered.contains_key(one)).any(|one| {
                now.insert(one);
                listing_is_cheaper(now.len(), eligible_accounts)
            });
            if beyond {
                found = self.listed(&Wanted::of(queries), eligible_accounts).await?;
                break;
            }
            for (lookup, meant) in try_join_all(now.into_iter().map(|one| self.look_up(one))).await? {
                answered.insert(lookup, !meant.is_empty());
                meant.into_iter().for_each(|shown| found.add(shown));
            }
            open.retain(|query| {
                !query.steps().nth(step).into_iter().flat_map(lookups).any(|one| answered[&one])
            });
        }
        if found.bots_untold {
            self.tell_bots(&mut found).await?;
        }
        Ok(found.accounts.into_values().collect())
    }

    /// One by one: they are few, and GitLab has no list of numbers.
    async fn numbered(&self, ids: &[AccountId]) -> Result<Vec<Arc<Account>>, GitLabError> {
        let one = async |id: &AccountId| {
            let url = self.client.api(&["users", &id.to_string()], &[]);
            match self.client.rest::<RestUser>("GET /users/:id", url).await {
                Ok(user) => Shown::new(user).map(Some),
                Err(GitLabError::NotFound { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        };
        let mut found = Found::default();
        for shown in try_join_all(ids.iter().map(one)).await?.into_iter().flatten() {
            found.add(shown);
        }
        if found.bots_untold {
            self.tell_bots(&mut found).await?;
        }
        Ok(found.accounts.into_values().collect())
    }

    /// Those whom one question means.
    async fn look_up<'q>(&self, lookup: Lookup<'q>) -> Result<(Lookup<'q>, Vec<Shown>), GitLabError> {
        let (operation, url) = match lookup {
            Lookup::Identity { provider, extern_uid } => {
                ("GET /users?extern_uid=", self.users(&[("extern_uid", extern_uid), ("provider", provider)]))
            }
            Lookup::Email { address } => {
                ("GET /users?search=", self.users(&[("search", address), ("per_page", "100")]))
            }
            Lookup::Username { username } => ("GET /users?username=", self.users(&[("username", username)])),
        };
        let users: Vec<RestUser> = self.client.rest_list(operation, url).await?;
        let mut shown = users.into_iter().map(Shown::new).collect::<Result<Vec<Shown>, GitLabError>>()?;
        shown.retain(|one| lookup.means(&one.account));
        Ok((lookup, shown))
    }

    /// Reads all accounts and keeps those that are asked for. Where a page begins, only the one before it tells, so they
    /// come one after the other.
    async fn listed(&self, wanted: &Wanted<'_>, expected: Option<u64>) -> Result<Found, GitLabError> {
        let mut found = Found::default();
        let mut ids = HashSet::new();
        let mut next = Some(self.users(&KEYSET));
        while let Some(url) = next {
            let page = self.client.rest_page::<RestUser>("GET /users", url).await?;
            for user in page.items {
                let shown = Shown::new(user)?;
                if !ids.insert(shown.account.id) {
                    return Err(GitLabError::Paging { of: "accounts", because: "an account came twice" });
                }
                if wanted.means(&shown.account) {
                    found.add(shown);
                }
            }
            self.progress.at("gitlab: accounts", ids.len() as u64, expected);
            next = page.next;
        }
        if expected.is_some_and(|expected| expected > ids.len() as u64) {
            let because = "it is shorter than GitLab's own count of eligible accounts";
            return Err(GitLabError::Paging { of: "accounts", because });
        }
        Ok(found)
    }

    /// Older GitLabs do not say in an account whether it is a bot, but can leave out people from a list. Where that cannot be
    /// relied on, nobody is called a bot, who would lose the seat for it: GitLab itself refuses seats to bots.
    async fn tell_bots(&self, found: &mut Found) -> Result<(), GitLabError> {
        if !self.knows_who_is_human().await? {
            return Ok(());
        }
        let bots = [&KEYSET[..], &[("exclude_humans", "true")]].concat();
        let bots: Vec<RestUser> =
            self.client.rest_list("GET /users?exclude_humans=", self.users(&bots)).await?;
        for bot in bots {
            if let Some(account) = found.accounts.get_mut(&AccountId(bot.id)) {
                Arc::make_mut(account).standing = Standing::Bot;
            }
        }
        Ok(())
    }

    /// A server that does not know the filters shows everybody: asked for bots that are people, it must show nobody.
    async fn knows_who_is_human(&self) -> Result<bool, GitLabError> {
        let nobody = self.users(&[("exclude_humans", "true"), ("humans", "true"), ("per_page", "1")]);
        let shown: Vec<IgnoredAny> = self.client.rest("GET /users?exclude_humans=&humans=", nobody).await?;
        Ok(shown.is_empty())
    }

    fn users(&self, query: &[(&str, &str)]) -> Url {
        self.client.api(&["users"], query)
    }
}

/// Offsets end at 50,000 accounts, and people who join meanwhile would shift them; keysets have neither trouble.
const KEYSET: [(&str, &str); 4] =
    [("pagination", "keyset"), ("per_page", "100"), ("order_by", "id"), ("sort", "asc")];

impl Found {
    fn add(&mut self, shown: Shown) {
        self.bots_untold |= shown.bot_untold;
        self.accounts.insert(shown.account.id, Arc::new(shown.account));
    }
}

/// An account as an administrator is shown it.
struct Shown {
    account: Account,
    bot_untold: bool,
}

impl Shown {
    /// An account that lacks what only administrators see would match nobody, and its seat would seem to be nobody's.
    fn new(user: RestUser) -> Result<Shown, GitLabError> {
        if !user.is_whole() {
            return Err(GitLabError::NoAdministrator);
        }
        let bot_untold = user.bot.is_none();
        Ok(Shown { account: user.into_account(), bot_untold })
    }
}
