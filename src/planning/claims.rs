//! Claims: the entitlements of all rules and sources, joined into one claimant for each account and add-on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;

use crate::model::account::MatchBy;
use crate::model::add_on::AddOn;
use crate::model::entitlement::{Grounds, KnownPerson};
use crate::model::person::{Person, SourceName};
use crate::model::plan::Unmatched;
use crate::model::rule::Rule;
use crate::planning::hands::Hands;
use crate::planning::matching::{Matches, PersonMatch};
use crate::planning::order::InOrder;
use crate::planning::rules::{Named, RuleReading};

/// All that rules say about the accounts of one add-on; accounts go by their places among all accounts.
#[derive(Debug, Default)]
pub struct Claims<'a> {
    /// Of accounts that a rule entitles.
    pub certain: ByAccount<'a>,
    /// Of accounts of which a rule could not say whether it entitles them.
    pub doubtful: ByAccount<'a>,
    /// Accounts that a rule entitled until its last day.
    pub lapsed: BTreeMap<u32, Date>,
}

/// One rule's word for one account, borrowed until a decision rests on it.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    pub reading: &'a RuleReading<'a>,
    pub named: Named<'a>,
    pub matched_by: MatchBy,
    /// The person's place in the order of sources and ids.
    pub person_order: u32,
}

impl<'a> Ground<'a> {
    pub fn rule(&self) -> &'a Rule {
        self.reading.rule
    }

    pub fn person(&self) -> &'a Arc<Person> {
        self.named.person()
    }

    pub fn known_person(&self) -> KnownPerson {
        known(self.named)
    }

    pub fn to_grounds(self) -> Grounds {
        let rule = self.rule();
        Grounds { rule: rule.name.clone(), rank: rule.rank, path: self.named.member.path.clone() }
    }
}

/// The claims to an account are those of its first person, by source and id.
pub fn claimant<'a>(grounds: &'a [Ground<'a>]) -> Option<&'a Ground<'a>> {
    grounds.iter().min_by_key(|ground| ground.person_order)
}

/// Grounds, one account after the other; those of one account best rank first.
#[derive(Debug, Default)]
pub struct ByAccount<'a> {
    /// Where the grounds of each account begin; one more marks the end of the last.
    begins: Vec<u32>,
    grounds: Vec<Ground<'a>>,
}

impl<'a> ByAccount<'a> {
    /// Empty where no rule speaks of the account.
    pub fn of(&self, account: u32) -> &[Ground<'a>] {
        let account = account as usize;
        match self.begins.get(account..account + 2) {
            Some(bounds) => &self.grounds[bounds[0] as usize..bounds[1] as usize],
            None => &[],
        }
    }

    /// The grounds of each account that has any.
    pub fn each(&self) -> impl Iterator<Item = &[Ground<'a>]> {
        let bounds = self.begins.windows(2).map(|bounds| (bounds[0] as usize, bounds[1] as usize));
        bounds.filter(|(begin, end)| begin < end).map(|(begin, end)| &self.grounds[begin..end])
    }

    /// The claims to `accounts` accounts by the members of these rules, which come best rank first. Counts first, so that
    /// each ground is written once, where it stays.
    fn gathered(
        accounts: usize,
        rules: &[Naming<'a>],
        people: &[InOrder<'a>],
        matches: &Matches,
    ) -> ByAccount<'a> {
        let mut begins = vec![0_u32; accounts + 1];
        let mut any = None;
        each_ground(rules, people, matches, |account, ground| {
            begins[account as usize] += 1;
            any = Some(ground);
        });
        let Some(any) = any else {
            return ByAccount::default();
        };
        let mut count = 0;
        for begin in &mut begins {
            count += std::mem::replace(begin, count);
        }
        let mut sorted = vec![any; count as usize];
        each_ground(rules, people, matches, |account, ground| {
            let next = &mut begins[account as usize];
            sorted[*next as usize] = ground;
            *next += 1;
        });
        // Each account's grounds now end where they are said to begin.
        begins.rotate_right(1);
        begins[0] = 0;
        let mut gathered = ByAccount { begins, grounds: sorted };
        if people.len() > 1 {
            gathered.sort();
        }
        gathered
    }

    /// People of several sources may own one account: their grounds came source by source.
    fn sort(&mut self) {
        for bounds in self.begins.windows(2) {
            let grounds = &mut self.grounds[bounds[0] as usize..bounds[1] as usize];
            grounds.sort_by_key(|ground| (ground.rule().rank, &ground.rule().name));
        }
    }
}

/// A rule, and members whom it names; sorted by source and by their places there.
#[derive(Debug, Clone, Copy)]
struct Naming<'a> {
    reading: &'a RuleReading<'a>,
    members: &'a [Named<'a>],
}

/// So many people's matches, and what is gathered of them, fit into a near cache.
const PEOPLE_AT_A_TIME: usize = 4096;

/// What rules say about accounts, some people after the other: each rule would go through the whole company otherwise,
/// and find nothing of it in a cache.
fn each_ground<'a>(
    rules: &[Naming<'a>],
    people: &[InOrder<'a>],
    matches: &Matches,
    mut each: impl FnMut(u32, Ground<'a>),
) {
    let mut rules = rules.to_vec();
    for InOrder { snapshot, order } in people {
        let found = matches.in_source(&snapshot.source);
        for begin in (0..order.len()).step_by(PEOPLE_AT_A_TIME) {
            let end = begin + PEOPLE_AT_A_TIME;
            for Naming { reading, members } in &mut rules {
                while let Some((&named, rest)) = members.split_first()
                    && named.is_among(snapshot, end)
                {
                    *members = rest;
                    let person = named.member.person as usize;
                    if let Some(Some(PersonMatch::Account { place, by: matched_by })) = found.get(person) {
                        let (matched_by, person_order) = (*matched_by, order[person]);
                        each(*place, Ground { reading, named, matched_by, person_order });
                    }
                }
            }
        }
    }
}

/// Everyone's claims to `accounts` accounts, by add-on; and the entitled people who have no account.
pub fn gather<'a>(
    hands: Hands,
    rules: &'a [RuleReading<'a>],
    matches: &Matches,
    people: &[InOrder<'a>],
    accounts: usize,
) -> (BTreeMap<AddOn, Claims<'a>>, Vec<Unmatched>) {
    let mut best_first: Vec<&'a RuleReading<'a>> = rules.iter().collect();
    best_first.sort_by_key(|reading| (reading.rule.rank, &reading.rule.name));
    let add_ons: BTreeSet<AddOn> = rules.iter().map(|reading| reading.rule.add_on).collect();
    let add_ons: Vec<AddOn> = add_ons.into_iter().collect();
    let claims = hands.each(&add_ons, |add_on| {
        let lasting = best_first.iter().filter(|reading| reading.rule.add_on == *add_on && !reading.ended);
        let by_account = |members: fn(&'a RuleReading<'a>) -> &'a [Named<'a>]| {
            let rules = lasting.clone().map(|reading| Naming { reading, members: members(reading) });
            ByAccount::gathered(accounts, &rules.collect::<Vec<_>>(), people, matches)
        };
        Claims {
            certain: by_account(|reading| &reading.people),
            doubtful: by_account(|reading| &reading.doubtful),
            lapsed: lapsed(&best_first, *add_on, matches),
        }
    });
    (add_ons.into_iter().zip(claims).collect(), unmatched(&best_first, matches))
}

/// Until when rules of an add-on that have ended entitled accounts.
fn lapsed(rules: &[&RuleReading<'_>], add_on: AddOn, matches: &Matches) -> BTreeMap<u32, Date> {
    let mut lapsed = BTreeMap::new();
    for reading in rules.iter().filter(|reading| reading.rule.add_on == add_on && reading.ended) {
        let until = reading.rule.until.expect("a rule that has ended has a last day");
        for named in &reading.people {
            if let Some(PersonMatch::Account { place, by: _ }) = matches.of(*named) {
                let last = lapsed.entry(place).or_insert(until);
                *last = until.max(*last);
            }
        }
    }
    lapsed
}

/// The entitled people without an account, each once, under the best rule that entitles them.
fn unmatched(rules: &[&RuleReading<'_>], matches: &Matches) -> Vec<Unmatched> {
    let mut unmatched: BTreeMap<(&SourceName, &str), Unmatched> = BTreeMap::new();
    for reading in rules.iter().filter(|reading| !reading.ended) {
        for named in &reading.people {
            if let Some(PersonMatch::None { because }) = matches.of(*named) {
                unmatched.entry((&named.home.source, named.person().id())).or_insert_with(|| Unmatched {
                    person: known(*named),
                    because,
                    rule: reading.rule.name.clone(),
                });
            }
        }
    }
    unmatched.into_values().collect()
}

fn known(named: Named<'_>) -> KnownPerson {
    KnownPerson { source: named.home.source.clone(), person: Arc::clone(named.person()) }
}
