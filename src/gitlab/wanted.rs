//! Which accounts a set of questions could mean, and what to look up for it; pure.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};

use crate::model::account::Account;
use crate::model::account_query::{AccountQuery, QueryStep};
use crate::model::person::{ExternUid, Person};
use crate::model::texts::lower;

/// Everything that any step of any question names, in the spelling in which it is compared.
#[derive(Debug, Default)]
pub struct Wanted<'a> {
    identities: HashMap<&'a str, Texts>,
    emails: Texts,
    usernames: Texts,
}

/// Texts by their fingerprints, since those of a large company are much beside its people. If ever two had the same one, an
/// account too many would be kept, which planning then matches with nobody.
#[derive(Debug, Default)]
struct Texts {
    fingerprints: HashSet<u64>,
    by: RandomState,
}

impl Texts {
    fn insert(&mut self, text: &str) {
        self.fingerprints.insert(self.by.hash_one(text));
    }

    fn contains(&self, text: &str) -> bool {
        self.fingerprints.contains(&self.by.hash_one(text))
    }
}

impl<'a> Wanted<'a> {
    pub fn of(queries: &[AccountQuery<'a>]) -> Wanted<'a> {
        let mut wanted = Wanted::default();
        for lookup in queries.iter().flat_map(|query| query.steps()).flat_map(lookups) {
            match lookup {
                Lookup::Identity { provider, extern_uid } => {
                    wanted.identities.entry(provider).or_default().insert(&ExternUid::folded(extern_uid));
                }
                Lookup::Email { address } => {
                    wanted.emails.insert(&lower(address));
                }
                Lookup::Username { username } => {
                    wanted.usernames.insert(&lower(username));
                }
            }
        }
        wanted
    }

    /// Whether some step of some question could mean this account.
    pub fn means(&self, account: &Account) -> bool {
        self.usernames.contains(&lower(account.username()))
            || account.emails().any(|email| self.emails.contains(&lower(email)))
            || account
                .identities()
                .any(|(provider, uid)| self.identities.get(provider).is_some_and(|uids| uids.contains(uid)))
    }

    pub fn asks_emails(&self) -> bool {
        !self.emails.fingerprints.is_empty()
    }

    /// Those of these providers that are asked for.
    pub fn providers<'b>(&self, among: &'b [&'b str]) -> Vec<&'b str> {
        among.iter().copied().filter(|&provider| self.identities.contains_key(provider)).collect()
    }
}

/// One question to GitLab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lookup<'a> {
    Identity { provider: &'a str, extern_uid: &'a str },
    Email { address: &'a str },
    Username { username: &'a str },
}

impl Lookup<'_> {
    /// Whether GitLab's answer is meant: a search also finds what merely resembles.
    pub fn means(self, account: &Account) -> bool {
        match self {
            Lookup::Identity { provider, extern_uid } => {
                let extern_uid = ExternUid::folded(extern_uid);
                account.identities().any(|identity| identity == (provider, &*extern_uid))
            }
            Lookup::Email { address } => account.emails().any(|email| lower(email) == lower(address)),
            Lookup::Username { username } => lower(account.username()) == lower(username),
        }
    }

    /// Whether there is anything to ask for.
    fn asks(self) -> bool {
        match self {
            Lookup::Identity { extern_uid: asked, .. }
            | Lookup::Email { address: asked }
            | Lookup::Username { username: asked } => !asked.trim().is_empty(),
        }
    }
}

/// What one step asks of GitLab; nothing for what is empty.
pub fn lookups(step: QueryStep<'_>) -> impl Iterator<Item = Lookup<'_>> {
    let (sole, of) = match step {
        QueryStep::Identity { provider, extern_uid } => {
            (Some(Lookup::Identity { provider, extern_uid }), None)
        }
        QueryStep::Email { of } => (None, Some(of)),
        QueryStep::Username { username } => (Some(Lookup::Username { username }), None),
    };
    let addresses = of.into_iter().flat_map(Person::emails).map(|address| Lookup::Email { address });
    sole.into_iter().chain(addresses).filter(|lookup| lookup.asks())
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
    use crate::model::account::{Account, AccountId, DuoActivity, Identity, Listing, MatchBy, Standing};
    use crate::model::account_query::{AccountQuery, QueryStep};
    use crate::model::person::{ExternUid, Person, Profile};
    use crate::model::policy::Matching;

    fn ada() -> Account {
        Account::from(Listing {
            id: AccountId(7),
            username: "Ada".into(),
            emails: vec!["Ada@Corp.example.com".into()],
            identities: vec![Identity {
                provider: "ldapmain".into(),
                extern_uid: ExternUid::new("uid=ada,dc=corp"),
            }],
            standing: Standing::Eligible,
            last_duo_activity: DuoActivity::NotTold,
        })
    }

    fn meant(person: Profile<'_>, provider: &str) -> bool {
        let person = Person::from(person);
        let match_by = vec![MatchBy::Identity, MatchBy::Email, MatchBy::Username];
        let how = Matching { match_by, identity_provider: Some(provider.into()) };
        let query = AccountQuery { person: &person, how: &how };
        let by_lookup = query.steps().flat_map(lookups).any(|lookup| lookup.means(&ada()));
        let by_list = Wanted::of(&[query]).means(&ada());
        assert_eq!(by_lookup, by_list, "looking up and listing must find the same");
        by_list
    }

    #[test]
    fn spelling_does_not_matter_but_the_provider_does() {
        let identity = || Profile { identity: Some("UID=ADA, DC=Corp".into()), ..Profile::default() };
        assert!(meant(identity(), "ldapmain"));
        assert!(!meant(identity(), "saml"));
        let emails = vec!["x@y".into(), "ada@corp.example.com".into()];
        assert!(meant(Profile { emails, ..Profile::default() }, "ldapmain"));
        let username = |name: &'static str| Profile { username: Some(name.into()), ..Profile::default() };
        assert!(meant(username("ada"), "ldapmain"));
        assert!(!meant(username("ad"), "ldapmain"));
    }

    #[test]
    fn nothing_is_asked_for_what_is_empty() {
        let blank = QueryStep::Identity { provider: "ldapmain", extern_uid: " " };
        assert_eq!(lookups(blank).count(), 0);
        let nowhere = Person::from(Profile { emails: vec!["".into()], ..Profile::default() });
        assert_eq!(lookups(QueryStep::Email { of: &nowhere }).count(), 0);
        let ada = lookups(QueryStep::Username { username: "ada" });
        assert_eq!(ada.collect::<Vec<_>>(), [Lookup::Username { username: "ada" }]);
    }

    #[test]
    fn the_way_of_fewer_calls_is_taken() {
        assert!(!listing_is_cheaper(3, Some(250)));
        assert!(listing_is_cheaper(4, Some(250)));
        assert!(listing_is_cheaper(2, None));
        assert!(!listing_is_cheaper(1, None));
    }
}
