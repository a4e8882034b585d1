//! Which account belongs to which person; what is ambiguous is never guessed.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::model::account::{MatchBy, Standing};
use crate::model::account_query::AccountQuery;
use crate::model::finding::{Finding, FindingCode, Level, listed};
use crate::model::holding::SeatKey;
use crate::model::person::SourceName;
use crate::model::plan::UnmatchedReason;
use crate::model::policy::Matching;
use crate::model::snapshot::Snapshot;
use crate::planning::accounts::Accounts;
use crate::planning::answers::Answers;
use crate::planning::hands::Hands;
use crate::planning::input::PlanningInput;
use crate::planning::rules::{Named, RuleReading};

/// What came of matching the people whom rules speak of.
#[derive(Debug, Default)]
pub struct Matches {
    /// For each source: by the person's place in the snapshot.
    pub people: BTreeMap<SourceName, Vec<Option<PersonMatch>>>,
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
pub fn match_people(
    hands: Hands,
    input: &PlanningInput,
    accounts: &Accounts<'_>,
    rules: &[RuleReading<'_>],
) -> Matches {
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
            let answers = Answers::to(hands, *step, how, accounts, snapshot);
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
