//! Which accounts a set of questions could mean, and what to look up for it; pure.

use std::collections::{HashMap, HashSet};

use crate::model::account::{Account, AccountId, AccountQuery, QueryStep};
use crate::model::person::ExternUid;

/// Everything that any step of any question names, in the spelling in which it is compared.
#[derive(Debug, Default)]
pub struct Wanted {
    identities: HashMap<Box<str>, HashSet<ExternUid>>,
    emails: HashSet<String>,
    usernames: HashSet<String>,
    numbers: HashSet<AccountId>,
}

impl Wanted {
    pub fn of(queries: &[AccountQuery]) -> Wanted {
        let mut wanted = Wanted::default();
        for lookup in queries.iter().flat_map(|query| &query.steps).flat_map(lookups) {
            match lookup {
                Lookup::Identity { provider, extern_uid } => {
                    wanted.identities.entry(provider).or_default().insert(ExternUid::new(&extern_uid));
                }
                Lookup::Email { address } => {
                    wanted.emails.insert(address.to_lowercase());
                }
                Lookup::Username { username } => {
                    wanted.usernames.insert(username.to_lowercase());
                }
                Lookup::Number { id } => {
                    wanted.numbers.insert(id);
                }
            }
        }
        wanted
    }

    /// Whether some step of some question could mean this account.
    pub fn means(&self, account: &Account) -> bool {
        self.usernames.contains(&account.username.to_lowercase())
            || self.numbers.contains(&account.id)
            || account.emails.iter().any(|email| self.emails.contains(&email.to_lowercase()))
            || account.identities.iter().any(|identity| {
                self.identities
                    .get(&identity.provider)
                    .is_some_and(|uids| uids.contains(&identity.extern_uid))
            })
    }

    pub fn asks_emails(&self) -> bool {
        !self.emails.is_empty()
    }

    /// Those of these providers that are asked for.
    pub fn providers<'a>(&self, among: &'a [&'a str]) -> Vec<&'a str> {
        among.iter().copied().filter(|&provider| self.identities.contains_key(provider)).collect()
    }
}

/// One question to GitLab.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lookup {
    Identity { provider: Box<str>, extern_uid: Box<str> },
    Email { address: Box<str> },
    Username { username: Box<str> },
    Number { id: AccountId },
}

impl Lookup {
    /// Whether GitLab's answer is meant: a search also finds what merely resembles.
    pub fn means(&self, account: &Account) -> bool {
        match self {
            Lookup::Identity { provider, extern_uid } => {
                let extern_uid = ExternUid::new(extern_uid);
                account
                    .identities
                    .iter()
                    .any(|identity| identity.provider == *provider && identity.extern_uid == extern_uid)
            }
            Lookup::Email { address } => {
                account.emails.iter().any(|email| email.to_lowercase() == address.to_lowercase())
            }
            Lookup::Username { username } => account.username.to_lowercase() == username.to_lowercase(),
            Lookup::Number { id } => account.id == *id,
        }
    }
}

/// What one step asks of GitLab; nothing for what is empty.
pub fn lookups(step: &QueryStep) -> Vec<Lookup> {
    match step {
        QueryStep::Identity { provider, extern_uid } if !extern_uid.trim().is_empty() => {
            vec![Lookup::Identity { provider: provider.clone(), extern_uid: extern_uid.clone() }]
        }
        QueryStep::Email { addresses } => addresses
            .iter()
            .filter(|address| !address.trim().is_empty())
            .map(|address| Lookup::Email { address: address.clone() })
            .collect(),
        QueryStep::Username { username } if !username.trim().is_empty() => {
            vec![Lookup::Username { username: username.clone() }]
        }
        QueryStep::Number { id } => vec![Lookup::Number { id: *id }],
        QueryStep::Identity { .. } | QueryStep::Username { .. } => Vec::new(),
    }
}

/// Looking up one by one, or listing all: whichever is fewer calls. Where GitLab did not tell how many accounts it
/// has, one call is the most that looking up may cost.
pub fn listing_is_cheaper(lookups: usize, eligible_accounts: Option<u64>) -> bool {
    const PAGE: u64 = 100;
    let pages = eligible_accounts.map_or(1, |accounts| accounts.div_ceil(PAGE).max(1));
    lookups as u64 > pages
}

#[cfg(test)]
mod tests {
    use crate::gitlab::wanted::{Lookup, Wanted, listing_is_cheaper, lookups};
    use crate::model::account::{
        Account, AccountId, AccountQuery, DuoActivity, Identity, QueryStep, Standing,
    };
    use crate::model::person::ExternUid;

    fn ada() -> Account {
        Account {
            id: AccountId(7),
            username: "Ada".into(),
            emails: vec!["Ada@Corp.example.com".into()],
            identities: vec![Identity {
                provider: "ldapmain".into(),
                extern_uid: ExternUid::new("uid=ada,dc=corp"),
            }],
            standing: Standing::Eligible,
            last_duo_activity: DuoActivity::NotTold,
        }
    }

    fn meant(step: QueryStep) -> bool {
        let by_lookup = lookups(&step).iter().any(|lookup| lookup.means(&ada()));
        let by_list = Wanted::of(&[AccountQuery { steps: vec![step] }]).means(&ada());
        assert_eq!(by_lookup, by_list, "looking up and listing must find the same");
        by_list
    }

    fn identity(provider: &str, extern_uid: &str) -> QueryStep {
        QueryStep::Identity { provider: provider.into(), extern_uid: extern_uid.into() }
    }

    #[test]
    fn spelling_does_not_matter_but_the_provider_does() {
        assert!(meant(identity("ldapmain", "UID=ADA, DC=Corp")));
        assert!(!meant(identity("saml", "UID=ADA, DC=Corp")));
        assert!(meant(QueryStep::Email { addresses: vec!["x@y".into(), "ada@corp.example.com".into()] }));
        assert!(meant(QueryStep::Username { username: "ada".into() }));
        assert!(!meant(QueryStep::Username { username: "ad".into() }));
        assert!(meant(QueryStep::Number { id: AccountId(7) }));
        assert!(!meant(QueryStep::Number { id: AccountId(8) }));
    }

    #[test]
    fn nothing_is_asked_for_what_is_empty() {
        assert!(lookups(&identity("ldapmain", " ")).is_empty());
        assert!(lookups(&QueryStep::Email { addresses: vec!["".into()] }).is_empty());
        assert_eq!(
            lookups(&QueryStep::Username { username: "ada".into() }),
            [Lookup::Username { username: "ada".into() }]
        );
    }

    #[test]
    fn the_way_of_fewer_calls_is_taken() {
        assert!(!listing_is_cheaper(3, Some(250)));
        assert!(listing_is_cheaper(4, Some(250)));
        assert!(listing_is_cheaper(2, None));
        assert!(!listing_is_cheaper(1, None));
    }
}
