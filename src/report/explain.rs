//! Everything about one person, as `seatsync explain` tells it.

use crate::model::account::{Account, DuoActivity, Standing};
use crate::model::add_on::AddOn;
use crate::model::explanation::{
    AccountExplained, Explanation, MatchExplained, PersonExplained, RuleExplained, RuleSays, SeatExplained,
};
use crate::model::group::NestingPath;
use crate::model::plan::Plan;
use crate::model::remedy::Outlook;
use crate::model::snapshot::Coverage;
use crate::report::needs;
use crate::report::shown::shown;
use crate::report::words;

/// Tells all that is known and what the plan decided; `history` tells what was done for an account.
pub fn explain(explanation: &Explanation, plan: &Plan, history: impl Fn(&Account) -> String) -> String {
    let mut page = Page::default();
    for person in &explanation.people {
        page.person(person);
    }
    page.sources(explanation);
    for explained in &explanation.accounts {
        page.account(explained, plan);
        page.text.push_str(&history(&explained.account));
    }
    page.text
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(&shown(line.trim_end()));
        self.text.push('\n');
    }

    fn person(&mut self, explained: &PersonExplained) {
        let person = &explained.known.person;
        self.line(&format!("{}   in source {}", person.label(), explained.known.source));
        self.line(&format!("  id         {}", person.id()));
        for (label, value) in [("username", person.username()), ("identity", person.identity())] {
            if let Some(value) = value {
                self.line(&format!("  {label:<9}  {value}"));
            }
        }
        for email in person.emails() {
            self.line(&format!("  email      {email}"));
        }
        for group in &explained.groups {
            self.line(&format!("  group      {}", path(group)));
        }
        self.line(&match &explained.matched {
            MatchExplained::Account { username, by } => {
                format!("  account    {username}, matched by {}", by.key())
            }
            MatchExplained::None { because } => format!("  account    {}", words::unmatched(*because)),
            MatchExplained::NotSought => {
                "  account    not looked for: no rule speaks of this person".to_owned()
            }
        });
        for rule in &explained.rules {
            self.line(&format!("  rule       {} ({}): {}", rule.rule, rule.add_on.title(), says(rule)));
        }
        for (add_on, outlook) in &explained.outlooks {
            self.line(&format!("  {}", add_on.title()));
            self.outlook(*add_on, outlook);
        }
        self.line("");
    }

    /// The sources that know nobody of that name.
    fn sources(&mut self, explanation: &Explanation) {
        let strangers: Vec<_> = explanation.sources.iter().filter(|source| !source.knows).collect();
        for source in &strangers {
            let whole = match &source.coverage {
                Coverage::Complete => "was read whole".to_owned(),
                Coverage::Partial { because } => format!("was not read whole: {because}"),
            };
            self.line(&format!(
                "Not seen in source {} ({}), which {whole}: nobody of that name in the groups that rules name",
                source.source,
                source.kind.key()
            ));
        }
        if !strangers.is_empty() {
            self.line("");
        }
    }

    fn account(&mut self, explained: &AccountExplained, plan: &Plan) {
        let account = &explained.account;
        let state = match &account.standing {
            Standing::Eligible => "may have seats".to_owned(),
            other @ (Standing::Inactive { .. } | Standing::Bot | Standing::NotAMember) => {
                words::in_gitlab(other)
            }
        };
        self.line(&format!("{}   account {} in GitLab: {state}", account.username(), account.id));
        for email in account.emails() {
            self.line(&format!("  email      {email}"));
        }
        for (provider, uid) in account.identities() {
            self.line(&format!("  identity   {provider} {uid}"));
        }
        match account.last_duo_activity {
            DuoActivity::On(date) => self.line(&format!("  Duo        last used on {date}")),
            DuoActivity::Never => self.line("  Duo        never used"),
            DuoActivity::NotTold => {}
        }
        for seat in &explained.seats {
            self.seat(account, seat, plan);
        }
        if explained.seats.is_empty() {
            self.line("  holds no seat, and no rule is about any add-on");
        }
        self.line("");
    }

    fn seat(&mut self, account: &Account, seat: &SeatExplained, plan: &Plan) {
        let mut decisions = plan.decisions.iter();
        let decision =
            decisions.find(|decision| decision.account.id == account.id && decision.add_on == seat.add_on);
        let today = match (seat.holds, seat.ours_since) {
            (true, Some(since)) => format!("has a seat, managed by seatsync since {}", words::day(since)),
            (true, None) => "has a seat, not assigned by seatsync".to_owned(),
            (false, _) => "has no seat".to_owned(),
        };
        self.line(&format!("  {}   {today}", seat.add_on.title()));
        match decision {
            Some(decision) => {
                let words = words::decision(decision);
                let (verdict, because) = (decision.verdict.key(), decision.verdict.because());
                self.line(&format!("    {verdict} ({because}): {}; {}", words.why, words.so));
            }
            None if seat.holds => self.line("    no rule is about it: not touched"),
            None if seat.outlook == Outlook::Seated => self.line("    has a seat of a better tier"),
            None => self.line("    no rule entitles it"),
        }
        self.outlook(seat.add_on, &seat.outlook);
    }

    fn outlook(&mut self, add_on: AddOn, outlook: &Outlook) {
        match outlook {
            Outlook::Seated => {}
            Outlook::Unknown { because } => {
                self.line(&format!("    for a seat   cannot be said: {because}"));
            }
            Outlook::Remedies(remedies) if remedies.is_empty() => {
                self.line("    for a seat   nothing was found that would do");
            }
            Outlook::Remedies(remedies) => {
                let begin = ["for a seat"].into_iter().chain(std::iter::repeat("or"));
                for (begin, remedy) in begin.zip(remedies) {
                    self.line(&format!("    {begin:<10}   {}", needs::remedy(remedy, add_on)));
                }
            }
        }
    }
}

/// What one rule says, in words.
pub fn says(rule: &RuleExplained) -> String {
    let says = match &rule.says {
        RuleSays::Entitled { rank, path: way } => format!("entitles, rank {rank}, by {}", path(way)),
        RuleSays::NotInGroups => {
            let groups: Vec<String> = rule.groups.iter().map(|group| format!("`{group}`")).collect();
            format!("does not: in none of its groups ({})", groups.join(", "))
        }
        RuleSays::Excepted { path: way } => {
            format!("does not: in one of its `except_groups`, {}", path(way))
        }
        RuleSays::ConditionFails { path: way, condition } => {
            format!("does not: in {}, but its `where` does not hold: {condition}", path(way))
        }
        RuleSays::Ended { until } => format!("did until {until}"),
        RuleSays::Unknown { because } => return format!("cannot be said: {because}"),
    };
    match &rule.frozen {
        Some(because) => format!("{says}; frozen: {because}"),
        None => says,
    }
}

fn path(path: &NestingPath) -> String {
    path.names().iter().map(|name| &**name).collect::<Vec<_>>().join(" > ")
}
