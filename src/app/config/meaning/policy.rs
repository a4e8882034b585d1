//! What `[add_on.*]`, `[tiers]` and `[limits]` mean.

use std::collections::BTreeMap;

use crate::app::config::complaint::Complaint;
use crate::app::config::file::File;
use crate::app::config::file::rules as file;
use crate::app::config::reading::Reading;
use crate::model::add_on::AddOn;
use crate::model::policy::{AddOnPolicy, AdoptPolicy, Contention, Limits, Policy, RevokePolicy};

/// All but how people are matched, which the sources say, and approval.
pub fn policy(file: &File, reading: &mut Reading<'_>) -> Policy {
    let mut add_ons = BTreeMap::new();
    if let Some(written) = &file.add_on {
        let sections = [(AddOn::DuoEnterprise, &written.duo_enterprise), (AddOn::DuoPro, &written.duo_pro)];
        for (add_on, section) in sections {
            if let Some(section) = section {
                add_ons.insert(add_on, add_on_policy(section, reading));
            }
        }
    }
    let limits = file.limits.as_ref().map(limits).unwrap_or_default();
    Policy { add_ons, tiers: tiers(file, reading), limits, ..Policy::default() }
}

/// The add-on of a word of the configuration.
pub fn add_on(key: file::AddOnKey) -> AddOn {
    match key {
        file::AddOnKey::DuoEnterprise => AddOn::DuoEnterprise,
        file::AddOnKey::DuoPro => AddOn::DuoPro,
    }
}

fn add_on_policy(written: &file::AddOn, reading: &mut Reading<'_>) -> AddOnPolicy {
    let default = AddOnPolicy::default();
    AddOnPolicy {
        reserve: written.reserve.unwrap_or(default.reserve),
        revoke: written.revoke.map_or(default.revoke, |revoke| match revoke {
            file::Revoke::Managed => RevokePolicy::Managed,
            file::Revoke::All => RevokePolicy::All,
            file::Revoke::Never => RevokePolicy::Never,
        }),
        adopt: written.adopt.map_or(default.adopt, |adopt| match adopt {
            file::Adopt::Entitled => AdoptPolicy::Entitled,
            file::Adopt::All => AdoptPolicy::All,
            file::Adopt::None => AdoptPolicy::None,
        }),
        contention: written.contention.map_or(default.contention, |contention| match contention {
            file::Contention::KeepHolders => Contention::KeepHolders,
            file::Contention::ByRank => Contention::ByRank,
        }),
        grace: reading.duration(written.grace.as_ref()).unwrap_or(default.grace),
        minimum_tenure: reading.duration(written.minimum_tenure.as_ref()).unwrap_or(default.minimum_tenure),
        reclaim_inactive_after: reading.duration(written.reclaim_inactive_after.as_ref()),
        trial_ends: reading.date(written.trial_ends.as_ref()),
        protect: written.protect.iter().flatten().map(|name| name.trim().to_lowercase()).collect(),
    }
}

fn tiers(file: &File, reading: &mut Reading<'_>) -> Vec<AddOn> {
    let Some(written) = file.tiers.as_ref().and_then(|tiers| tiers.order.as_ref()) else {
        return Vec::new();
    };
    let mut order = Vec::new();
    for key in &written.value {
        let add_on = add_on(*key);
        if order.contains(&add_on) {
            let message = format!("`{add_on}` is twice in the order of tiers");
            reading.complain(Complaint::new(&written.span, message).help("name it once"));
        } else {
            order.push(add_on);
        }
    }
    order
}

fn limits(written: &file::Limits) -> Limits {
    let default = Limits::default();
    Limits {
        max_revocations: written.max_revocations.unwrap_or(default.max_revocations),
        max_revocations_percent: written.max_revocations_percent.unwrap_or(default.max_revocations_percent),
        max_source_shrink_percent: written
            .max_source_shrink_percent
            .unwrap_or(default.max_source_shrink_percent),
        min_group_members: written.min_group_members.unwrap_or(default.min_group_members),
    }
}
