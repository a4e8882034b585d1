//! Whoever answers to a name that somebody asks for, in whichever group or none.

use std::sync::Arc;

use crate::model::distinguished_name::DistinguishedName;
use crate::model::person::Person;
use crate::sources::ldap::config::Schema;
use crate::sources::ldap::decode::{Decoder, Kind};
use crate::sources::ldap::entry::Entry;
use crate::sources::ldap::filter;
use crate::sources::ldap::guid;
use crate::sources::ldap::ldif_tree::Tree;
use crate::sources::ldap::live::{ANYTHING, Live, NO_SUCH_OBJECT};
use crate::sources::ldap::lookup::Lookup as _;

impl Live<'_> {
    /// By username, address, name, id, identity or distinguished name; or why they may not be all.
    pub async fn answering(&self, decoder: &Decoder, asked: &str) -> Result<Vec<Arc<Person>>, String> {
        let admitted = filter::all([self.called(asked)].into_iter().chain(self.person_filter()));
        let mut found = Vec::new();
        let flaw = self.search_people(&admitted, |entry| found.extend(person(decoder, &entry, asked))).await;
        if let Some(because) = flaw {
            return Err(because);
        }
        if DistinguishedName::parse(asked).is_some_and(|name| self.covers_person(&name)) {
            match self.base(asked, self.person_filter().as_deref().unwrap_or(ANYTHING)).await {
                Ok(entry) => found.extend(entry.and_then(|entry| person(decoder, &entry, asked))),
                Err(failure) if failure.code == Some(NO_SUCH_OBJECT) => {}
                Err(failure) => return Err(failure.because),
            }
        }
        Ok(found)
    }

    /// That an attribute of an entry has this value by which [`Person::answers_to`] may know it.
    fn called(&self, asked: &str) -> String {
        let directory = &self.config.directory;
        let names = &directory.attributes;
        let texts =
            [&names.username, &names.email, &names.name].into_iter().chain(&directory.identity_attribute);
        let mut filters: Vec<String> =
            texts.map(|attribute| filter::equals(attribute, asked.as_bytes())).collect();
        filters.push(match guid::bytes(asked) {
            Some(bytes) if names.id.eq_ignore_ascii_case("objectGUID") => filter::equals(&names.id, &bytes),
            Some(_) | None => filter::equals(&names.id, asked.as_bytes()),
        });
        if directory.schema == Schema::ActiveDirectory {
            filters.push(filter::equals("userPrincipalName", asked.as_bytes()));
            filters.push(filter::equals("proxyAddresses", format!("smtp:{asked}").as_bytes()));
        }
        filter::any(filters)
    }
}

impl Tree {
    /// Whoever of the file answers.
    pub fn answering(&self, decoder: &Decoder, asked: &str) -> Vec<Arc<Person>> {
        let mut found: Vec<Arc<Person>> =
            self.others().filter_map(|entry| person(decoder, &entry, asked)).collect();
        found.sort_unstable_by(|one, other| one.id().cmp(other.id()));
        found
    }
}

fn person(decoder: &Decoder, entry: &Entry, asked: &str) -> Option<Arc<Person>> {
    match decoder.kind(entry) {
        Kind::Person(person) if is_somebody(entry, &person) && person.answers_to(asked) => {
            Some(Arc::new(person))
        }
        Kind::Person(_) => None,
        Kind::Group(_) | Kind::Disabled | Kind::Machine | Kind::Foreign | Kind::Unusable { .. } => None,
    }
}

/// To a group whoever is in it is a person; but a part of the tree has a name too.
fn is_somebody(entry: &Entry, person: &Person) -> bool {
    entry.says("objectClass", "person") || person.username().is_some() || person.email().is_some()
}
