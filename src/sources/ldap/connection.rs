//! One connection to one server, searched so that a part never looks like the whole.

use std::collections::HashSet;
use std::sync::OnceLock;
use std::time::Duration;

use lber::structure::StructureTag;
use ldap3::controls::{PagedResults, RawControl};
use ldap3::{LdapResult, Scope};
use url::Url;

use crate::sources::ldap::config::{LdapConfig, Schema};
use crate::sources::ldap::conversation;
use crate::sources::ldap::entry::Entry;
use crate::sources::ldap::error::{Trouble, result_words};
use crate::sources::ldap::link::{Answer, Link};
use crate::sources::ldap::vetting::{DONE, INTERMEDIATE, REFERENCE};
use crate::sources::ldap::wire::Decoded;
use crate::sources::ldap::{request, wire};

const PAGED_RESULTS: &str = "1.2.840.113556.1.4.319";

/// `LDAP_SERVER_DOMAIN_SCOPE_OID`: Active Directory is not to refer to its other partitions (MS-ADTS 3.1.1.3.4.1.4).
const DOMAIN_SCOPE: &str = "1.2.840.113556.1.4.1339";

/// A search of more pages than this is taken for one that never ends.
const MOST_PAGES: u32 = 1_000_000;

/// No search brings more, as it is kept in memory: two million people with a kilobyte each.
const LARGEST: usize = 2 << 30;

/// No search refers to more places, nor says more that is no entry.
const MOST_ASIDES: usize = 10_000;

const BUSY: u32 = 51;
const UNAVAILABLE: u32 = 52;

/// A bound connection.
pub struct Connection {
    pub url: Url,
    link: Link,
    timeout: Duration,
    page_size: i32,
    domain_scope: bool,
    /// Set once the connection is of no more use; whatever is asked afterwards fails with these words at once.
    lost: OnceLock<String>,
    /// Set once the server could not answer something that another one might.
    faltered: OnceLock<String>,
}

/// What a search has brought so far.
#[derive(Default)]
struct Brought {
    references: Vec<String>,
    size: usize,
    asides: usize,
}

/// One search.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    pub base: &'a str,
    pub scope: Scope,
    pub filter: &'a str,
    pub attributes: &'a [String],
}

/// What happens in a search page by page.
#[derive(Debug)]
pub enum Step {
    Entry(Entry),
    PageEnd,
}

/// What a server sends before the result of a search, its references to other servers excepted.
#[derive(Debug)]
pub enum Item {
    Entry(Entry, Vec<RawControl>),
    /// An `IntermediateResponse` (RFC 4511, section 4.13), undecoded.
    Aside(StructureTag),
}

/// Why a search brought less than all.
#[derive(Debug, Clone)]
pub struct Failure {
    pub because: String,
    /// The result code, where the server gave one.
    pub code: Option<u32>,
    /// How much of the base exists, as the server says.
    pub matched: String,
}

impl Connection {
    /// A connection that is bound already.
    pub fn new(config: &LdapConfig, url: &Url, link: Link) -> Connection {
        Connection {
            url: url.clone(),
            link,
            timeout: config.timeout,
            page_size: i32::try_from(config.page_size).unwrap_or(i32::MAX),
            domain_scope: config.directory.schema == Schema::ActiveDirectory,
            lost: OnceLock::new(),
            faltered: OnceLock::new(),
        }
    }

    /// Why another server might have answered more: this one is gone, hangs, talks nonsense or is too busy.
    pub fn faltered(&self) -> Option<&str> {
        self.lost.get().or(self.faltered.get()).map(String::as_str)
    }

    /// Searches in one go, handing over each entry as it comes. Success is the server's word that there is no more; with
    /// it come the places on other servers to which it referred, none of which is followed.
    pub async fn search(
        &self,
        query: Query<'_>,
        each: impl FnMut(Entry) + Send,
    ) -> Result<Vec<String>, Failure> {
        let mut brought = Brought::default();
        self.page(query, None, &mut brought, each).await?;
        Ok(brought.references)
    }

    /// Searches page by page, for as long as `go_on` says so at the end of one. OpenLDAP allows one such search at a time.
    pub async fn search_pages(
        &self,
        query: Query<'_>,
        mut go_on: impl FnMut(Step) -> bool + Send,
    ) -> Result<Vec<String>, Failure> {
        let mut brought = Brought::default();
        let mut cookie = Vec::new();
        let mut firsts = HashSet::new();
        for _ in 0..MOST_PAGES {
            let mut first = None;
            let page = self.page(query, Some(&cookie), &mut brought, |entry| {
                first.get_or_insert_with(|| entry.dn.clone());
                go_on(Step::Entry(entry));
            });
            let next = page.await?;
            if !go_on(Step::PageEnd) || next.is_empty() {
                return Ok(brought.references);
            }
            // The cookie alone proves nothing: 389 Directory Server repeats it through a healthy search.
            let again = first.as_ref().is_some_and(|dn| firsts.contains(dn));
            if again || (first.is_none() && next == cookie) {
                return Err(Failure::new("the server hands out the same page again and again"));
            }
            firsts.extend(first);
            cookie = next;
        }
        Err(Failure::new("the server's pages have no end"))
    }

    /// One page, or everything where there is no cookie; the answer is the cookie of the next page, empty after the last.
    async fn page(
        &self,
        query: Query<'_>,
        cookie: Option<&[u8]>,
        brought: &mut Brought,
        mut each: impl FnMut(Entry) + Send,
    ) -> Result<Vec<u8>, Failure> {
        let entries = |item| match item {
            Item::Entry(entry, _) => each(entry),
            Item::Aside(_) => {}
        };
        let controls = self.exchange(query, self.controls(cookie), brought, entries).await?;
        let paging = controls.into_iter().find(|control| control.ctype == PAGED_RESULTS);
        let Some(value) = paging.and_then(|control| control.val) else { return Ok(Vec::new()) };
        wire::page_cookie(&value)
            .ok_or_else(|| self.useless("the server sent a malformed page cookie".to_owned()))
    }

    /// Searches with these controls, handing over everything that comes. With success come the controls of the result.
    pub async fn converse(
        &self,
        query: Query<'_>,
        controls: Vec<RawControl>,
        each: impl FnMut(Item) + Send,
    ) -> Result<Vec<RawControl>, Failure> {
        self.exchange(query, controls, &mut Brought::default(), each).await
    }

    async fn exchange(
        &self,
        query: Query<'_>,
        controls: Vec<RawControl>,
        brought: &mut Brought,
        mut each: impl FnMut(Item) + Send,
    ) -> Result<Vec<RawControl>, Failure> {
        if let Some(because) = self.lost.get() {
            return Err(Failure::new(because));
        }
        let search = request::search(query.base, query.scope, query.filter, query.attributes);
        let search = search.ok_or_else(|| Failure::new("the filter is malformed"))?;
        let mut answers = self.link.search(&search, &controls);
        loop {
            let next = tokio::time::timeout(self.timeout, answers.next()).await;
            let next = next.map_err(|_| self.useless(Trouble::Silent(self.timeout).words()))?;
            let Some(Answer { operation, message, .. }) = next else {
                let because = self.link.fault().map_or_else(|| Trouble::Closed.words(), str::to_owned);
                return Err(self.useless(because));
            };
            if operation == DONE {
                return self.finished(&message);
            }
            let malformed = || self.useless("the server sent a malformed entry".to_owned());
            let decoded = wire::message(&message).ok_or_else(malformed)?;
            match operation {
                REFERENCE => {
                    brought.asides += 1;
                    brought.references.extend(wire::reference(decoded.operation));
                }
                INTERMEDIATE => {
                    brought.asides += 1;
                    each(Item::Aside(decoded.operation));
                }
                _ => {
                    let Decoded { operation, controls } = decoded;
                    let entry = wire::entry(operation).ok_or_else(malformed)?;
                    brought.size += entry.size();
                    each(Item::Entry(entry, controls));
                }
            }
            if brought.size > LARGEST || brought.asides.max(brought.references.len()) > MOST_ASIDES {
                return Err(self.useless("the answer to a search has no end".to_owned()));
            }
        }
    }

    /// What a search came to, by the message that ends it.
    fn finished(&self, message: &[u8]) -> Result<Vec<RawControl>, Failure> {
        let result = conversation::result(message)
            .ok_or_else(|| self.useless("the server sent a malformed result".to_owned()))?;
        if result.rc != 0 {
            let failure = Failure::refused(&result);
            if result.rc == BUSY || result.rc == UNAVAILABLE {
                self.faltered.get_or_init(|| format!("`{}`: {}", self.url, failure.because));
            }
            return Err(failure);
        }
        Ok(result.ctrls.into_iter().map(|control| control.1).collect())
    }

    fn controls(&self, cookie: Option<&[u8]>) -> Vec<RawControl> {
        let mut controls = Vec::new();
        if let Some(cookie) = cookie {
            controls.push(PagedResults { size: self.page_size, cookie: cookie.to_vec() }.into());
        }
        if self.domain_scope {
            controls.push(RawControl { ctype: DOMAIN_SCOPE.to_owned(), crit: false, val: None });
        }
        controls
    }

    /// Gives the connection up: what it answers from now on would answer something else.
    fn useless(&self, because: String) -> Failure {
        Failure::new(self.lost.get_or_init(|| format!("`{}`: {because}", self.url)))
    }
}

impl Failure {
    pub fn new(because: &str) -> Failure {
        Failure { because: because.to_owned(), code: None, matched: String::new() }
    }

    fn refused(result: &LdapResult) -> Failure {
        Failure { because: result_words(result), code: Some(result.rc), matched: result.matched.clone() }
    }
}
