//! Whoever answers to a name that somebody asks for, in whichever group or none.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream;

use crate::model::person::Person;
use crate::scim_user::body::UserBody;
use crate::sources::scim::connection::LONGEST_PAGE;
use crate::sources::scim::decode::{Decoder, Kind};
use crate::sources::scim::directory::Directory;
use crate::sources::scim::error::ScimError;
use crate::sources::scim::groups::quoted;
use crate::sources::scim::listing::Listing;

/// Of a list of so many pages all is read, only to be sure that there is nobody.
const FEW_PAGES: u64 = 3;

/// Asks by id and by filters; where those are not offered, goes through the list of all users. `told` hears how many of
/// them have been read.
pub async fn answering(
    directory: &Directory<'_>,
    decoder: &Decoder<'_>,
    asked: &str,
    told: &(dyn Fn(u64) + Send + Sync),
) -> Result<Vec<Arc<Person>>, ScimError> {
    let search = Search { directory, decoder, asked };
    if directory.offers.filter.is_none() {
        return Ok(search.listed(None, told).await?.unwrap_or_default());
    }
    let (found, failure) = search.asked_for().await;
    if !found.is_empty() {
        return Ok(found);
    }
    // A filter that the server does not really support brings nobody too.
    match (search.listed(Some(FEW_PAGES), told).await, failure) {
        (Ok(Some(found)), _) => Ok(found),
        (Ok(None) | Err(_), Some(failure)) => Err(failure),
        (Ok(None) | Err(_), None) => Ok(Vec::new()),
    }
}

struct Search<'s> {
    directory: &'s Directory<'s>,
    decoder: &'s Decoder<'s>,
    asked: &'s str,
}

impl Search<'_> {
    /// Each way by itself: there are service providers that know one attribute alone, and no `or`. The failure is of a way
    /// that might have brought somebody.
    async fn asked_for(&self) -> (Vec<Arc<Person>>, Option<ScimError>) {
        let filters = self.filters();
        let mut ways: Vec<BoxFuture<'_, Result<Vec<UserBody>, ScimError>>> = vec![self.by_id().boxed()];
        ways.extend(filters.iter().map(|filter| self.by_filter(filter).boxed()));
        let mut answers = stream::iter(ways).buffered(self.directory.at_once());
        let (mut found, mut failure) = (BTreeMap::new(), None);
        while let Some(answer) = answers.next().await {
            match answer {
                Ok(users) => self.take(&users, &mut found),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        (found.into_values().collect(), failure)
    }

    /// One for each attribute by which [`Person::answers_to`] may know somebody.
    fn filters(&self) -> Vec<String> {
        let config = self.directory.config;
        let names = &config.attributes;
        let paths = [&names.username, &names.email, &names.identity, &names.name, &config.id];
        let mut names: Vec<&str> = Vec::new();
        for name in paths.map(|path| path.in_filters()) {
            if name != "id" && !names.contains(&name) {
                names.push(name);
            }
        }
        names.into_iter().map(|name| format!("{name} eq {}", quoted(self.asked))).collect()
    }

    /// The first page is enough: more people than that are of one name only where the filter does nothing.
    async fn by_filter(&self, filter: &str) -> Result<Vec<UserBody>, ScimError> {
        let query = [("filter", filter)];
        let page = Listing::new(self.directory, "Users", &query).next().await;
        Ok(self.directory.noted(page)?.unwrap_or_default())
    }

    async fn by_id(&self) -> Result<Vec<UserBody>, ScimError> {
        let connection = self.directory.connection;
        let url = connection.url(&["Users", self.asked], &[]);
        // What was asked for may be somebody's name, and is no word for logs.
        let read = connection.read::<UserBody>("GET /Users/{id}", url, LONGEST_PAGE).await;
        match self.directory.noted(read) {
            Ok(user) => Ok(vec![user]),
            // It may be no id at all, which everyone refuses in their own way.
            Err(
                ScimError::NotFound { .. }
                | ScimError::NoSuchPlace { .. }
                | ScimError::Refused { .. }
                | ScimError::Unreadable { .. },
            ) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// From the list of all users; `None` where it has more pages than that.
    async fn listed(
        &self,
        most: Option<u64>,
        told: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<Option<Vec<Arc<Person>>>, ScimError> {
        match self.listed_once(most, told).await {
            Err(error) if error.is_movement() => self.listed_once(most, told).await,
            first => first,
        }
    }

    async fn listed_once(
        &self,
        most: Option<u64>,
        told: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<Option<Vec<Arc<Person>>>, ScimError> {
        let mut listing = Listing::new(self.directory, "Users", &[]);
        let (mut found, mut read, mut pages) = (BTreeMap::new(), 0, 0);
        while let Some(page) = self.directory.noted(listing.next().await)? {
            read += page.len() as u64;
            pages += 1;
            told(read);
            let in_all = listing.pages(page.len()).unwrap_or(pages + 1);
            if most.is_some_and(|most| in_all > most) {
                return Ok(None);
            }
            self.take(&page, &mut found);
        }
        Ok(Some(found.into_values().collect()))
    }

    fn take(&self, users: &[UserBody], found: &mut BTreeMap<Box<str>, Arc<Person>>) {
        for user in users {
            if let Kind::Person(person) = self.decoder.kind(user)
                && person.answers_to(self.asked)
            {
                found.insert(person.id().into(), Arc::from(person));
            }
        }
    }
}
