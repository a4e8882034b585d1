//! Verdicts, refusals and outcomes in a person's words; text and JSON reports say the same.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::model::account::Standing;
use crate::model::approval::{Lack, Signer};
use crate::model::decision::{AssignReason, Decision, LeaveReason, RevokeReason, Verdict, WaitReason};
use crate::model::entitlement::Grounds;
use crate::model::holding::Change;
use crate::model::outcome::{LapsedReason, Outcomes};
use crate::model::plan::{Plan, Purpose, Refusal, UnmatchedReason};

/// Why, and what follows: the two columns of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    pub why: String,
    pub so: String,
}

/// How a source was read to its end.
pub fn read(read_whole_at: Option<Timestamp>) -> String {
    match read_whole_at {
        None => "read whole".to_owned(),
        Some(at) => format!("read by its changes since {}", at.strftime("%Y-%m-%d %H:%M UTC")),
    }
}

/// The words of one decision.
pub fn decision(decision: &Decision) -> Words {
    let rule = || decision.grounds.as_ref().map_or_else(|| "entitled".to_owned(), grounds);
    let backed = if decision.grounds.is_some() { rule() } else { "in no group any rule names".to_owned() };
    let (why, so) = match &decision.verdict {
        Verdict::Assign { because: AssignReason::Entitled, .. } => (rule(), "takes a free seat".to_owned()),
        Verdict::Assign { because: AssignReason::Undone { run }, .. } => {
            (format!("lost the seat in run {run}"), "gets it back".to_owned())
        }
        Verdict::Keep { .. } => (rule(), "keeps the seat".to_owned()),
        Verdict::Leave { because } => match because {
            LeaveReason::Grace { since, until } => (
                format!("in no group any rule names since {}", day(*since)),
                format!("keeps the seat until {} (grace)", day(*until)),
            ),
            LeaveReason::MinimumTenure { until } => {
                (backed, format!("keeps the seat until {} (minimum tenure)", day(*until)))
            }
            LeaveReason::NotManaged => ("not assigned by seatsync".to_owned(), "left alone".to_owned()),
            LeaveReason::Protected => ("protected by the configuration".to_owned(), "left alone".to_owned()),
            LeaveReason::Frozen { because } => (because.clone(), "keeps the seat: frozen".to_owned()),
            LeaveReason::RevokeNever => (backed, "left alone: `revoke` is \"never\"".to_owned()),
            LeaveReason::Contested => {
                ("somebody else gave the seat back twice".to_owned(), "left alone".to_owned())
            }
        },
        Verdict::Revoke { because } => match because {
            RevokeReason::NoLongerEntitled { since: Some(since), grace } if !grace.is_zero() => (
                format!("in no group any rule names since {}", day(*since)),
                format!("grace of {} is over", duration(*grace)),
            ),
            RevokeReason::NoLongerEntitled { .. } => (backed, "loses the seat".to_owned()),
            RevokeReason::NotEligible { standing } => (in_gitlab(standing), "gives the seat back".to_owned()),
            RevokeReason::Outranked => (rule(), "a better-ranked claimant takes the seat".to_owned()),
            RevokeReason::Superseded { by } => {
                (format!("has {} instead", by.title()), "gives the seat back".to_owned())
            }
            RevokeReason::Inactive { last_activity, after } => (
                last_activity
                    .map_or_else(|| "never used Duo".to_owned(), |date| format!("last used Duo on {date}")),
                format!("loses the seat: unused for {}", duration(*after)),
            ),
            RevokeReason::Undone { run } => {
                (format!("got the seat in run {run}"), "gives it back".to_owned())
            }
            RevokeReason::UntilPassed { until } => {
                (format!("entitled until {until}"), "loses the seat".to_owned())
            }
        },
        Verdict::Wait { because } => match because {
            WaitReason::NoSeat { place } => {
                (rule(), format!("waits: no seat is free, {} in line", ordinal(*place)))
            }
            WaitReason::RuleQuota { max_seats } => {
                (rule(), format!("waits: the {max_seats} seats of the rule are taken"))
            }
            WaitReason::Reserved { place } => {
                (rule(), format!("waits: the free seats are reserved, {} in line", ordinal(*place)))
            }
            WaitReason::NotEligible { standing } => (rule(), format!("waits: {}", in_gitlab(standing))),
            WaitReason::OtherTier { held } => {
                (rule(), format!("waits: has a seat of {} that may not be taken now", held.title()))
            }
            WaitReason::Inactive { since } => {
                (rule(), format!("waits: the seat was reclaimed unused on {}", day(*since)))
            }
            WaitReason::Contested => {
                (rule(), "left alone: somebody else took the seat back twice".to_owned())
            }
            WaitReason::Frozen { because } => (because.clone(), "waits: frozen".to_owned()),
        },
    };
    Words { why, so }
}

/// `rule platform (Platform Engineers > SRE)`.
pub fn grounds(grounds: &Grounds) -> String {
    let path: Vec<&str> = grounds.path.names().iter().map(|name| &**name).collect();
    format!("rule {} ({})", grounds.rule, path.join(" > "))
}

/// What GitLab holds against an account.
pub fn in_gitlab(standing: &Standing) -> String {
    match standing {
        Standing::Eligible => "the account is eligible".to_owned(),
        Standing::Inactive { state } => format!("the account is {} in GitLab", state.replace('_', " ")),
        Standing::Bot => "the account is a bot or service account".to_owned(),
        Standing::NotAMember => "the account is no member of the top-level group".to_owned(),
    }
}

/// Why a person has no account.
pub fn unmatched(because: UnmatchedReason) -> &'static str {
    match because {
        UnmatchedReason::NoAccount => "has no account in GitLab",
        UnmatchedReason::Ambiguous => "several people or accounts answer to the same key: nobody is guessed",
    }
}

/// One sentence for a limit, with its name in the configuration.
pub fn refusal(refusal: &Refusal) -> String {
    match refusal {
        Refusal::TooManyRevocations { limit, actual } => {
            format!(
                "plan would revoke {}, and at most {limit} may go in one run (`max_revocations`)",
                plural(*actual as usize, "seat", "seats")
            )
        }
        Refusal::TooManyRevocationsPercent { add_on, limit, actual } => format!(
            "plan would revoke {actual} % of the seats held of {}, and at most {limit} % may go in one run (`max_revocations_percent`)",
            add_on.title()
        ),
        Refusal::SourceShrank { source, group: Some(group), limit, before, .. } => format!(
            "group `{group}` of source `{source}` was emptied: it held {before} when it was last read whole, and at most {limit} % less is believed (`max_source_shrink_percent`)"
        ),
        Refusal::SourceShrank { source, group: None, limit, actual, before, now } => format!(
            "source `{source}` shrank by {actual} %, from {before} people to {now}, and at most {limit} % is believed (`max_source_shrink_percent`)"
        ),
    }
}

/// Why an approved change was left out; `decision` is what the plan says of the account now.
pub fn lapsed(because: LapsedReason, change: Change, decided: Option<&Decision>) -> String {
    match (because, change) {
        (LapsedReason::DoneBefore { run }, _) => format!("run {run} carried it out"),
        (LapsedReason::AlreadySo, Change::Assign) => "it holds the seat already".to_owned(),
        (LapsedReason::AlreadySo, Change::Revoke) => "it holds no seat any more".to_owned(),
        (LapsedReason::DecidedOtherwise, _) => decided.map(decision).map_or_else(
            || "the plan decides otherwise now".to_owned(),
            |words| format!("now: {}; {}", words.why, words.so),
        ),
        (LapsedReason::NotEntitled, _) => "no rule speaks of it any more".to_owned(),
        (LapsedReason::NoSeat, _) => "the seat it was to take is not taken back in this part".to_owned(),
        (LapsedReason::HalfAMove, _) => {
            "it moves between two add-ons, and only one half of that still holds".to_owned()
        }
    }
}

/// The code of that reason; where the plan decides otherwise, the code of what it decides.
pub fn lapsed_code(because: LapsedReason, decided: Option<&Decision>) -> &'static str {
    match because {
        LapsedReason::DoneBefore { .. } => "done_before",
        LapsedReason::AlreadySo => "already_so",
        LapsedReason::DecidedOtherwise => decided.map_or("not_entitled", |decided| decided.verdict.because()),
        LapsedReason::NotEntitled => "not_entitled",
        LapsedReason::NoSeat => "no_seat",
        LapsedReason::HalfAMove => "half_a_move",
    }
}

/// What is missing before a plan is approved, in one sentence.
pub fn lack(lack: &Lack) -> String {
    match lack {
        Lack::NoPlanFile => {
            "`[approval] required` asks for a signed plan file; limits, digests and a yes are no approval"
                .to_owned()
        }
        Lack::OnlyAPage => {
            "`[approval] required` asks for signatures, and `by_page` does not let votes count".to_owned()
        }
        Lack::TooFewSigners { needed, signers } => {
            let names: Vec<&str> = signers.iter().map(Signer::name).collect();
            let who = if names.is_empty() {
                "nobody has".to_owned()
            } else {
                format!("only {} has", names.join(" and "))
            };
            let needed = plural(*needed as usize, "person", "people");
            format!("{needed} must have signed it (`at_least`), and {who}")
        }
        Lack::Unaccepted { place, because } => {
            format!("the signature `{place}` counts for nothing: {because}")
        }
        Lack::OwnSignature { signer } => {
            format!(
                "the signature of {} does not count: whoever signs may not apply (`four_eyes`)",
                signer.name()
            )
        }
        Lack::OperatorUnknown => {
            "`four_eyes` asks who runs this, and nothing says it: `--as NAME` or `SEATSYNC_OPERATOR`"
                .to_owned()
        }
        Lack::Expired { made_at, valid_for } => format!(
            "the plan was made at {made_at}, and an approval is valid for {} from then (`valid_for`)",
            duration(*valid_for)
        ),
        Lack::MadeInFuture { made_at } => {
            format!("the plan claims to be made at {made_at}, which is yet to come")
        }
    }
}

/// The code of a refusal.
pub fn refusal_code(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::TooManyRevocations { .. } => "too_many_revocations",
        Refusal::TooManyRevocationsPercent { .. } => "too_many_revocations_percent",
        Refusal::SourceShrank { .. } => "source_shrank",
    }
}

/// What a verdict of the contract, or that of people without an account, means for whom it is about.
pub fn stance(verdict: &str) -> &str {
    match verdict {
        "assign" => "gets a seat",
        "revoke" => "loses the seat",
        "wait" => "waits",
        "leave" => "left alone",
        "keep" => "keeps the seat",
        "unmatched" => "has no account",
        "lapsed" => "no longer so",
        // A later version may know more.
        other => other,
    }
}

/// How many there are of each verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    pub assign: usize,
    pub revoke: usize,
    pub wait: usize,
    pub leave: usize,
    pub keep: usize,
}

impl Counts {
    /// Counts these decisions.
    pub fn of<'a>(decisions: impl IntoIterator<Item = &'a Decision>) -> Counts {
        let mut counts = Counts::default();
        for decision in decisions {
            match decision.verdict {
                Verdict::Assign { .. } => counts.assign += 1,
                Verdict::Revoke { .. } => counts.revoke += 1,
                Verdict::Wait { .. } => counts.wait += 1,
                Verdict::Leave { .. } => counts.leave += 1,
                Verdict::Keep { .. } => counts.keep += 1,
            }
        }
        counts
    }
}

/// How many seats of a plan there are of each verdict, in one line that adds up.
pub fn totals(plan: &Plan) -> String {
    let counts = Counts::of(&plan.decisions);
    let decided = plan.decisions.len();
    let unmatched = match plan.unmatched.len() {
        0 => String::new(),
        people => format!(", {people} without an account"),
    };
    format!(
        "{} to assign, {} to revoke, {} waiting, {} left alone, {} kept ({decided} of {decided} decided){unmatched}",
        counts.assign, counts.revoke, counts.wait, counts.leave, counts.keep,
    )
}

/// How many changes came to what, in one line.
pub fn came_of(outcomes: &Outcomes) -> String {
    let count = |change: Option<Change>, wanted: &[&str]| {
        let those =
            outcomes.changes.iter().filter(|entry| change.is_none_or(|change| entry.change == change));
        those.filter(|entry| wanted.contains(&entry.outcome.key())).count()
    };
    let done = ["applied", "already_so"];
    let lapsed = match outcomes.lapsed.len() {
        0 => String::new(),
        changes => format!(", {changes} lapsed"),
    };
    format!(
        "{} assigned, {} revoked, {} refused, {} deferred{lapsed}",
        count(Some(Change::Assign), &done),
        count(Some(Change::Revoke), &done),
        count(None, &["refused"]),
        count(None, &["deferred"]),
    )
}

/// The command by which a person approves exactly the changes of a plan.
pub fn approval(plan: &Plan) -> String {
    match &plan.purpose {
        Purpose::WhatIf { .. } => "nothing of a what-if can be approved".to_owned(),
        Purpose::Rules => format!("seatsync apply --digest {}", plan.digest().as_str()),
        Purpose::Undo { run } => format!("seatsync undo {run} --out undo.json && seatsync apply undo.json"),
    }
}

/// `1 person`, `2 people`.
pub fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// `2026-11-22T04:00:00Z`, as JSON and CSV write it.
pub fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `2026-11-22 04:00 UTC`, as people read it.
pub fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// The day of an instant, in UTC.
pub fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).date().to_string()
}

/// `7 days`, `36 hours`, `90 seconds`: the largest unit that divides it.
pub fn duration(duration: SignedDuration) -> String {
    let seconds = duration.as_secs();
    let (count, unit) = match seconds {
        s if s % 86_400 == 0 => (s / 86_400, "day"),
        s if s % 3_600 == 0 => (s / 3_600, "hour"),
        s if s % 60 == 0 => (s / 60, "minute"),
        s => (s, "second"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

fn ordinal(place: u32) -> String {
    let suffix = match (place % 10, place % 100) {
        (1, tens) if tens != 11 => "st",
        (2, tens) if tens != 12 => "nd",
        (3, tens) if tens != 13 => "rd",
        (_, _) => "th",
    };
    format!("{place}{suffix}")
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use crate::report::words::{duration, ordinal};

    #[test]
    fn durations_and_places_read_as_people_say_them() {
        assert_eq!(duration(SignedDuration::from_hours(168)), "7 days");
        assert_eq!(duration(SignedDuration::from_hours(1)), "1 hour");
        assert_eq!(duration(SignedDuration::from_secs(90)), "90 seconds");
        let places = [1, 2, 3, 4, 11, 12, 13, 21, 102, 111].map(ordinal);
        assert_eq!(places, ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "111th"]);
    }
}
