//! Whoever answers to a name that somebody asks for, in whichever group or none: their DNs.

use crate::sources::ldap::config::Schema;
use crate::sources::ldap::decode;
use crate::sources::ldap::filter;
use crate::sources::ldap::guid;
use crate::sources::ldap::ldif_tree::Tree;
use crate::sources::ldap::live::Live;

impl Live<'_> {
    /// By username, address, name or id; or why they may not be all.
    pub async fn answering(&self, asked: &str) -> Result<Vec<Box<str>>, String> {
        let names = &self.config.directory.attributes;
        let mut filters: Vec<String> = [&names.username, &names.email, &names.name]
            .map(|attribute| filter::equals(attribute, asked.as_bytes()))
            .into();
        filters.push(match guid::bytes(asked) {
            Some(bytes) if names.id.eq_ignore_ascii_case("objectGUID") => filter::equals(&names.id, &bytes),
            Some(_) | None => filter::equals(&names.id, asked.as_bytes()),
        });
        if self.config.directory.schema == Schema::ActiveDirectory {
            filters.push(filter::equals("userPrincipalName", asked.as_bytes()));
            filters.push(filter::equals("proxyAddresses", format!("smtp:{asked}").as_bytes()));
        }
        let mut found = Vec::new();
        match self.search_people(&filter::any(filters), |entry| found.push(entry.dn.into())).await {
            Some(because) => Err(because),
            None => Ok(found),
        }
    }
}

impl Tree {
    /// By username, address, name or id.
    pub fn answering(&self, asked: &str) -> Vec<Box<str>> {
        let names = &self.directory.attributes;
        let lower = asked.to_lowercase();
        let is = |text: &str| text.to_lowercase() == lower;
        let mut found: Vec<Box<str>> = self
            .others()
            .filter(|entry| {
                [&names.username, &names.email, &names.name].iter().any(|name| entry.texts(name).any(is))
                    || decode::id(entry, &names.id).as_deref().is_some_and(is)
            })
            .map(|entry| entry.dn.into())
            .collect();
        found.sort_unstable();
        found
    }
}
