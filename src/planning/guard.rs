//! The guard: the limits that refuse a plan, and the only place an [`ApprovedPlan`] comes from.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::add_on::AddOn;
use crate::model::decision::{RevokeReason, Verdict};
use crate::model::group::GroupRef;
use crate::model::holding::{Change, SeatKey, SourceSize};
use crate::model::person::SourceName;
use crate::model::plan::{AddOnSummary, Digest, Plan, Refusal};
use crate::model::snapshot::{Coverage, GroupState, Snapshot};
use crate::planning::input::PlanningInput;

/// So many revocations always pass the limit in percent: in a small company one person is ten percent.
const ALWAYS_PASS_PERCENT: u32 = 3;

/// Who answers for applying a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approval {
    /// Nobody looked: the limits decide.
    Limits,
    /// A person approved exactly the changes of this digest, as they wrote it.
    Digest { written: String },
    /// A person approved these changes; those that still hold may be applied.
    StillTrue { changes: BTreeSet<(Change, SeatKey)> },
}

/// A plan that may be applied. Only [`approve`] makes one.
#[derive(Debug)]
pub struct ApprovedPlan {
    plan: Plan,
    changes: BTreeSet<(Change, SeatKey)>,
    lapsed: Vec<(Change, SeatKey)>,
}

/// A plan that may not be applied, and why.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("the plan goes beyond the limits")]
    ByLimits { plan: Box<Plan> },
    #[error("the plan has moved since it was approved: its digest is now {now}, and {approved} was approved")]
    Moved { plan: Box<Plan>, now: String, approved: String },
}

impl ApprovedPlan {
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    pub fn into_plan(self) -> Plan {
        self.plan
    }

    /// The changes that were approved, sorted.
    pub fn changes(&self) -> &BTreeSet<(Change, SeatKey)> {
        &self.changes
    }

    /// Approved changes that no longer hold.
    pub fn lapsed(&self) -> &[(Change, SeatKey)] {
        &self.lapsed
    }
}

/// Lets a plan be applied, whole or in part, or refuses it.
pub fn approve(plan: Plan, approval: &Approval) -> Result<ApprovedPlan, Refused> {
    let planned: BTreeSet<(Change, SeatKey)> = plan.changes().into_iter().collect();
    match approval {
        Approval::Limits if !plan.refusals.is_empty() => Err(Refused::ByLimits { plan: Box::new(plan) }),
        Approval::Limits => Ok(ApprovedPlan { plan, changes: planned, lapsed: Vec::new() }),
        Approval::Digest { written } => {
            let now = plan.digest();
            if now.matches(written) {
                Ok(ApprovedPlan { plan, changes: planned, lapsed: Vec::new() })
            } else {
                let (now, approved) = (now.as_str().to_owned(), written.clone());
                Err(Refused::Moved { plan: Box::new(plan), now, approved })
            }
        }
        Approval::StillTrue { changes } => {
            let still_true: BTreeSet<_> = planned.intersection(changes).copied().collect();
            let changes_left = within_supply(&plan, still_true);
            let lapsed = changes.difference(&changes_left).copied().collect();
            Ok(ApprovedPlan { plan, changes: changes_left, lapsed })
        }
    }
}

/// Leaves out assignments whose seats were to come from revocations that were not approved, worst rank first, and moves
/// between tiers of which only half was approved; until nothing more falls away.
fn within_supply(plan: &Plan, mut changes: BTreeSet<(Change, SeatKey)>) -> BTreeSet<(Change, SeatKey)> {
    loop {
        let mut beyond = half_moves(plan, &changes);
        for summary in &plan.add_ons {
            beyond.extend(beyond_supply(plan, summary, &changes));
        }
        if beyond.is_empty() {
            return changes;
        }
        changes.retain(|change| !beyond.contains(change));
    }
}

/// Whoever moves to another tier gives up one seat and gains one: never only one of both.
fn half_moves(plan: &Plan, changes: &BTreeSet<(Change, SeatKey)>) -> Vec<(Change, SeatKey)> {
    let planned: BTreeSet<(Change, SeatKey)> = plan.changes().into_iter().collect();
    let mut halves = Vec::new();
    for decision in &plan.decisions {
        if let Verdict::Revoke { because: RevokeReason::Superseded { by } } = &decision.verdict {
            let account = decision.account.id;
            let leave = (Change::Revoke, SeatKey { add_on: decision.add_on, account });
            let arrive = (Change::Assign, SeatKey { add_on: *by, account });
            if planned.contains(&arrive) && changes.contains(&leave) != changes.contains(&arrive) {
                halves.extend([leave, arrive].into_iter().filter(|half| changes.contains(half)));
            }
        }
    }
    halves
}

fn beyond_supply(
    plan: &Plan,
    summary: &AddOnSummary,
    changes: &BTreeSet<(Change, SeatKey)>,
) -> Vec<(Change, SeatKey)> {
    let revoked = changes
        .iter()
        .filter(|(change, seat)| *change == Change::Revoke && seat.add_on == summary.add_on)
        .count();
    let held = summary.held_before.saturating_sub(u32::try_from(revoked).unwrap_or(u32::MAX));
    let purchased = summary.purchase.as_ref().map_or(0, |purchase| purchase.purchased);
    let free = purchased.saturating_sub(summary.reserve).saturating_sub(held) as usize;
    plan.decisions
        .iter()
        .filter(|decision| decision.add_on == summary.add_on)
        .filter(|decision| matches!(decision.verdict, Verdict::Assign { .. }))
        .map(|decision| (Change::Assign, SeatKey { add_on: decision.add_on, account: decision.account.id }))
        .filter(|change| changes.contains(change))
        .skip(free)
        .collect()
}

/// Every limit that the plan goes beyond.
pub fn refusals(plan: &Plan, input: &PlanningInput) -> Vec<Refusal> {
    let limits = &input.policy.limits;
    let mut refusals = Vec::new();
    let mut revoked: BTreeMap<AddOn, u32> = BTreeMap::new();
    for decision in &plan.decisions {
        if decision.verdict.change() == Some(Change::Revoke) {
            *revoked.entry(decision.add_on).or_default() += 1;
        }
    }
    let all = revoked.values().sum();
    if all > limits.max_revocations {
        refusals.push(Refusal::TooManyRevocations { limit: limits.max_revocations, actual: all });
    }
    for summary in &plan.add_ons {
        let revoked = revoked.get(&summary.add_on).copied().unwrap_or(0);
        let held = summary.held_before;
        let allowed = u64::from(limits.max_revocations_percent) * u64::from(held);
        if revoked > ALWAYS_PASS_PERCENT && u64::from(revoked) * 100 > allowed {
            refusals.push(Refusal::TooManyRevocationsPercent {
                add_on: summary.add_on,
                limit: limits.max_revocations_percent,
                actual: percent(u64::from(revoked), u64::from(held)),
            });
        }
    }
    let mut snapshots: Vec<&Snapshot> = input.snapshots.iter().collect();
    snapshots.sort_by(|a, b| a.source.cmp(&b.source));
    for snapshot in snapshots {
        let Some(size) = readable(snapshot).then(|| size(snapshot)) else { continue };
        let Some((before, now)) =
            input.memory.sizes.get(&snapshot.source).map(|before| comparable(before, &size))
        else {
            continue;
        };
        let lost = before.saturating_sub(now);
        if lost * 100 > u64::from(limits.max_source_shrink_percent) * before {
            refusals.push(Refusal::SourceShrank {
                source: snapshot.source.clone(),
                limit: limits.max_source_shrink_percent,
                actual: percent(lost, before),
                before,
                now,
            });
        }
    }
    refusals
}

/// The sizes of the sources that were read whole, to be compared with next time.
pub fn sizes(input: &PlanningInput) -> BTreeMap<SourceName, SourceSize> {
    input
        .snapshots
        .iter()
        .filter(|snapshot| snapshot.coverage() == Coverage::Complete)
        .map(|snapshot| (snapshot.source.clone(), size(snapshot)))
        .collect()
}

/// A partial reading takes no seat from anybody anyway; it is no sign that the source shrank.
fn readable(snapshot: &Snapshot) -> bool {
    snapshot.coverage() == Coverage::Complete
}

fn size(snapshot: &Snapshot) -> SourceSize {
    let groups = snapshot.groups.iter().filter_map(|reading| match &reading.state {
        GroupState::Found { members, .. } => Some((spelling(&reading.reference), members.len() as u64)),
        GroupState::Missing | GroupState::Ambiguous { .. } | GroupState::Unread { .. } => None,
    });
    SourceSize { people: snapshot.people.len() as u64, groups: groups.collect() }
}

fn spelling(reference: &GroupRef) -> String {
    match reference {
        GroupRef::Name(name) => format!("name:{name}"),
        GroupRef::Dn(dn) => format!("dn:{dn}"),
        GroupRef::Id(id) => format!("id:{id}"),
    }
}

/// People before and now. Where rules name other groups than before, only the groups of both times are compared: the
/// difference is the configuration's, not the directory's.
fn comparable(before: &SourceSize, now: &SourceSize) -> (u64, u64) {
    if before.groups.keys().eq(now.groups.keys()) {
        return (before.people, now.people);
    }
    let common = || before.groups.keys().filter(|group| now.groups.contains_key(*group));
    (common().map(|group| before.groups[group]).sum(), common().map(|group| now.groups[group]).sum())
}

/// Rounded up to a whole percent.
fn percent(part: u64, whole: u64) -> u32 {
    if whole == 0 {
        return 100;
    }
    u32::try_from((part * 100).div_ceil(whole)).unwrap_or(u32::MAX)
}

impl Digest {
    /// The digest of what was approved in part.
    pub fn of_approved(approved: &ApprovedPlan) -> Digest {
        Digest::of(approved.changes.iter().copied())
    }
}
