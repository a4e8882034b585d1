//! `seatsync explain`: everything about one person or account, and its history.

use crate::app::cli::{Common, ExplainArgs};
use crate::app::clock::SystemClock;
use crate::app::commands::history;
use crate::app::commands::plan::observed;
use crate::app::exit::Exit;
use crate::app::failure::Failure;
use crate::app::output::print;
use crate::app::wiring;
use crate::model::account::AccountId;
use crate::planning::explain::explain;
use crate::planning::plan;
use crate::ports::{Clock as _, EdgeError};
use crate::report;
use crate::store::database::Store;

pub async fn run(args: &ExplainArgs, common: &Common) -> Result<Exit, Failure> {
    let config = wiring::configuration(common)?;
    let input = observed(&config, SystemClock.now()).await?;
    let explanation = explain(&input, &args.person);
    if explanation.people.is_empty() && explanation.accounts.is_empty() {
        return Err(Failure::NotDone {
            message: format!(
                "nobody in a group that rules name, and no account that holds a seat, answers to `{}`",
                args.person
            ),
        });
    }
    let plan = plan(&input);
    let mut text = report::explain::explain(&explanation, &plan);
    for account in &explanation.accounts {
        text.push_str(&told(&config.state.path, account.id).await?);
    }
    print(&text)?;
    Ok(Exit::of_plan(&plan, false))
}

async fn told(state: &std::path::Path, account: AccountId) -> Result<String, EdgeError> {
    let Some(store) = Store::open_existing(state).await? else {
        return Ok("No history: there is no state yet.\n".to_owned());
    };
    let changes = store.history(account).await?;
    store.close().await;
    Ok(history::changes(&changes))
}
