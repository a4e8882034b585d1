//! What if: today's observation, and the same under other assumptions.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::add_on::AddOn;
use crate::model::plan::Plan;
use crate::model::policy::Policy;
use crate::model::purchase::{Purchase, PurchaseId, PurchaseReading};
use crate::model::rule::Rule;
use crate::planning::input::PlanningInput;

/// What is assumed instead of what is so.
#[derive(Debug, Default)]
pub struct Assumptions {
    pub purchased: BTreeMap<AddOn, u32>,
    pub rules: Option<(Vec<Rule>, Policy)>,
    pub as_of: Option<Timestamp>,
}

impl Assumptions {
    /// The observation as it would be.
    fn assume(self, input: &mut PlanningInput) {
        for (add_on, purchased) in self.purchased {
            purchase(input, add_on, purchased);
        }
        if let Some((rules, policy)) = self.rules {
            // How people are matched belongs to the sources, which are today's.
            let matching = std::mem::take(&mut input.policy.matching);
            input.policy = Policy { matching, ..policy };
            input.rules = rules;
        }
        input.now = self.as_of.unwrap_or(input.now);
    }
}

/// So many seats of an add-on were purchased, whether any were or not.
pub fn purchase(input: &mut PlanningInput, add_on: AddOn, purchased: u32) {
    let purchases = &mut input.seats.purchases;
    match purchases.iter_mut().find(|reading| reading.purchase.add_on == add_on) {
        Some(reading) => reading.purchase.purchased = purchased,
        None => {
            let id = PurchaseId("assumed".into());
            let purchase = Purchase { id, add_on, purchased, assigned: 0 };
            purchases.push(PurchaseReading { purchase, holders: Vec::new() });
        }
    }
}

/// Today's observation, which may hold the groups of both sets of rules, as it is and as it would be: made into two plans by
/// `plan`, each of which sees only the groups that its own rules name.
pub fn both(
    mut input: PlanningInput,
    assumptions: Assumptions,
    plan: impl Fn(&PlanningInput) -> Plan,
) -> (Plan, Plan) {
    let groups: Vec<_> = input.snapshots.iter().map(|snapshot| snapshot.groups.clone()).collect();
    keep_named_groups(&mut input);
    let today = plan(&input);
    for (snapshot, groups) in input.snapshots.iter_mut().zip(groups) {
        snapshot.groups = groups;
    }
    assumptions.assume(&mut input);
    keep_named_groups(&mut input);
    (today, plan(&input))
}

fn keep_named_groups(input: &mut PlanningInput) {
    let rules = &input.rules;
    for snapshot in &mut input.snapshots {
        let source = &snapshot.source;
        snapshot.groups.retain(|reading| {
            let of_source = rules.iter().filter(|rule| rule.source == *source);
            of_source
                .flat_map(|rule| rule.groups.iter().chain(&rule.except_groups))
                .any(|group| *group == reading.reference)
        });
    }
}
