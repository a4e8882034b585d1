//! An LDIF export as a [`Lookup`]: all its entries in memory, by their names.

use std::collections::HashMap;
use std::io::BufRead;

use futures_util::future::{BoxFuture, FutureExt as _};

use crate::model::distinguished_name::DistinguishedName;
use crate::model::group::GroupRef;
use crate::sources::ldap::config::{AttributeNames, Directory};
use crate::sources::ldap::decode::{self, Primary, attributes, group_classes, group_names};
use crate::sources::ldap::entry::Entry;
use crate::sources::ldap::ldif_records::{Refusal, read};
use crate::sources::ldap::lookup::{Fate, GroupSearch, Lookup, Name};
use crate::sources::ldap::packed::{Descriptions, Packed};
use crate::sources::ldap::sid::{OBJECT_SID, Sid};

/// The entries of one file.
pub struct Tree {
    pub directory: Directory,
    /// Whether people and groups are known by their DN, since no entry holds the schema's own key.
    pub by_name: bool,
    groups: HashMap<DistinguishedName, Entry>,
    others: HashMap<DistinguishedName, Packed>,
    descriptions: Descriptions,
}

impl Tree {
    /// Reads a file to its end; anything amiss in it refuses all of it.
    pub fn read(file: impl BufRead, directory: &Directory) -> Result<Tree, Refusal> {
        let mut wanted = attributes(directory);
        wanted.push(OBJECT_SID.to_owned());
        let kept = |name: &str| wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(name));
        let mut tree = Tree {
            directory: directory.clone(),
            by_name: directory.attributes.id == AttributeNames::of(directory.schema).id,
            groups: HashMap::new(),
            others: HashMap::new(),
            descriptions: Descriptions::default(),
        };
        read(file, kept, |line, entry| {
            if entry.dn.is_empty() {
                return Ok(());
            }
            let refused = |because| Err(Refusal { line, because });
            let Some(name) = DistinguishedName::parse(&entry.dn) else {
                return refused(format!("`{}` is no distinguished name", entry.dn));
            };
            if tree.holds(&name) {
                return refused(format!("`{}` is there twice", entry.dn));
            }
            tree.by_name &= entry.values(&directory.attributes.id).next().is_none();
            if decode::is_group(&entry) {
                tree.groups.insert(name, entry);
            } else {
                tree.others.insert(name, tree.descriptions.pack(&entry));
            }
            Ok(())
        })?;
        if tree.groups.is_empty() && tree.others.is_empty() {
            return Err(Refusal { line: 1, because: "there is no entry in this file".to_owned() });
        }
        if tree.by_name {
            tree.directory.attributes.id = decode::BY_NAME.to_owned();
        }
        Ok(tree)
    }

    fn holds(&self, name: &DistinguishedName) -> bool {
        self.groups.contains_key(name) || self.others.contains_key(name)
    }

    fn entry(&self, name: &DistinguishedName) -> Option<Entry> {
        let packed = || self.others.get(name).map(|packed| self.descriptions.unpack(packed));
        self.groups.get(name).cloned().or_else(packed)
    }

    /// All entries that are no groups.
    pub fn others(&self) -> impl Iterator<Item = Entry> {
        self.others.values().map(|packed| self.descriptions.unpack(packed))
    }

    fn find(&self, reference: &GroupRef) -> GroupSearch {
        let found: Vec<Entry> = match reference {
            GroupRef::Dn(dn) => {
                let Some(name) = DistinguishedName::parse(dn) else {
                    return GroupSearch::Failed { because: format!("`{dn}` is no distinguished name") };
                };
                self.entry(&name).into_iter().collect()
            }
            GroupRef::Name(name) => self.groups_where(|entry| {
                group_names(self.directory.schema).iter().any(|attribute| says_folded(entry, attribute, name))
            }),
            GroupRef::Id(id) => self.groups_where(|entry| {
                decode::id(entry, &self.directory.attributes.id)
                    .is_some_and(|held| held.eq_ignore_ascii_case(id))
            }),
        };
        GroupSearch::Answered(found)
    }

    fn groups_where(&self, holds: impl Fn(&Entry) -> bool) -> Vec<Entry> {
        let classes = group_classes(self.directory.schema);
        let is_group = |entry: &&Entry| classes.iter().any(|class| entry.says("objectClass", class));
        self.groups.values().filter(is_group).filter(|entry| holds(entry)).cloned().collect()
    }

    /// A name below what the file holds is gone; any other may be in another file.
    fn fate(&self, name: &DistinguishedName) -> Fate {
        if let Some(entry) = self.entry(name) {
            return Fate::Found(entry);
        }
        let mut above = name.parent();
        while let Some(name) = above {
            if self.holds(&name) {
                return Fate::Gone;
            }
            above = name.parent();
        }
        Fate::Outside
    }

    fn usernames_of(&self, usernames: &[Box<str>]) -> Vec<(usize, Fate)> {
        let attribute = &self.directory.attributes.username;
        let mut by_username: HashMap<String, Vec<Entry>> =
            usernames.iter().map(|name| (name.to_lowercase(), Vec::new())).collect();
        for entry in self.others() {
            for name in entry.texts(attribute) {
                if let Some(entries) = by_username.get_mut(&name.to_lowercase()) {
                    entries.push(entry.clone());
                }
            }
        }
        let fate = |name: &str| match by_username[&name.to_lowercase()].as_slice() {
            [] => Fate::Gone,
            [entry] => Fate::Found(entry.clone()),
            [_, _, ..] => Fate::Hidden { because: format!("several people have the username `{name}`") },
        };
        usernames.iter().map(|name| fate(name)).enumerate().collect()
    }
}

/// Directories compare names without regard to case, in every alphabet.
fn says_folded(entry: &Entry, attribute: &str, value: &str) -> bool {
    let value = value.to_lowercase();
    entry.texts(attribute).any(|text| text.to_lowercase() == value)
}

impl Lookup for Tree {
    fn groups<'a>(&'a self, reference: &'a GroupRef) -> BoxFuture<'a, GroupSearch> {
        async move { self.find(reference) }.boxed()
    }

    fn named<'a>(
        &'a self,
        names: &'a [Name],
        settle: &'a mut (dyn FnMut(usize, Fate) + Send),
    ) -> BoxFuture<'a, ()> {
        async move {
            for (at, name) in names.iter().enumerate() {
                settle(at, self.fate(&name.canonical));
            }
        }
        .boxed()
    }

    fn usernames<'a>(
        &'a self,
        usernames: &'a [Box<str>],
        settle: &'a mut (dyn FnMut(usize, Fate) + Send),
    ) -> BoxFuture<'a, ()> {
        async move {
            if !usernames.is_empty() {
                self.usernames_of(usernames).into_iter().for_each(|(at, fate)| settle(at, fate));
            }
        }
        .boxed()
    }

    fn primary<'a>(&'a self, primary: &'a Primary) -> BoxFuture<'a, (Vec<Entry>, Option<String>)> {
        let claims = |entry: &Entry| {
            entry.says("objectClass", primary.class) && entry.says(primary.attribute, &primary.value)
        };
        let found = self.others().filter(claims).collect();
        async move { (found, None) }.boxed()
    }

    fn sids<'a>(&'a self, sids: &'a [Sid]) -> BoxFuture<'a, Result<HashMap<Sid, Box<str>>, String>> {
        async move {
            let holder = |entry: Entry| Some((Sid::of(&entry)?, entry.dn.into()));
            let holders = self.groups.values().cloned().chain(self.others()).filter_map(holder);
            Ok(holders.filter(|(sid, _)| sids.contains(sid)).collect())
        }
        .boxed()
    }

    fn covers_person(&self, _: &DistinguishedName) -> bool {
        true
    }
}
