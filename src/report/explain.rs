//! Everything about one person, as `seatsync explain` tells it.

use crate::model::account::{Account, Standing};
use crate::model::explanation::{Explanation, MatchExplained, PersonExplained, RuleSays};
use crate::model::group::NestingPath;
use crate::model::plan::Plan;
use crate::report::words;

/// Tells all that is known, and what the plan decided.
pub fn explain(explanation: &Explanation, plan: &Plan) -> String {
    let mut text = String::new();
    for person in &explanation.people {
        text.push_str(&of_person(person));
    }
    for account in &explanation.accounts {
        text.push_str(&of_account(account, plan));
    }
    text
}

fn of_person(explained: &PersonExplained) -> String {
    let person = &explained.known.person;
    let mut lines = vec![format!("{}   in source {}", person.label(), explained.known.source)];
    lines.push(format!("  id         {}", person.id()));
    for (label, value) in [("username", person.username()), ("identity", person.identity())] {
        if let Some(value) = value {
            lines.push(format!("  {label:<9}  {value}"));
        }
    }
    for email in person.emails() {
        lines.push(format!("  email      {email}"));
    }
    for group in &explained.groups {
        lines.push(format!("  group      {}", path(group)));
    }
    lines.push(match &explained.matched {
        MatchExplained::Account { username, by } => {
            format!("  account    {username}, matched by {}", by.key())
        }
        MatchExplained::None { because } => format!("  account    {}", words::unmatched(*because)),
        MatchExplained::NotSought => "  account    not looked for: no rule speaks of this person".to_owned(),
    });
    for rule in &explained.rules {
        let says = match &rule.says {
            RuleSays::Entitled { rank, path: way } => format!("entitles, rank {rank}, by {}", path(way)),
            RuleSays::NotInGroups => "does not: in none of its groups".to_owned(),
            RuleSays::Excepted => "does not: in one of its `except_groups`".to_owned(),
            RuleSays::ConditionFails => "does not: its `where` does not hold".to_owned(),
            RuleSays::Ended { until } => format!("did until {until}"),
            RuleSays::Unknown { because } => format!("cannot be said: {because}"),
        };
        lines.push(format!("  rule       {} ({}): {says}", rule.rule, rule.add_on.title()));
    }
    lines.push(String::new());
    lines.join("\n") + "\n"
}

fn of_account(account: &Account, plan: &Plan) -> String {
    let state = match &account.standing {
        Standing::Eligible => "may have seats".to_owned(),
        other @ (Standing::Inactive { .. } | Standing::Bot | Standing::NotAMember) => words::in_gitlab(other),
    };
    let mut lines = vec![format!("{}   account {} in GitLab: {state}", account.username(), account.id)];
    for (provider, uid) in account.identities() {
        lines.push(format!("  identity   {provider} {uid}"));
    }
    let decisions: Vec<_> =
        plan.decisions.iter().filter(|decision| decision.account.id == account.id).collect();
    for decision in &decisions {
        let words = words::decision(decision);
        let ours = if decision.managed { ", managed by seatsync" } else { "" };
        lines.push(format!(
            "  {}   {} ({}): {}; {}{ours}",
            decision.add_on.title(),
            decision.verdict.key(),
            decision.verdict.because(),
            words.why,
            words.so
        ));
    }
    if decisions.is_empty() {
        lines.push("  holds no seat that rules are about, and none entitles it".to_owned());
    }
    lines.push(String::new());
    lines.join("\n") + "\n"
}

fn path(path: &NestingPath) -> String {
    path.0.iter().map(|name| &**name).collect::<Vec<_>>().join(" > ")
}
