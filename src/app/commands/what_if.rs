//! `seatsync plan --purchased … --rules … --as-of …`: what would be decided if things were otherwise.

use std::path::Path;

use crate::app::cli::{Common, PlanArgs, WhatIfArgs};
use crate::app::clock::SystemClock;
use crate::app::commands::audit::instant;
use crate::app::commands::plan::recalled;
use crate::app::config::Config;
use crate::app::exit::Exit;
use crate::app::failure::Failure;
use crate::app::output::{Report, deliver};
use crate::app::run::observed;
use crate::app::{progress, wiring};
use crate::model::add_on::AddOn;
use crate::model::plan::Purpose;
use crate::model::rule::Rule;
use crate::planning::plan;
use crate::planning::what_if::{Assumptions, both};
use crate::ports::Clock as _;
use crate::report::document::Document;
use crate::report::since::Past;

/// Whether anything is assumed.
pub fn is_asked(args: &PlanArgs) -> bool {
    let WhatIfArgs { purchased, rules, as_of } = &args.what_if;
    !purchased.is_empty() || rules.is_some() || as_of.is_some()
}

/// Observes once, and plans twice: as it is, and as it would be.
pub async fn run(args: &PlanArgs, common: &Common) -> Result<Exit, Failure> {
    let config = wiring::configuration(common)?;
    let (assumptions, words) = assumptions(&args.what_if, &config)?;
    let now = SystemClock.now();
    let (memory, notebook) = recalled(&config, now).await?;
    let progress = progress::for_this_terminal();
    let mut neighbours = wiring::connect(&config, &progress, &notebook)?;
    let others = assumptions.rules.iter().flat_map(|(rules, _)| rules.iter().cloned());
    neighbours.wanted.rules.extend(others);
    let input = observed(&neighbours, None, memory, now).await;
    progress.clear();
    let mut input = input?;
    input.rules = config.rules;
    let (today, mut assumed) = both(input, assumptions, plan);
    assumed.purpose = Purpose::WhatIf { assumptions: words };
    let today = Past::of(&today);
    let report = Report { document: Document::of_plan(&assumed, Some(&today)), plan_was_shown: false };
    deliver(&report, &args.report, common.color)?;
    Ok(Exit::of_plan(&assumed, args.exit_code))
}

/// What is assumed, and how it is said.
fn assumptions(args: &WhatIfArgs, config: &Config) -> Result<(Assumptions, Vec<String>), Failure> {
    let (mut assumptions, mut words) = (Assumptions::default(), Vec::new());
    for written in &args.purchased {
        let (add_on, seats) = purchased(written)?;
        words.push(format!("{seats} seats of {} were purchased", add_on.title()));
        assumptions.purchased.insert(add_on, seats);
    }
    if let Some(path) = &args.rules {
        let other = Config::load(path)?;
        same_sources(config, &other, path)?;
        words.push(format!("the rules of {} were in force", path.display()));
        assumptions.rules = Some((other.rules, other.policy));
    }
    if let Some(written) = &args.as_of {
        let as_of = instant(written)?;
        words.push(format!("it were {as_of}"));
        assumptions.as_of = Some(as_of);
    }
    Ok((assumptions, words))
}

fn purchased(written: &str) -> Result<(AddOn, u32), Failure> {
    let read = written
        .split_once('=')
        .and_then(|(add_on, seats)| Some((AddOn::from_key(add_on.trim())?, seats.trim().parse().ok()?)));
    read.ok_or_else(|| Failure::Usage {
        message: format!("`{written}` says of no add-on how many seats were purchased"),
        hint: "write it as duo_enterprise=60 or duo_pro=60".to_owned(),
    })
}

/// Rules can only speak of sources that are read.
fn same_sources(config: &Config, other: &Config, path: &Path) -> Result<(), Failure> {
    let known = |rule: &&Rule| config.policy.matching.contains_key(&rule.source);
    match other.rules.iter().find(|rule| !known(rule)) {
        None => Ok(()),
        Some(rule) => Err(Failure::Usage {
            message: format!("rule `{}` of `{}` names the source `{}`, which the configuration does not have", rule.name, path.display(), rule.source),
            hint: "sources are those of the configuration; only rules, seats and limits are taken from the other file".to_owned(),
        }),
    }
}
