//! Findings: what is odd though legal, each with a code that scripts may rely on.

use std::collections::BTreeSet;

use crate::model::rule::RuleName;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something could not be decided because of it.
    Error,
    Warning,
    Info,
}

impl Level {
    pub fn key(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Info => "info",
        }
    }

    /// The word a person reads: `Error`.
    pub fn title(self) -> &'static str {
        match self {
            Level::Error => "Error",
            Level::Warning => "Warning",
            Level::Info => "Note",
        }
    }
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingCode {
    SourceUnread,
    SourcePartial,
    GroupMissing,
    GroupAmbiguous,
    GroupPartial,
    GroupTooSmall,
    GroupsUnsaid,
    AttributeAbsent,
    WhereFailed,
    ClockBackwards,
    PurchaseAbsent,
    PurchaseChanged,
    OverAssigned,
    HoldersHidden,
    MemberGone,
    MemberOutside,
    IdAbsent,
    NestedIgnored,
    NotIncremental,
    MatchesNobody,
    NeverWins,
    RuleEnded,
    TrialEnds,
    TrialEnded,
    MatchedTwice,
    MatchMoved,
    IneligibleHolder,
    Contested,
    SeatsTaken,
    SeatsGiven,
    QuotaExceeded,
    NoRule,
    UndoRedone,
    UndoIncomplete,
}

impl FindingCode {
    pub fn key(self) -> &'static str {
        match self {
            FindingCode::SourceUnread => "source_unread",
            FindingCode::SourcePartial => "source_partial",
            FindingCode::GroupMissing => "group_missing",
            FindingCode::GroupAmbiguous => "group_ambiguous",
            FindingCode::GroupPartial => "group_partial",
            FindingCode::GroupTooSmall => "group_too_small",
            FindingCode::GroupsUnsaid => "groups_unsaid",
            FindingCode::AttributeAbsent => "attribute_absent",
            FindingCode::WhereFailed => "where_failed",
            FindingCode::ClockBackwards => "clock_backwards",
            FindingCode::PurchaseAbsent => "purchase_absent",
            FindingCode::PurchaseChanged => "purchase_changed",
            FindingCode::OverAssigned => "over_assigned",
            FindingCode::HoldersHidden => "holders_hidden",
            FindingCode::MemberGone => "member_gone",
            FindingCode::MemberOutside => "member_outside",
            FindingCode::IdAbsent => "id_absent",
            FindingCode::NestedIgnored => "nested_ignored",
            FindingCode::NotIncremental => "not_incremental",
            FindingCode::MatchesNobody => "matches_nobody",
            FindingCode::NeverWins => "never_wins",
            FindingCode::RuleEnded => "rule_ended",
            FindingCode::TrialEnds => "trial_ends",
            FindingCode::TrialEnded => "trial_ended",
            FindingCode::MatchedTwice => "matched_twice",
            FindingCode::MatchMoved => "match_moved",
            FindingCode::IneligibleHolder => "ineligible_holder",
            FindingCode::Contested => "contested",
            FindingCode::SeatsTaken => "seats_taken",
            FindingCode::SeatsGiven => "seats_given",
            FindingCode::QuotaExceeded => "quota_exceeded",
            FindingCode::NoRule => "no_rule",
            FindingCode::UndoRedone => "undo_redone",
            FindingCode::UndoIncomplete => "undo_incomplete",
        }
    }
}

/// One finding. They sort by level, then code, rule and words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub level: Level,
    pub code: FindingCode,
    pub rule: Option<RuleName>,
    /// One sentence, with the next step where there is one.
    pub message: String,
}

/// As many names as one reads; whoever wants to know of more asks the directory.
pub fn listed(names: &BTreeSet<&str>) -> String {
    const MOST: usize = 10;
    let shown: Vec<String> = names.iter().take(MOST).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(MOST);
    let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{}{rest}", shown.join(", "))
}
