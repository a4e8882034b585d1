//! Answers what identity providers ask and tell: reads and edits the roster of one source.

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::model::person::SourceName;
use crate::model::roster::{Edit, Edited, Entry, EntryKind, MemberEdits, Selection};
use crate::ports::roster::RosterWriter;
use crate::provisioning::attributes::core;
use crate::provisioning::change::Change;
use crate::provisioning::discovery;
use crate::provisioning::filter::{Filter, MembersAsked};
use crate::provisioning::listing::Listing;
use crate::provisioning::patch::patched;
use crate::provisioning::projection::Projection;
use crate::provisioning::refusal::{Because, Refusal};
use crate::provisioning::request::{Asked, Request};
use crate::provisioning::resource::{attributes, description, location, shown, tag};

/// How often an edit is tried again that another one came before.
const ATTEMPTS: u32 = 20;

/// Entries read at once where all must be looked at.
const CHUNK: u64 = 1000;

/// The service provider of one source.
pub struct Service<'a, R> {
    pub roster: &'a R,
    pub source: &'a SourceName,
    pub now: Timestamp,
    /// For one new entry.
    pub new_id: String,
    /// The address of the service provider as its client knows it.
    pub base: &'a str,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub body: Option<Value>,
    pub location: Option<String>,
    pub tag: Option<String>,
}

impl<R: RosterWriter> Service<'_, R> {
    pub async fn answer(&self, request: &Request<'_>) -> Result<Answer, Refusal> {
        match request.asked()? {
            Asked::Provider => Ok(Answer::ok(discovery::service_provider(self.base))),
            Asked::ResourceTypes(id) => one_or_all(discovery::resource_types(self.base), id),
            Asked::Schemas(id) => one_or_all(discovery::schemas(self.base), id),
            Asked::List(kinds, listing) => self.list(kinds, &listing).await,
            Asked::Read { kind, id, listing } => self.read(kind, &id, &listing, request.if_none_match).await,
            Asked::Create(kind, body, listing) => {
                let change = Change::whole(kind, &body)?;
                self.create(kind, change, &listing).await
            }
            Asked::Replace { kind, id, body, listing } => {
                let change = Change::whole(kind, &body)?;
                let entry = self.change(kind, &id, request.if_match, |_| Ok(change.clone())).await?;
                self.entry_answer(200, &entry, &listing).await
            }
            Asked::Patch { kind, id, body, listing } => {
                let patch = |entry: &Entry| patched(kind, attributes(entry), &body);
                let entry = self.change(kind, &id, request.if_match, patch).await?;
                if kind == EntryKind::Group && listing.projection == Projection::All {
                    // A group may have very many members, and nobody has asked to see them.
                    return Ok(Answer { status: 204, body: None, ..self.headers_of(&entry) });
                }
                self.entry_answer(200, &entry, &listing).await
            }
            Asked::Delete { kind, id } => self.delete(kind, &id, request.if_match).await,
        }
    }

    async fn read(
        &self,
        kind: EntryKind,
        id: &str,
        listing: &Listing,
        if_none_match: Option<&str>,
    ) -> Result<Answer, Refusal> {
        let entry = self.entry(kind, id).await?;
        if if_none_match.is_some_and(|tags| names(tags, &tag(&entry))) {
            return Ok(Answer { status: 304, ..self.headers_of(&entry) });
        }
        self.entry_answer(200, &entry, listing).await
    }

    async fn list(&self, kinds: &[EntryKind], listing: &Listing) -> Result<Answer, Refusal> {
        let mut page = Page { listing, total: 0, resources: Vec::new() };
        for kind in kinds {
            match &listing.filter {
                Some(filter) => self.add_filtered(&mut page, *kind, filter).await?,
                None => self.add_all(&mut page, *kind).await?,
            }
        }
        Ok(Answer::ok(listing.answer(page.total, page.resources)))
    }

    async fn add_all(&self, page: &mut Page<'_>, kind: EntryKind) -> Result<(), Refusal> {
        let size = self.roster.size(self.source, kind).await?;
        let skip = page.listing.skipped().saturating_sub(page.total);
        page.total += size;
        let most = page.missing();
        if skip < size && most > 0 {
            for entry in self.roster.entries(self.source, kind, &Selection::Page { skip, most }).await? {
                page.resources.push(self.shown(&entry, page.listing).await?);
            }
        }
        Ok(())
    }

    async fn add_filtered(
        &self,
        page: &mut Page<'_>,
        kind: EntryKind,
        filter: &Filter,
    ) -> Result<(), Refusal> {
        let indexed = filter.among(kind);
        let mut skip = 0;
        loop {
            let selection = indexed.clone().unwrap_or(Selection::Page { skip, most: CHUNK });
            let entries = self.roster.entries(self.source, kind, &selection).await?;
            let read = entries.len() as u64;
            for entry in entries {
                if self.holds(filter, &entry).await? {
                    page.total += 1;
                    if page.total >= page.listing.start && page.missing() > 0 {
                        page.resources.push(self.shown(&entry, page.listing).await?);
                    }
                }
            }
            skip += read;
            if indexed.is_some() || read < CHUNK {
                return Ok(());
            }
        }
    }

    async fn create(&self, kind: EntryKind, change: Change, listing: &Listing) -> Result<Answer, Refusal> {
        let description = description(kind, &change.attributes)?;
        let id = self.new_id.clone();
        let joining = change.members.after.into_iter().filter(|(_, joins)| *joins);
        let members = joining.map(|(member, _)| member).collect();
        let edit = Edit::Create { kind, id: id.clone(), description, members };
        match self.roster.edit(self.source, self.now, &edit).await? {
            Edited::Done => self.entry_answer(201, &self.entry(kind, &id).await?, listing).await,
            Edited::NameTaken | Edited::Moved => Err(taken()),
        }
    }

    /// Changes an entry as it is at that moment.
    async fn change(
        &self,
        kind: EntryKind,
        id: &str,
        if_match: Option<&str>,
        change: impl Fn(&Entry) -> Result<Change, Refusal>,
    ) -> Result<Entry, Refusal> {
        for _ in 0..ATTEMPTS {
            let entry = self.entry(kind, id).await?;
            unmoved(&entry, if_match)?;
            let change = change(&entry)?;
            let description = description(kind, &change.attributes)
                .map_err(|refusal| if lacks_name(kind, &change) { lost_name(refusal) } else { refusal })?;
            let members = match kind {
                EntryKind::Group => change.members,
                EntryKind::Person => MemberEdits::default(),
            };
            let edit = Edit::Change { kind, id: id.to_owned(), version: entry.version, description, members };
            match self.roster.edit(self.source, self.now, &edit).await? {
                Edited::Done => return self.entry(kind, id).await,
                Edited::NameTaken => return Err(taken()),
                Edited::Moved => {}
            }
        }
        Err(Refusal::new(Because::Unavailable, "too much changes at once: try again later"))
    }

    async fn delete(&self, kind: EntryKind, id: &str, if_match: Option<&str>) -> Result<Answer, Refusal> {
        for _ in 0..ATTEMPTS {
            let entry = self.entry(kind, id).await?;
            unmoved(&entry, if_match)?;
            let edit = Edit::Delete { kind, id: id.to_owned(), version: entry.version };
            match self.roster.edit(self.source, self.now, &edit).await? {
                Edited::Done => return Ok(Answer { status: 204, body: None, location: None, tag: None }),
                Edited::NameTaken | Edited::Moved => {}
            }
        }
        Err(Refusal::new(Because::Unavailable, "too much changes at once: try again later"))
    }

    async fn entry(&self, kind: EntryKind, id: &str) -> Result<Entry, Refusal> {
        let found = self.roster.entries(self.source, kind, &Selection::Id(id.to_owned())).await?;
        if let Some(entry) = found.into_iter().next() {
            return Ok(entry);
        }
        // Whoever asks for anything else was never told it by us.
        if Uuid::try_parse(id).is_ok() {
            self.roster.missed(self.source, self.now, id).await?;
        }
        Err(Refusal::new(Because::NotFound, format!("there is no such {}", core(kind).name)))
    }

    async fn entry_answer(&self, status: u16, entry: &Entry, listing: &Listing) -> Result<Answer, Refusal> {
        let body = Some(self.shown(entry, listing).await?);
        Ok(Answer { status, body, ..self.headers_of(entry) })
    }

    fn headers_of(&self, entry: &Entry) -> Answer {
        let (location, tag) = (Some(location(entry, self.base)), Some(tag(entry)));
        Answer { status: 200, body: None, location, tag }
    }

    /// Members are read only where they are shown: they may be very many.
    async fn shown(&self, entry: &Entry, listing: &Listing) -> Result<Value, Refusal> {
        let members = match entry.kind {
            EntryKind::Group if listing.projection.shows("members") => {
                Some(self.roster.members(self.source, &entry.id, None).await?)
            }
            EntryKind::Group | EntryKind::Person => None,
        };
        Ok(listing.projection.apply(shown(entry, members.as_deref(), self.base)))
    }

    async fn holds(&self, filter: &Filter, entry: &Entry) -> Result<bool, Refusal> {
        let members = match (entry.kind, filter.members_asked()) {
            (EntryKind::Group, MembersAsked::All) => {
                Some(self.roster.members(self.source, &entry.id, None).await?)
            }
            (EntryKind::Group, MembersAsked::These(these)) if !these.is_empty() => {
                Some(self.roster.members(self.source, &entry.id, Some(&these)).await?)
            }
            (EntryKind::Group | EntryKind::Person, MembersAsked::All | MembersAsked::These(_)) => None,
        };
        Ok(filter.holds_for(&shown(entry, members.as_deref(), self.base)))
    }
}

/// A part of a list, while it is put together.
struct Page<'l> {
    listing: &'l Listing,
    total: u64,
    resources: Vec<Value>,
}

impl Page<'_> {
    /// How many more are to be shown.
    fn missing(&self) -> u64 {
        self.listing.count.saturating_sub(self.resources.len() as u64)
    }
}

impl Answer {
    fn ok(body: Value) -> Answer {
        Answer { status: 200, body: Some(body), location: None, tag: None }
    }
}

/// What describes us is listed whole (RFC 7644, section 4).
fn one_or_all(all: Vec<Value>, id: Option<String>) -> Result<Answer, Refusal> {
    match id {
        None => {
            let listing = Listing { start: 1, ..Listing::default() };
            Ok(Answer::ok(listing.answer(all.len() as u64, all)))
        }
        Some(id) => {
            let is_it = |one: &Value| one["id"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(&id));
            let found = all.into_iter().find(is_it);
            found
                .map(Answer::ok)
                .ok_or_else(|| Refusal::new(Because::NotFound, "there is no such description"))
        }
    }
}

fn unmoved(entry: &Entry, if_match: Option<&str>) -> Result<(), Refusal> {
    if if_match.is_none_or(|tags| names(tags, &tag(entry))) {
        return Ok(());
    }
    Err(Refusal::new(Because::OtherVersion, "the resource has another version by now"))
}

/// Whether a list of entity tags names this one; weak or not is the same here.
fn names(tags: &str, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    tags.split(',').any(|named| named.trim() == "*" || opaque(named) == opaque(tag))
}

fn lacks_name(kind: EntryKind, change: &Change) -> bool {
    let required = core(kind).attributes.iter().find(|attribute| attribute.required);
    required.is_some_and(|attribute| !change.attributes.contains_key(attribute.name))
}

/// To take away what is required is another error than not to send it (RFC 7644, section 3.5.2.2).
fn lost_name(refusal: Refusal) -> Refusal {
    Refusal { because: Because::Mutability, ..refusal }
}

fn taken() -> Refusal {
    Refusal::new(Because::Uniqueness, "another person has this `userName`")
}
