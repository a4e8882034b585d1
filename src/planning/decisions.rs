//! The decisions of a plan, in the order in which reports list them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::account::Account;
use crate::model::add_on::AddOn;
use crate::model::decision::{Decision, Verdict};
use crate::planning::claims::Ground;

/// One account's verdict, as it was reached; everything else of the decision is still borrowed.
#[derive(Debug)]
pub struct Decided<'a> {
    pub account: &'a Arc<Account>,
    /// The place of the account among all accounts.
    pub place: u32,
    pub holds: bool,
    /// Whom the account belongs to.
    pub claimant: Option<&'a Ground<'a>>,
    pub managed: bool,
    /// `None` until seats are allocated.
    pub verdict: Option<Verdict>,
    /// The rule that decided.
    pub ground: Option<&'a Ground<'a>>,
}

impl Decided<'_> {
    fn decision(&mut self, add_on: AddOn) -> Decision {
        Decision {
            add_on,
            account: Arc::clone(self.account),
            verdict: self.verdict.take().expect("every account is decided, and once"),
            person: self.claimant.map(Ground::known_person),
            matched_by: self.claimant.map(|ground| ground.matched_by),
            grounds: self.ground.map(|ground| ground.to_grounds()),
            managed: self.managed,
        }
    }
}

/// Appends the decisions about one add-on in the order of [`Decision::order`]. `usernames` are the places of all
/// accounts in the order of their usernames.
pub fn append(
    add_on: AddOn,
    mut decided: Vec<Decided<'_>>,
    usernames: &[u32],
    decisions: &mut Vec<Decision>,
) {
    let mut order = order(&decided, usernames);
    let first = decisions.len();
    // What the decisions refer to lies in the order of accounts: it is fetched in that order, and then put in this one.
    decisions.extend(decided.iter_mut().map(|decided| decided.decision(add_on)));
    let decisions = &mut decisions[first..];
    for place in 0..order.len() {
        let mut from = order[place] as usize;
        while from < place {
            from = order[from] as usize;
        }
        order[place] = from as u32;
        decisions.swap(place, from);
    }
}

/// The places of what was decided, in the order of decisions. What they are sorted by becomes one number each, which is
/// compared at one go: class, place in line, place of the username and, at last, its own.
fn order(decided: &[Decided<'_>], usernames: &[u32]) -> Vec<u32> {
    let rank = |decided: &Decided<'_>| decided.ground.map_or(i64::MAX, |ground| ground.rule().rank);
    let ranks: BTreeSet<i64> = decided.iter().map(rank).collect();
    let ranks: Vec<i64> = ranks.into_iter().collect();
    let mut order: Vec<u128> = decided
        .iter()
        .zip(0_u32..)
        .map(|(decided, index)| {
            let (verdict, line) = decided.verdict.as_ref().map_or((u8::MAX, 0), Verdict::order);
            let better = ranks.partition_point(|better| *better < rank(decided));
            let class = usize::from(verdict) * ranks.len() + better;
            [class as u32, line, usernames[decided.place as usize], index]
                .into_iter()
                .fold(0, |number, part| number << u32::BITS | u128::from(part))
        })
        .collect();
    order.sort_unstable();
    order.into_iter().map(|number| number as u32).collect()
}
