//! Which account belongs to which person; what is ambiguous is never guessed.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::model::account::{Account, AccountId, AccountQuery, MatchBy, QueryStep, Standing};
use crate::model::finding::{Finding, FindingCode, Level};
use crate::model::holding::SeatKey;
use crate::model::person::{ExternUid, Person, PersonKey, SourceName};
use crate::model::plan::UnmatchedReason;
use crate::model::policy::Matching;
use crate::model::snapshot::Snapshot;
use crate::planning::input::PlanningInput;
use crate::planning::rules::RuleReading;

/// What came of matching the people whom rules speak of.
#[derive(Debug, Default)]
pub struct Matches {
    /// For each source: by the person's place in the snapshot.
    people: BTreeMap<SourceName, Vec<Option<PersonMatch>>>,
    /// Accounts that somebody may own of whom it could not be said: no seat is taken from them.
    pub doubtful: HashSet<AccountId>,
    pub findings: Vec<Finding>,
}

/// What came of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonMatch {
    Account { id: AccountId, by: MatchBy },
    None { because: UnmatchedReason },
}

impl Matches {
    /// What came of the person at this place; `None` for one of whom no rule speaks.
    pub fn of(&self, source: &SourceName, person: u32) -> Option<PersonMatch> {
        self.people.get(source)?.get(person as usize).copied().flatten()
    }
}

/// The questions by which GitLab is asked for the accounts of everyone in these snapshots. Whoever plans from the
/// answers matches by the same steps.
pub fn queries(snapshots: &[Snapshot], matching: &BTreeMap<SourceName, Matching>) -> Vec<AccountQuery> {
    snapshots
        .iter()
        .filter_map(|snapshot| matching.get(&snapshot.source).map(|how| (snapshot, how)))
        .flat_map(|(snapshot, how)| snapshot.people.iter().map(move |person| query(person, how)))
        .filter(|query| !query.steps.is_empty())
        .collect()
}

fn query(person: &Person, how: &Matching) -> AccountQuery {
    let steps = how.match_by.iter().filter_map(|step| match step {
        MatchBy::Identity => match (&how.identity_provider, &person.identity) {
            (Some(provider), Some(uid)) => {
                Some(QueryStep::Identity { provider: provider.clone(), extern_uid: uid.clone() })
            }
            (Some(_) | None, Some(_) | None) => None,
        },
        MatchBy::Email => {
            (!person.emails.is_empty()).then(|| QueryStep::Email { addresses: person.emails.clone() })
        }
        MatchBy::Username => person.username.clone().map(|username| QueryStep::Username { username }),
        MatchBy::Remembered => None,
    });
    AccountQuery { steps: steps.collect() }
}

/// Matches everyone of whom a rule speaks.
pub fn match_people(input: &PlanningInput, accounts: &[Arc<Account>], rules: &[RuleReading<'_>]) -> Matches {
    let directory = AccountIndex::new(accounts);
    let remembered = remembered(input, &directory);
    let mut matches = Matches::default();
    for snapshot in &input.snapshots {
        let Some(how) = input.policy.matching.get(&snapshot.source) else { continue };
        let spoken_of = spoken_of(snapshot, rules);
        let shared = SharedKeys::of(snapshot, how);
        let mut found: Vec<Option<PersonMatch>> = vec![None; snapshot.people.len()];
        for (place, person) in snapshot.people.iter().enumerate().filter(|(place, _)| spoken_of[*place]) {
            let result = directory.find(person, how, &shared, &mut matches.doubtful).unwrap_or_else(|| {
                let key = PersonKey { source: snapshot.source.clone(), id: person.id.clone() };
                let candidates = remembered.get(&key).cloned().unwrap_or_default();
                sole(candidates, MatchBy::Remembered, false, &mut matches.doubtful)
                    .unwrap_or(PersonMatch::None { because: UnmatchedReason::NoAccount })
            });
            found[place] = Some(result);
        }
        settle_rivals(snapshot, &mut found, &directory, &mut matches);
        matches.people.insert(snapshot.source.clone(), found);
    }
    matches
}

/// The accounts whose seats each person was last known to hold, where these are still there. A seat that somebody else
/// took back, or that a blocked account is about to lose, is about to be forgotten, and its link with it.
fn remembered<'a>(
    input: &'a PlanningInput,
    directory: &AccountIndex<'_>,
) -> HashMap<&'a PersonKey, BTreeSet<AccountId>> {
    let mut remembered: HashMap<&PersonKey, BTreeSet<AccountId>> = HashMap::new();
    let is_lost = |seat: &SeatKey| {
        let mut readings = input.seats.purchases.iter();
        let reading = readings.find(|reading| reading.purchase.add_on == seat.add_on);
        reading.is_some_and(|reading| reading.holders.binary_search(&seat.account).is_err())
    };
    for (seat, holding) in &input.memory.holdings {
        if let Some(person) = &holding.person
            && directory
                .by_id
                .get(&seat.account)
                .is_some_and(|account| account.standing == Standing::Eligible)
            && !is_lost(seat)
        {
            remembered.entry(person).or_default().insert(seat.account);
        }
    }
    remembered
}

/// The one account that a step names; `None` where it names none. Several, or one that others answer to as well, are
/// in doubt.
fn sole(
    candidates: BTreeSet<AccountId>,
    by: MatchBy,
    is_shared: bool,
    doubtful: &mut HashSet<AccountId>,
) -> Option<PersonMatch> {
    let id = *candidates.first()?;
    if candidates.len() == 1 && !is_shared {
        return Some(PersonMatch::Account { id, by });
    }
    doubtful.extend(candidates);
    Some(PersonMatch::None { because: UnmatchedReason::Ambiguous })
}

/// Which people any rule of this source speaks of.
fn spoken_of(snapshot: &Snapshot, rules: &[RuleReading<'_>]) -> Vec<bool> {
    let mut spoken_of = vec![false; snapshot.people.len()];
    for rule in rules.iter().filter(|reading| reading.rule.source == snapshot.source) {
        for member in rule.people.iter().chain(&rule.doubtful) {
            spoken_of[member.person as usize] = true;
        }
    }
    spoken_of
}

/// Where two people of one source were matched with one account: the one whom GitLab itself or our own memory names
/// has it; otherwise nobody.
fn settle_rivals(
    snapshot: &Snapshot,
    found: &mut [Option<PersonMatch>],
    directory: &AccountIndex<'_>,
    matches: &mut Matches,
) {
    let mut owners: HashMap<AccountId, Vec<(MatchBy, usize)>> = HashMap::new();
    for (place, result) in found.iter().enumerate() {
        if let Some(PersonMatch::Account { id, by }) = result {
            owners.entry(*id).or_default().push((*by, place));
        }
    }
    let mut contested: Vec<_> = owners.into_iter().filter(|(_, rivals)| rivals.len() > 1).collect();
    contested.sort_unstable();
    for (id, rivals) in contested {
        let sole = |wanted: MatchBy| {
            let mut those = rivals.iter().filter(|(by, _)| *by == wanted);
            those.next().filter(|_| those.next().is_none()).map(|(_, place)| *place)
        };
        let has_identity = rivals.iter().any(|(by, _)| *by == MatchBy::Identity);
        let winner = if has_identity { sole(MatchBy::Identity) } else { sole(MatchBy::Remembered) };
        if winner.is_none() {
            matches.doubtful.insert(id);
        }
        let mut names: Vec<&str> = rivals.iter().map(|(_, place)| snapshot.people[*place].label()).collect();
        names.sort_unstable();
        matches.findings.push(Finding {
            level: Level::Warning,
            code: FindingCode::MatchedTwice,
            rule: None,
            message: format!(
                "the account `{}` answers to several people of source `{}`: {}; {}",
                directory.by_id.get(&id).map_or("?", |account| &account.username),
                snapshot.source,
                names.join(", "),
                match winner {
                    Some(place) => format!("it is taken to be that of {}", snapshot.people[place].label()),
                    None => "it is matched with none of them".to_owned(),
                }
            ),
        });
        for (_, place) in rivals.iter().filter(|(_, place)| Some(*place) != winner) {
            found[*place] = Some(PersonMatch::None { because: UnmatchedReason::Ambiguous });
        }
    }
}

/// Keys that several people of one source share: they match nobody.
struct SharedKeys {
    identities: HashSet<ExternUid>,
    addresses: HashSet<String>,
    usernames: HashSet<String>,
}

impl SharedKeys {
    fn of(snapshot: &Snapshot, how: &Matching) -> SharedKeys {
        let people = || snapshot.people.iter();
        let uses = |step| how.match_by.contains(&step);
        SharedKeys {
            identities: repeated(
                people()
                    .filter(|_| uses(MatchBy::Identity))
                    .filter_map(|p| p.identity.as_deref().map(ExternUid::new)),
            ),
            addresses: repeated(people().filter(|_| uses(MatchBy::Email)).flat_map(|person| {
                person.emails.iter().map(|address| address.to_lowercase()).collect::<BTreeSet<_>>()
            })),
            usernames: repeated(
                people()
                    .filter(|_| uses(MatchBy::Username))
                    .filter_map(|p| p.username.as_deref().map(str::to_lowercase)),
            ),
        }
    }
}

fn repeated<K: std::hash::Hash + Eq + Clone>(keys: impl Iterator<Item = K>) -> HashSet<K> {
    let (mut seen, mut repeated) = (HashSet::new(), HashSet::new());
    for key in keys {
        if !seen.insert(key.clone()) {
            repeated.insert(key);
        }
    }
    repeated
}

/// GitLab's accounts by the keys that people are matched with.
struct AccountIndex<'a> {
    by_id: HashMap<AccountId, &'a Account>,
    by_identity: HashMap<(&'a str, &'a ExternUid), Vec<AccountId>>,
    by_address: HashMap<String, Vec<AccountId>>,
    by_username: HashMap<String, Vec<AccountId>>,
}

impl<'a> AccountIndex<'a> {
    fn new(accounts: &'a [Arc<Account>]) -> AccountIndex<'a> {
        let mut index = AccountIndex {
            by_id: HashMap::with_capacity(accounts.len()),
            by_identity: HashMap::with_capacity(accounts.len()),
            by_address: HashMap::with_capacity(accounts.len()),
            by_username: HashMap::with_capacity(accounts.len()),
        };
        for account in accounts {
            index.by_id.insert(account.id, account);
            for identity in &account.identities {
                index
                    .by_identity
                    .entry((&identity.provider, &identity.extern_uid))
                    .or_default()
                    .push(account.id);
            }
            for address in
                account.emails.iter().map(|address| address.to_lowercase()).collect::<BTreeSet<_>>()
            {
                index.by_address.entry(address).or_default().push(account.id);
            }
            index.by_username.entry(account.username.to_lowercase()).or_default().push(account.id);
        }
        index
    }

    /// Tries the steps in order; `None` where none of them found anybody.
    fn find(
        &self,
        person: &Person,
        how: &Matching,
        shared: &SharedKeys,
        doubtful: &mut HashSet<AccountId>,
    ) -> Option<PersonMatch> {
        for step in &how.match_by {
            let (candidates, is_shared) = match step {
                MatchBy::Identity => {
                    let (Some(provider), Some(uid)) = (&how.identity_provider, &person.identity) else {
                        continue;
                    };
                    let uid = ExternUid::new(uid);
                    let candidates = self.by_identity.get(&(&**provider, &uid)).cloned().unwrap_or_default();
                    (candidates, shared.identities.contains(&uid))
                }
                MatchBy::Email => {
                    let addresses: Vec<String> =
                        person.emails.iter().map(|address| address.to_lowercase()).collect();
                    let candidates = addresses
                        .iter()
                        .filter_map(|address| self.by_address.get(address))
                        .flatten()
                        .copied()
                        .collect();
                    (candidates, addresses.iter().any(|address| shared.addresses.contains(address)))
                }
                MatchBy::Username => {
                    let Some(username) = person.username.as_deref().map(str::to_lowercase) else { continue };
                    let candidates = self.by_username.get(&username).cloned().unwrap_or_default();
                    (candidates, shared.usernames.contains(&username))
                }
                MatchBy::Remembered => continue,
            };
            if let Some(result) = sole(candidates.into_iter().collect(), *step, is_shared, doubtful) {
                return Some(result);
            }
        }
        None
    }
}
