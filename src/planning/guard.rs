//! The guard: the limits that refuse a plan, and the only place an [`ApprovedPlan`] comes from.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::add_on::AddOn;
use crate::model::approval::{ApprovalPolicy, Lack, Medium, PlanFile, Signer, Warrant};
use crate::model::group::GroupRef;
use crate::model::holding::{Change, SeatKey, SourceSize};
use crate::model::outcome::Lapsed;
use crate::model::person::SourceName;
use crate::model::plan::{Digest, Plan, Refusal};
use crate::model::snapshot::{Coverage, GroupState, Snapshot};
use crate::planning::approval::signers;
use crate::planning::in_part::{InPart, still_true};
use crate::planning::input::PlanningInput;

/// So many revocations always pass the limit in percent: in a small company one person is ten percent.
const ALWAYS_PASS_PERCENT: u32 = 3;

/// Who answers for applying a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approval {
    /// Nobody looked: the limits decide.
    Limits,
    /// A person approved exactly the changes of this digest, by naming it or at a terminal.
    Digest { digest: Digest },
    /// A person approved the changes of a plan file: all of them or, where it says so, those that still hold.
    File { file: Box<PlanFile>, in_part: bool },
}

/// A plan that may be applied. Only [`approve`] makes one.
#[derive(Debug)]
pub struct ApprovedPlan {
    plan: Plan,
    changes: BTreeSet<(Change, SeatKey)>,
    lapsed: Vec<Lapsed>,
    signers: Vec<Signer>,
    warrant: Warrant,
}

/// A plan that may not be applied, and why.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("the plan goes beyond the limits")]
    ByLimits { plan: Box<Plan> },
    #[error("the plan has moved since it was approved: its digest is now {now}, and {approved} was approved")]
    Moved { plan: Box<Plan>, now: String, approved: String },
    #[error("the plan is not approved as `[approval]` asks")]
    NotApproved { plan: Box<Plan>, lacks: Vec<Lack> },
    /// Each change of an approval is carried out once.
    #[error("the approval was used: run {run} carried out {done} of its {all} changes")]
    Used { plan: Box<Plan>, run: i64, done: usize, all: usize },
}

impl Refused {
    pub fn plan(&self) -> &Plan {
        match self {
            Refused::ByLimits { plan }
            | Refused::Moved { plan, .. }
            | Refused::NotApproved { plan, .. }
            | Refused::Used { plan, .. } => plan,
        }
    }

    pub fn into_plan(self) -> Plan {
        match self {
            Refused::ByLimits { plan }
            | Refused::Moved { plan, .. }
            | Refused::NotApproved { plan, .. }
            | Refused::Used { plan, .. } => *plan,
        }
    }

    /// The word for records.
    pub fn key(&self) -> &'static str {
        match self {
            Refused::ByLimits { .. } => "limits",
            Refused::Moved { .. } => "moved",
            Refused::NotApproved { .. } => "not_approved",
            Refused::Used { .. } => "used",
        }
    }
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

    /// Approved changes that are left out, each with its reason.
    pub fn lapsed(&self) -> &[Lapsed] {
        &self.lapsed
    }

    /// Who signed, where signatures were asked for.
    pub fn signers(&self) -> &[Signer] {
        &self.signers
    }

    /// Who answers for it, to be written down.
    pub fn warrant(&self) -> &Warrant {
        &self.warrant
    }
}

impl Approval {
    /// The plan file, where there is one.
    pub fn file(&self) -> Option<&PlanFile> {
        match self {
            Approval::Limits | Approval::Digest { .. } => None,
            Approval::File { file, .. } => Some(file),
        }
    }
}

/// Lets a plan be applied, whole or in part, or refuses it. A person's approval of exactly these changes stands above the
/// limits; what is frozen is in no plan. The time is that at which the plan was made anew.
pub fn approve(plan: Plan, approval: &Approval, policy: &ApprovalPolicy) -> Result<ApprovedPlan, Refused> {
    let changes: BTreeSet<(Change, SeatKey)> = plan.changes().into_iter().collect();
    // Signatures that were brought without being asked for are looked at all the same.
    let brought = approval.file().is_some_and(|file| !file.signatures.is_empty());
    let voted = approval.file().is_some_and(|file| file.medium == Medium::Page);
    let asked = brought || voted || (policy.required && !changes.is_empty());
    let signers = match (approval.file(), asked) {
        (_, false) => Ok(Vec::new()),
        (Some(_), true) if voted && policy.required && !policy.by_page => Err(vec![Lack::OnlyAPage]),
        (Some(file), true) => signers(policy, file, plan.made_at),
        (None, true) => Err(vec![Lack::NoPlanFile]),
    };
    let signers = match signers {
        Ok(signers) => signers,
        Err(lacks) => return Err(Refused::NotApproved { plan: Box::new(plan), lacks }),
    };
    let warrant = |kind| Warrant {
        kind,
        file: approval.file().map(|file| file.fingerprint.clone()),
        keys: signers.iter().map(|signer| signer.key.clone()).collect(),
    };
    match approval {
        Approval::Limits if !plan.refusals.is_empty() => Err(Refused::ByLimits { plan: Box::new(plan) }),
        Approval::Limits => {
            let warrant = warrant("limits");
            Ok(ApprovedPlan { plan, changes, lapsed: Vec::new(), signers, warrant })
        }
        Approval::Digest { digest } => {
            let warrant = warrant("digest");
            exactly(plan, digest).map(|plan| ApprovedPlan {
                plan,
                changes,
                lapsed: Vec::new(),
                signers,
                warrant,
            })
        }
        Approval::File { file, in_part } => {
            let plan = unused(plan, file, *in_part)?;
            let warrant = warrant(match file.medium {
                Medium::File => "file",
                Medium::Page => "page",
            });
            if *in_part {
                let InPart { changes, lapsed } =
                    still_true(&plan, &file.changes, &file.done, &file.usernames);
                return Ok(ApprovedPlan { plan, changes, lapsed, signers, warrant });
            }
            exactly(plan, &file.digest).map(|plan| ApprovedPlan {
                plan,
                changes,
                lapsed: Vec::new(),
                signers,
                warrant,
            })
        }
    }
}

/// The plan, if its changes are these.
fn exactly(plan: Plan, approved: &Digest) -> Result<Plan, Refused> {
    let now = plan.digest();
    if now == *approved {
        return Ok(plan);
    }
    let (now, approved) = (now.as_str().to_owned(), approved.as_str().to_owned());
    Err(Refused::Moved { plan: Box::new(plan), now, approved })
}

/// The plan, unless the changes of the file were carried out before. An apply that came to an end half way may be taken up
/// again by `--only-approved`: what it left is still approved.
fn unused(plan: Plan, file: &PlanFile, in_part: bool) -> Result<Plan, Refused> {
    let done = file.changes.iter().filter(|change| file.done.contains_key(*change)).count();
    let Some(run) = file.done.values().max().copied() else { return Ok(plan) };
    if done == 0 || (in_part && done < file.changes.len()) {
        return Ok(plan);
    }
    Err(Refused::Used { plan: Box::new(plan), run, done, all: file.changes.len() })
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
        let Some(past) = input.memory.sizes.get(&snapshot.source) else { continue };
        let shrank = |group, before, now| Refusal::SourceShrank {
            source: snapshot.source.clone(),
            group,
            limit: limits.max_source_shrink_percent,
            actual: percent(before - now, before),
            before,
            now,
        };
        let (before, now) = comparable(past, &size);
        if before.saturating_sub(now) * 100 > u64::from(limits.max_source_shrink_percent) * before {
            refusals.push(shrank(None, before, now));
        } else if limits.max_source_shrink_percent < 100 {
            let emptied = emptied(snapshot, past, &size);
            refusals.extend(emptied.into_iter().map(|(group, before)| shrank(Some(group), before, 0)));
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
        GroupState::Found { members, .. } => {
            let count = members.len() + snapshot.guests_of(&reading.reference).count();
            Some((spelling(&reading.reference), count as u64))
        }
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

/// Groups in which there was somebody and now is nobody, with how many there were: what a lost right or a wrong base looks
/// like, however small a part of the source the group is.
fn emptied(snapshot: &Snapshot, past: &SourceSize, now: &SourceSize) -> BTreeMap<String, u64> {
    let groups = snapshot.groups.iter().map(|reading| (spelling(&reading.reference), &reading.reference));
    groups
        .filter(|(spelling, _)| now.groups.get(spelling) == Some(&0))
        .filter_map(|(spelling, group)| Some((group.to_string(), *past.groups.get(&spelling)?)))
        .filter(|(_, before)| *before > 0)
        .collect()
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
