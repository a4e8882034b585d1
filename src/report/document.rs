//! What a report is about: a plan, what changed since an earlier one, and what came of it.

use crate::model::outcome::Outcomes;
use crate::model::plan::Plan;
use crate::report::since::Past;

/// What every format shows.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    pub plan: &'a Plan,
    /// The earlier plan to compare with.
    pub since: Option<&'a Past>,
    /// What came of the changes, once they were applied.
    pub outcomes: Option<&'a Outcomes>,
}

impl<'a> Document<'a> {
    pub fn of_plan(plan: &'a Plan, since: Option<&'a Past>) -> Document<'a> {
        Document { plan, since, outcomes: None }
    }

    pub fn of_outcomes(plan: &'a Plan, outcomes: &'a Outcomes) -> Document<'a> {
        Document { plan, since: None, outcomes: Some(outcomes) }
    }
}
