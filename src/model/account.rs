//! GitLab's accounts.

use std::fmt;

use jiff::civil::Date;

use crate::model::person::ExternUid;
use crate::model::texts::Texts;

/// GitLab's number of an account: `7` of `gid://gitlab/User/7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub u64);

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A GitLab account, as far as seats are concerned; made from a [`Listing`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    pub standing: Standing,
    pub last_duo_activity: DuoActivity,
    /// The username, the addresses, an absence, and of each identity the provider and the `extern_uid`.
    texts: Texts,
}

/// What GitLab tells of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    pub id: AccountId,
    pub username: Box<str>,
    /// Addresses that GitLab has confirmed and shows to our token; the first is the primary one.
    pub emails: Vec<Box<str>>,
    pub identities: Vec<Identity>,
    pub standing: Standing,
    pub last_duo_activity: DuoActivity,
}

impl Account {
    pub fn username(&self) -> &str {
        self.texts.at(0).unwrap_or_default()
    }

    /// See [`Listing::emails`].
    pub fn emails(&self) -> impl Iterator<Item = &str> + Clone {
        self.texts.iter().skip(1).map_while(|email| email)
    }

    /// The provider and the `extern_uid` of each identity, this in the spelling of [`ExternUid`].
    pub fn identities(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        let mut row = self.texts.iter().skip_while(Option::is_some).flatten();
        std::iter::from_fn(move || Some((row.next()?, row.next()?)))
    }

    /// What GitLab told.
    pub fn listing(&self) -> Listing {
        let identity = |(provider, uid): (&str, &str)| Identity {
            provider: provider.into(),
            extern_uid: ExternUid::new(uid),
        };
        Listing {
            id: self.id,
            username: self.username().into(),
            emails: self.emails().map(Box::from).collect(),
            identities: self.identities().map(identity).collect(),
            standing: self.standing.clone(),
            last_duo_activity: self.last_duo_activity,
        }
    }
}

impl From<Listing> for Account {
    fn from(listing: Listing) -> Account {
        let Listing { id, username, emails, identities, standing, last_duo_activity } = listing;
        let emails = emails.iter().map(|email| Some(&**email));
        let identities = identities
            .iter()
            .flat_map(|identity| [Some(&*identity.provider), Some(identity.extern_uid.as_str())]);
        let texts = [Some(&*username)].into_iter().chain(emails).chain([None]).chain(identities);
        Account { id, standing, last_duo_activity, texts: Texts::new(texts) }
    }
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
