//! Observing: all neighbours are read at once, and gathered into one input for planning.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Instant;

use futures_util::future::{join, join_all};
use jiff::Timestamp;
use tracing::{Instrument as _, debug_span};

use crate::model::account::AccountId;
use crate::model::add_on::AddOn;
use crate::model::group::GroupRef;
use crate::model::holding::Memory;
use crate::model::person::SourceName;
use crate::model::policy::Policy;
use crate::model::rule::Rule;
use crate::model::snapshot::Snapshot;
use crate::planning::accounts::share;
use crate::planning::input::PlanningInput;
use crate::planning::matching::queries;
use crate::planning::purchases::{follow, recognise};
use crate::ports::{AccountReader, EdgeError, SeatReader, Source};
use crate::sync::introductions::introduce;

/// What is wanted, as the configuration says it.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub rules: Vec<Rule>,
    pub policy: Policy,
    /// Accounts that must be known besides, whatever the rules say of them.
    pub accounts: Vec<AccountId>,
    /// The address that GitLab had before, where the state knows it by that.
    pub formerly: Option<String>,
}

impl Wanted {
    /// The groups that rules name, by source.
    pub fn groups(&self) -> BTreeMap<SourceName, BTreeSet<GroupRef>> {
        let mut groups: BTreeMap<SourceName, BTreeSet<GroupRef>> = BTreeMap::new();
        for rule in &self.rules {
            let named = rule.groups.iter().chain(&rule.except_groups).cloned();
            groups.entry(rule.source.clone()).or_default().extend(named);
        }
        groups
    }

    /// The add-ons that must be read: those that rules name, and, since an account holds one tier at most, the tiers
    /// beside them. Only the former are ever touched.
    pub fn add_ons(&self) -> Vec<AddOn> {
        let mut named: BTreeSet<AddOn> = self.rules.iter().map(|rule| rule.add_on).collect();
        if self.policy.tiers.iter().any(|tier| named.contains(tier)) {
            named.extend(&self.policy.tiers);
        }
        named.into_iter().collect()
    }
}

/// Reads directories and GitLab at the same time. A source that cannot be read becomes a snapshot of which nothing is
/// known; GitLab not being readable is an error, since nothing can be decided without it.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn observe(
    wanted: &Wanted,
    sources: &[Arc<dyn Source>],
    gitlab: &(impl SeatReader + AccountReader),
    memory: Memory,
    now: Timestamp,
) -> Result<PlanningInput, EdgeError> {
    let add_ons = wanted.add_ons();
    let (snapshots, seats) =
        join(read_all(wanted, sources), gitlab.seats(&add_ons).instrument(debug_span!("read_seats"))).await;
    let mut seats = seats?;
    recognise(&memory, &seats.instance, wanted.formerly.as_deref()).map_err(|error| {
        let hint = error.hint();
        EdgeError::new(error).hinting(hint)
    })?;
    let questions = queries(&snapshots, &wanted.policy.matching);
    let reading = gitlab.accounts(&questions, seats.eligible_accounts);
    let mut accounts =
        reading.instrument(debug_span!("read_accounts", questions = questions.len() as i64)).await?;
    let known: HashSet<AccountId> = accounts.iter().chain(&seats.holders).map(|account| account.id).collect();
    let unknown: Vec<AccountId> =
        wanted.accounts.iter().copied().filter(|account| !known.contains(account)).collect();
    accounts.extend(gitlab.numbered(&unknown).await?);
    share(&mut accounts, &mut seats.holders);
    let memory = follow(memory, &seats);
    Ok(PlanningInput {
        now,
        rules: wanted.rules.clone(),
        policy: wanted.policy.clone(),
        snapshots,
        seats,
        accounts,
        memory,
    })
}

/// Reads every source that rules name, all at once; then asks all of them about each other's members.
pub async fn read_all(wanted: &Wanted, sources: &[Arc<dyn Source>]) -> Vec<Snapshot> {
    let groups = wanted.groups();
    let mut snapshots = join_all(sources.iter().filter_map(|source| {
        let wanted = groups.get(source.name())?;
        Some(read(source.as_ref(), wanted.iter().cloned().collect()))
    }))
    .await;
    introduce(&mut snapshots, sources).await;
    snapshots
}

#[tracing::instrument(
    name = "read_source",
    level = "debug",
    skip_all,
    fields(source = source.name().as_str(), kind = source.kind().key())
)]
async fn read(source: &dyn Source, wanted: Vec<GroupRef>) -> Snapshot {
    let began = Instant::now();
    match source.read(&wanted).await {
        Ok(snapshot) => {
            let (people, seconds) = (snapshot.people.len(), began.elapsed().as_secs_f64());
            tracing::info!(source = source.name().as_str(), people, seconds, "source read");
            snapshot
        }
        Err(error) => {
            let because = error.in_one_line();
            tracing::error!(source = source.name().as_str(), "the source could not be read");
            Snapshot::unread(source.name().clone(), source.kind(), &wanted, &because)
        }
    }
}
