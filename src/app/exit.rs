//! Exit codes: what scripts learn from a command that has ended.

use crate::model::outcome::Outcomes;
use crate::model::plan::Plan;
use crate::model::snapshot::Coverage;

/// The exit codes of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Done,
    Failed,
    Usage,
    Refused,
    InPart,
    SourcePartial,
    ChangesPending,
}

impl Exit {
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Refused => 3,
            Exit::InPart => 4,
            Exit::SourcePartial => 5,
            Exit::ChangesPending => 10,
        }
    }

    /// After `plan`; `asked` is `--exit-code`.
    pub fn of_plan(plan: &Plan, asked: bool) -> Exit {
        if asked && !plan.refusals.is_empty() {
            Exit::Refused
        } else if is_partial(plan) {
            Exit::SourcePartial
        } else if asked && !plan.changes().is_empty() {
            Exit::ChangesPending
        } else {
            Exit::Done
        }
    }

    /// After an apply that was not refused.
    pub fn of_apply(plan: &Plan, outcomes: &Outcomes) -> Exit {
        if outcomes.is_partial() {
            Exit::InPart
        } else if is_partial(plan) {
            Exit::SourcePartial
        } else {
            Exit::Done
        }
    }
}

/// Whether anything could not be decided for want of a whole reading.
fn is_partial(plan: &Plan) -> bool {
    !plan.frozen.is_empty()
        || plan.add_ons.iter().any(|summary| summary.frozen.is_some())
        || plan.sources.iter().any(|source| source.coverage != Coverage::Complete)
}
