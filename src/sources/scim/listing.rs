//! A list while it is read: page after page is believed in order, and asked for before its turn where its place is known.

use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::FuturesOrdered;
use serde::de::DeserializeOwned;

use crate::scim_user::body::UserBody;
use crate::scim_user::folded::Folded;
use crate::sources::scim::connection::LONGEST_PAGE;
use crate::sources::scim::directory::Directory;
use crate::sources::scim::error::ScimError;
use crate::sources::scim::paging::{Ask, Chain, Next, Told};
use crate::sources::scim::wire::{GroupHead, Page};

/// What lists hold.
pub trait Entry: DeserializeOwned + Send {
    /// The service provider's own key.
    fn key(&self) -> Option<Box<str>>;
}

impl Entry for UserBody {
    fn key(&self) -> Option<Box<str>> {
        self.id()
    }
}

impl Entry for Folded<GroupHead> {
    fn key(&self) -> Option<Box<str>> {
        self.0.id.clone()
    }
}

/// A list of users or groups, while it is read.
pub struct Listing<'d, T> {
    directory: &'d Directory<'d>,
    kind: &'static str,
    query: &'d [(&'d str, &'d str)],
    chain: Chain,
    has_ended: bool,
    /// The page whose turn it is and those behind it, as far as they are asked for.
    coming: FuturesOrdered<BoxFuture<'d, Result<Page<T>, ScimError>>>,
    /// How long all pages were so far. Before the first one, and as soon as they differ, one page alone is asked for: nobody
    /// knows where the one behind it begins.
    length: Option<u64>,
}

impl<'d, T: Entry + 'd> Listing<'d, T> {
    /// From its beginning; asks for nothing yet.
    pub fn new(
        directory: &'d Directory<'d>,
        kind: &'static str,
        query: &'d [(&'d str, &'d str)],
    ) -> Listing<'d, T> {
        Listing {
            directory,
            kind,
            query,
            chain: Chain::new(directory.offers.paging),
            has_ended: false,
            coming: FuturesOrdered::new(),
            length: None,
        }
    }

    /// The next page; `None` behind the last one.
    pub async fn next(&mut self) -> Result<Option<Vec<T>>, ScimError> {
        if self.has_ended {
            return Ok(None);
        }
        let at_once = if self.length.is_some() { self.directory.at_once() } else { 1 };
        let asks = self.chain.asks(self.length.unwrap_or_default());
        for ask in asks.take(at_once).skip(self.coming.len()).collect::<Vec<_>>() {
            self.coming.push_back(page(self.directory, self.kind, self.query, ask).boxed());
        }
        let page = self.coming.next().await.expect("there is always a page to ask for")?;
        let is_first = self.chain.total().is_none();
        let told = Told { total: page.total, start_index: page.start_index, next_cursor: page.next_cursor };
        let taken = self.chain.take(&told, page.resources.iter().map(Entry::key));
        let what = format!("GET /{}", self.kind);
        match taken.map_err(|cause| ScimError::List { what, cause })? {
            Next::Page(_) => {}
            Next::End => self.has_ended = true,
        }
        let length = page.resources.len() as u64;
        if is_first {
            self.length = Some(length);
        } else if self.length != Some(length) {
            // What was asked for early begins where no page of this list does.
            self.coming.clear();
            self.length = None;
        }
        Ok(Some(page.resources))
    }

    /// How many pages there are in all if each is as long as the first one was; `None` before that.
    pub fn pages(&self, first: usize) -> Option<u64> {
        self.chain.total().map(|total| total.div_ceil(first.max(1) as u64))
    }
}

async fn page<T: Entry>(
    directory: &Directory<'_>,
    kind: &'static str,
    query: &[(&str, &str)],
    ask: Ask,
) -> Result<Page<T>, ScimError> {
    let count = directory.offers.page_size(directory.config.page_size).to_string();
    let (name, place) = match ask {
        Ask::Index { start } => ("startIndex", start.to_string()),
        Ask::Cursor { cursor } => ("cursor", cursor),
    };
    let query = [query, &[(name, place.as_str()), ("count", &count)]].concat();
    let url = directory.connection.url(&[kind], &query);
    let Folded(page) = directory.connection.read(&format!("GET /{kind}"), url, LONGEST_PAGE).await?;
    Ok(page)
}
