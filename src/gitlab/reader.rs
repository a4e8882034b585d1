//! Reads purchases and holders.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use futures_util::future::try_join_all;
use serde_json::json;

use crate::gitlab::client::Client;
use crate::gitlab::diagnose;
use crate::gitlab::documents::{
    Document, GROUP_HOLDERS, GROUP_HOLDERS_WITH_ACTIVITY, INSTANCE_HOLDERS, INSTANCE_HOLDERS_WITH_ACTIVITY,
};
use crate::gitlab::error::GitLabError;
use crate::gitlab::pages::{page, read_whole};
use crate::gitlab::purchases::{of, purchases};
use crate::gitlab::rights::rights;
use crate::gitlab::wire::graphql::{AddOnUsersData, add_on_type};
use crate::model::account::{Account, AccountId};
use crate::model::add_on::AddOn;
use crate::model::purchase::{Instance, Purchase, PurchaseId, PurchaseReading, Scope, SeatReading};
use crate::ports::{EdgeError, Progress, SeatReader};

/// Reads one GitLab; holds nothing that could change it.
pub struct Reader {
    pub(crate) client: Arc<Client>,
    pub(crate) progress: Arc<dyn Progress>,
    /// The purchases of the first reading. GitLab wants some named even where it lists members; any will do.
    pub(crate) known_purchases: OnceLock<Vec<PurchaseId>>,
}

impl Reader {
    pub fn new(client: Arc<Client>, progress: Arc<dyn Progress>) -> Reader {
        Reader { client, progress, known_purchases: OnceLock::new() }
    }
}

impl SeatReader for Reader {
    async fn seats(&self, add_ons: &[AddOn]) -> Result<SeatReading, EdgeError> {
        let client = &*self.client;
        let (version, all) = futures_util::join!(client.version(), purchases(client));
        // Of a token that is refused, REST says why and GraphQL does not: REST's error goes first.
        let (version, all) = (version?, all?);
        let mut wanted = add_ons.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        if let Some(&add_on) = wanted.iter().find(|&&add_on| of(&all, add_on).is_none()) {
            believe_absence(client, add_on).await?;
        }
        let found: Vec<&Purchase> = wanted.iter().filter_map(|&add_on| of(&all, add_on)).collect();
        let readings = found.iter().enumerate().map(|(at, purchase)| self.holders(purchase, at == 0));
        let mut reading = SeatReading {
            instance: Instance {
                url: client.url().to_owned(),
                version: version.to_string(),
                scope: client.scope().clone(),
            },
            purchases: Vec::new(),
            holders: Vec::new(),
            eligible_accounts: None,
        };
        let mut accounts = HashMap::new();
        for held in try_join_all(readings).await?.into_iter().flatten() {
            reading.eligible_accounts = reading.eligible_accounts.or(held.eligible);
            reading.purchases.push(held.reading);
            accounts.extend(held.accounts.into_iter().map(|account| (account.id, account)));
        }
        let mut holders: Vec<Account> = accounts.into_values().collect();
        holders.sort_unstable_by_key(|account| account.id);
        // Collected in place, the list of pointers would keep the memory of the list of accounts.
        reading.holders.extend(holders.into_iter().map(Arc::new));
        let known = reading.purchases.iter().map(|one| one.purchase.id.clone()).collect();
        self.known_purchases.get_or_init(|| known);
        Ok(reading)
    }

    async fn reread(&self, add_on: AddOn) -> Result<Option<(Purchase, Vec<AccountId>)>, EdgeError> {
        let all = purchases(&self.client).await?;
        let Some(purchase) = of(&all, add_on) else {
            return Ok(None);
        };
        let held = self.holders(purchase, false).await?;
        Ok(held.map(|held| (held.reading.purchase, held.reading.holders)))
    }

    async fn diagnose(&self, purchase: &Purchase) -> String {
        diagnose::diagnose(&self.client, purchase).await
    }
}

/// The holders of one purchase.
struct Held {
    reading: PurchaseReading,
    accounts: Vec<Account>,
    /// How many accounts could have a seat, where it was asked.
    eligible: Option<u64>,
}

impl Reader {
    /// Reads the holders; once more, with the purchase, where their number is not GitLab's own count or the list
    /// moved while it was read. What the second reading says is believed: GitLab may hide holders from a token.
    /// `None` where the purchase ended meanwhile.
    async fn holders(&self, purchase: &Purchase, counted: bool) -> Result<Option<Held>, GitLabError> {
        let first = self.holders_once(purchase, counted).await;
        match first {
            Ok(held) if held.accounts.len() as u64 == u64::from(purchase.assigned) => return Ok(Some(held)),
            Ok(_) | Err(GitLabError::Paging { .. }) => {}
            Err(error) => return Err(error),
        }
        let again = purchases(&self.client).await?;
        match of(&again, purchase.add_on) {
            Some(purchase) => self.holders_once(purchase, counted).await.map(Some),
            None => Ok(None),
        }
    }

    async fn holders_once(&self, purchase: &Purchase, counted: bool) -> Result<Held, GitLabError> {
        let client = &*self.client;
        let document = document(client.scope(), client.version().await?.tells_duo_activity());
        let what = format!("gitlab: holders of {}", purchase.add_on);
        let (eligible, read) = (OnceLock::new(), AtomicU64::new(0));
        let fetch = async |after: Option<String>| {
            let counted = counted && after.is_none();
            let variables = variables(client.scope(), purchase, after, counted);
            let data: AddOnUsersData = client.query(document, &variables).await?;
            if let Some(count) = &data.eligible {
                eligible.get_or_init(|| count.count);
            }
            let users = data.users().ok_or_else(|| GitLabError::Unreadable {
                operation: document.name,
                place: "the list is null".to_owned(),
            })?;
            let page = page("holders", users)?;
            let shown = page.accounts.len() as u64;
            let read = read.fetch_add(shown, Ordering::Relaxed) + shown;
            self.progress.at(&what, read, Some(purchase.assigned.into()));
            Ok(page)
        };
        let mut accounts = read_whole("holders", Some(purchase.assigned.into()), fetch).await?;
        accounts.sort_unstable_by_key(|account| account.id);
        let holders = accounts.iter().map(|account| account.id).collect();
        let reading = PurchaseReading { purchase: purchase.clone(), holders };
        Ok(Held { reading, accounts, eligible: eligible.get().copied() })
    }
}

fn document(scope: &Scope, with_activity: bool) -> Document {
    match (scope, with_activity) {
        (Scope::Instance, false) => INSTANCE_HOLDERS,
        (Scope::Instance, true) => INSTANCE_HOLDERS_WITH_ACTIVITY,
        (Scope::TopLevelGroup { .. }, false) => GROUP_HOLDERS,
        (Scope::TopLevelGroup { .. }, true) => GROUP_HOLDERS_WITH_ACTIVITY,
    }
}

fn variables(scope: &Scope, purchase: &Purchase, after: Option<String>, counted: bool) -> serde_json::Value {
    let (add_on, purchases) = (add_on_type(purchase.add_on), [&*purchase.id.0]);
    match scope {
        Scope::Instance => {
            json!({ "addOn": add_on, "purchases": purchases, "after": after, "counted": counted })
        }
        Scope::TopLevelGroup { path } => {
            json!({ "path": path, "addOn": add_on, "purchases": purchases, "after": after })
        }
    }
}

/// An empty list of purchases is also what GitLab answers to a token without the right to see them.
async fn believe_absence(client: &Client, add_on: AddOn) -> Result<(), GitLabError> {
    let rights = rights(client).await?;
    if rights.may_manage { Ok(()) } else { Err(GitLabError::NoRight { add_on, role: rights.role }) }
}
