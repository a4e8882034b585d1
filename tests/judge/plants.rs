//! Faults to plant in a right plan, so that the judge proves its worth.

use std::sync::Arc;

use jiff::SignedDuration;
use seatsync::model::add_on::AddOn;
use seatsync::model::decision::{
    AssignReason, Decision, KeepReason, LeaveReason, RevokeReason, Verdict, WaitReason,
};
use seatsync::model::plan::Plan;
use seatsync::model::rule::RuleName;
use seatsync::model::seat_pool::SeatPool;
use seatsync::planning::input::PlanningInput;

/// Plants one fault; `false` where the plan has no place for it.
pub(crate) type Plant = fn(&PlanningInput, &mut Plan) -> bool;

/// All of them, each by what it does.
pub(crate) const PLANTS: [(&str, Plant); 15] = [
    ("serve somebody for whom there is no seat", |_, plan| {
        alter(plan, |verdict| matches!(verdict, Verdict::Wait { because: WaitReason::NoSeat { .. } }), assign)
    }),
    ("serve somebody beyond a quota", |_, plan| {
        alter(
            plan,
            |verdict| matches!(verdict, Verdict::Wait { because: WaitReason::RuleQuota { .. } }),
            assign,
        )
    }),
    ("serve somebody from a reserved seat", |_, plan| {
        alter(
            plan,
            |verdict| matches!(verdict, Verdict::Wait { because: WaitReason::Reserved { .. } }),
            assign,
        )
    }),
    ("serve somebody who is not eligible", |_, plan| {
        alter(
            plan,
            |verdict| matches!(verdict, Verdict::Wait { because: WaitReason::NotEligible { .. } }),
            assign,
        )
    }),
    ("let somebody wait beside a free seat", |_, plan| {
        alter(
            plan,
            |verdict| matches!(verdict, Verdict::Assign { .. }),
            |_| Verdict::Wait { because: WaitReason::NoSeat { place: 1 } },
        )
    }),
    ("say that a quota is full which is not", |_, plan| {
        alter(
            plan,
            |verdict| matches!(verdict, Verdict::Wait { because: WaitReason::NoSeat { .. } }),
            |_| Verdict::Wait { because: WaitReason::RuleQuota { max_seats: 1 } },
        )
    }),
    ("take the seat of somebody entitled", |_, plan| {
        alter(plan, |verdict| matches!(verdict, Verdict::Keep { because: KeepReason::Entitled }), revoke)
    }),
    ("take a seat that must be left alone", |_, plan| {
        alter(plan, |verdict| matches!(verdict, Verdict::Leave { because: LeaveReason::Protected }), revoke)
    }),
    ("take a seat that is not ours", |_, plan| {
        alter(plan, |verdict| matches!(verdict, Verdict::Leave { because: LeaveReason::NotManaged }), revoke)
    }),
    ("take a seat though a rule is frozen", |_, plan| {
        alter(
            plan,
            |verdict| matches!(verdict, Verdict::Leave { because: LeaveReason::Frozen { .. } }),
            revoke,
        )
    }),
    ("take a seat too soon", |_, plan| {
        let too_soon = |verdict: &Verdict| {
            matches!(
                verdict,
                Verdict::Leave { because: LeaveReason::Grace { .. } | LeaveReason::MinimumTenure { .. } }
            )
        };
        alter(plan, too_soon, revoke)
    }),
    ("leave somebody in two tiers", |_, plan| {
        let moves = |verdict: &Verdict| {
            matches!(verdict, Verdict::Revoke { because: RevokeReason::Superseded { .. } })
        };
        alter(plan, moves, |_| Verdict::Keep { because: KeepReason::Entitled })
    }),
    ("forget somebody", |_, plan| plan.decisions.pop().is_some()),
    ("miscount", |_, plan| {
        let Some(summary) = plan.add_ons.first_mut() else { return false };
        summary.held_after += 1;
        true
    }),
    ("touch an add-on without rules", |input, plan| {
        let ruled = |add_on: AddOn| input.rules.iter().any(|rule| rule.add_on == add_on);
        let Some(add_on) = AddOn::ALL.into_iter().find(|add_on| !ruled(*add_on)) else { return false };
        let Some(account) = input.accounts.first() else { return false };
        plan.decisions.push(Decision {
            add_on,
            account: Arc::clone(account),
            verdict: revoke(add_on),
            person: None,
            matched_by: None,
            grounds: None,
            managed: true,
        });
        true
    }),
];

fn assign(add_on: AddOn) -> Verdict {
    let seat = SeatPool::new(add_on, 1, []).take(&RuleName::new("forged")).unwrap();
    Verdict::Assign { seat, because: AssignReason::Entitled }
}

fn revoke(_: AddOn) -> Verdict {
    let because = RevokeReason::NoLongerEntitled { since: None, grace: SignedDuration::ZERO };
    Verdict::Revoke { because }
}

/// Replaces the first verdict of a kind, and keeps the counts right, so that nothing else gives the fault away.
fn alter(plan: &mut Plan, kind: fn(&Verdict) -> bool, into: fn(AddOn) -> Verdict) -> bool {
    let Some(decision) = plan.decisions.iter_mut().find(|decision| kind(&decision.verdict)) else {
        return false;
    };
    decision.verdict = into(decision.add_on);
    for summary in &mut plan.add_ons {
        let count = |word: &str| {
            let those = plan.decisions.iter().filter(|decision| decision.add_on == summary.add_on);
            u32::try_from(those.filter(|decision| decision.verdict.key() == word).count()).unwrap()
        };
        summary.held_after = (summary.held_before + count("assign")).saturating_sub(count("revoke"));
    }
    true
}
