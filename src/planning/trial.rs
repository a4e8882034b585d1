//! One trial: the plan that would be made if some needs of somebody were met.

use crate::model::add_on::AddOn;
use crate::model::decision::{Decision, LeaveReason, Verdict};
use crate::model::plan::Plan;
use crate::model::remedy::{Need, Subject};
use crate::planning::input::PlanningInput;
use crate::planning::supposing::suppose;

/// What is asked of every trial: whether the subject has a seat of the add-on in what `plan` makes of it.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    pub subject: &'a Subject,
    pub add_on: AddOn,
    pub plan: &'a dyn Fn(&PlanningInput) -> Plan,
}

/// The plan that would be made if these needs were met.
pub struct Trial<'a> {
    pub question: Question<'a>,
    pub needs: Vec<Need>,
    pub input: PlanningInput,
    pub plan: Plan,
}

impl<'a> Trial<'a> {
    /// Nothing is supposed yet.
    pub fn of_today(input: &PlanningInput, question: Question<'a>) -> Trial<'a> {
        Trial { question, needs: Vec::new(), input: input.clone(), plan: (question.plan)(input) }
    }

    /// The same with one more need met, where it can be.
    pub fn with(&self, need: Need) -> Option<Trial<'a>> {
        let Question { subject, add_on, plan } = self.question;
        let mut input = self.input.clone();
        suppose(&mut input, &need, subject, add_on).then(|| {
            let needs = self.needs.iter().cloned().chain([need]).collect();
            Trial { question: self.question, needs, plan: plan(&input), input }
        })
    }

    fn decisions(&self) -> impl Iterator<Item = &Decision> {
        let Subject { account, people } = self.question.subject;
        self.plan.decisions.iter().filter(move |decision| {
            Some(decision.account.id) == *account
                || decision.person.as_ref().is_some_and(|known| people.contains(&known.key()))
        })
    }

    /// What is decided of them and the add-on.
    pub fn decision(&self) -> Option<&Decision> {
        self.decisions().find(|decision| decision.add_on == self.question.add_on)
    }

    /// Whether they get or keep a seat of the add-on because they are entitled to it.
    pub fn is_served(&self) -> bool {
        self.decision().is_some_and(|decision| has_seat(&decision.verdict))
    }

    /// Whether nothing has to change: they have a seat of the add-on or of a better tier, and nothing is about to take it.
    pub fn is_at_rest(&self) -> bool {
        let tier = |add_on| self.input.policy.tiers.iter().position(|tier| *tier == add_on);
        let own = tier(self.question.add_on);
        let is_better = |add_on| tier(add_on).is_some_and(|better| own.is_some_and(|own| better < own));
        let in_better = |decision: &Decision| is_better(decision.add_on) && has_seat(&decision.verdict);
        let stays = self.decision().is_some_and(|decision| match &decision.verdict {
            Verdict::Leave { because } => match because {
                LeaveReason::Grace { .. } | LeaveReason::MinimumTenure { .. } => false,
                LeaveReason::NotManaged
                | LeaveReason::Protected
                | LeaveReason::Frozen { .. }
                | LeaveReason::RevokeNever
                | LeaveReason::Contested => self.holds(),
            },
            Verdict::Assign { .. } | Verdict::Keep { .. } | Verdict::Revoke { .. } | Verdict::Wait { .. } => {
                false
            }
        });
        self.is_served() || stays || self.decisions().any(in_better)
    }

    fn holds(&self) -> bool {
        let holds = |account| {
            let readings = self.input.seats.purchases.iter();
            let mut those = readings.filter(|reading| reading.purchase.add_on == self.question.add_on);
            those.any(|reading| reading.holders.contains(&account))
        };
        self.question.subject.account.is_some_and(holds)
    }

    /// The smallest number that is enough, and what it leads to. `guess` is tried first.
    pub fn least(
        &self,
        guess: u32,
        most: u32,
        need: impl Fn(u32) -> Need,
        is_enough: impl Fn(&Trial<'a>) -> bool,
    ) -> Option<(u32, Trial<'a>)> {
        let try_with = |number| self.with(need(number)).filter(&is_enough);
        let (mut too_few, mut number) = (0, guess);
        let mut found = loop {
            match try_with(number) {
                Some(trial) => break trial,
                None if number >= most => return None,
                None => {
                    too_few = number;
                    number = number.saturating_mul(2).min(most);
                }
            }
        };
        while number - too_few > 1 {
            let middle = too_few + (number - too_few) / 2;
            match try_with(middle) {
                Some(trial) => (number, found) = (middle, trial),
                None => too_few = middle,
            }
        }
        Some((number, found))
    }
}

fn has_seat(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Assign { .. } | Verdict::Keep { .. } => true,
        Verdict::Leave { .. } | Verdict::Revoke { .. } | Verdict::Wait { .. } => false,
    }
}
