//! What may become of a seat that somebody holds today: kept, left, or taken back, and why.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::model::account::{Account, AccountId, DuoActivity, Standing};
use crate::model::add_on::AddOn;
use crate::model::decision::{LeaveReason, RevokeReason};
use crate::model::holding::{Change, Memory, SeatKey};
use crate::model::policy::{AddOnPolicy, AdoptPolicy, RevokePolicy};
use crate::planning::dossiers::Dossier;

/// What is known when the holders of one add-on are judged.
pub struct Holders<'a> {
    pub add_on: AddOn,
    pub now: Timestamp,
    pub policy: &'a AddOnPolicy,
    /// See [`crate::planning::claims::Claims::lapsed`].
    pub lapsed: &'a BTreeMap<u32, Date>,
    /// Why nobody may lose a seat of this add-on in this run.
    pub frozen: Option<String>,
    /// See [`contested`].
    pub contested: &'a HashSet<(SeatKey, Change)>,
    /// See [`crate::planning::matching::Matches::doubtful`].
    pub doubtful: &'a HashSet<u32>,
}

/// What becomes of a holder, before seats are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// A rule backs the seat; a better-ranked claimant may have it if `takeable`.
    Entitled {
        takeable: bool,
    },
    Leaves(LeaveReason),
    Goes(RevokeReason),
}

/// The changes that somebody else undid twice, the last times we made them.
pub fn contested(memory: &Memory) -> HashSet<(SeatKey, Change)> {
    let mut last: HashMap<SeatKey, Change> = HashMap::new();
    let mut contested = HashSet::new();
    for past in &memory.recent {
        if last.insert(past.seat, past.change) == Some(past.change) {
            contested.insert((past.seat, past.change));
        } else {
            contested.remove(&(past.seat, Change::Assign));
            contested.remove(&(past.seat, Change::Revoke));
        }
    }
    contested
}

impl Holders<'_> {
    /// The fate of one holder.
    pub fn fate(&self, dossier: &Dossier<'_>) -> Fate {
        let account = dossier.account;
        let entitled = !dossier.certain.is_empty();
        if let Some(untouchable) = self.untouchable(dossier) {
            let backed = entitled && untouchable != LeaveReason::Protected;
            return if backed { Fate::Entitled { takeable: false } } else { Fate::Leaves(untouchable) };
        }
        if account.standing != Standing::Eligible {
            return self.unless_contested(
                account.id,
                RevokeReason::NotEligible { standing: account.standing.clone() },
            );
        }
        let obstacle = self.obstacle(dossier);
        if entitled {
            return match (self.inactive(dossier), obstacle) {
                (Some(inactive), None) => self.unless_contested(account.id, inactive),
                (_, obstacle) => Fate::Entitled {
                    takeable: obstacle.is_none() && !self.contested(account.id, Change::Revoke),
                },
            };
        }
        if let Some(obstacle) = obstacle {
            return Fate::Leaves(obstacle);
        }
        let since = dossier.grace;
        if !self.policy.grace.is_zero() {
            let since = since.unwrap_or(self.now);
            let until = after(since, self.policy.grace);
            if self.now < until {
                return Fate::Leaves(LeaveReason::Grace { since, until });
            }
        }
        let because = match self.lapsed.get(&dossier.place) {
            Some(until) => RevokeReason::UntilPassed { until: *until },
            None => RevokeReason::NoLongerEntitled { since, grace: self.policy.grace },
        };
        self.unless_contested(account.id, because)
    }

    /// Whether this seat may be taken because its holder moves to another tier, and why not.
    pub fn superseded(&self, dossier: &Dossier<'_>, by: AddOn) -> Fate {
        match self.untouchable(dossier).or_else(|| self.obstacle(dossier)) {
            Some(reason) => Fate::Leaves(reason),
            None => self.unless_contested(dossier.account.id, RevokeReason::Superseded { by }),
        }
    }

    /// Whether the seat is ours, counting those that this very apply takes into management.
    pub fn managed(&self, dossier: &Dossier<'_>) -> bool {
        dossier.holding.is_some() || self.adopts(dossier)
    }

    /// Whether an apply takes this holder into management.
    pub fn adopts(&self, dossier: &Dossier<'_>) -> bool {
        let adopts = match self.policy.adopt {
            AdoptPolicy::All => true,
            AdoptPolicy::Entitled => !dossier.certain.is_empty(),
            AdoptPolicy::None => false,
        };
        adopts && dossier.holding.is_none() && !self.protected(dossier.account)
    }

    pub fn protected(&self, account: &Account) -> bool {
        !self.policy.protect.is_empty() && self.policy.protect.contains(&account.username().to_lowercase())
    }

    /// Whether somebody else undid the same change twice, the last times we made it.
    pub fn contested(&self, account: AccountId, change: Change) -> bool {
        self.contested.contains(&(self.seat(account), change))
    }

    pub fn seat(&self, account: AccountId) -> SeatKey {
        SeatKey { add_on: self.add_on, account }
    }

    /// Since when the seat is ours; one that this very apply takes into management, since now.
    pub fn since(&self, dossier: &Dossier<'_>) -> Option<Timestamp> {
        let held = dossier.holding.map(|holding| holding.since);
        held.or_else(|| self.adopts(dossier).then_some(self.now))
    }

    /// Why this seat is never ours to take.
    fn untouchable(&self, dossier: &Dossier<'_>) -> Option<LeaveReason> {
        if self.protected(dossier.account) {
            return Some(LeaveReason::Protected);
        }
        match self.policy.revoke {
            RevokePolicy::Never => Some(LeaveReason::RevokeNever),
            RevokePolicy::Managed if !self.managed(dossier) => Some(LeaveReason::NotManaged),
            RevokePolicy::Managed | RevokePolicy::All => None,
        }
    }

    /// Why this seat may not be taken in this run.
    fn obstacle(&self, dossier: &Dossier<'_>) -> Option<LeaveReason> {
        if let Some(because) = &self.frozen {
            return Some(LeaveReason::Frozen { because: because.clone() });
        }
        if !dossier.doubtful.is_empty() || self.doubtful.contains(&dossier.place) {
            let because = "it cannot be said whether somebody entitled owns this account".to_owned();
            return Some(LeaveReason::Frozen { because });
        }
        let until = after(self.since(dossier)?, self.policy.minimum_tenure);
        (self.now < until).then_some(LeaveReason::MinimumTenure { until })
    }

    fn unless_contested(&self, account: AccountId, because: RevokeReason) -> Fate {
        if self.contested(account, Change::Revoke) {
            Fate::Leaves(LeaveReason::Contested)
        } else {
            Fate::Goes(because)
        }
    }

    /// Whether the seat was not used for too long. A seat whose use GitLab does not tell is used.
    fn inactive(&self, dossier: &Dossier<'_>) -> Option<RevokeReason> {
        let after = self.policy.reclaim_inactive_after?;
        let last_activity = match dossier.account.last_duo_activity {
            DuoActivity::NotTold => return None,
            DuoActivity::Never => None,
            DuoActivity::On(date) => Some(date),
        };
        // A seat held for less time than that cannot have been idle for so long, whatever its holder did before.
        let held_since = self.since(dossier)?;
        let used =
            last_activity.and_then(|date| date.to_zoned(TimeZone::UTC).ok()).map(|day| day.timestamp());
        let idle_since = used.map_or(held_since, |used| used.max(held_since));
        (self.now.duration_since(idle_since) > after)
            .then_some(RevokeReason::Inactive { last_activity, after })
    }
}

/// A span that reaches beyond the calendar never ends.
fn after(since: Timestamp, span: SignedDuration) -> Timestamp {
    since.checked_add(span).unwrap_or(Timestamp::MAX)
}
