//! Claims: the entitlements of all rules and sources, joined into one claimant for each account and add-on.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use crate::model::account::MatchBy;
use crate::model::add_on::AddOn;
use crate::model::entitlement::{Grounds, KnownPerson};
use crate::model::person::{Person, SourceName};
use crate::model::plan::Unmatched;
use crate::model::rule::Rule;
use crate::planning::matching::{Matches, PersonMatch};
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

    /// Counts first, so that each ground is written once, where it stays. `grounds` come best rank first.
    fn gathered(accounts: usize, grounds: impl Iterator<Item = (u32, Ground<'a>)> + Clone) -> ByAccount<'a> {
        let Some((_, any)) = grounds.clone().next() else {
            return ByAccount::default();
        };
        let mut begins = vec![0_u32; accounts + 1];
        for (account, _) in grounds.clone() {
            begins[account as usize] += 1;
        }
        let mut count = 0;
        for begin in &mut begins {
            count += std::mem::replace(begin, count);
        }
        let mut sorted = vec![any; count as usize];
        for (account, ground) in grounds {
            let next = &mut begins[account as usize];
            sorted[*next as usize] = ground;
            *next += 1;
        }
        // Each account's grounds now end where they are said to begin.
        begins.rotate_right(1);
        begins[0] = 0;
        ByAccount { begins, grounds: sorted }
    }
}

/// Everyone's claims to `accounts` accounts, by add-on; and the entitled people who have no account.
pub fn gather<'a>(
    rules: &'a [RuleReading<'a>],
    matches: &Matches,
    people: &BTreeMap<&SourceName, Vec<u32>>,
    accounts: usize,
) -> (BTreeMap<AddOn, Claims<'a>>, Vec<Unmatched>) {
    let mut best_first: Vec<&'a RuleReading<'a>> = rules.iter().collect();
    best_first.sort_by_key(|reading| (reading.rule.rank, &reading.rule.name));
    let mut claims: BTreeMap<AddOn, Claims<'a>> = BTreeMap::new();
    for reading in &best_first {
        let add_on = reading.rule.add_on;
        claims.entry(add_on).or_insert_with(|| {
            let lasting = best_first.iter().filter(|reading| reading.rule.add_on == add_on && !reading.ended);
            let grounds = |members: fn(&'a RuleReading<'a>) -> &'a [Named<'a>]| {
                lasting.clone().flat_map(move |reading| grounds(reading, members(reading), matches, people))
            };
            Claims {
                certain: ByAccount::gathered(accounts, grounds(|reading| &reading.people)),
                doubtful: ByAccount::gathered(accounts, grounds(|reading| &reading.doubtful)),
                lapsed: lapsed(&best_first, add_on, matches),
            }
        });
    }
    (claims, unmatched(&best_first, matches))
}

/// What a rule says about accounts, by the members it names.
fn grounds<'a>(
    reading: &'a RuleReading<'a>,
    members: &'a [Named<'a>],
    matches: &Matches,
    people: &BTreeMap<&SourceName, Vec<u32>>,
) -> impl Iterator<Item = (u32, Ground<'a>)> + Clone {
    let of_one_source = |a: &Named<'_>, b: &Named<'_>| std::ptr::eq(a.home, b.home);
    members.chunk_by(of_one_source).flat_map(move |members| {
        let source = &members[0].home.source;
        let found = matches.in_source(source);
        let order = people.get(source).map_or(&[][..], Vec::as_slice);
        members.iter().filter_map(move |&named| {
            let place_there = named.member.person as usize;
            match found.get(place_there).copied().flatten()? {
                PersonMatch::Account { place, by: matched_by } => {
                    let person_order = order[place_there];
                    Some((place, Ground { reading, named, matched_by, person_order }))
                }
                PersonMatch::None { .. } => None,
            }
        })
    })
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
