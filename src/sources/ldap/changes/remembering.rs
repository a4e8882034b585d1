//! A server as a [`Lookup`] that asks only for whom it does not remember, and notes whomever it meets.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::future::{BoxFuture, FutureExt as _};

use crate::model::distinguished_name::DistinguishedName;
use crate::model::group::GroupRef;
use crate::sources::ldap::changes::key::Key;
use crate::sources::ldap::changes::memory::Memory;
use crate::sources::ldap::decode::{Primary, is_group};
use crate::sources::ldap::entry::Entry;
use crate::sources::ldap::live::Live;
use crate::sources::ldap::lookup::{Fate, GroupSearch, Lookup, Name};
use crate::sources::ldap::sid::Sid;

/// A server and what is remembered of it; of nothing, it is the server and no more.
pub struct Remembering<'a> {
    live: &'a Live<'a>,
    memory: &'a Memory,
    met: Mutex<Met>,
}

/// What one walk met.
#[derive(Debug, Default)]
pub struct Met {
    /// The people, for the next time.
    pub memory: Memory,
    /// Whether a question was left open, so that this reading is no ground to build on.
    pub doubt: bool,
    /// How many names the server was asked for.
    pub asked: usize,
    /// How many people were taken from memory.
    pub recalled: usize,
}

impl<'a> Remembering<'a> {
    pub fn new(live: &'a Live<'a>, memory: &'a Memory) -> Remembering<'a> {
        // With the same descriptions, whoever has not changed is packed into the same bytes.
        let descriptions = memory.descriptions.clone();
        let met = Met { memory: Memory { descriptions, ..Memory::default() }, ..Met::default() };
        Remembering { live, memory, met: Mutex::new(met) }
    }

    pub fn met(self) -> Met {
        self.met.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn noting(&self) -> MutexGuard<'_, Met> {
        self.met.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn heard(&self, name: Option<&DistinguishedName>, username: Option<&str>, fate: &Fate) {
        let mut met = self.noting();
        met.asked += 1;
        match fate {
            Fate::Found(entry) => self.note(&mut met.memory, name, username, entry),
            Fate::Hidden { .. } => met.doubt = true,
            Fate::LeftOut | Fate::Gone | Fate::Outside => {}
        }
    }

    /// Notes a person. Not noted are groups, who are looked at anew each time, whoever has no key to be told by, and whose
    /// attributes name other entries: when those are renamed or deleted, the attribute changes, and nobody tells.
    fn note(
        &self,
        memory: &mut Memory,
        name: Option<&DistinguishedName>,
        username: Option<&str>,
        entry: &Entry,
    ) {
        let Some(own) = DistinguishedName::parse(&entry.dn) else { return };
        let schema = self.live.config.directory.schema;
        let Some(key) = Key::of(entry, schema) else { return };
        if is_group(entry) || name.is_some_and(|name| *name != own) || names_another(entry, &own) {
            return;
        }
        if let Some(username) = username {
            memory.usernames.insert(username.to_lowercase(), own.clone());
        }
        memory.note(own, key, entry);
    }

    async fn settle_names(&self, names: &[Name], settle: &mut (dyn FnMut(usize, Fate) + Send)) {
        let (mut asked, mut places) = (Vec::new(), Vec::new());
        for (at, name) in names.iter().enumerate() {
            match self.memory.named(&name.canonical) {
                Some(entry) => {
                    let mut met = self.noting();
                    met.recalled += 1;
                    self.note(&mut met.memory, Some(&name.canonical), None, &entry);
                    drop(met);
                    settle(at, Fate::Found(entry));
                }
                None => {
                    asked.push(name.clone());
                    places.push(at);
                }
            }
        }
        let mut answered = |at: usize, fate| {
            self.heard(Some(&asked[at].canonical), None, &fate);
            settle(places[at], fate);
        };
        self.live.named(&asked, &mut answered).await;
    }

    async fn settle_usernames(&self, usernames: &[Box<str>], settle: &mut (dyn FnMut(usize, Fate) + Send)) {
        let (mut asked, mut places) = (Vec::new(), Vec::new());
        for (at, username) in usernames.iter().enumerate() {
            match self.memory.with_username(username) {
                Some(entry) => {
                    let mut met = self.noting();
                    met.recalled += 1;
                    self.note(&mut met.memory, None, Some(username), &entry);
                    drop(met);
                    settle(at, Fate::Found(entry));
                }
                None => {
                    asked.push(username.clone());
                    places.push(at);
                }
            }
        }
        let mut answered = |at: usize, fate| {
            self.heard(None, Some(&asked[at]), &fate);
            settle(places[at], fate);
        };
        self.live.usernames(&asked, &mut answered).await;
    }

    /// Those who claim a group, by their names alone where most of them are remembered.
    async fn claimants(&self, primary: &Primary) -> (Vec<Entry>, Option<String>) {
        if self.memory.people.is_empty() {
            let (found, flaw) = self.live.primary(primary).await;
            for entry in &found {
                self.note(&mut self.noting().memory, None, None, entry);
            }
            self.noting().doubt |= flaw.is_some();
            return (found, flaw);
        }
        let (claimants, mut flaw) = self.live.naming_only().primary(primary).await;
        let mut names = HashMap::new();
        for Entry { dn, .. } in claimants {
            match DistinguishedName::parse(&dn) {
                Some(canonical) => drop(names.insert(canonical, dn)),
                None => flaw = Some(format!("`{dn}` is no distinguished name")),
            }
        }
        let names: Vec<Name> =
            names.into_iter().map(|(canonical, dn)| Name { spelt: dn.into(), canonical }).collect();
        let mut found = Vec::with_capacity(names.len());
        let mut settle = |_, fate| match fate {
            Fate::Found(entry) => found.push(entry),
            Fate::Hidden { because } => flaw = Some(because),
            // They have changed or gone since they were named.
            Fate::LeftOut | Fate::Gone | Fate::Outside => {}
        };
        self.settle_names(&names, &mut settle).await;
        found.retain(|entry| entry.says(primary.attribute, &primary.value));
        self.noting().doubt |= flaw.is_some();
        (found, flaw)
    }
}

/// Whether an attribute of an entry holds the name of another one.
fn names_another(entry: &Entry, own: &DistinguishedName) -> bool {
    let values = entry.attributes.iter().flat_map(|attribute| &attribute.values);
    values
        .filter(|value| value.contains(&b'='))
        .filter_map(|value| DistinguishedName::parse(std::str::from_utf8(value).ok()?))
        .any(|name| name != *own)
}

impl Lookup for Remembering<'_> {
    fn groups<'a>(&'a self, reference: &'a GroupRef) -> BoxFuture<'a, GroupSearch> {
        async move {
            let search = self.live.groups(reference).await;
            self.noting().doubt |= matches!(search, GroupSearch::Failed { .. });
            search
        }
        .boxed()
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
        async move {
            let hidden = self.live.hidden_members(group).await;
            self.noting().doubt |= hidden.is_some();
            hidden
        }
        .boxed()
    }

    fn sids<'a>(&'a self, sids: &'a [Sid]) -> BoxFuture<'a, Result<HashMap<Sid, Box<str>>, String>> {
        self.live.sids(sids)
    }

    fn covers_person(&self, name: &DistinguishedName) -> bool {
        self.live.covers_person(name)
    }
}
