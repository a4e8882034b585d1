//! Votes: what approvers said, on the pages of the sidecar, of a plan that waits.

use jiff::Timestamp;

use crate::model::account::AccountId;

/// What one person said of one plan. Whoever votes again has changed their mind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vote {
    /// Counts up, whichever plan it is about.
    pub id: i64,
    pub account: AccountId,
    /// The account's name when it voted.
    pub username: Box<str>,
    pub choice: Choice,
    /// Empty where nothing was said.
    pub comment: String,
    pub at: Timestamp,
}

/// What somebody casts. Its plan must still wait, with these changes.
#[derive(Debug, Clone)]
pub struct NewVote<'a> {
    /// The fingerprint of the plan, and the digest of its changes.
    pub plan: &'a str,
    pub digest: &'a str,
    pub account: AccountId,
    pub username: &'a str,
    pub choice: Choice,
    pub comment: &'a str,
}

/// See [`Vote`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    Approve,
    Reject,
}

impl Choice {
    pub const ALL: [Choice; 2] = [Choice::Approve, Choice::Reject];

    /// The word of forms, of the state and of the record.
    pub fn key(self) -> &'static str {
        match self {
            Choice::Approve => "approve",
            Choice::Reject => "reject",
        }
    }

    pub fn from_key(key: &str) -> Option<Choice> {
        Choice::ALL.into_iter().find(|choice| choice.key() == key)
    }
}

/// Somebody whom the configuration lets vote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approver {
    /// `id:7`: an account of GitLab, whatever its name.
    Account(AccountId),
    /// The account that bore this name when it signed in for the first time. In lower case, as GitLab compares names.
    Username(Box<str>),
}
