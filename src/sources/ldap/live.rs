//! A server as a [`Lookup`]: groups by what rules call them, and the people who claim one as their primary group.

use std::collections::HashMap;

use futures_util::future::{BoxFuture, FutureExt as _};
use ldap3::Scope;

use crate::model::distinguished_name::DistinguishedName;
use crate::model::group::GroupRef;
use crate::sources::ldap::config::LdapConfig;
use crate::sources::ldap::connection::{Connection, Failure, Query, Step};
use crate::sources::ldap::decode::{Primary, attributes, group_classes, group_names};
use crate::sources::ldap::entry::Entry;
use crate::sources::ldap::filter;
use crate::sources::ldap::guid;
use crate::sources::ldap::lookup::{Fate, GroupSearch, Lookup, Name};
use crate::sources::ldap::ranges;
use crate::sources::ldap::sid::Sid;

/// The result code of a base that does not exist (RFC 4511, appendix A.1).
pub const NO_SUCH_OBJECT: u32 = 32;

/// Any entry at all.
pub const ANYTHING: &str = "(objectClass=*)";

/// A server, and what the configuration says of it.
pub struct Live<'a> {
    pub connection: &'a Connection,
    pub config: &'a LdapConfig,
    /// What is asked of each entry.
    pub attributes: Vec<String>,
    /// The places where members may be, none within another, each also as it is compared; `None` is the whole server.
    pub bases: Vec<(&'a str, Option<DistinguishedName>)>,
    people: Option<DistinguishedName>,
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
        let people = DistinguishedName::parse(&config.person_base_dn);
        Live { connection, config, attributes: attributes(&config.directory), bases, people }
    }

    /// The same server, asked for names alone.
    pub fn naming_only(&self) -> Live<'a> {
        let (bases, people) = (self.bases.clone(), self.people.clone());
        Live { attributes: vec!["1.1".to_owned()], bases, people, ..*self }
    }

    /// That an entry is a group.
    pub fn is_group(&self) -> String {
        let classes = group_classes(self.config.directory.schema);
        filter::any(classes.iter().map(|class| filter::equals("objectClass", class.as_bytes())))
    }

    /// That an entry is one of the people whom the configuration lets in.
    pub fn person_filter(&self) -> Option<String> {
        self.config.person_filter.as_deref().map(filter::enclosed)
    }

    /// The entry of this name; `None` where the server finds it, but the filter does not match or nothing is shown.
    pub async fn base(&self, name: &str, filter: &str) -> Result<Option<Entry>, Failure> {
        let mut found = None;
        let query = Query { base: name, scope: Scope::Base, filter, attributes: &self.attributes };
        self.connection.search(query, |entry| found = Some(entry)).await?;
        match found {
            Some(entry) => Ok(Some(ranges::whole(self.connection, entry).await)),
            None => Ok(None),
        }
    }

    async fn group(&self, reference: &GroupRef) -> GroupSearch {
        match reference {
            GroupRef::Name(name) => {
                let names = group_names(self.config.directory.schema);
                let names = names.iter().map(|attribute| filter::equals(attribute, name.as_bytes()));
                self.search_groups(filter::any(names)).await
            }
            GroupRef::Id(id) => {
                let attribute = &self.config.directory.attributes.id;
                if !attribute.eq_ignore_ascii_case("objectGUID") {
                    return self.search_groups(filter::equals(attribute, id.as_bytes())).await;
                }
                match guid::bytes(id) {
                    Some(bytes) => self.search_groups(filter::equals(attribute, &bytes)).await,
                    None => GroupSearch::Failed { because: format!("`{id}` is no GUID") },
                }
            }
            GroupRef::Dn(dn) => self.group_at(dn).await,
        }
    }

    async fn group_at(&self, dn: &str) -> GroupSearch {
        let own = self.config.group_filter.as_deref().map(filter::enclosed);
        match self.base(dn, own.as_deref().unwrap_or(ANYTHING)).await {
            Ok(Some(entry)) => GroupSearch::Answered(vec![entry]),
            Ok(None) if own.is_some() => GroupSearch::Answered(Vec::new()),
            Ok(None) => GroupSearch::Failed { because: "the server shows nothing of it".to_owned() },
            Err(failure) if failure.code == Some(NO_SUCH_OBJECT) => GroupSearch::Answered(Vec::new()),
            Err(failure) => GroupSearch::Failed { because: failure.because },
        }
    }

    async fn search_groups(&self, filter: String) -> GroupSearch {
        let base = &self.config.group_base_dn;
        let own = self.config.group_filter.as_deref().map(filter::enclosed);
        let filter = filter::all([self.is_group(), filter].into_iter().chain(own));
        let mut found = Vec::new();
        let query = Query { base, scope: Scope::Subtree, filter: &filter, attributes: &self.attributes };
        match self.connection.search(query, |entry| found.push(entry)).await {
            Ok(references) if found.is_empty() && !references.is_empty() => {
                GroupSearch::Failed { because: format!("not found, but {}", elsewhere(base, &references)) }
            }
            Ok(_) => {
                let mut whole = Vec::with_capacity(found.len());
                for entry in found {
                    whole.push(ranges::whole(self.connection, entry).await);
                }
                GroupSearch::Answered(whole)
            }
            Err(failure) => GroupSearch::Failed { because: search_failed(base, &failure) },
        }
    }

    /// Whoever may not read `member` of a group sees it empty, but its members may say that they are in it.
    async fn members_shown_elsewhere(&self, group: &str) -> Option<String> {
        let base = &self.config.base_dn;
        let filter = filter::equals("memberOf", group.as_bytes());
        let query = Query { base, scope: Scope::Subtree, filter: &filter, attributes: &["1.1".to_owned()] };
        let mut found = false;
        let searched = self.connection.search_pages(query, |step| match step {
            Step::Entry(_) => {
                found = true;
                true
            }
            Step::PageEnd => false,
        });
        match searched.await {
            Ok(_) if found => Some(format!(
                "the server shows no `member` of `{group}`, but shows people who are in it: let the account of `bind` read its members"
            )),
            Ok(_) => None,
            Err(failure) => Some(search_failed(base, &failure)),
        }
    }

    async fn claimants(&self, primary: &Primary) -> (Vec<Entry>, Option<String>) {
        let claims = filter::equals(primary.attribute, primary.value.as_bytes());
        // What is no group must be said the other way round: to OpenLDAP, a class that it does not know is neither.
        let account = filter::equals("objectClass", primary.class.as_bytes());
        let people = filter::all([account, claims].into_iter().chain(self.person_filter()));
        let base = &self.config.person_base_dn;
        let query = Query { base, scope: Scope::Subtree, filter: &people, attributes: &self.attributes };
        let mut found = Vec::new();
        let searched = self.connection.search_pages(query, |step| {
            match step {
                Step::Entry(entry) => found.push(entry),
                Step::PageEnd => {}
            }
            true
        });
        let flaw = match searched.await {
            Ok(references) => (!references.is_empty()).then(|| elsewhere(base, &references)),
            Err(failure) => Some(search_failed(base, &failure)),
        };
        (found, flaw)
    }
}

/// What a search leaves open that refers to other servers.
pub fn elsewhere(base: &str, references: &[String]) -> String {
    let shown = references.first().map_or("", String::as_str);
    format!("a part of `{base}` is on another server (`{shown}`), and referrals are not followed")
}

/// A search that failed, in words.
pub fn search_failed(base: &str, failure: &Failure) -> String {
    match failure.code {
        Some(NO_SUCH_OBJECT) => format!("the base `{base}` does not exist"),
        Some(_) | None => format!("the search below `{base}` failed: {}", failure.because),
    }
}

/// Whether `name` lies in `base`; the nameless base holds everything.
pub fn within(base: Option<&DistinguishedName>, name: Option<&DistinguishedName>) -> bool {
    match (base, name) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(base), Some(name)) => name.is_within(base),
    }
}

impl Lookup for Live<'_> {
    fn groups<'a>(&'a self, reference: &'a GroupRef) -> BoxFuture<'a, GroupSearch> {
        self.group(reference).boxed()
    }

    fn named<'a>(
        &'a self,
        names: &'a [Name],
        settle: &'a mut (dyn FnMut(usize, Fate) + Send),
    ) -> BoxFuture<'a, ()> {
        self.settle_names(names, settle).boxed()
    }

    fn usernames<'a>(
        &'a self,
        usernames: &'a [Box<str>],
        settle: &'a mut (dyn FnMut(usize, Fate) + Send),
    ) -> BoxFuture<'a, ()> {
        self.settle_usernames(usernames, settle).boxed()
    }

    fn primary<'a>(&'a self, primary: &'a Primary) -> BoxFuture<'a, (Vec<Entry>, Option<String>)> {
        self.claimants(primary).boxed()
    }

    fn hidden_members<'a>(&'a self, group: &'a str) -> BoxFuture<'a, Option<String>> {
        self.members_shown_elsewhere(group).boxed()
    }

    fn sids<'a>(&'a self, sids: &'a [Sid]) -> BoxFuture<'a, Result<HashMap<Sid, Box<str>>, String>> {
        self.holders(sids).boxed()
    }

    fn covers_person(&self, name: &DistinguishedName) -> bool {
        within(self.people.as_ref(), Some(name))
    }
}
