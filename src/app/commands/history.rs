//! Past runs and changes as lines of text.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::store::history::{ChangeRow, RunRow};

/// One line a run, the last one first.
pub fn runs(runs: &[RunRow]) -> String {
    let mut text = String::new();
    for run in runs {
        let ended = run.ended.as_deref().unwrap_or("interrupted");
        let counts: Vec<String> =
            run.counts.iter().map(|(outcome, count)| format!("{count} {outcome}")).collect();
        let counts = if counts.is_empty() { "no changes".to_owned() } else { counts.join(", ") };
        let digest = run.digest.strip_prefix("sha256:").unwrap_or(&run.digest);
        let short = digest.get(..6).unwrap_or(digest);
        let _ = writeln!(
            text,
            "run {}   {}   plan {short}   {ended}   {counts}",
            run.id.0,
            minute(run.started_at)
        );
    }
    text
}

/// One line a change, the first one first. Accounts are shown by their number: names are not kept.
pub fn changes(changes: &[ChangeRow]) -> String {
    let mut text = String::new();
    for change in changes {
        let because = change.because.as_deref().unwrap_or("never sent");
        let rule = change.rule.as_ref().map_or_else(String::new, |rule| format!(", rule {rule}"));
        let outcome = change.outcome.as_deref().unwrap_or("not known yet");
        let words =
            change.outcome_because.as_deref().map_or_else(String::new, |because| format!(": {because}"));
        let _ = writeln!(
            text,
            "  {}   run {}   {} {}   account {}   {because}{rule}   {outcome}{words}",
            minute(change.at),
            change.run.0,
            change.change.key(),
            change.seat.add_on.title(),
            change.seat.account
        );
    }
    text
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}
