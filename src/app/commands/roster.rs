//! `seatsync roster`: what identity providers have pushed, and somebody's word that it is all there is.

use jiff::Timestamp;

use crate::app::cli::{Common, RosterArgs};
use crate::app::clock::SystemClock;
use crate::app::config::Config;
use crate::app::exit::Exit;
use crate::app::failure::Failure;
use crate::app::output::print;
use crate::app::wiring;
use crate::model::person::SourceName;
use crate::model::roster::{Patience, Standing};
use crate::model::snapshot::Coverage;
use crate::ports::Clock as _;
use crate::report::words::plural;
use crate::store::database::Store;

pub async fn run(args: &RosterArgs, common: &Common) -> Result<Exit, Failure> {
    let config = wiring::configuration(common)?;
    let now = SystemClock.now();
    if let (Some(source), true) = (&args.source, args.forget) {
        return forget(&config, source, now).await;
    }
    let wanted = wanted(&config, args.source.as_deref())?;
    if args.complete || args.incomplete {
        let store = Store::open(&config.state.place, now).await?;
        for (source, _) in &wanted {
            if !store.confirm_roster(source, args.complete, now).await? {
                let message = format!("nothing was ever pushed into `{source}`");
                return Err(Failure::NotDone { message });
            }
        }
        store.close().await;
    }
    let store = Store::open_existing(&config.state.place).await?;
    let mut exit = Exit::Done;
    for (source, patience) in &wanted {
        let standing = match &store {
            Some(store) => store.standing_of(source).await?,
            None => None,
        };
        let (text, complete) = told(source, standing.as_ref(), *patience, now);
        print(&text)?;
        if !complete {
            exit = Exit::SourcePartial;
        }
    }
    if let Some(store) = store {
        store.close().await;
    }
    Ok(exit)
}

fn wanted(config: &Config, named: Option<&str>) -> Result<Vec<(SourceName, Patience)>, Failure> {
    let all = config.sources.iter().filter_map(|source| Some((source.name().clone(), source.patience()?)));
    let wanted: Vec<_> =
        all.filter(|(source, _)| named.is_none_or(|named| source.as_str() == named)).collect();
    if wanted.is_empty() {
        let message = match named {
            Some(named) => format!("there is no source `[scim_push.{named}]`"),
            None => "nobody pushes anything: there is no `[scim_push.NAME]`".to_owned(),
        };
        return Err(Failure::Usage { message, hint: "see docs/scim.md".to_owned() });
    }
    Ok(wanted)
}

/// Whatever is still pushed would only come half, and be taken for all.
async fn forget(config: &Config, source: &str, now: Timestamp) -> Result<Exit, Failure> {
    if config.sources.iter().any(|known| known.name().as_str() == source) {
        return Err(Failure::Usage {
            message: format!("`{source}` is still a source"),
            hint: format!("take `[scim_push.{source}]` out of the configuration, and reload `serve`, first"),
        });
    }
    let store = Store::open(&config.state.place, now).await?;
    let was_there = store.forget_roster(&SourceName::new(source), now).await?;
    store.close().await;
    if !was_there {
        return Err(Failure::NotDone { message: format!("nothing was ever pushed into `{source}`") });
    }
    print(&format!("{source}: forgotten\n"))?;
    Ok(Exit::Done)
}

/// A line or two, and whether the roster is believed.
fn told(
    source: &SourceName,
    standing: Option<&Standing>,
    patience: Patience,
    now: Timestamp,
) -> (String, bool) {
    let Some(standing) = standing else {
        return (format!("{source}: its provider has pushed nothing yet\n"), false);
    };
    let count = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    let people = plural(count(standing.people), "person", "people");
    let groups = plural(count(standing.groups), "group", "groups");
    let heard_at = standing.heard_at;
    let (coverage, complete) = match standing.coverage(source, patience, now) {
        Coverage::Complete => ("complete".to_owned(), true),
        Coverage::Partial { because } => (format!("partial: {because}"), false),
    };
    (format!("{source}: {people}, {groups}, last heard of at {heard_at}\n  {coverage}\n"), complete)
}
