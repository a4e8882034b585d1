//! The judge of plans that were approved in part.

use seatsync::model::decision::{RevokeReason, Verdict};
use seatsync::model::holding::{Change, SeatKey};
use seatsync::planning::guard::ApprovedPlan;

/// Every fault of what was approved, in words.
pub(crate) fn faults_of_a_part(approved: &ApprovedPlan) -> Vec<String> {
    let mut faults = Vec::new();
    let plan = approved.plan();
    let has = |change: Change, seat: SeatKey| approved.changes().contains(&(change, seat));
    if !approved.changes().iter().all(|change| plan.changes().contains(change)) {
        faults.push("something is approved that the plan does not want".to_owned());
    }
    for summary in &plan.add_ons {
        let count = |wanted: Change| {
            let those = approved.changes().iter();
            those.filter(|(change, seat)| *change == wanted && seat.add_on == summary.add_on).count()
        };
        let (assigned, revoked) = (count(Change::Assign), count(Change::Revoke));
        let to_hand_out = summary
            .purchase
            .as_ref()
            .map_or(0, |purchase| purchase.purchased.saturating_sub(summary.reserve));
        if assigned > 0 && summary.held_before as usize + assigned - revoked > to_hand_out as usize {
            faults.push(format!("{}: more seats than may be handed out", summary.add_on));
        }
    }
    for decision in &plan.decisions {
        let Verdict::Revoke { because: RevokeReason::Superseded { by } } = &decision.verdict else {
            continue;
        };
        let account = decision.account.id;
        let leaves = has(Change::Revoke, SeatKey { add_on: decision.add_on, account });
        let arrival = SeatKey { add_on: *by, account };
        let arrives = plan.changes().contains(&(Change::Assign, arrival));
        if arrives && leaves != has(Change::Assign, arrival) {
            faults.push(format!("half of the move of {account} is approved"));
        }
    }
    faults
}
