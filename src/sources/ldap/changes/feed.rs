//! Asking a server what has changed since a cookie.

use ldap3::Scope;

use crate::model::distinguished_name::DistinguishedName;
use crate::sources::ldap::changes::blind::filtered_by;
use crate::sources::ldap::changes::dirsync;
use crate::sources::ldap::changes::news::News;
use crate::sources::ldap::changes::server::{Server, Teller};
use crate::sources::ldap::changes::syncrepl::{self, Refresh};
use crate::sources::ldap::config::{LdapConfig, Schema};
use crate::sources::ldap::connection::{Connection, Failure, Item, Query};
use crate::sources::ldap::decode::{attributes, member_attributes};
use crate::sources::ldap::live::{ANYTHING, Live};

/// Active Directory hands out changes in pieces; so many of them have no end.
const MOST_PIECES: u32 = 1_000_000;

/// The head of a domain, and nothing else in it.
const DOMAIN_HEAD: &str = "(objectClass=domainDNS)";

const MALFORMED: &str = "the server's word on its changes is malformed";

/// A server that tells its changes.
pub struct Feed<'a> {
    connection: &'a Connection,
    teller: Teller,
    /// Where changes are watched, each also as it is compared; `None` is the whole server.
    pub bases: Vec<(String, Option<DistinguishedName>)>,
    /// What must change for an entry to be told of, or what is told of it.
    attributes: Vec<String>,
    username: &'a str,
}

impl<'a> Feed<'a> {
    /// Why not, where it tells none of what is read.
    pub fn new(server: &Server, live: &Live<'a>) -> Result<Feed<'a>, String> {
        let Some(teller) = server.teller else {
            return Err("the server offers neither DirSync nor content synchronisation (RFC 4533)".to_owned());
        };
        let mut bases: Vec<(String, Option<DistinguishedName>)> = Vec::new();
        for (base, canonical) in &live.bases {
            let watched = match (teller, canonical) {
                (Teller::ContentSync, _) => ((*base).to_owned(), canonical.clone()),
                (Teller::DirSync, Some(canonical)) => match server.partition(canonical) {
                    Some(head) => (head.as_str().to_owned(), Some(head.clone())),
                    None => return Err(format!("the server holds no whole partition around `{base}`")),
                },
                (Teller::DirSync, None) => {
                    return Err("DirSync watches one domain, not a whole server".to_owned());
                }
            };
            if !bases.contains(&watched) {
                bases.push(watched);
            }
        }
        let attributes = match teller {
            Teller::DirSync => watched(live.config),
            Teller::ContentSync => told(live.config),
        };
        let username = &live.config.directory.attributes.username;
        Ok(Feed { connection: live.connection, teller, bases, attributes, username })
    }

    /// The cookie of this moment, without anything that came before. It holds for the server's data as a whole, not for
    /// the search that brought it: both products keep in it how far they have come, and nothing else.
    pub async fn now(&self, base: &str) -> Result<Vec<u8>, Failure> {
        match self.teller {
            Teller::DirSync => self.dirsync(base, DOMAIN_HEAD, &[]).await.map(|(_, cookie)| cookie),
            Teller::ContentSync => {
                let (_, cookie) = self.content_sync(base, Scope::Base, None).await?;
                cookie.ok_or_else(|| Failure::new("the server gave no cookie"))
            }
        }
    }

    /// What has changed since a cookie, and the next one.
    pub async fn since(&self, base: &str, cookie: &[u8]) -> Result<(News, Vec<u8>), Failure> {
        match self.teller {
            Teller::DirSync => self.dirsync(base, ANYTHING, cookie).await,
            Teller::ContentSync => {
                let (news, next) = self.content_sync(base, Scope::Subtree, Some(cookie)).await?;
                Ok((news, next.unwrap_or_else(|| cookie.to_vec())))
            }
        }
    }

    async fn dirsync(&self, base: &str, filter: &str, cookie: &[u8]) -> Result<(News, Vec<u8>), Failure> {
        let query = Query { base, scope: Scope::Subtree, filter, attributes: &self.attributes };
        let mut news = News::default();
        let mut cookie = cookie.to_vec();
        for _ in 0..MOST_PIECES {
            let mut malformed = false;
            let controls =
                self.connection.converse(query, vec![dirsync::request(&cookie)], |item| match item {
                    Item::Entry(entry, _) => match dirsync::touched(&entry) {
                        Some((key, name)) => {
                            news.touched.insert(key, name);
                        }
                        None => malformed = true,
                    },
                    Item::Aside(_) => {}
                });
            let answer = dirsync::answer(&controls.await?).filter(|_| !malformed);
            let (more, next) = answer.ok_or_else(|| Failure::new(MALFORMED))?;
            if !more {
                return Ok((news, next));
            }
            if next == cookie {
                return Err(Failure::new("the server hands out the same changes again and again"));
            }
            cookie = next;
        }
        Err(Failure::new("the server's changes have no end"))
    }

    async fn content_sync(
        &self,
        base: &str,
        scope: Scope,
        cookie: Option<&[u8]>,
    ) -> Result<(News, Option<Vec<u8>>), Failure> {
        let query = Query { base, scope, filter: ANYTHING, attributes: &self.attributes };
        let mut refresh = Refresh::default();
        let mut understood = Some(());
        let controls = self.connection.converse(query, vec![syncrepl::request(cookie)], |item| {
            let taken = match item {
                Item::Entry(entry, controls) => refresh.entry(&entry, &controls, self.username),
                Item::Aside(message) => refresh.intermediate(message),
            };
            understood = understood.and(taken);
        });
        let controls = controls.await?;
        understood.and_then(|()| refresh.done(&controls, cookie)).ok_or_else(|| Failure::new(MALFORMED))
    }
}

/// DirSync tells of an entry only where one of these changed: whatever is looked at in people.
fn watched(config: &LdapConfig) -> Vec<String> {
    let unchanging = |name: &String| {
        let members = member_attributes(config.directory.schema).iter().copied();
        !members.chain(["primaryGroupToken"]).any(|untold| untold.eq_ignore_ascii_case(name))
    };
    let mut watched = attributes(&config.directory);
    watched.retain(unchanging);
    watched.extend(filtered_by(config));
    watched.extend(dirsync::WHEREABOUTS.map(str::to_owned));
    watched.sort_unstable_by_key(|name| name.to_lowercase());
    watched.dedup_by(|a, b| a.eq_ignore_ascii_case(b));
    watched
}

/// Content synchronisation tells of every change; of those entries nothing more is wanted than who answers to a username.
fn told(config: &LdapConfig) -> Vec<String> {
    match config.directory.schema {
        Schema::Rfc2307 => vec![config.directory.attributes.username.clone()],
        Schema::ActiveDirectory | Schema::Rfc2307bis => vec!["1.1".to_owned()],
    }
}
