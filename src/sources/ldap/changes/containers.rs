//! What people are in, up to the bases: their keys tell whether one of them moved.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt as _;
use futures_util::stream;
use ldap3::Scope;

use crate::model::distinguished_name::DistinguishedName;
use crate::sources::ldap::changes::key::Key;
use crate::sources::ldap::connection::Query;
use crate::sources::ldap::live::{ANYTHING, Live, within};
use crate::sources::ldap::members::SEARCHES_AT_A_TIME;

/// Everything above these names, up to the base that each lies in, which is one of them.
pub fn above<'n>(
    names: impl Iterator<Item = &'n DistinguishedName>,
    bases: &[(&str, Option<DistinguishedName>)],
) -> BTreeSet<DistinguishedName> {
    let mut above = BTreeSet::new();
    for name in names {
        let mut next = name.parent();
        while let Some(container) = next {
            let inside = bases.iter().any(|(_, base)| within(base.as_ref(), Some(&container)));
            if !inside || above.contains(&container) {
                break;
            }
            next = container.parent();
            above.insert(container);
        }
    }
    above
}

/// The keys of these containers; the name of one that is not shown with its key, where there is one.
pub async fn keys(
    live: &Live<'_>,
    names: impl Iterator<Item = DistinguishedName>,
) -> Result<BTreeMap<DistinguishedName, Key>, DistinguishedName> {
    let asked: Vec<_> = names.map(|name| key(live, name)).collect();
    let mut answers = stream::iter(asked).buffer_unordered(SEARCHES_AT_A_TIME);
    let mut keys = BTreeMap::new();
    while let Some((name, key)) = answers.next().await {
        match key {
            Some(key) => keys.insert(name, key),
            None => return Err(name),
        };
    }
    Ok(keys)
}

async fn key(live: &Live<'_>, name: DistinguishedName) -> (DistinguishedName, Option<Key>) {
    let schema = live.config.directory.schema;
    let attributes = [Key::attribute(schema).to_owned()];
    let query = Query { base: name.as_str(), scope: Scope::Base, filter: ANYTHING, attributes: &attributes };
    let mut key = None;
    let searched = live.connection.search(query, |entry| key = Key::of(&entry, schema)).await;
    (name, searched.ok().and(key))
}

#[cfg(test)]
mod tests {
    use crate::model::distinguished_name::DistinguishedName;
    use crate::sources::ldap::changes::containers::above;

    #[test]
    fn containers_are_told_up_to_the_base() {
        let name = |text: &str| DistinguishedName::parse(text).unwrap();
        let names = [name("uid=a,ou=p,ou=q,dc=x"), name("uid=b,ou=q,dc=x"), name("uid=c,dc=elsewhere")];
        let told = |base: &str| {
            let bases = [(base, DistinguishedName::parse(base))];
            above(names.iter(), &bases).iter().map(|name| name.as_str().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(told("dc=x"), ["dc=x", "ou=p,ou=q,dc=x", "ou=q,dc=x"]);
        assert_eq!(told("ou=q,dc=x"), ["ou=p,ou=q,dc=x", "ou=q,dc=x"]);
        assert_eq!(told("ou=p,ou=q,dc=x"), ["ou=p,ou=q,dc=x"]);
        assert_eq!(told("").len(), 4);
    }
}
