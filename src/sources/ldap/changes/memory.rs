//! What is remembered of people, and what of it still holds once changes were told. Pure.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::model::distinguished_name::DistinguishedName;
use crate::sources::ldap::changes::key::Key;
use crate::sources::ldap::changes::news::News;
use crate::sources::ldap::entry::Entry;
use crate::sources::ldap::live::within;
use crate::sources::ldap::packed::{Descriptions, Packed};

/// What one reading leaves for the next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory {
    /// Who told the changes: the cookies of one server mean nothing to another.
    pub server: String,
    /// For each base that is watched, from where its changes are to be told.
    pub cookies: BTreeMap<String, Vec<u8>>,
    /// Everything that people are in, up to the bases: when one of these moves, so do the people, untold.
    pub containers: BTreeMap<DistinguishedName, Key>,
    /// What [`Memory::people`] are packed with.
    pub descriptions: Descriptions,
    /// Whoever was found under a name.
    pub people: HashMap<DistinguishedName, Held>,
    /// RFC 2307: who answered to a username, folded.
    pub usernames: HashMap<String, DistinguishedName>,
}

/// One remembered entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub key: Key,
    pub packed: Packed,
}

/// A container was renamed, moved or deleted, and with it everybody below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContainerMoved;

impl Memory {
    /// Forgets whom changes below `base` may have touched.
    pub fn forget(&mut self, news: &News, base: Option<&DistinguishedName>) -> Result<(), ContainerMoved> {
        let gone = |name: &DistinguishedName, key: Key| {
            let watched = news.present.as_ref().filter(|_| within(base, Some(name)));
            watched.is_some_and(|present| !present.contains(&key))
        };
        for (name, &key) in &self.containers {
            match news.touched.get(&key) {
                Some(Some(now)) if now == name => {}
                Some(Some(_) | None) => return Err(ContainerMoved),
                None if gone(name, key) => return Err(ContainerMoved),
                None => {}
            }
        }
        // A name may have passed to somebody else, whose key says nothing to us.
        let names: HashSet<&DistinguishedName> = news.touched.values().flatten().collect();
        self.people.retain(|name, held| {
            !news.touched.contains_key(&held.key) && !names.contains(name) && !gone(name, held.key)
        });
        self.usernames
            .retain(|username, name| self.people.contains_key(name) && !news.usernames.contains(username));
        Ok(())
    }

    /// Whoever is remembered under this name.
    pub fn named(&self, name: &DistinguishedName) -> Option<Entry> {
        self.people.get(name).map(|held| self.descriptions.unpack(&held.packed))
    }

    /// Whoever is remembered to answer to this username.
    pub fn with_username(&self, username: &str) -> Option<Entry> {
        self.named(self.usernames.get(&username.to_lowercase())?)
    }

    /// Remembers somebody under a name.
    pub fn note(&mut self, name: DistinguishedName, key: Key, entry: &Entry) {
        let packed = self.descriptions.pack(entry);
        self.people.insert(name, Held { key, packed });
    }
}

#[cfg(test)]
mod tests {
    use crate::model::distinguished_name::DistinguishedName;
    use crate::sources::ldap::changes::key::Key;
    use crate::sources::ldap::changes::memory::{ContainerMoved, Memory};
    use crate::sources::ldap::changes::news::News;
    use crate::sources::ldap::entry::Entry;

    fn name(text: &str) -> DistinguishedName {
        DistinguishedName::parse(text).unwrap()
    }

    fn key(number: u8) -> Key {
        Key([number; 16])
    }

    /// Ada (1), Bob (2) and Eve (3) in `ou=p` (9); Ada and Bob answer to usernames.
    fn memory() -> Memory {
        let mut memory = Memory::default();
        for (number, uid) in (1..).zip(["ada", "bob", "eve"]) {
            let dn = format!("uid={uid},ou=p,dc=x");
            memory.note(name(&dn), key(number), &Entry { dn: dn.clone(), attributes: Vec::new() });
        }
        for uid in ["ada", "bob"] {
            memory.usernames.insert(uid.to_owned(), name(&format!("uid={uid},ou=p,dc=x")));
        }
        memory.containers.insert(name("ou=p,dc=x"), key(9));
        memory
    }

    fn touched(key: Key, now: Option<&str>) -> News {
        News { touched: [(key, now.map(name))].into(), ..News::default() }
    }

    fn left(memory: &Memory) -> Vec<&str> {
        let mut left: Vec<&str> = memory.people.keys().map(DistinguishedName::as_str).collect();
        left.sort_unstable();
        left
    }

    #[test]
    fn whoever_was_touched_renamed_or_deleted_is_forgotten() {
        for now in [Some("uid=ada,ou=p,dc=x"), Some("uid=ada,ou=q,dc=x"), None] {
            let mut memory = memory();
            memory.forget(&touched(key(1), now), None).unwrap();
            assert_eq!(left(&memory), ["uid=bob,ou=p,dc=x", "uid=eve,ou=p,dc=x"]);
            assert_eq!(memory.with_username("ADA"), None);
            assert!(memory.with_username("Bob").is_some());
        }
    }

    #[test]
    fn a_stranger_under_a_remembered_name_or_username_takes_it_over() {
        let mut memory = memory();
        let mut news = touched(key(77), Some("UID=Ada, ou=p,dc=x"));
        news.usernames.insert("bob".to_owned());
        memory.forget(&news, None).unwrap();
        assert_eq!(left(&memory), ["uid=bob,ou=p,dc=x", "uid=eve,ou=p,dc=x"]);
        assert_eq!(memory.with_username("bob"), None);
    }

    #[test]
    fn whoever_is_not_listed_as_present_is_gone_but_only_below_the_base() {
        let present = News { present: Some([key(2), key(9)].into()), ..News::default() };
        let mut memory = memory();
        memory.forget(&present, Some(&name("dc=x"))).unwrap();
        assert_eq!(left(&memory), ["uid=bob,ou=p,dc=x"]);
        memory.forget(&present, Some(&name("dc=y"))).unwrap();
        assert_eq!(left(&memory), ["uid=bob,ou=p,dc=x"]);
    }

    #[test]
    fn a_container_that_moved_or_went_spoils_all() {
        assert_eq!(memory().forget(&touched(key(9), Some("OU=P,dc=x")), None), Ok(()));
        assert_eq!(memory().forget(&touched(key(9), Some("ou=q,dc=x")), None), Err(ContainerMoved));
        assert_eq!(memory().forget(&touched(key(9), None), None), Err(ContainerMoved));
        let present = News { present: Some([key(1)].into()), ..News::default() };
        assert_eq!(memory().forget(&present, None), Err(ContainerMoved));
    }
}
