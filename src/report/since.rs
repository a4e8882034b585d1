//! What changed since an earlier plan, as its JSON tells.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use serde::Deserialize;

use crate::model::account::AccountId;
use crate::model::add_on::AddOn;
use crate::model::holding::SeatKey;
use crate::model::person::{PersonId, PersonKey, SourceName};
use crate::model::plan::Plan;
use crate::report::words;

/// The verdict for entitled people without an account.
pub const UNMATCHED: &str = "unmatched";

/// An earlier plan, as far as a later one is compared with it.
#[derive(Debug)]
pub struct Past {
    pub made_at: Timestamp,
    pub digest: String,
    pub gitlab_url: String,
    pub scope: String,
    seats: HashMap<SeatKey, Stance>,
    unmatched: HashMap<PersonKey, Stance>,
}

/// What was said of somebody: the words of the contract, and a name to call them by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stance {
    pub verdict: String,
    pub because: String,
    pub who: String,
}

/// People of whom the same was said before, and the same is said now. They sort by what is said.
#[derive(Debug, PartialEq, Eq)]
pub struct Move<'a> {
    /// `None` of people without an account.
    pub add_on: Option<AddOn>,
    pub was: String,
    pub now: String,
    /// Sorted.
    pub people: Vec<&'a str>,
}

impl Move<'_> {
    /// How many a report names.
    const NAMED: usize = 12;

    /// Whom a report names.
    pub fn first(&self) -> &[&str] {
        &self.people[..self.people.len().min(Move::NAMED)]
    }

    /// ` and 3 more`, where there are more than a report names.
    pub fn rest(&self) -> String {
        match self.people.len().saturating_sub(Move::NAMED) {
            0 => String::new(),
            rest => format!(" and {rest} more"),
        }
    }
}

impl Past {
    /// Reads what [`crate::report::json::plan`] wrote.
    pub fn read(json: &str) -> Result<Past, serde_json::Error> {
        serde_json::from_str(json).map(Past::of_document)
    }

    /// Reads what [`crate::report::json::outcomes`] wrote: the plan in it.
    pub fn read_outcome(json: &str) -> Result<Past, serde_json::Error> {
        serde_json::from_str(json).map(|outcome: Outcome| Past::of_document(outcome.plan))
    }

    fn of_document(document: Document) -> Past {
        let seats = document.decisions.into_iter().filter_map(|entry| {
            let add_on = AddOn::from_key(&entry.add_on)?;
            let stance =
                Stance { verdict: entry.verdict, because: entry.because, who: entry.account.username };
            Some((SeatKey { add_on, account: AccountId(entry.account.id) }, stance))
        });
        let unmatched = document.unmatched.into_iter().map(|entry| {
            let who = entry.person.name.unwrap_or_else(|| entry.person.id.clone());
            let key = PersonKey {
                source: SourceName::new(&entry.person.source),
                id: PersonId::new(&entry.person.id),
            };
            (key, Stance { verdict: UNMATCHED.to_owned(), because: entry.because, who })
        });
        Past {
            made_at: document.made_at,
            digest: document.digest,
            gitlab_url: document.gitlab.url,
            scope: document.gitlab.scope,
            seats: seats.collect(),
            unmatched: unmatched.collect(),
        }
    }

    /// A plan of this very process.
    pub fn of(plan: &Plan) -> Past {
        let seats = plan.decisions.iter().map(|decision| {
            let seat = SeatKey { add_on: decision.add_on, account: decision.account.id };
            (seat, stance(decision.verdict.key(), decision.verdict.because(), decision.account.username()))
        });
        let unmatched = plan.unmatched.iter().map(|unmatched| {
            let who = unmatched.person.person.label();
            (unmatched.person.key(), stance(UNMATCHED, unmatched.because.key(), who))
        });
        Past {
            made_at: plan.made_at,
            digest: plan.digest().as_str().to_owned(),
            gitlab_url: plan.instance.url.clone(),
            scope: plan.instance.scope.to_string(),
            seats: seats.collect(),
            unmatched: unmatched.collect(),
        }
    }

    /// The first six digits of its digest, for people.
    pub fn short(&self) -> &str {
        let digits = self.digest.strip_prefix("sha256:").unwrap_or(&self.digest);
        digits.get(..6).unwrap_or(digits)
    }

    /// What was said of an account and an add-on.
    pub fn seat(&self, seat: SeatKey) -> Option<&Stance> {
        self.seats.get(&seat)
    }

    /// What was said of every account and add-on, sorted.
    pub fn seats(&self) -> BTreeMap<SeatKey, &Stance> {
        self.seats.iter().map(|(seat, stance)| (*seat, stance)).collect()
    }

    /// What was said of a person without an account.
    pub fn unmatched(&self, person: &PersonKey) -> Option<&Stance> {
        self.unmatched.get(person)
    }

    /// Everything that is said otherwise than it was.
    pub fn moves<'a>(&'a self, plan: &'a Plan) -> Vec<Move<'a>> {
        let mut moves: BTreeMap<(Option<AddOn>, String, String), Vec<&'a str>> = BTreeMap::new();
        let mut note = |add_on, was: Option<&Stance>, now: Option<(&str, &str)>, who| {
            let was = was.map(|stance| (stance.verdict.as_str(), stance.because.as_str()));
            if was != now {
                let same_verdict = was.is_some_and(|(was, _)| now.is_some_and(|(now, _)| was == now));
                let told = |said: Option<(&str, &str)>| match said {
                    None => "not in the plan".to_owned(),
                    Some((verdict, because)) if same_verdict => {
                        format!("{} ({})", words::stance(verdict), because.replace('_', " "))
                    }
                    Some((verdict, _)) => words::stance(verdict).to_owned(),
                };
                moves.entry((add_on, told(was), told(now))).or_default().push(who);
            }
        };
        let mut met = HashSet::new();
        for decision in &plan.decisions {
            let seat = SeatKey { add_on: decision.add_on, account: decision.account.id };
            met.insert(seat);
            let now = Some((decision.verdict.key(), decision.verdict.because()));
            note(Some(seat.add_on), self.seat(seat), now, decision.account.username());
        }
        for (seat, stance) in self.seats.iter().filter(|(seat, _)| !met.contains(seat)) {
            note(Some(seat.add_on), Some(stance), None, &stance.who);
        }
        let mut met = HashSet::new();
        for unmatched in &plan.unmatched {
            let key = unmatched.person.key();
            let now = Some((UNMATCHED, unmatched.because.key()));
            note(None, self.unmatched(&key), now, unmatched.person.person.label());
            met.insert(key);
        }
        for (_, stance) in self.unmatched.iter().filter(|(key, _)| !met.contains(key)) {
            note(None, Some(stance), None, &stance.who);
        }
        let sorted = moves.into_iter().map(|((add_on, was, now), mut people)| {
            people.sort_unstable();
            Move { add_on, was, now, people }
        });
        sorted.collect()
    }
}

fn stance(verdict: &str, because: &str, who: &str) -> Stance {
    Stance { verdict: verdict.to_owned(), because: because.to_owned(), who: who.to_owned() }
}

#[derive(Deserialize)]
struct Outcome {
    plan: Document,
}

#[derive(Deserialize)]
struct Document {
    digest: String,
    made_at: Timestamp,
    gitlab: GitLab,
    decisions: Vec<DecisionEntry>,
    unmatched: Vec<UnmatchedEntry>,
}

#[derive(Deserialize)]
struct GitLab {
    url: String,
    scope: String,
}

#[derive(Deserialize)]
struct DecisionEntry {
    add_on: String,
    verdict: String,
    because: String,
    account: Account,
}

#[derive(Deserialize)]
struct Account {
    id: u64,
    username: String,
}

#[derive(Deserialize)]
struct UnmatchedEntry {
    person: Person,
    because: String,
}

#[derive(Deserialize)]
struct Person {
    source: String,
    id: String,
    name: Option<String>,
}
