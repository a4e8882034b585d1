//! `[[rule]]` and what governs seats, `[add_on.…]`, `[tiers]` and `[limits]`, as written.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::app::config::written::{DateText, DurationText, Written};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Shown wherever the rule decides something; unique.
    #[schemars(required)]
    pub name: Option<Written<String>>,
    /// The add-on it entitles to.
    #[schemars(required)]
    pub add_on: Option<AddOnKey>,
    /// The name of the source of its groups. May be left out where there is one source.
    pub source: Option<Written<String>>,
    /// Any of these: by name, DN or unchanging id. `name:`, `dn:` and `id:` say which where it could be read two ways.
    #[schemars(required)]
    pub groups: Option<Written<Vec<Written<String>>>>,
    /// Whoever is in one of these is not entitled by this rule.
    #[schemars(extend("default" = []))]
    pub except_groups: Option<Vec<Written<String>>>,
    /// A condition in CEL over `person.id`, `.username`, `.email`, `.name` and the extra attributes.
    #[serde(rename = "where")]
    pub condition: Option<Written<String>>,
    /// Lower is served first.
    #[schemars(extend("default" = 100))]
    pub rank: Option<i64>,
    /// A quota for this rule.
    #[schemars(range(min = 1))]
    pub max_seats: Option<u32>,
    /// Seats that only this rule may fill.
    #[schemars(extend("default" = 0))]
    pub reserved_seats: Option<Written<u32>>,
    /// The last day of this entitlement, in UTC.
    pub until: Option<Written<DateText>>,
}

/// Seats of GitLab Enterprise Agile Planning have no API and cannot be managed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-help" = ADD_ON_HELP))]
pub struct AddOns {
    /// GitLab Duo Enterprise.
    pub duo_enterprise: Option<AddOn>,
    /// GitLab Duo Pro.
    pub duo_pro: Option<AddOn>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddOn {
    /// Seats never handed out.
    #[schemars(extend("default" = 0))]
    pub reserve: Option<u32>,
    /// Whose seats may be taken back: of whom seatsync assigned or adopted, of whoever no rule entitles, of nobody.
    #[schemars(extend("default" = "managed"))]
    pub revoke: Option<Revoke>,
    /// Which holders an apply takes into management: those whom a rule entitles, none, or all.
    #[schemars(extend("default" = "entitled"))]
    pub adopt: Option<Adopt>,
    /// With `by_rank` a better-ranked claimant may take a managed seat.
    #[schemars(extend("default" = "keep_holders"))]
    pub contention: Option<Contention>,
    /// How long a holder keeps a seat that no rule backs any more, from the first apply that saw it.
    #[schemars(extend("default" = "7d"))]
    pub grace: Option<Written<DurationText>>,
    /// A seat is not taken back sooner than this.
    #[schemars(extend("default" = "0d"))]
    pub minimum_tenure: Option<Written<DurationText>>,
    /// Takes back seats unused for so long, by GitLab's `lastDuoActivityOn`. Unset: none.
    pub reclaim_inactive_after: Option<Written<DurationText>>,
    /// When a trial ends. GitLab's API does not tell: said here it is planned for, and warned of.
    pub trial_ends: Option<Written<DateText>>,
    /// Usernames never touched.
    #[schemars(extend("default" = []))]
    pub protect: Option<Vec<String>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tiers {
    /// The best first: an account holds the first it is entitled to that has a seat for it.
    #[schemars(extend("default" = []))]
    pub order: Option<Written<Vec<AddOnKey>>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Revocations in one run.
    #[schemars(extend("default" = 20))]
    pub max_revocations: Option<u32>,
    /// Revocations of the seats held, per add-on; up to 3 revocations always pass this one.
    #[schemars(range(max = 100), extend("default" = 10))]
    pub max_revocations_percent: Option<u32>,
    /// People fewer than in the last complete snapshot of a source.
    #[schemars(range(max = 100), extend("default" = 25))]
    pub max_source_shrink_percent: Option<u32>,
    /// A rule whose groups hold fewer people is frozen: no revocation follows from it.
    #[schemars(extend("default" = 1))]
    pub min_group_members: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(extend("x-help" = ADD_ON_HELP))]
pub enum AddOnKey {
    DuoEnterprise,
    DuoPro,
}

const ADD_ON_HELP: &str =
    "the add-ons are `duo_enterprise` and `duo_pro`; seats of Enterprise Agile Planning have no API";

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Revoke {
    Managed,
    All,
    Never,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Adopt {
    Entitled,
    All,
    None,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Contention {
    KeepHolders,
    ByRank,
}
