//! An account: a user of the simulated GitLab, human or not.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The number of an account, as REST writes it; GraphQL wraps it in `gid://gitlab/User/…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(pub u64);

/// One user of the simulated GitLab. Built with [`Account::human`] and its siblings, then by setting fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    pub username: String,
    pub name: String,
    /// The primary address, which REST shows to administrators only.
    pub email: String,
    pub public_email: Option<String>,
    pub state: AccountState,
    pub kind: AccountKind,
    /// Administrator of the instance. On GitLab.com customers never are.
    pub admin: bool,
    /// Its place in the top-level group; without meaning where the whole instance is simulated.
    pub membership: Membership,
    /// Owned by the top-level group's company (a verified domain): group owners may see its address.
    pub enterprise: bool,
    pub identities: Vec<Identity>,
    pub scim_identities: Vec<ScimIdentity>,
    pub created_on: Date,
    pub last_activity_on: Option<Date>,
    pub last_duo_activity_on: Option<Date>,
}

/// GitLab's account states, by the names it uses in both APIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    Active,
    Blocked,
    Banned,
    Deactivated,
    LdapBlocked,
    BlockedPendingApproval,
}

impl AccountState {
    /// The word both APIs use.
    pub fn word(self) -> &'static str {
        match self {
            AccountState::Active => "active",
            AccountState::Blocked => "blocked",
            AccountState::Banned => "banned",
            AccountState::Deactivated => "deactivated",
            AccountState::LdapBlocked => "ldap_blocked",
            AccountState::BlockedPendingApproval => "blocked_pending_approval",
        }
    }
}

/// Who or what uses the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    Human,
    ProjectBot,
    ServiceAccount,
    Ghost,
}

/// Where an account stands towards the top-level group of GitLab.com.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Membership {
    Owner,
    Member,
    MinimalAccess,
    PendingInvite,
    NamespaceBanned,
    NotMember,
}

/// What an identity provider calls this account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// `ldapmain`, `saml`, `group_saml`, …
    pub provider: String,
    pub extern_uid: String,
}

/// What a SCIM client calls this account. REST reports these apart from the other identities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScimIdentity {
    pub extern_uid: String,
    #[serde(default = "yes")]
    pub active: bool,
}

impl Account {
    /// An active human, member of the top-level group, with an address at `example.com`.
    pub fn human(id: u64, username: &str) -> Account {
        Account {
            id: AccountId(id),
            username: username.to_owned(),
            name: capitalised(username),
            email: format!("{username}@example.com"),
            public_email: None,
            state: AccountState::Active,
            kind: AccountKind::Human,
            admin: false,
            membership: Membership::Member,
            enterprise: false,
            identities: Vec::new(),
            scim_identities: Vec::new(),
            created_on: Date::constant(2020, 1, 1),
            last_activity_on: None,
            last_duo_activity_on: None,
        }
    }

    /// An administrator of the instance.
    pub fn admin(id: u64, username: &str) -> Account {
        Account { admin: true, ..Account::human(id, username) }
    }

    /// An owner of the top-level group.
    pub fn owner(id: u64, username: &str) -> Account {
        Account { membership: Membership::Owner, ..Account::human(id, username) }
    }

    /// An account of another kind than human.
    pub fn of_kind(id: u64, username: &str, kind: AccountKind) -> Account {
        Account { kind, ..Account::human(id, username) }
    }

    pub fn named(mut self, name: &str) -> Account {
        self.name = name.to_owned();
        self
    }

    pub fn with_email(mut self, email: &str) -> Account {
        self.email = email.to_owned();
        self
    }

    pub fn in_state(mut self, state: AccountState) -> Account {
        self.state = state;
        self
    }

    pub fn with_membership(mut self, membership: Membership) -> Account {
        self.membership = membership;
        self
    }

    /// Adds an identity. GitLab keeps LDAP DNs in lower case, and so does this.
    pub fn with_identity(mut self, provider: &str, extern_uid: &str) -> Account {
        let extern_uid =
            if provider.starts_with("ldap") { extern_uid.to_lowercase() } else { extern_uid.to_owned() };
        self.identities.push(Identity { provider: provider.to_owned(), extern_uid });
        self
    }

    pub fn with_scim_identity(mut self, extern_uid: &str) -> Account {
        self.scim_identities.push(ScimIdentity { extern_uid: extern_uid.to_owned(), active: true });
        self
    }

    pub fn is_active(&self) -> bool {
        self.state == AccountState::Active
    }

    /// Whether the top-level group's members include it; an invitation alone does not.
    pub fn is_member(&self) -> bool {
        match self.membership {
            Membership::Owner | Membership::Member | Membership::MinimalAccess => true,
            Membership::PendingInvite | Membership::NamespaceBanned | Membership::NotMember => false,
        }
    }

    pub fn is_human(&self) -> bool {
        self.kind == AccountKind::Human
    }

    /// What GitLab calls a bot in both APIs. Service accounts are: the eligible are the active without bots and ghosts,
    /// and service accounts are never eligible.
    pub fn is_bot(&self) -> bool {
        match self.kind {
            AccountKind::ProjectBot | AccountKind::ServiceAccount => true,
            AccountKind::Human | AccountKind::Ghost => false,
        }
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn yes() -> bool {
    true
}
