//! `seatsync explain`: everything about one person or account, what would have to change, and its history.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use futures_util::future::join_all;

use crate::app::cli::{Common, ExplainArgs, ExplainFormat};
use crate::app::clock::SystemClock;
use crate::app::commands::history;
use crate::app::commands::plan::observed;
use crate::app::config::Config;
use crate::app::exit::Exit;
use crate::app::failure::Failure;
use crate::app::output::{OutputError, print, say, write_json};
use crate::app::wiring::Neighbours;
use crate::app::{progress, wiring};
use crate::model::account::{Account, AccountId, MatchBy};
use crate::model::account_query::AccountQuery;
use crate::model::explanation::Explanation;
use crate::model::person::{Person, Profile};
use crate::model::policy::Matching;
use crate::planning::explain::{acquaint, explain};
use crate::planning::input::PlanningInput;
use crate::planning::plan;
use crate::ports::{AccountReader as _, Clock as _, EdgeError};
use crate::report;
use crate::report::explanation::PastEntry;
use crate::report::words;
use crate::store::database::Store;
use crate::store::history::ChangeRow;
use crate::store::place::Place;
use crate::sync::notebook::Notebook;

pub async fn run(args: &ExplainArgs, common: &Common) -> Result<Exit, Failure> {
    let config = wiring::configuration(common)?;
    let mut input = observed(&config, SystemClock.now()).await?;
    let mut explanation = explain(&input, &args.person, &plan);
    if explanation.people.is_empty() || explanation.accounts.is_empty() {
        let notebook = Arc::new(Notebook::new(BTreeMap::new()));
        let neighbours = wiring::connect(&config, &progress::for_this_terminal(), &notebook)?;
        if explanation.people.is_empty() {
            // Whoever is in no group that rules name was not read.
            seek(&neighbours, args.person.trim(), &mut input).await;
        }
        if explanation.accounts.is_empty() {
            // Whoever has lost their seat holds none and is in no group: only GitLab knows them by name.
            input.accounts.extend(asked_for(&config, &neighbours, args.person.trim()).await?);
        }
        explanation = explain(&input, &args.person, &plan);
    }
    if explanation.people.is_empty() && explanation.accounts.is_empty() {
        return Err(Failure::NotDone {
            message: format!("nobody whom a source shows, and no account, answers to `{}`", args.person),
        });
    }
    let plan = plan(&input);
    let past = told(&config.state.place, &explanation).await?;
    match args.format {
        ExplainFormat::Text => {
            print(&report::explain::explain(&explanation, &plan, |account| past_in_words(&past, account)))?;
        }
        ExplainFormat::Json => {
            let past = |account: &Account| past.of(account).iter().map(entry).collect();
            let document = report::explanation::explanation(&args.person, &explanation, &plan, past);
            let mut text = Vec::new();
            write_json(&document, &mut text).map_err(OutputError::Stdout)?;
            print(&String::from_utf8_lossy(&text))?;
        }
    }
    Ok(Exit::of_plan(&plan, false))
}

/// Asks every source for whoever answers to this name. One that cannot be asked is said, and stops nobody.
async fn seek(neighbours: &Neighbours, asked: &str, input: &mut PlanningInput) {
    let answers = join_all(neighbours.sources.iter().map(|source| source.find(asked))).await;
    for (source, answer) in neighbours.sources.iter().zip(answers) {
        match answer {
            Ok(people) => {
                people.into_iter().for_each(|person| acquaint(input, source.name(), source.kind(), person));
            }
            Err(error) => say(&format!("source {} could not be asked: {}", source.name(), error.chain())),
        }
    }
}

/// The accounts of this number, address, username or identity, whether rules speak of them or not.
async fn asked_for(
    config: &Config,
    neighbours: &Neighbours,
    asked: &str,
) -> Result<Vec<Arc<Account>>, EdgeError> {
    if let Ok(number) = asked.parse() {
        let numbered = neighbours.gitlab.numbered(&[AccountId(number)]).await?;
        if !numbered.is_empty() {
            return Ok(numbered);
        }
    }
    let person = Person::from(Profile {
        username: Some(asked.into()),
        emails: vec![asked.into()],
        identity: Some(asked.into()),
        ..Profile::default()
    });
    let providers = config.policy.matching.values().map(|matching| matching.identity_provider.clone());
    let steps = providers.map(|provider| Matching {
        match_by: vec![MatchBy::Email, MatchBy::Username, MatchBy::Identity],
        identity_provider: provider,
    });
    let steps: Vec<Matching> = steps.collect();
    let queries: Vec<_> = steps.iter().map(|how| AccountQuery { person: &person, how }).collect();
    neighbours.gitlab.accounts(&queries, None).await
}

/// What the journal tells of accounts.
struct Past {
    /// Whether there is a state at all.
    is_known: bool,
    changes: HashMap<AccountId, Vec<ChangeRow>>,
}

impl Past {
    fn of(&self, account: &Account) -> &[ChangeRow] {
        self.changes.get(&account.id).map_or(&[], Vec::as_slice)
    }
}

async fn told(state: &Place, explanation: &Explanation) -> Result<Past, EdgeError> {
    let mut past = Past { is_known: false, changes: HashMap::new() };
    if let Some(store) = Store::open_existing(state).await? {
        past.is_known = true;
        for explained in &explanation.accounts {
            let id = explained.account.id;
            past.changes.insert(id, store.history(id).await?);
        }
        store.close().await;
    }
    Ok(past)
}

fn past_in_words(past: &Past, account: &Account) -> String {
    let changes = past.of(account);
    if !past.is_known {
        "No history: there is no state yet.\n".to_owned()
    } else if changes.is_empty() {
        "No history: seatsync has never changed a seat of this account.\n".to_owned()
    } else {
        history::changes(changes)
    }
}

fn entry(change: &ChangeRow) -> PastEntry {
    PastEntry {
        at: words::instant(change.at),
        run: change.run.0,
        add_on: change.seat.add_on.key(),
        change: change.change.key(),
        because: change.because.clone(),
        rule: change.rule.as_ref().map(|rule| rule.as_str().to_owned()),
        outcome: change.outcome.clone(),
        outcome_because: change.outcome_because.clone(),
    }
}
