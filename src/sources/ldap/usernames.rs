//! Members of a server's posix groups by their usernames (RFC 2307).

use std::collections::{HashMap, HashSet};

use futures_util::StreamExt as _;
use futures_util::stream;
use ldap3::Scope;

use crate::sources::ldap::connection::Query;
use crate::sources::ldap::entry::Entry;
use crate::sources::ldap::filter;
use crate::sources::ldap::live::{Live, elsewhere, search_failed};
use crate::sources::ldap::lookup::Fate;
use crate::sources::ldap::members::{NAMES_PER_SEARCH, SEARCHES_AT_A_TIME};

impl Live<'_> {
    /// Finds the fate of each username.
    pub async fn settle_usernames(
        &self,
        usernames: &[Box<str>],
        settle: &mut (dyn FnMut(usize, Fate) + Send),
    ) {
        let chunks = usernames.chunks(NAMES_PER_SEARCH).enumerate();
        let chunks: Vec<_> =
            chunks.map(|(at, chunk)| self.username_chunk(at * NAMES_PER_SEARCH, chunk)).collect();
        let mut settled = stream::iter(chunks).buffer_unordered(SEARCHES_AT_A_TIME);
        while let Some((first, fates)) = settled.next().await {
            fates.into_iter().enumerate().for_each(|(at, fate)| settle(first + at, fate));
        }
    }

    /// The fates of some usernames, and the place of the first of them, which is `first`.
    async fn username_chunk(&self, first: usize, usernames: &[Box<str>]) -> (usize, Vec<Fate>) {
        let attribute = &self.config.directory.attributes.username;
        let named = filter::any(usernames.iter().map(|name| filter::equals(attribute, name.as_bytes())));
        let admitted = filter::all([named.clone()].into_iter().chain(self.person_filter()));
        let mut found: HashMap<String, Vec<Entry>> = HashMap::new();
        let mut flaw = self
            .search_people(&admitted, |entry| {
                for name in folded(&entry, attribute) {
                    found.entry(name).or_default().push(entry.clone());
                }
            })
            .await;
        let mut left_out = HashSet::new();
        if flaw.is_none() && self.config.person_filter.is_some() {
            flaw = self.search_people(&named, |entry| left_out.extend(folded(&entry, attribute))).await;
        }
        let fate = |username: &str| {
            let name = username.to_lowercase();
            let mut entries = found.remove(&name).unwrap_or_default();
            match (entries.pop(), &flaw) {
                (Some(entry), _) if entries.is_empty() => Fate::Found(entry),
                (Some(_), _) => {
                    Fate::Hidden { because: format!("several people have the username `{username}`") }
                }
                (None, Some(because)) => Fate::Hidden { because: because.clone() },
                (None, None) if left_out.contains(&name) => Fate::LeftOut,
                (None, None) => Fate::Gone,
            }
        };
        (first, usernames.iter().map(|name| &**name).map(fate).collect())
    }

    /// Searches people; what comes back is why there may be more of them.
    pub async fn search_people(&self, filter: &str, each: impl FnMut(Entry) + Send) -> Option<String> {
        let base = &self.config.person_base_dn;
        let query = Query { base, scope: Scope::Subtree, filter, attributes: &self.attributes };
        match self.connection.search(query, each).await {
            Ok(references) => (!references.is_empty()).then(|| elsewhere(base, &references)),
            Err(failure) => Some(search_failed(base, &failure)),
        }
    }
}

fn folded(entry: &Entry, attribute: &str) -> Vec<String> {
    entry.texts(attribute).map(str::to_lowercase).collect()
}
