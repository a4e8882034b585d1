//! A server as a [`Lookup`]: many names in one search, several searches at a time, and every absence accounted for.

use std::collections::HashMap;

use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::{self, BoxStream};
use ldap3::Scope;

use crate::model::distinguished_name::DistinguishedName;
use crate::model::group::GroupRef;
use crate::sources::ldap::config::{LdapConfig, Schema};
use crate::sources::ldap::connection::{Connection, Failure, Query};
use crate::sources::ldap::decode::{Primary, attributes, group_classes, group_names, guid_bytes};
use crate::sources::ldap::entry::Entry;
use crate::sources::ldap::filter;
use crate::sources::ldap::lookup::{Fate, GroupSearch, Lookup, Name};
use crate::sources::ldap::ranges;

/// How many names one search asks for. OpenLDAP compares each entry with each name, so that more is slower: of 20, 50
/// and 100 this was the quickest for 100,000 people.
const NAMES_PER_SEARCH: usize = 50;

/// How many searches are under way at a time.
const SEARCHES_AT_A_TIME: usize = 8;

/// How many names of one search are looked up singly at a time, after it did not bring them.
const SINGLES_AT_A_TIME: usize = 8;

/// Any entry at all.
const ANYTHING: &str = "(objectClass=*)";

/// A server, and what the configuration says of it.
pub struct Live<'a> {
    connection: &'a Connection,
    config: &'a LdapConfig,
    attributes: Vec<String>,
    /// The places to search, the widest first, each as it is compared; `None` is the whole server.
    bases: Vec<(&'a str, Option<DistinguishedName>)>,
    people: Option<DistinguishedName>,
    /// What a member must match to be read: a group, or a person whom the configuration lets in.
    admitted: Option<String>,
}

impl<'a> Live<'a> {
    pub fn new(connection: &'a Connection, config: &'a LdapConfig) -> Live<'a> {
        let mut bases: Vec<(&str, Option<DistinguishedName>)> = Vec::new();
        for base in [&config.base_dn, &config.person_base_dn, &config.group_base_dn] {
            let canonical = DistinguishedName::parse(base);
            if !bases.iter().any(|(_, wider)| within(wider.as_ref(), canonical.as_ref())) {
                bases.push((base, canonical));
            }
        }
        let admitted = config.person_filter.as_ref().map(|people| {
            let groups = group_classes(config.directory.schema);
            let groups = groups.iter().map(|class| filter::equals("objectClass", class.as_bytes()));
            filter::any(std::iter::once(filter::enclosed(people)).chain(groups))
        });
        Live {
            connection,
            config,
            attributes: attributes(&config.directory),
            bases,
            people: DistinguishedName::parse(&config.person_base_dn),
            admitted,
        }
    }

    /// The fates of one chunk of names, the first of which has the place `first`.
    async fn chunk(&self, first: usize, names: &[Name]) -> Vec<(usize, Fate)> {
        let mut open: HashMap<&DistinguishedName, usize> = HashMap::with_capacity(names.len());
        let mut fates = Vec::with_capacity(names.len());
        for (place, name) in names.iter().enumerate() {
            if self.base_of(&name.canonical).is_some() {
                open.insert(&name.canonical, place);
            } else {
                fates.push((place, Fate::Outside));
            }
        }
        for (base, _) in &self.bases {
            self.together(base, names, &mut open, &mut fates).await;
        }
        let left: Vec<usize> = open.into_values().collect();
        let mut singles = stream::iter(left.into_iter().map(|place| self.single(names, place)))
            .buffer_unordered(SINGLES_AT_A_TIME);
        while let Some(single) = singles.next().await {
            fates.push(single);
        }
        fates.into_iter().map(|(place, fate)| (first + place, fate)).collect()
    }

    /// Asks for all names below one base in one search, and settles those that it shows.
    async fn together(
        &self,
        base: &str,
        names: &[Name],
        open: &mut HashMap<&DistinguishedName, usize>,
        fates: &mut Vec<(usize, Fate)>,
    ) {
        let asked: Vec<String> = open
            .iter()
            .filter(|(name, _)| self.base_of(name) == Some(base))
            .map(|(_, &place)| filter::equals(self.name_attribute(), names[place].spelt.as_bytes()))
            .collect();
        if asked.len() < 2 {
            return;
        }
        let named = filter::any(asked);
        let admitted = match &self.admitted {
            Some(admitted) => filter::all([named.clone(), admitted.clone()]),
            None => named.clone(),
        };
        let mut found = Vec::new();
        let query = Query { base, scope: Scope::Subtree, filter: &admitted, attributes: &self.attributes };
        // Where it fails, the names it did not show are asked for one by one, each with an answer of its own.
        drop(self.connection.search(query, |entry| found.push(entry)).await);
        for entry in found {
            let place = DistinguishedName::parse(&entry.dn).and_then(|name| open.remove(&name));
            if let Some(place) = place {
                fates.push((place, Fate::Found(ranges::whole(self.connection, entry).await)));
            }
        }
        if self.admitted.is_none() || open.is_empty() {
            return;
        }
        let mut left_out = Vec::new();
        let query = Query { filter: &named, attributes: &["1.1".to_owned()], ..query };
        drop(self.connection.search(query, |entry| left_out.push(entry.dn)).await);
        let places = left_out.iter().filter_map(|dn| open.remove(&DistinguishedName::parse(dn)?));
        fates.extend(places.map(|place| (place, Fate::LeftOut)));
    }

    async fn single(&self, names: &[Name], place: usize) -> (usize, Fate) {
        let name = &names[place].spelt;
        let filter = self.admitted.as_deref().unwrap_or(ANYTHING);
        let hidden = |because: String| Fate::Hidden { because };
        let fate = match self.base(name, filter).await {
            Ok(Some(entry)) => Fate::Found(entry),
            Ok(None) if self.admitted.is_some() => Fate::LeftOut,
            Ok(None) => hidden(format!("the server shows nothing of member `{name}`")),
            Err(failure) => match failure.code {
                Some(NO_SUCH_OBJECT) if self.tells_gone(&failure) => Fate::Gone,
                Some(NO_SUCH_OBJECT) => {
                    hidden(format!("the server neither shows member `{name}` nor says that it is gone"))
                }
                Some(INSUFFICIENT_ACCESS) => {
                    hidden(format!("the server refuses to show member `{name}`: {}", failure.because))
                }
                Some(REFERRAL) => {
                    hidden(format!("member `{name}` is on another server, and referrals are not followed"))
                }
                Some(_) | None => hidden(format!("member `{name}` was not read: {}", failure.because)),
            },
        };
        (place, fate)
    }

    /// OpenLDAP answers `noSuchObject` also for what it hides, but then does not say how much of the name exists.
    fn tells_gone(&self, failure: &Failure) -> bool {
        match self.config.directory.schema {
            Schema::ActiveDirectory => true,
            Schema::Rfc2307bis | Schema::Rfc2307 => !failure.matched.is_empty(),
        }
    }

    async fn base(&self, name: &str, filter: &str) -> Result<Option<Entry>, Failure> {
        let mut found = None;
        let query = Query { base: name, scope: Scope::Base, filter, attributes: &self.attributes };
        self.connection.search(query, |entry| found = Some(entry)).await?;
        match found {
            Some(entry) => Ok(Some(ranges::whole(self.connection, entry).await)),
            None => Ok(None),
        }
    }

    async fn search_groups(&self, filter: String) -> GroupSearch {
        let base = &self.config.group_base_dn;
        let classes = group_classes(self.config.directory.schema);
        let classes =
            filter::any(classes.iter().map(|class| filter::equals("objectClass", class.as_bytes())));
        let own = self.config.group_filter.as_deref().map(filter::enclosed);
        let filter = filter::all([classes, filter].into_iter().chain(own));
        let mut found = Vec::new();
        let query = Query { base, scope: Scope::Subtree, filter: &filter, attributes: &self.attributes };
        match self.connection.search(query, |entry| found.push(entry)).await {
            Ok(references) if found.is_empty() && !references.is_empty() => GroupSearch::Failed {
                because: format!(
                    "not found, but a part of `{base}` is on another server ({}), and referrals are not followed",
                    references.join(", ")
                ),
            },
            Ok(_) => {
                let mut whole = Vec::with_capacity(found.len());
                for entry in found {
                    whole.push(ranges::whole(self.connection, entry).await);
                }
                GroupSearch::Answered(whole)
            }
            Err(failure) if failure.code == Some(NO_SUCH_OBJECT) => {
                GroupSearch::Failed { because: format!("the base `{base}` does not exist") }
            }
            Err(failure) => GroupSearch::Failed {
                because: format!("the search below `{base}` failed: {}", failure.because),
            },
        }
    }

    async fn usernames_chunk(&self, first: usize, usernames: &[Box<str>]) -> Vec<(usize, Fate)> {
        let attribute = &self.config.directory.attributes.username;
        let named = filter::any(usernames.iter().map(|name| filter::equals(attribute, name.as_bytes())));
        let own = self.config.person_filter.as_deref().map(filter::enclosed);
        let admitted = filter::all([named.clone()].into_iter().chain(own));
        let mut by_username: HashMap<String, Vec<Entry>> = HashMap::new();
        let found = self
            .people(&admitted, |entry| {
                let names: Vec<String> = entry.texts(attribute).map(str::to_lowercase).collect();
                for name in names {
                    by_username.entry(name).or_default().push(entry.clone());
                }
            })
            .await;
        let mut existing: HashMap<String, ()> = HashMap::new();
        let all = match (&found, &self.config.person_filter) {
            (Ok(_), Some(_)) => {
                self.people(&named, |entry| {
                    existing.extend(entry.texts(attribute).map(|name| (name.to_lowercase(), ())));
                })
                .await
            }
            (Ok(_) | Err(_), _) => found,
        };
        let fate = |name: &str| {
            let key = name.to_lowercase();
            let mut entries = by_username.remove(&key).unwrap_or_default();
            match (entries.pop(), &all) {
                (Some(_), _) if !entries.is_empty() => {
                    Fate::Hidden { because: format!("several people have the username `{name}`") }
                }
                (Some(entry), _) => Fate::Found(entry),
                (None, Err(because)) => Fate::Hidden { because: because.clone() },
                (None, Ok(())) if existing.contains_key(&key) => Fate::LeftOut,
                (None, Ok(())) => Fate::Gone,
            }
        };
        let fates: Vec<Fate> = usernames.iter().map(|name| &**name).map(fate).collect();
        fates.into_iter().enumerate().map(|(place, fate)| (first + place, fate)).collect()
    }

    /// Searches people; an error says why there may be more of them.
    async fn people(&self, filter: &str, each: impl FnMut(Entry) + Send) -> Result<(), String> {
        let base = &self.config.person_base_dn;
        let query = Query { base, scope: Scope::Subtree, filter, attributes: &self.attributes };
        match self.connection.search(query, each).await {
            Ok(references) if references.is_empty() => Ok(()),
            Ok(references) => Err(format!(
                "a part of `{base}` is on another server ({}), and referrals are not followed",
                references.join(", ")
            )),
            Err(failure) => Err(format!("the search below `{base}` failed: {}", failure.because)),
        }
    }

    /// The narrowest way to ask for an entry by name in a filter.
    fn name_attribute(&self) -> &'static str {
        match self.config.directory.schema {
            Schema::ActiveDirectory => "distinguishedName",
            Schema::Rfc2307bis | Schema::Rfc2307 => "entryDN",
        }
    }

    fn base_of(&self, name: &DistinguishedName) -> Option<&'a str> {
        self.bases.iter().find(|(_, base)| within(base.as_ref(), Some(name))).map(|(base, _)| *base)
    }
}

const REFERRAL: u32 = 10;
const NO_SUCH_OBJECT: u32 = 32;
const INSUFFICIENT_ACCESS: u32 = 50;

/// Whether `name` lies in `base`; the nameless base holds everything.
fn within(base: Option<&DistinguishedName>, name: Option<&DistinguishedName>) -> bool {
    match (base, name) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(base), Some(name)) => name.is_within(base),
    }
}

impl Lookup for Live<'_> {
    fn groups<'a>(&'a self, reference: &'a GroupRef) -> BoxFuture<'a, GroupSearch> {
        async move {
            let schema = self.config.directory.schema;
            match reference {
                GroupRef::Name(name) => {
                    let names = group_names(schema).iter();
                    self.search_groups(filter::any(
                        names.map(|attribute| filter::equals(attribute, name.as_bytes())),
                    ))
                    .await
                }
                GroupRef::Id(id) => {
                    let attribute = &self.config.directory.attributes.id;
                    let value = if attribute.eq_ignore_ascii_case("objectGUID") {
                        guid_bytes(id).map(Vec::from)
                    } else {
                        Some(id.as_bytes().to_vec())
                    };
                    match value {
                        Some(value) => self.search_groups(filter::equals(attribute, &value)).await,
                        None => GroupSearch::Failed { because: format!("`{id}` is no GUID") },
                    }
                }
                GroupRef::Dn(dn) => {
                    let own = self.config.group_filter.as_deref().map(filter::enclosed);
                    let found = self.base(dn, own.as_deref().unwrap_or(ANYTHING)).await;
                    match found {
                        Ok(Some(entry)) => GroupSearch::Answered(vec![entry]),
                        Ok(None) if own.is_some() => GroupSearch::Answered(Vec::new()),
                        Ok(None) => {
                            GroupSearch::Failed { because: "the server shows nothing of it".to_owned() }
                        }
                        Err(failure) if failure.code == Some(NO_SUCH_OBJECT) => {
                            GroupSearch::Answered(Vec::new())
                        }
                        Err(failure) => GroupSearch::Failed { because: failure.because },
                    }
                }
            }
        }
        .boxed()
    }

    fn named<'a>(&'a self, names: &'a [Name]) -> BoxStream<'a, (usize, Fate)> {
        stream::iter(names.chunks(NAMES_PER_SEARCH).enumerate())
            .map(|(at, chunk)| self.chunk(at * NAMES_PER_SEARCH, chunk))
            .buffer_unordered(SEARCHES_AT_A_TIME)
            .flat_map(stream::iter)
            .boxed()
    }

    fn usernames<'a>(&'a self, usernames: &'a [Box<str>]) -> BoxStream<'a, (usize, Fate)> {
        stream::iter(usernames.chunks(NAMES_PER_SEARCH).enumerate())
            .map(|(at, chunk)| self.usernames_chunk(at * NAMES_PER_SEARCH, chunk))
            .buffer_unordered(SEARCHES_AT_A_TIME)
            .flat_map(stream::iter)
            .boxed()
    }

    fn primary<'a>(&'a self, primary: &'a Primary) -> BoxFuture<'a, (Vec<Entry>, Option<String>)> {
        async move {
            let own = self.config.person_filter.as_deref().map(filter::enclosed);
            let claims = filter::equals(primary.attribute, primary.value.as_bytes());
            let filter = filter::all([claims].into_iter().chain(own));
            let mut found = Vec::new();
            let flaw = self.people(&filter, |entry| found.push(entry)).await.err();
            (found, flaw)
        }
        .boxed()
    }

    fn covers_person(&self, name: &DistinguishedName) -> bool {
        within(self.people.as_ref(), Some(name))
    }
}
