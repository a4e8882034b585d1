//! The decisions of a plan, in the order in which reports list them.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::account::Account;
use crate::model::add_on::AddOn;
use crate::model::decision::{Decision, Verdict};
use crate::planning::accounts::Accounts;
use crate::planning::claims::Ground;
use crate::planning::hands::Hands;
use crate::planning::order;

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
    fn decision(self, add_on: AddOn) -> Decision {
        Decision {
            add_on,
            account: Arc::clone(self.account),
            verdict: self.verdict.expect("every account is decided, and once"),
            person: self.claimant.map(Ground::known_person),
            matched_by: self.claimant.map(|ground| ground.matched_by),
            grounds: self.ground.map(|ground| ground.to_grounds()),
            managed: self.managed,
        }
    }
}

/// What is decided, add-on by add-on, as it becomes decisions.
pub struct Decisions<'a> {
    hands: Hands,
    accounts: &'a Accounts<'a>,
    /// The places of all accounts in the order of their usernames; worked out where it is needed first.
    usernames: OnceCell<Vec<u32>>,
    /// What is about one add-on, and no decision yet.
    decided: Option<(AddOn, Vec<Decided<'a>>)>,
    decisions: Vec<Decision>,
}

impl<'a> Decisions<'a> {
    pub fn of(hands: Hands, accounts: &'a Accounts<'a>) -> Decisions<'a> {
        Decisions { hands, accounts, usernames: OnceCell::new(), decided: None, decisions: Vec::new() }
    }

    /// Takes up what was decided about one add-on.
    pub fn take_up(&mut self, add_on: AddOn, decided: Vec<Decided<'a>>) {
        self.catch_up();
        self.decided = Some((add_on, decided));
    }

    /// Makes decisions of what was taken up. Whoever decides about the next add-on meanwhile need not wait for it.
    pub fn catch_up(&mut self) {
        let usernames = self.usernames.get_or_init(|| order::of_usernames(self.accounts));
        if let Some((add_on, decided)) = self.decided.take() {
            append(self.hands, add_on, decided, usernames, &mut self.decisions);
        }
    }

    /// All of them, in the order of [`Decision::order`].
    pub fn finish(mut self) -> Vec<Decision> {
        self.catch_up();
        // Those of each add-on are in order already; the add-ons came best tier first.
        self.decisions.sort_by_key(|decision| decision.add_on);
        self.decisions
    }
}

/// How much of what was decided is let go once it is written down: all of it beside all decisions would be the most memory
/// that a run ever has.
const LET_GO_AT_ONCE: usize = 1 << 13;

/// Appends the decisions about one add-on in the order of [`Decision::order`]. `usernames` are the places of all
/// accounts in the order of their usernames.
fn append(
    hands: Hands,
    add_on: AddOn,
    mut decided: Vec<Decided<'_>>,
    usernames: &[u32],
    decisions: &mut Vec<Decision>,
) {
    let mut turns = turns(&decided, usernames);
    let sort = || {
        turns.sort_unstable();
        turns.into_iter().map(|turn| turn as u32).collect()
    };
    let first = decisions.len();
    decisions.reserve_exact(decided.len());
    // What the decisions refer to lies in the order of accounts: it is fetched along with that, and then put in this one.
    let fetch = || {
        while let Some(last) = decided.pop() {
            decisions.push(last.decision(add_on));
            if decided.len().is_multiple_of(LET_GO_AT_ONCE) {
                decided.shrink_to_fit();
            }
        }
    };
    let (mut order, ()): (Vec<u32>, ()) = hands.both(sort, fetch);
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

/// What decisions are sorted by, as one number each, which is compared at one go: class, place in line, place of the
/// username and, at last, its own among what was decided, counted from the end.
fn turns(decided: &[Decided<'_>], usernames: &[u32]) -> Vec<u128> {
    let rank = |decided: &Decided<'_>| decided.ground.map_or(i64::MAX, |ground| ground.rule().rank);
    let ranks: BTreeSet<i64> = decided.iter().map(rank).collect();
    let ranks: Vec<i64> = ranks.into_iter().collect();
    decided
        .iter()
        .rev()
        .zip(0_u32..)
        .map(|(decided, index)| {
            let (verdict, line) = decided.verdict.as_ref().map_or((u8::MAX, 0), Verdict::order);
            let better = ranks.partition_point(|better| *better < rank(decided));
            let class = usize::from(verdict) * ranks.len() + better;
            [class as u32, line, usernames[decided.place as usize], index]
                .into_iter()
                .fold(0, |number, part| number << u32::BITS | u128::from(part))
        })
        .collect()
}
