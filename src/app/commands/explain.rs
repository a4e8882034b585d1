//! `seatsync explain`: everything about one person or account, and its history.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::app::cli::{Common, ExplainArgs};
use crate::app::clock::SystemClock;
use crate::app::commands::history;
use crate::app::commands::plan::observed;
use crate::app::config::Config;
use crate::app::exit::Exit;
use crate::app::failure::Failure;
use crate::app::output::print;
use crate::app::{progress, wiring};
use crate::model::account::{Account, AccountId, MatchBy};
use crate::model::account_query::AccountQuery;
use crate::model::person::{Person, Profile};
use crate::model::policy::Matching;
use crate::planning::explain::explain;
use crate::planning::plan;
use crate::ports::{AccountReader as _, Clock as _, EdgeError};
use crate::report;
use crate::store::database::Store;
use crate::store::place::Place;
use crate::sync::notebook::Notebook;

pub async fn run(args: &ExplainArgs, common: &Common) -> Result<Exit, Failure> {
    let config = wiring::configuration(common)?;
    let mut input = observed(&config, SystemClock.now()).await?;
    let mut explanation = explain(&input, &args.person);
    if explanation.accounts.is_empty() {
        // Whoever has lost their seat holds none and is in no group: only GitLab knows them by name.
        input.accounts.extend(asked_for(&config, &args.person).await?);
        explanation = explain(&input, &args.person);
    }
    if explanation.people.is_empty() && explanation.accounts.is_empty() {
        return Err(Failure::NotDone {
            message: format!(
                "nobody in a group that rules name, and no account, answers to `{}`",
                args.person
            ),
        });
    }
    let plan = plan(&input);
    let mut text = report::explain::explain(&explanation, &plan);
    for account in &explanation.accounts {
        text.push_str(&told(&config.state.place, account.id).await?);
    }
    print(&text)?;
    Ok(Exit::of_plan(&plan, false))
}

/// The accounts of this number, address or username, whether rules speak of them or not.
async fn asked_for(config: &Config, asked: &str) -> Result<Vec<Arc<Account>>, EdgeError> {
    let notebook = Arc::new(Notebook::new(BTreeMap::new()));
    let neighbours = wiring::connect(config, &progress::for_this_terminal(), &notebook)?;
    let asked = asked.trim();
    if let Ok(number) = asked.parse() {
        let numbered = neighbours.gitlab.numbered(&[AccountId(number)]).await?;
        if !numbered.is_empty() {
            return Ok(numbered);
        }
    }
    let person = Person::from(Profile {
        username: Some(asked.into()),
        emails: vec![asked.into()],
        ..Profile::default()
    });
    let how = Matching { match_by: vec![MatchBy::Email, MatchBy::Username], identity_provider: None };
    neighbours.gitlab.accounts(&[AccountQuery { person: &person, how: &how }], None).await
}

async fn told(state: &Place, account: AccountId) -> Result<String, EdgeError> {
    let Some(store) = Store::open_existing(state).await? else {
        return Ok("No history: there is no state yet.\n".to_owned());
    };
    let changes = store.history(account).await?;
    store.close().await;
    Ok(history::changes(&changes))
}
