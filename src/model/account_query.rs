//! The questions by which the account of a person is found.

use crate::model::account::MatchBy;
use crate::model::person::Person;
use crate::model::policy::Matching;

/// How the account of one person may be found; the steps are tried in order, until one answers.
#[derive(Debug, Clone, Copy)]
pub struct AccountQuery<'a> {
    pub person: &'a Person,
    pub how: &'a Matching,
}

/// One step of an [`AccountQuery`].
#[derive(Debug, Clone, Copy)]
pub enum QueryStep<'a> {
    Identity {
        provider: &'a str,
        extern_uid: &'a str,
    },
    /// Any of the person's addresses.
    Email {
        of: &'a Person,
    },
    Username {
        username: &'a str,
    },
}

impl<'a> AccountQuery<'a> {
    /// The steps for which the person has anything to go by.
    pub fn steps(self) -> impl Iterator<Item = QueryStep<'a>> {
        let AccountQuery { person, how } = self;
        how.match_by.iter().filter_map(move |step| match step {
            MatchBy::Identity => {
                let provider = how.identity_provider.as_deref()?;
                Some(QueryStep::Identity { provider, extern_uid: person.identity()? })
            }
            MatchBy::Email => person.email().map(|_| QueryStep::Email { of: person }),
            MatchBy::Username => person.username().map(|username| QueryStep::Username { username }),
            MatchBy::Remembered => None,
        })
    }
}
