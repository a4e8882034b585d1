//! GitLab's accounts, and the questions by which the one of a person is found.

use std::fmt;

use jiff::civil::Date;

use crate::model::person::ExternUid;

/// GitLab's number of an account: `7` of `gid://gitlab/User/7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub u64);

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A GitLab account, as far as seats are concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    pub username: Box<str>,
    /// Addresses that GitLab has confirmed and shows to our token; the first is the primary one.
    pub emails: Vec<Box<str>>,
    pub identities: Vec<Identity>,
    pub standing: Standing,
    pub last_duo_activity: DuoActivity,
}

/// GitLab's `lastDuoActivityOn`, which versions before 17.9 and listings other than that of holders do not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DuoActivity {
    NotTold,
    Never,
    On(Date),
}

/// One `extern_uid` that GitLab holds for an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// `ldapmain`, `saml`, `group_saml`, `scim`, …
    pub provider: Box<str>,
    pub extern_uid: ExternUid,
}

/// Whether GitLab itself would give this account a seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    Eligible,
    /// Any state but `active`: `blocked`, `banned`, `deactivated`, `ldap_blocked`, `blocked_pending_approval`.
    Inactive {
        state: Box<str>,
    },
    /// Bots and service accounts hold no seats.
    Bot,
    /// On GitLab.com: no member of the top-level group, or one with Minimal Access.
    NotAMember,
}

/// How the account of one person may be found; the steps are tried in order, until one answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountQuery {
    pub steps: Vec<QueryStep>,
}

/// One step of an [`AccountQuery`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueryStep {
    Identity {
        provider: Box<str>,
        extern_uid: Box<str>,
    },
    /// Any of these addresses.
    Email {
        addresses: Vec<Box<str>>,
    },
    Username {
        username: Box<str>,
    },
    /// GitLab's own number of it.
    Number {
        id: AccountId,
    },
}

/// The step that found an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MatchBy {
    /// The `extern_uid` that GitLab holds for the configured provider.
    Identity,
    Email,
    Username,
    /// The seat was given to this very person in an earlier run: people are followed by their unchanging id.
    Remembered,
}

impl MatchBy {
    pub fn key(self) -> &'static str {
        match self {
            MatchBy::Identity => "identity",
            MatchBy::Email => "email",
            MatchBy::Username => "username",
            MatchBy::Remembered => "remembered",
        }
    }
}
