//! Members of a server's groups by their DNs: many in one search, and every absence accounted for.

use std::collections::HashMap;

use futures_util::StreamExt as _;
use futures_util::stream;
use ldap3::Scope;

use crate::model::distinguished_name::DistinguishedName;
use crate::sources::ldap::config::Schema;
use crate::sources::ldap::connection::{Query, Step};
use crate::sources::ldap::entry::Entry;
use crate::sources::ldap::filter;
use crate::sources::ldap::live::{ANYTHING, Live, NO_SUCH_OBJECT, search_failed, within};
use crate::sources::ldap::lookup::{Fate, Name};
use crate::sources::ldap::ranges;
use crate::sources::ldap::sid::{OBJECT_SID, Sid};

/// How many names one search asks for. OpenLDAP compares each entry with each name, so that more is slower: of 20, 50
/// and 100 this was the quickest for 100,000 people.
pub const NAMES_PER_SEARCH: usize = 50;

/// How many searches are under way at a time.
pub const SEARCHES_AT_A_TIME: usize = 8;

/// From so many names on, going through all people may be cheaper than asking for each. It takes half the time per
/// entry, and so goes on only while at least half of those it shows were asked for.
const WORTH_A_SCAN: usize = 5_000;

const REFERRAL: u32 = 10;
const INSUFFICIENT_ACCESS: u32 = 50;

impl<'a> Live<'a> {
    /// Finds the fate of each name.
    pub async fn settle_names(&self, names: &[Name], settle: &mut (dyn FnMut(usize, Fate) + Send)) {
        let mut open = HashMap::with_capacity(names.len());
        for (place, name) in names.iter().enumerate() {
            match self.base_of(&name.canonical) {
                Some(_) => {
                    open.insert(&name.canonical, place);
                }
                None => settle(place, Fate::Outside),
            }
        }
        if open.len() >= WORTH_A_SCAN {
            self.scan(&mut open, settle).await;
        }
        let mut left: Vec<usize> = open.into_values().collect();
        left.sort_unstable();
        let chunks: Vec<_> = left.chunks(NAMES_PER_SEARCH).map(|places| self.chunk(names, places)).collect();
        let mut settled = stream::iter(chunks).buffer_unordered(SEARCHES_AT_A_TIME);
        while let Some(fates) = settled.next().await {
            fates.into_iter().for_each(|(place, fate)| settle(place, fate));
        }
    }

    /// Goes through all people. What it does not find, for whatever reason, stays open.
    async fn scan(
        &self,
        open: &mut HashMap<&DistinguishedName, usize>,
        settle: &mut (dyn FnMut(usize, Fate) + Send),
    ) {
        let people = filter::all(["(objectClass=person)".to_owned()].into_iter().chain(self.person_filter()));
        let base = &self.config.person_base_dn;
        let query = Query { base, scope: Scope::Subtree, filter: &people, attributes: &self.attributes };
        let (mut shown, mut wanted) = (0_usize, 0_usize);
        let searched = self.connection.search_pages(query, |step| match step {
            Step::Entry(entry) => {
                shown += 1;
                let ranged = entry.attributes.iter().any(|attribute| attribute.range().is_some());
                let name = DistinguishedName::parse(&entry.dn).filter(|_| !ranged);
                if let Some(place) = name.and_then(|name| open.remove(&name)) {
                    wanted += 1;
                    settle(place, Fate::Found(entry));
                }
                true
            }
            Step::PageEnd => !open.is_empty() && wanted * 2 >= shown,
        });
        // Whoever it did not bring is asked for by name, and that answer counts.
        drop(searched.await);
    }

    /// The fates of the names at these places.
    async fn chunk(&self, names: &[Name], places: &[usize]) -> Vec<(usize, Fate)> {
        let mut open: HashMap<&DistinguishedName, usize> =
            places.iter().map(|&place| (&names[place].canonical, place)).collect();
        let mut fates = Vec::with_capacity(places.len());
        for (base, _) in &self.bases {
            self.together(base, names, &mut open, &mut fates).await;
        }
        let singles: Vec<_> =
            open.into_values().map(|place| self.single(&names[place].spelt, place)).collect();
        let mut singles = stream::iter(singles).buffer_unordered(SEARCHES_AT_A_TIME);
        while let Some(single) = singles.next().await {
            fates.push(single);
        }
        fates
    }

    /// Asks for all names below one base in one search. Whoever it does not bring is asked for alone, and that answer
    /// counts; so it may fail.
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
        let admitted = self.admitted().map(|admitted| filter::all([named.clone(), admitted]));
        let mut found = Vec::new();
        let attributes = &self.attributes;
        let query =
            Query { base, scope: Scope::Subtree, filter: admitted.as_ref().unwrap_or(&named), attributes };
        drop(self.connection.search(query, |entry| found.push(entry)).await);
        for entry in found {
            let place = DistinguishedName::parse(&entry.dn).and_then(|name| open.remove(&name));
            if let Some(place) = place {
                fates.push((place, Fate::Found(ranges::whole(self.connection, entry).await)));
            }
        }
        if admitted.is_none() || open.is_empty() {
            return;
        }
        let mut left_out = Vec::new();
        let query = Query { filter: &named, attributes: &["1.1".to_owned()], ..query };
        drop(self.connection.search(query, |entry| left_out.push(entry.dn)).await);
        let places = left_out.iter().filter_map(|dn| open.remove(&DistinguishedName::parse(dn)?));
        fates.extend(places.map(|place| (place, Fate::LeftOut)));
    }

    /// The names of those who have these SIDs. A SID is of one domain: the servers to which a search refers hold none of those that this one lacks.
    pub async fn holders(&self, sids: &[Sid]) -> Result<HashMap<Sid, Box<str>>, String> {
        let mut holders = HashMap::new();
        for sids in sids.chunks(NAMES_PER_SEARCH) {
            let filter = filter::any(sids.iter().map(|sid| filter::equals(OBJECT_SID, &sid.0)));
            for (base, _) in &self.bases {
                let attributes = &[OBJECT_SID.to_owned()];
                let query = Query { base, scope: Scope::Subtree, filter: &filter, attributes };
                let mut each =
                    |entry: Entry| holders.extend(Sid::of(&entry).map(|sid| (sid, entry.dn.into())));
                let searched = self.connection.search(query, &mut each).await;
                searched.map_err(|failure| search_failed(base, &failure))?;
            }
        }
        Ok(holders)
    }

    async fn single(&self, name: &str, place: usize) -> (usize, Fate) {
        let admitted = self.admitted();
        let is_active_directory = self.config.directory.schema == Schema::ActiveDirectory;
        let hidden = |because: String| Fate::Hidden { because };
        let fate = match self.base(name, admitted.as_deref().unwrap_or(ANYTHING)).await {
            Ok(Some(entry)) => Fate::Found(entry),
            // What the filter leaves out is shown without it; what is not shown then either is hidden.
            Ok(None) if admitted.is_some() && matches!(self.base(name, ANYTHING).await, Ok(Some(_))) => {
                Fate::LeftOut
            }
            Ok(None) => hidden(format!("the server shows nothing of member `{name}`")),
            Err(failure) => match failure.code {
                // Whoever is hidden gets the same answer as whoever is gone, but Active Directory takes whom it deletes out of all
                // groups by itself (MS-ADTS 3.1.1.5.5): a member that cannot be found is hidden, or was renamed while we read.
                Some(NO_SUCH_OBJECT) if is_active_directory => hidden(format!(
                    "the server does not show member `{name}`, though whoever is gone leaves all groups: let the account of `bind` \
                     read it"
                )),
                // OpenLDAP answers `noSuchObject` also for what it hides, but then does not say how much of the name exists.
                Some(NO_SUCH_OBJECT) if !failure.matched.is_empty() => Fate::Gone,
                Some(NO_SUCH_OBJECT) => {
                    hidden(format!("the server neither shows member `{name}` nor says that it is gone"))
                }
                // It is of another domain of the forest, whose name continues that of ours.
                Some(REFERRAL) if is_active_directory => Fate::Outside,
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

    /// What a member must match to be read: a group, or a person whom the configuration lets in. `None`: anything.
    fn admitted(&self) -> Option<String> {
        self.person_filter().map(|people| filter::any([people, self.is_group()]))
    }

    /// What an entry's name is called in a filter.
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
