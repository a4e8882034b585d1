//! The decisions of a plan, in the order in which reports list them.

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
    let mut order: Vec<_> = decided
        .iter()
        .zip(0_u32..)
        .map(|(decided, index)| {
            let (verdict, line) = decided.verdict.as_ref().map_or((u8::MAX, 0), Verdict::order);
            let rank = decided.ground.map_or(i64::MAX, |ground| ground.rule().rank);
            (rank, line, usernames[decided.place as usize], index, verdict)
        })
        .collect();
    order.sort_unstable_by_key(|(rank, line, username, _, verdict)| (*verdict, *rank, *line, *username));
    let first = decisions.len();
    // What the decisions refer to lies in the order of accounts: it is fetched in that order, and then put in this one.
    decisions.extend(decided.iter_mut().map(|decided| decided.decision(add_on)));
    let decisions = &mut decisions[first..];
    for place in 0..order.len() {
        let mut from = order[place].3 as usize;
        while from < place {
            from = order[from].3 as usize;
        }
        order[place].3 = from as u32;
        decisions.swap(place, from);
    }
}
