//! Findings: what an administrator should know before they ask, each with the next step.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;

use crate::model::account::Standing;
use crate::model::add_on::AddOn;
use crate::model::decision::{Decision, LeaveReason, Verdict, WaitReason};
use crate::model::finding::{Finding, FindingCode, Level, listed};
use crate::model::person::SourceName;
use crate::model::rule::RuleName;
use crate::model::snapshot::{Coverage, Snapshot};
use crate::planning::claims::Claims;
use crate::planning::desk::Desk;
use crate::planning::input::PlanningInput;
use crate::planning::reconcile::Reconciled;
use crate::planning::rules::{Frozen, RuleReading};

/// What findings are drawn from.
pub struct Evidence<'a> {
    pub input: &'a PlanningInput,
    pub rules: &'a [RuleReading<'a>],
    pub claims: &'a BTreeMap<AddOn, Claims<'a>>,
    pub desks: &'a [Desk<'a>],
    pub reconciled: &'a [Reconciled],
}

/// Everything odd though legal, but for what is odd about single seats. Not sorted.
pub fn gather(evidence: &Evidence<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    of_the_run(evidence, &mut findings);
    let standings = standings(evidence);
    for reading in evidence.rules {
        of_a_rule(reading, standings[reading.place as usize], &mut findings);
    }
    for (desk, reconciled) in evidence.desks.iter().zip(evidence.reconciled) {
        of_a_purchase(evidence, desk, reconciled, &mut findings);
        of_quotas(reconciled, &mut findings);
    }
    findings
}

fn finding(level: Level, code: FindingCode, rule: Option<&RuleName>, message: String) -> Finding {
    Finding { level, code, rule: rule.cloned(), message }
}

fn of_the_run(evidence: &Evidence<'_>, findings: &mut Vec<Finding>) {
    let input = evidence.input;
    if input.rules.is_empty() {
        let message = "there is no rule: no add-on is touched".to_owned();
        findings.push(finding(Level::Warning, FindingCode::NoRule, None, message));
    }
    if let Some(last) = input.memory.last_run_at.filter(|_| input.clock_ran_backwards()) {
        let message = format!(
            "the last run began at {last}, but it is {} now: the clock ran backwards, and no seat is taken until it is right",
            input.now
        );
        findings.push(finding(Level::Error, FindingCode::ClockBackwards, None, message));
    }
    for snapshot in &input.snapshots {
        if let Coverage::Partial { because } = &snapshot.reading {
            let (code, what) = if snapshot.people.is_empty() {
                (FindingCode::SourceUnread, "could not be read")
            } else {
                (FindingCode::SourcePartial, "was not read whole")
            };
            let message = format!("source `{}` {what}: {because}", snapshot.source);
            findings.push(finding(Level::Error, code, None, message));
        }
        findings.extend(snapshot.findings.iter().cloned());
        findings.extend(strangers(snapshot));
    }
}

/// The members whom nobody knows, by the groups that name them.
fn strangers(snapshot: &Snapshot) -> impl Iterator<Item = Finding> {
    let mut named: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for stranger in &snapshot.strangers {
        let group = stranger.path.names().last().map_or("", |name| &**name);
        named.entry(group).or_default().insert(&stranger.name);
    }
    let source = &snapshot.source;
    named.into_iter().map(move |(group, names)| {
        let message = match (names.len(), names.first()) {
            (1, Some(name)) => format!("member `{name}` of group `{group}` is outside of source `{source}`, and no other source knows them"),
            (count, _) => {
                format!("{count} members of group `{group}` are outside of source `{source}`, and no other source knows them: {}", listed(&names))
            }
        };
        finding(Level::Warning, FindingCode::MemberOutside, None, message)
    })
}

/// What a rule comes to among the claims.
#[derive(Clone, Copy, Default)]
struct RuleStanding {
    /// Some account claims by it.
    is_claimed: bool,
    /// For some account, no rule without a quota stands before it.
    can_decide: bool,
}

/// By the place of the rule.
fn standings(evidence: &Evidence<'_>) -> Vec<RuleStanding> {
    let mut standings = vec![RuleStanding::default(); evidence.rules.len()];
    for grounds in evidence.claims.values().flat_map(|claims| claims.certain.each()) {
        let mut is_shadowed = false;
        for ground in grounds {
            let standing = &mut standings[ground.reading.place as usize];
            standing.is_claimed = true;
            standing.can_decide |= !is_shadowed;
            is_shadowed |= ground.rule().max_seats.is_none();
        }
    }
    standings
}

fn of_a_rule(reading: &RuleReading<'_>, standing: RuleStanding, findings: &mut Vec<Finding>) {
    let rule = reading.rule;
    let mut add = |level, code, message| findings.push(finding(level, code, Some(&rule.name), message));
    if let Some(until) = rule.until.filter(|_| reading.ended) {
        add(Level::Info, FindingCode::RuleEnded, format!("rule `{}` ended on {until}", rule.name));
        return;
    }
    for frozen in &reading.frozen {
        if let Some((code, message)) = freezing(frozen, &rule.name, &rule.source) {
            add(Level::Error, code, message);
        }
    }
    if !reading.frozen.is_empty() {
        return;
    }
    if reading.people.is_empty() {
        add(Level::Warning, FindingCode::MatchesNobody, format!("rule `{}` entitles nobody", rule.name));
        return;
    }
    if !standing.is_claimed {
        let message = match reading.people.len() {
            1 => format!("rule `{}` entitles one person, who has no account", rule.name),
            people => {
                format!("rule `{}` entitles {people} people, but none of them has an account", rule.name)
            }
        };
        add(Level::Warning, FindingCode::MatchesNobody, message);
    } else if !standing.can_decide {
        let message = format!(
            "rule `{}` can never decide anything: everyone it entitles is entitled by a better-ranked rule without a quota",
            rule.name
        );
        add(Level::Info, FindingCode::NeverWins, message);
    }
}

fn freezing(frozen: &Frozen, rule: &RuleName, source: &SourceName) -> Option<(FindingCode, String)> {
    let effect = format!("rule `{rule}` is frozen, nobody loses a seat by it");
    Some(match frozen {
        // Told once for the source.
        Frozen::SourceUnread { .. } => return None,
        Frozen::GroupMissing { group } => (
            FindingCode::GroupMissing,
            format!(
                "group `{group}` does not exist in source `{source}`: {effect}; correct the rule, or name the group by `id:` so that it survives renames"
            ),
        ),
        Frozen::GroupAmbiguous { group, candidates } => (
            FindingCode::GroupAmbiguous,
            format!(
                "several groups of source `{source}` are named `{group}`: {effect}; name one by `dn:` or `id:`: {}",
                candidates.join(" · ")
            ),
        ),
        Frozen::GroupPartial { group, because } => (
            FindingCode::GroupPartial,
            format!("group `{group}` of source `{source}` was not read whole: {effect}; {because}"),
        ),
        Frozen::TooFewMembers { members, minimum } => (
            FindingCode::GroupTooSmall,
            format!(
                "the groups of rule `{rule}` hold {members} people, fewer than `min_group_members` = {minimum}: {effect}"
            ),
        ),
        Frozen::AttributeAbsent { attribute } => (
            FindingCode::AttributeAbsent,
            format!(
                "nobody in source `{source}` has the attribute `{attribute}`: {effect} and nobody gains one; is it among `attributes.extra`, and may the bind account read it?"
            ),
        ),
        Frozen::WhereFailed { people, because } => (
            FindingCode::WhereFailed,
            format!("the `where` of rule `{rule}` has no answer for {people} people: {effect}; {because}"),
        ),
    })
}

fn of_a_purchase(
    evidence: &Evidence<'_>,
    desk: &Desk<'_>,
    reconciled: &Reconciled,
    findings: &mut Vec<Finding>,
) {
    let add_on = desk.holders.add_on;
    let title = add_on.title();
    let mut add = |level, code, message| findings.push(finding(level, code, None, message));
    let Some(reading) = desk.reading else {
        let message = format!(
            "GitLab shows no active purchase of {title}: it was not bought, has ended, or has not begun"
        );
        add(Level::Warning, FindingCode::PurchaseAbsent, message);
        return;
    };
    let summary = &reconciled.summary;
    if summary.held_before > reading.purchase.purchased {
        let message = format!(
            "{} seats of {title} are held, but {} were purchased: GitLab will take the surplus back itself",
            summary.held_before, reading.purchase.purchased
        );
        add(Level::Warning, FindingCode::OverAssigned, message);
    }
    let shown = reading.holders.len();
    if reading.purchase.assigned as usize > shown {
        let message = format!(
            "GitLab counts {} holders of {title} but shows {shown}: the others are never touched, and their seats not handed out",
            reading.purchase.assigned
        );
        add(Level::Warning, FindingCode::HoldersHidden, message);
    }
    if let Some(ends) = desk.holders.policy.trial_ends {
        let today = evidence.input.today();
        if ends < today {
            add(
                Level::Warning,
                FindingCode::TrialEnded,
                format!("the trial of {title} ended on {ends}; correct `trial_ends` if it was bought"),
            );
        } else if today.checked_add(14.days()).is_ok_and(|soon| ends <= soon) {
            add(
                Level::Warning,
                FindingCode::TrialEnds,
                format!("the trial of {title} ends on {ends}: all its seats end with it"),
            );
        }
    }
}

fn of_quotas(reconciled: &Reconciled, findings: &mut Vec<Finding>) {
    for rule in &reconciled.over_quota {
        let message = format!(
            "more people hold seats by rule `{rule}` than its `max_seats` allows: they keep them, and nobody new is served"
        );
        findings.push(finding(Level::Warning, FindingCode::QuotaExceeded, Some(rule), message));
    }
}

/// What is odd about those who have a seat, or wait for one. Not sorted.
pub fn of_seats(decisions: &[Decision]) -> Vec<Finding> {
    let mut odd: BTreeMap<(FindingCode, AddOn), Vec<&str>> = BTreeMap::new();
    for decision in decisions {
        let code = match &decision.verdict {
            Verdict::Leave { because: LeaveReason::Contested }
            | Verdict::Wait { because: WaitReason::Contested } => FindingCode::Contested,
            Verdict::Leave { .. } if decision.account.standing != Standing::Eligible => {
                FindingCode::IneligibleHolder
            }
            Verdict::Assign { .. }
            | Verdict::Keep { .. }
            | Verdict::Leave { .. }
            | Verdict::Revoke { .. }
            | Verdict::Wait { .. } => continue,
        };
        odd.entry((code, decision.add_on)).or_default().push(decision.account.username());
    }
    let odd = odd.into_iter().map(|((code, add_on), mut usernames)| {
        usernames.sort_unstable();
        let (title, who) = (add_on.title(), usernames.join(", "));
        let message = if code == FindingCode::Contested {
            format!(
                "somebody else undid our changes to {title} twice for: {who}; is GitLab's own seat sync (`duo_add_on_groups`) on?"
            )
        } else {
            format!("seats of {title} are held by accounts that cannot use them: {who}")
        };
        finding(Level::Warning, code, None, message)
    });
    odd.collect()
}
