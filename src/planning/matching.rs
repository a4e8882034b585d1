//! Which account belongs to which person; what is ambiguous is never guessed.

use std::borrow::Cow;
use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::model::account::{Account, MatchBy, Standing};
use crate::model::account_query::AccountQuery;
use crate::model::finding::{Finding, FindingCode, Level, listed};
use crate::model::holding::SeatKey;
use crate::model::person::{Person, SourceName};
use crate::model::plan::UnmatchedReason;
use crate::model::policy::Matching;
use crate::model::snapshot::Snapshot;
use crate::model::texts::lower;
use crate::planning::accounts::Accounts;
use crate::planning::fingerprint::Table;
use crate::planning::input::PlanningInput;
use crate::planning::rules::{Named, RuleReading};

/// What came of matching the people whom rules speak of.
#[derive(Debug, Default)]
pub struct Matches {
    /// For each source: by the person's place in the snapshot.
    people: BTreeMap<SourceName, Vec<Option<PersonMatch>>>,
    /// The places of accounts that somebody may own of whom it could not be said: no seat is taken from them.
    pub doubtful: HashSet<u32>,
    pub findings: Vec<Finding>,
}

/// What came of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonMatch {
    /// `place` is that of the account among all accounts, which are sorted by number.
    Account {
        place: u32,
        by: MatchBy,
    },
    None {
        because: UnmatchedReason,
    },
}

impl Matches {
    /// What came of each person of a source, by their places; `None` for those of whom no rule speaks.
    pub fn in_source(&self, source: &SourceName) -> &[Option<PersonMatch>] {
        self.people.get(source).map_or(&[], Vec::as_slice)
    }

    /// What came of somebody in the groups of a rule.
    pub fn of(&self, named: Named<'_>) -> Option<PersonMatch> {
        self.in_source(&named.home.source).get(named.member.person as usize).copied().flatten()
    }
}

/// The questions by which GitLab is asked for the accounts of everyone in these snapshots. Whoever plans from the
/// answers matches by the same steps.
pub fn queries<'a>(
    snapshots: &'a [Snapshot],
    matching: &'a BTreeMap<SourceName, Matching>,
) -> Vec<AccountQuery<'a>> {
    snapshots
        .iter()
        .filter_map(|snapshot| matching.get(&snapshot.source).map(|how| (snapshot, how)))
        .flat_map(|(snapshot, how)| snapshot.people.iter().map(move |person| AccountQuery { person, how }))
        .filter(|query| query.steps().next().is_some())
        .collect()
}

/// Matches everyone of whom a rule speaks.
pub fn match_people(input: &PlanningInput, accounts: &Accounts<'_>, rules: &[RuleReading<'_>]) -> Matches {
    let remembered = LazyCell::new(|| remembered(input, accounts));
    let mut matches = Matches::default();
    for snapshot in &input.snapshots {
        let Some(how) = input.policy.matching.get(&snapshot.source) else { continue };
        let mut found: Vec<Option<PersonMatch>> = vec![None; snapshot.people.len()];
        let mut pending = spoken_of(snapshot, rules);
        for step in &how.match_by {
            if pending.is_empty() {
                break;
            }
            let answers = Answers::to(*step, how, accounts, snapshot);
            pending.retain(|place| {
                let (candidates, is_shared) = answers.of(*place);
                found[*place] = sole(candidates, *step, is_shared, &mut matches.doubtful);
                found[*place].is_none()
            });
        }
        for place in pending {
            let candidates = remembered.of(snapshot, place).into_iter().flatten().copied();
            let result = sole(candidates, MatchBy::Remembered, false, &mut matches.doubtful);
            found[place] = Some(result.unwrap_or(PersonMatch::None { because: UnmatchedReason::NoAccount }));
        }
        doubt_moves(snapshot, &mut found, accounts, &remembered, &mut matches);
        settle_rivals(snapshot, &mut found, accounts, &mut matches);
        matches.people.insert(snapshot.source.clone(), found);
    }
    matches
}

/// The accounts whose seats each person was last known to hold, by source and id of the person.
#[derive(Debug, Default)]
struct Remembered<'a>(HashMap<(&'a str, &'a str), BTreeSet<u32>>);

impl Remembered<'_> {
    fn of<'b>(&'b self, snapshot: &'b Snapshot, place: usize) -> Option<&'b BTreeSet<u32>> {
        self.0.get(&(snapshot.source.as_str(), snapshot.people[place].id()))
    }
}

/// Those that are still there. A seat that somebody else took back, or that a blocked account is about to lose, is about to
/// be forgotten, and its link with it.
fn remembered<'a>(input: &'a PlanningInput, accounts: &Accounts<'_>) -> Remembered<'a> {
    let mut remembered = Remembered::default();
    let is_lost = |seat: &SeatKey| {
        let mut readings = input.seats.purchases.iter();
        let reading = readings.find(|reading| reading.purchase.add_on == seat.add_on);
        reading.is_some_and(|reading| reading.holders.binary_search(&seat.account).is_err())
    };
    for (seat, holding) in &input.memory.holdings {
        if let Some(person) = &holding.person
            && let Some(place) = accounts.place(seat.account)
            && accounts.at(place).standing == Standing::Eligible
            && !is_lost(seat)
        {
            let key = (person.source.as_str(), person.id.as_str());
            remembered.0.entry(key).or_default().insert(place);
        }
    }
    remembered
}

fn number(place: usize) -> u32 {
    u32::try_from(place).expect("accounts are counted in 32 bits")
}

/// The one account that a step names; `None` where it names none. Several, or one that others answer to as well, are
/// in doubt.
fn sole(
    mut candidates: impl Iterator<Item = u32> + Clone,
    by: MatchBy,
    is_shared: bool,
    doubtful: &mut HashSet<u32>,
) -> Option<PersonMatch> {
    let all = candidates.clone();
    let place = candidates.next()?;
    if !is_shared && candidates.all(|other| other == place) {
        return Some(PersonMatch::Account { place, by });
    }
    doubtful.extend(all);
    Some(PersonMatch::None { because: UnmatchedReason::Ambiguous })
}

/// The places of the people of whom any rule speaks.
fn spoken_of(snapshot: &Snapshot, rules: &[RuleReading<'_>]) -> Vec<usize> {
    let mut spoken_of = vec![false; snapshot.people.len()];
    for rule in rules {
        for named in rule.people.iter().chain(&rule.doubtful) {
            if std::ptr::eq(named.home, snapshot) {
                spoken_of[named.member.person as usize] = true;
            }
        }
    }
    (0..spoken_of.len()).filter(|place| spoken_of[*place]).collect()
}

/// Where an address or a username now names another account than the one whose seat the person is known to hold. Either the
/// person has moved, or the name has gone to a stranger: nobody but GitLab itself, by an identity, can say which.
fn doubt_moves<'a>(
    snapshot: &Snapshot,
    found: &mut [Option<PersonMatch>],
    accounts: &Accounts<'_>,
    remembered: &LazyCell<Remembered<'a>, impl FnOnce() -> Remembered<'a>>,
    matches: &mut Matches,
) {
    for (person, result) in found.iter_mut().enumerate() {
        let Some(PersonMatch::Account { place, by: MatchBy::Email | MatchBy::Username }) = *result else {
            continue;
        };
        let Some(held) = remembered.of(snapshot, person).filter(|held| !held.contains(&place)) else {
            continue;
        };
        matches.doubtful.extend(held.iter().copied().chain([place]));
        *result = Some(PersonMatch::None { because: UnmatchedReason::Ambiguous });
        let username = |place: u32| accounts.at(place).username();
        let known: BTreeSet<&str> = held.iter().map(|place| username(*place)).collect();
        matches.findings.push(Finding {
            level: Level::Warning,
            code: FindingCode::MatchMoved,
            rule: None,
            message: format!(
                "{} of source `{}` is known to own {}, and now answers to `{}`: matched with none, and no seat is taken; if \
                 the other account is theirs, take the seat of the old one away in GitLab",
                snapshot.people[person].label(),
                snapshot.source,
                listed(&known),
                username(place)
            ),
        });
    }
}

/// Where two people of one source were matched with one account: the one whom GitLab itself or our own memory names
/// has it; otherwise nobody.
fn settle_rivals(
    snapshot: &Snapshot,
    found: &mut [Option<PersonMatch>],
    accounts: &Accounts<'_>,
    matches: &mut Matches,
) {
    let mut owners = vec![0_u32; accounts.len()];
    for result in found.iter().flatten() {
        if let PersonMatch::Account { place, .. } = result {
            owners[*place as usize] += 1;
        }
    }
    let mut contested: BTreeMap<u32, Vec<(MatchBy, usize)>> = BTreeMap::new();
    for (person, result) in found.iter().enumerate() {
        if let Some(PersonMatch::Account { place, by }) = result
            && owners[*place as usize] > 1
        {
            contested.entry(*place).or_default().push((*by, person));
        }
    }
    for (account, rivals) in contested {
        let sole = |wanted: MatchBy| {
            let mut those = rivals.iter().filter(|(by, _)| *by == wanted);
            those.next().filter(|_| those.next().is_none()).map(|(_, place)| *place)
        };
        let has_identity = rivals.iter().any(|(by, _)| *by == MatchBy::Identity);
        let winner = if has_identity { sole(MatchBy::Identity) } else { sole(MatchBy::Remembered) };
        if winner.is_none() {
            matches.doubtful.insert(account);
        }
        let mut names: Vec<&str> = rivals.iter().map(|(_, place)| snapshot.people[*place].label()).collect();
        names.sort_unstable();
        matches.findings.push(Finding {
            level: Level::Warning,
            code: FindingCode::MatchedTwice,
            rule: None,
            message: format!(
                "the account `{}` answers to several people of source `{}`: {}; {}",
                accounts.at(account).username(),
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

/// What GitLab's accounts answer to one step for everyone of a source. A key that several people share answers to none
/// of them.
struct Answers {
    /// Of all accounts, one after the other.
    keys: Vec<Key>,
    /// The accounts that bear the key of another account as well, by that key.
    others: BTreeMap<u32, Vec<u32>>,
    /// The keys of all people that name an account, by the first that bears it, one person after the other.
    hits: Vec<u32>,
    /// Where the hits of each person end.
    ends: Vec<u32>,
}

/// A key of an account. People are counted under that of the first account that bears it.
struct Key {
    account: u32,
    /// Which of that account's keys it is.
    nth: u32,
    people: u32,
}

/// So many fit into the nearest cache, with what is looked up of them.
const PEOPLE_AT_A_TIME: usize = 64;

impl Answers {
    fn to(step: MatchBy, how: &Matching, accounts: &Accounts<'_>, snapshot: &Snapshot) -> Answers {
        let mut table = Table::with_room_for(accounts.len());
        let (mut keys, mut fingerprints) =
            (Vec::with_capacity(accounts.len()), Vec::with_capacity(accounts.len()));
        for (account, at) in accounts.iter().zip(0..) {
            for (text, nth) in account_keys(account, step, how).zip(0..) {
                keys.push(Key { account: at, nth, people: 0 });
                fingerprints.push(table.fingerprint(&text));
            }
        }
        let text = |key: &Key| account_keys(accounts.at(key.account), step, how).nth(key.nth as usize);
        let mut others = BTreeMap::new();
        for (fingerprint, number) in fingerprints.into_iter().zip(0..) {
            let own = &keys[number as usize];
            let is = |known: u32| text(&keys[known as usize]) == text(own);
            let known = table.find_or_insert(fingerprint, number, is);
            if known != number {
                others.entry(known).or_insert_with(Vec::new).push(own.account);
            }
        }
        let (mut hits, mut ends) = (Vec::with_capacity(snapshot.people.len()), Vec::new());
        ends.reserve_exact(snapshot.people.len());
        for people in snapshot.people.chunks(PEOPLE_AT_A_TIME) {
            let mut asked = Vec::with_capacity(people.len());
            for (person, at) in people.iter().zip(0..) {
                let texts = person_keys(person, step, how);
                asked.extend(texts.map(|text| (at, table.fingerprint(&text), text)));
            }
            let firsts: Vec<Option<u32>> =
                asked.iter().map(|(_, fingerprint, _)| table.first(*fingerprint)).collect();
            let mut asked = asked.iter().zip(firsts).peekable();
            for at in 0..people.len() {
                let begin = hits.len();
                while let Some(((_, fingerprint, asked), first)) = asked.next_if(|((of, ..), _)| *of == at) {
                    let is = |key: u32| text(&keys[key as usize]).as_ref() == Some(asked);
                    let key = first
                        .and_then(|first| if is(first) { Some(first) } else { table.find(*fingerprint, is) });
                    if let Some(key) = key.filter(|key| !hits[begin..].contains(key)) {
                        hits.push(key);
                        keys[key as usize].people += 1;
                    }
                }
                ends.push(number(hits.len()));
            }
        }
        Answers { keys, others, hits, ends }
    }

    /// The accounts that bear a key of the person at this place, and whether other people have one of these keys too.
    fn of(&self, place: usize) -> (impl Iterator<Item = u32> + Clone, bool) {
        let begin = if place == 0 { 0 } else { self.ends[place - 1] };
        let hits = &self.hits[begin as usize..self.ends[place] as usize];
        let is_shared = hits.iter().any(|hit| self.keys[*hit as usize].people > 1);
        let accounts = hits.iter().flat_map(|hit| {
            let others = self.others.get(hit).into_iter().flatten().copied();
            std::iter::once(self.keys[*hit as usize].account).chain(others)
        });
        (accounts, is_shared)
    }
}

fn account_keys<'a>(
    account: &'a Account,
    step: MatchBy,
    how: &'a Matching,
) -> impl Iterator<Item = Cow<'a, str>> {
    let provider = how.identity_provider.as_deref();
    let identities = (step == MatchBy::Identity).then(|| account.identities()).into_iter().flatten();
    let identities = identities.filter(move |(held_by, _)| provider == Some(*held_by));
    let emails = (step == MatchBy::Email).then(|| account.emails()).into_iter().flatten();
    let username = (step == MatchBy::Username).then(|| account.username());
    identities.map(|(_, uid)| Cow::Borrowed(uid)).chain(emails.chain(username).map(lower))
}

fn person_keys<'a>(person: &'a Person, step: MatchBy, how: &Matching) -> impl Iterator<Item = Cow<'a, str>> {
    let has_provider = how.identity_provider.is_some();
    let asks_identity = step == MatchBy::Identity && has_provider;
    let identity = asks_identity.then(|| person.extern_uid()).flatten();
    let emails = (step == MatchBy::Email).then(|| person.emails()).into_iter().flatten();
    let username = (step == MatchBy::Username).then(|| person.username()).flatten();
    identity.map(Cow::Borrowed).into_iter().chain(emails.chain(username).map(lower))
}
