//! Claims: the entitlements of all rules and sources, joined into one claimant for each account and add-on.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use crate::model::account::MatchBy;
use crate::model::add_on::AddOn;
use crate::model::entitlement::{Grounds, KnownPerson};
use crate::model::group::Member;
use crate::model::person::{Person, SourceName};
use crate::model::plan::Unmatched;
use crate::model::rule::Rule;
use crate::planning::matching::{Matches, PersonMatch};
use crate::planning::rules::RuleReading;

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
    pub member: &'a Member,
    pub person: &'a Arc<Person>,
    pub matched_by: MatchBy,
    /// The person's place in the order of sources and ids.
    pub person_order: u32,
}

impl<'a> Ground<'a> {
    pub fn rule(&self) -> &'a Rule {
        self.reading.rule
    }

    pub fn known_person(&self) -> KnownPerson {
        KnownPerson { source: self.rule().source.clone(), person: Arc::clone(self.person) }
    }

    pub fn to_grounds(self) -> Grounds {
        let rule = self.rule();
        Grounds { rule: rule.name.clone(), rank: rule.rank, path: self.member.path.clone() }
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

    /// Counts first, so that nothing needs to be compared; the order within an account stays.
    fn gathered(accounts: usize, gathered: &[(u32, Ground<'a>)]) -> ByAccount<'a> {
        let Some((_, any)) = gathered.first() else {
            return ByAccount::default();
        };
        let mut begins = vec![0; accounts + 1];
        for (account, _) in gathered {
            begins[*account as usize + 1] += 1;
        }
        for account in 0..accounts {
            begins[account + 1] += begins[account];
        }
        let mut next = begins.clone();
        let mut grounds = vec![*any; gathered.len()];
        for (account, ground) in gathered {
            let place = &mut next[*account as usize];
            grounds[*place as usize] = *ground;
            *place += 1;
        }
        ByAccount { begins, grounds }
    }
}

/// What is gathered for one add-on.
#[derive(Default)]
struct Gathered<'a> {
    certain: Vec<(u32, Ground<'a>)>,
    doubtful: Vec<(u32, Ground<'a>)>,
    lapsed: BTreeMap<u32, Date>,
}

/// Everyone's claims to `accounts` accounts, by add-on; and the entitled people who have no account.
pub fn gather<'a>(
    rules: &'a [RuleReading<'a>],
    matches: &Matches,
    people: &BTreeMap<&SourceName, Vec<u32>>,
    accounts: usize,
) -> (BTreeMap<AddOn, Claims<'a>>, Vec<Unmatched>) {
    let mut by_add_on: BTreeMap<AddOn, Gathered<'a>> = BTreeMap::new();
    let mut unmatched: BTreeMap<(&SourceName, &str), Unmatched> = BTreeMap::new();
    let mut best_first: Vec<&'a RuleReading<'a>> = rules.iter().collect();
    best_first.sort_by_key(|reading| (reading.rule.rank, &reading.rule.name));
    for reading in best_first {
        let gathered = by_add_on.entry(reading.rule.add_on).or_default();
        let Some(snapshot) = reading.snapshot else { continue };
        let found = matches.in_source(&snapshot.source);
        let order = people.get(&snapshot.source).map_or(&[][..], Vec::as_slice);
        let ground = |member: &'a Member, matched_by| {
            let place = member.person as usize;
            Ground {
                reading,
                member,
                person: &snapshot.people[place],
                matched_by,
                person_order: order[place],
            }
        };
        for member in &reading.people {
            match found.get(member.person as usize).copied().flatten() {
                Some(PersonMatch::Account { place, by: _ }) if reading.ended => {
                    let until = reading.rule.until.expect("a rule that has ended has a last day");
                    let last = gathered.lapsed.entry(place).or_insert(until);
                    *last = until.max(*last);
                }
                Some(PersonMatch::Account { place, by }) => {
                    gathered.certain.push((place, ground(member, by)));
                }
                Some(PersonMatch::None { because }) if !reading.ended => {
                    // Each person once, under the best rule that entitles them.
                    let person = &snapshot.people[member.person as usize];
                    unmatched.entry((&snapshot.source, person.id())).or_insert_with(|| Unmatched {
                        person: KnownPerson { source: snapshot.source.clone(), person: Arc::clone(person) },
                        because,
                        rule: reading.rule.name.clone(),
                    });
                }
                Some(PersonMatch::None { .. }) | None => {}
            }
        }
        for member in reading.doubtful.iter().filter(|_| !reading.ended) {
            if let Some(PersonMatch::Account { place, by }) = found[member.person as usize] {
                gathered.doubtful.push((place, ground(member, by)));
            }
        }
    }
    let claims = by_add_on.into_iter().map(|(add_on, gathered)| {
        let Gathered { certain, doubtful, lapsed } = gathered;
        let [certain, doubtful] = [certain, doubtful].map(|those| ByAccount::gathered(accounts, &those));
        (add_on, Claims { certain, doubtful, lapsed })
    });
    (claims.collect(), unmatched.into_values().collect())
}
