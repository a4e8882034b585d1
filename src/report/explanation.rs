//! An explanation as JSON: `seatsync.explanation/1`.

use serde::Serialize;

use crate::model::account::{Account, DuoActivity, Standing};
use crate::model::add_on::AddOn;
use crate::model::decision::{Decision, Verdict, WaitReason};
use crate::model::explanation::{
    AccountExplained, Explanation, MatchExplained, PersonExplained, RuleExplained, RuleSays, SeatExplained,
    SourceExplained,
};
use crate::model::group::NestingPath;
use crate::model::plan::Plan;
use crate::model::remedy::{Need, Outlook, Remedy};
use crate::model::rule::RuleName;
use crate::model::snapshot::Coverage;
use crate::report::{explain, needs, row, words};

/// What the `format` of an explanation says.
pub const EXPLANATION_FORMAT: &str = "seatsync.explanation/1";

/// One change that was made, or was to be made, for an account; the oldest comes first.
#[derive(Debug, Serialize)]
pub struct PastEntry {
    pub at: String,
    pub run: i64,
    pub add_on: &'static str,
    pub change: &'static str,
    pub because: Option<String>,
    pub rule: Option<String>,
    pub outcome: Option<String>,
    pub outcome_because: Option<String>,
}

/// The whole explanation; `history` tells what was done for an account.
pub fn explanation<'a>(
    asked: &'a str,
    explanation: &'a Explanation,
    plan: &'a Plan,
    history: impl Fn(&Account) -> Vec<PastEntry>,
) -> impl Serialize + 'a {
    Document {
        format: EXPLANATION_FORMAT,
        asked,
        made_at: words::instant(plan.made_at),
        gitlab: &plan.instance.url,
        sources: explanation.sources.iter().map(SourceEntry::of).collect(),
        people: explanation.people.iter().map(PersonEntry::of).collect(),
        accounts: explanation
            .accounts
            .iter()
            .map(|account| AccountEntry::of(account, plan, history(&account.account)))
            .collect(),
    }
}

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    asked: &'a str,
    made_at: String,
    gitlab: &'a str,
    sources: Vec<SourceEntry<'a>>,
    people: Vec<PersonEntry<'a>>,
    accounts: Vec<AccountEntry<'a>>,
}

#[derive(Serialize)]
struct SourceEntry<'a> {
    name: &'a str,
    kind: &'static str,
    coverage: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<&'a str>,
    knows: bool,
}

#[derive(Serialize)]
struct PersonEntry<'a> {
    source: &'a str,
    id: &'a str,
    username: Option<&'a str>,
    name: Option<&'a str>,
    emails: Vec<&'a str>,
    identity: Option<&'a str>,
    groups: Vec<Vec<&'a str>>,
    account: Option<&'a str>,
    matched_by: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unmatched: Option<&'static str>,
    rules: Vec<RuleEntry<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    seats: Vec<OutlookEntry>,
}

#[derive(Serialize)]
struct RuleEntry<'a> {
    rule: &'a str,
    add_on: &'static str,
    rank: i64,
    says: &'static str,
    path: Option<Vec<&'a str>>,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    frozen: Option<&'a str>,
}

#[derive(Serialize)]
struct AccountEntry<'a> {
    id: u64,
    username: &'a str,
    standing: &'a str,
    emails: Vec<&'a str>,
    identities: Vec<IdentityEntry<'a>>,
    last_duo_activity: Option<String>,
    seats: Vec<SeatEntry<'a>>,
    history: Vec<PastEntry>,
}

#[derive(Serialize)]
struct IdentityEntry<'a> {
    provider: &'a str,
    extern_uid: &'a str,
}

#[derive(Serialize)]
struct SeatEntry<'a> {
    holds: bool,
    managed_since: Option<String>,
    decision: Option<DecisionEntry<'a>>,
    #[serde(flatten)]
    outlook: OutlookEntry,
}

#[derive(Serialize)]
struct DecisionEntry<'a> {
    verdict: &'static str,
    because: &'static str,
    rule: Option<&'a str>,
    rank: Option<i64>,
    path: Option<Vec<&'a str>>,
    place_in_line: Option<u32>,
    until: Option<String>,
    detail: String,
}

#[derive(Serialize)]
struct OutlookEntry {
    add_on: &'static str,
    /// `seated`, `remedies` or `unknown`.
    outlook: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown: Option<String>,
    /// Each of them would do; of each all needs are needed.
    remedies: Vec<Vec<NeedEntry>>,
}

#[derive(Serialize)]
struct NeedEntry {
    need: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    detail: String,
}

impl<'a> SourceEntry<'a> {
    fn of(source: &'a SourceExplained) -> SourceEntry<'a> {
        let (coverage, because) = match &source.coverage {
            Coverage::Complete => ("complete", None),
            Coverage::Partial { because } => ("partial", Some(because.as_str())),
        };
        let (name, kind) = (source.source.as_str(), source.kind.key());
        SourceEntry { name, kind, coverage, because, knows: source.knows }
    }
}

impl<'a> PersonEntry<'a> {
    fn of(explained: &'a PersonExplained) -> PersonEntry<'a> {
        let person = &explained.known.person;
        let (account, matched_by, unmatched) = match &explained.matched {
            MatchExplained::Account { username, by } => (Some(&**username), Some(by.key()), None),
            MatchExplained::None { because } => (None, None, Some(because.key())),
            MatchExplained::NotSought => (None, None, Some("not_sought")),
        };
        PersonEntry {
            source: explained.known.source.as_str(),
            id: person.id(),
            username: person.username(),
            name: person.name(),
            emails: person.emails().collect(),
            identity: person.identity(),
            groups: explained.groups.iter().map(names).collect(),
            account,
            matched_by,
            unmatched,
            rules: explained.rules.iter().map(RuleEntry::of).collect(),
            seats: explained
                .outlooks
                .iter()
                .map(|(add_on, outlook)| OutlookEntry::of(*add_on, outlook))
                .collect(),
        }
    }
}

impl<'a> RuleEntry<'a> {
    fn of(rule: &'a RuleExplained) -> RuleEntry<'a> {
        let path = match &rule.says {
            RuleSays::Entitled { path, .. }
            | RuleSays::Excepted { path }
            | RuleSays::ConditionFails { path, .. } => Some(names(path)),
            RuleSays::NotInGroups | RuleSays::Ended { .. } | RuleSays::Unknown { .. } => None,
        };
        RuleEntry {
            rule: rule.rule.as_str(),
            add_on: rule.add_on.key(),
            rank: rule.rank,
            says: rule.says.key(),
            path,
            detail: explain::says(rule),
            frozen: rule.frozen.as_deref(),
        }
    }
}

impl<'a> AccountEntry<'a> {
    fn of(explained: &'a AccountExplained, plan: &'a Plan, history: Vec<PastEntry>) -> AccountEntry<'a> {
        let account = &explained.account;
        let identity = |(provider, extern_uid)| IdentityEntry { provider, extern_uid };
        AccountEntry {
            id: account.id.0,
            username: account.username(),
            standing: match &account.standing {
                Standing::Eligible => "eligible",
                Standing::Inactive { state } => state,
                Standing::Bot => "bot",
                Standing::NotAMember => "not_a_member",
            },
            emails: account.emails().collect(),
            identities: account.identities().map(identity).collect(),
            last_duo_activity: match account.last_duo_activity {
                DuoActivity::NotTold => None,
                DuoActivity::Never => Some("never".to_owned()),
                DuoActivity::On(date) => Some(date.to_string()),
            },
            seats: explained.seats.iter().map(|seat| SeatEntry::of(account, seat, plan)).collect(),
            history,
        }
    }
}

impl<'a> SeatEntry<'a> {
    fn of(account: &Account, seat: &'a SeatExplained, plan: &'a Plan) -> SeatEntry<'a> {
        let mut decisions = plan.decisions.iter();
        let decision =
            decisions.find(|decision| decision.account.id == account.id && decision.add_on == seat.add_on);
        SeatEntry {
            holds: seat.holds,
            managed_since: seat.ours_since.map(words::instant),
            decision: decision.map(DecisionEntry::of),
            outlook: OutlookEntry::of(seat.add_on, &seat.outlook),
        }
    }
}

impl<'a> DecisionEntry<'a> {
    fn of(decision: &'a Decision) -> DecisionEntry<'a> {
        let grounds = decision.grounds.as_ref();
        let said = words::decision(decision);
        let place_in_line = match &decision.verdict {
            Verdict::Wait { because: WaitReason::NoSeat { place } | WaitReason::Reserved { place } } => {
                Some(*place)
            }
            Verdict::Wait { .. }
            | Verdict::Assign { .. }
            | Verdict::Keep { .. }
            | Verdict::Leave { .. }
            | Verdict::Revoke { .. } => None,
        };
        DecisionEntry {
            verdict: decision.verdict.key(),
            because: decision.verdict.because(),
            rule: grounds.map(|grounds| grounds.rule.as_str()),
            rank: grounds.map(|grounds| grounds.rank),
            path: grounds.map(|grounds| names(&grounds.path)),
            place_in_line,
            until: row::until(&decision.verdict).map(words::instant),
            detail: format!("{}; {}", said.why, said.so),
        }
    }
}

impl OutlookEntry {
    fn of(add_on: AddOn, outlook: &Outlook) -> OutlookEntry {
        let needs = |remedy: &Remedy| remedy.needs.iter().map(|need| NeedEntry::of(need, add_on)).collect();
        let (word, unknown, remedies) = match outlook {
            Outlook::Seated => ("seated", None, Vec::new()),
            Outlook::Unknown { because } => ("unknown", Some(because.clone()), Vec::new()),
            Outlook::Remedies(remedies) => ("remedies", None, remedies.iter().map(needs).collect()),
        };
        OutlookEntry { add_on: add_on.key(), outlook: word, unknown, remedies }
    }
}

impl NeedEntry {
    fn of(need: &Need, add_on: AddOn) -> NeedEntry {
        let entry = NeedEntry {
            need: need.key(),
            rule: None,
            value: None,
            group: None,
            held: None,
            until: None,
            detail: needs::words(need, add_on),
        };
        let rule_of = |rule: &RuleName| Some(rule.as_str().to_owned());
        match need {
            Need::MoreSeats { more: value } | Need::SmallerReserve { reserve: value } => {
                NeedEntry { value: Some(i64::from(*value)), ..entry }
            }
            Need::BetterRank { rule, rank } => NeedEntry { rule: rule_of(rule), value: Some(*rank), ..entry },
            Need::LargerQuota { rule, max_seats: value }
            | Need::SmallerReservation { rule, reserved_seats: value } => {
                NeedEntry { rule: rule_of(rule), value: Some(i64::from(*value)), ..entry }
            }
            Need::InGroup { rule, group } => {
                NeedEntry { rule: rule_of(rule), group: Some(group.to_string()), ..entry }
            }
            Need::NotExcepted { rule } | Need::ConditionMet { rule, .. } => {
                NeedEntry { rule: rule_of(rule), ..entry }
            }
            Need::Lasting { rule, until } => {
                NeedEntry { rule: rule_of(rule), until: Some(until.to_string()), ..entry }
            }
            Need::OtherSeatGone { held } => NeedEntry { held: Some(held.key()), ..entry },
            Need::ByRank
            | Need::KeepHolders
            | Need::Unprotected
            | Need::Eligible { .. }
            | Need::Used
            | Need::ReclaimForgotten
            | Need::ContestForgotten
            | Need::AnAccount => entry,
        }
    }
}

fn names(path: &NestingPath) -> Vec<&str> {
    path.names().iter().map(|name| &**name).collect()
}
