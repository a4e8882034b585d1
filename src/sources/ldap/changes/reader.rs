//! One reading by changes: decides whether it may be one, asks what has changed, and walks as always.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::membership::graph::Graph;
use crate::membership::reading::Root;
use crate::model::finding::{Finding, FindingCode, Level};
use crate::model::group::GroupRef;
use crate::ports::{Readings, Remembered};
use crate::sources::ldap::changes::basis::{Whole, basis, fingerprint};
use crate::sources::ldap::changes::blind::blind_spot;
use crate::sources::ldap::changes::codec;
use crate::sources::ldap::changes::containers;
use crate::sources::ldap::changes::feed::Feed;
use crate::sources::ldap::changes::key::Key;
use crate::sources::ldap::changes::memory::Memory;
use crate::sources::ldap::changes::remembering::{Met, Remembering};
use crate::sources::ldap::changes::server::Server;
use crate::sources::ldap::config::LdapConfig;
use crate::sources::ldap::connection::{Connection, Failure};
use crate::sources::ldap::decode::Decoder;
use crate::sources::ldap::live::Live;
use crate::sources::ldap::walk::walk;

/// What a reading brought.
pub struct Reading {
    pub roots: Vec<Root>,
    pub graph: Graph,
    /// Where only changes were read: when all was read last.
    pub read_whole_at: Option<Timestamp>,
    /// Why changes alone will never do.
    pub finding: Option<Finding>,
}

/// Reads what `wanted` names, by changes where that is safe, and leaves what the next reading needs.
pub async fn read(
    connection: &Connection,
    config: &LdapConfig,
    readings: &dyn Readings,
    wanted: &[GroupRef],
    now: Timestamp,
    told: &(dyn Fn(u64) + Send + Sync),
) -> Reading {
    let mut live = Live::new(connection, config);
    let key = Key::attribute(config.directory.schema);
    if !live.attributes.iter().any(|held| held.eq_ignore_ascii_case(key)) {
        live.attributes.push(key.to_owned());
    }
    let reader = Reader { config, readings, wanted, now, told, live: &live };
    match reader.by_changes().await {
        Ok(reading) => reading,
        Err(because) => reader.never(because).await,
    }
}

struct Reader<'a> {
    config: &'a LdapConfig,
    readings: &'a dyn Readings,
    wanted: &'a [GroupRef],
    now: Timestamp,
    told: &'a (dyn Fn(u64) + Send + Sync),
    live: &'a Live<'a>,
}

/// What a walk builds on.
struct Ground {
    memory: Memory,
    read_whole_at: Timestamp,
}

impl Reader<'_> {
    /// Why not, where this directory cannot be read by changes at all. Then nobody has been asked for anything yet.
    async fn by_changes(&self) -> Result<Reading, String> {
        if let Some(because) = blind_spot(self.config) {
            return Err(because);
        }
        let server = Server::ask(self.live.connection, self.config.directory.schema).await;
        let server = server.map_err(|failure| failure.because)?;
        let feed = Feed::new(&server, self.live)?;
        let fingerprint = fingerprint(self.config, self.wanted);
        let remembered = self.readings.recall(&self.config.name);
        let recalled = basis(remembered.as_deref(), &fingerprint, &server.name, self.now);
        let recalled = match recalled {
            Ok((memory, read_whole_at)) => since(&feed, memory).await.map(|memory| (memory, read_whole_at)),
            Err(whole) => Err(whole),
        };
        let (ground, whole) = match recalled {
            Ok((memory, read_whole_at)) => (Ground { memory, read_whole_at }, None),
            Err(whole) => (self.anew(&feed, &server).await?, Some(whole)),
        };
        let (roots, graph, met) = self.walk(&ground.memory).await;
        self.tell(whole.as_ref(), &met);
        let finding = self.leave(&ground, met, fingerprint, remembered.as_deref()).await;
        let read_whole_at = whole.is_none().then_some(ground.read_whole_at);
        Ok(Reading { roots, graph, read_whole_at, finding })
    }

    /// The ground of a whole reading: nothing but the cookies of this moment, which is before anybody is asked for.
    async fn anew(&self, feed: &Feed<'_>, server: &Server) -> Result<Ground, String> {
        let mut cookies = BTreeMap::new();
        for (base, _) in &feed.bases {
            let cookie = feed.now(base).await.map_err(|failure| refused(base, &failure))?;
            cookies.insert(base.clone(), cookie);
        }
        let memory = Memory { server: server.name.clone(), cookies, ..Memory::default() };
        Ok(Ground { memory, read_whole_at: self.now })
    }

    async fn walk(&self, memory: &Memory) -> (Vec<Root>, Graph, Met) {
        let remembering = Remembering::new(self.live, memory);
        let decoder = Decoder::new(&self.config.directory, self.now);
        let (roots, graph) = walk(&remembering, &decoder, self.wanted, self.told).await;
        (roots, graph, remembering.met())
    }

    /// Leaves what the next reading needs, unless this one left a question open.
    async fn leave(
        &self,
        ground: &Ground,
        met: Met,
        fingerprint: String,
        before: Option<&Remembered>,
    ) -> Option<Finding> {
        if met.doubt {
            return None;
        }
        let Memory { server, cookies, containers: known, .. } = &ground.memory;
        let mut memory = Memory { server: server.clone(), cookies: cookies.clone(), ..met.memory };
        let above = containers::above(memory.people.keys(), &self.live.bases);
        let fresh = above.iter().filter(|name| !known.contains_key(name)).cloned();
        memory.containers = match containers::keys(self.live, fresh).await {
            Ok(fresh) => fresh,
            Err(name) => {
                let key = Key::attribute(self.config.directory.schema);
                return Some(self.finding(&format!("`{key}` of `{}` is not readable", name.as_str())));
            }
        };
        let kept = known.iter().filter(|(name, _)| above.contains(name));
        memory.containers.extend(kept.map(|(name, key)| (name.clone(), *key)));
        let data = codec::encode(&memory);
        let left = Remembered { fingerprint, read_whole_at: ground.read_whole_at, data };
        if before != Some(&left) {
            self.readings.remember(&self.config.name, left);
        }
        None
    }

    /// Reads whole, as every time.
    async fn never(&self, because: String) -> Reading {
        let (roots, graph, met) = self.walk(&Memory::default()).await;
        let finding = Some(self.finding(&because));
        self.tell(Some(&Whole::Never { because }), &met);
        Reading { roots, graph, read_whole_at: None, finding }
    }

    fn finding(&self, because: &str) -> Finding {
        Finding {
            level: Level::Warning,
            code: FindingCode::NotIncremental,
            rule: None,
            message: format!(
                "source `{}` is read whole every time, though it is to be `incremental`: {because}",
                self.config.name
            ),
        }
    }

    fn tell(&self, whole: Option<&Whole>, met: &Met) {
        let (source, asked, remembered) = (self.config.name.as_str(), met.asked, met.recalled);
        match whole {
            Some(whole) => tracing::info!(source, asked, because = %whole, "reading the source whole"),
            None => tracing::info!(source, asked, remembered, "reading what has changed in the source"),
        }
    }
}

/// What still holds of a memory.
async fn since(feed: &Feed<'_>, mut memory: Memory) -> Result<Memory, Whole> {
    for (base, canonical) in &feed.bases {
        let Some(cookie) = memory.cookies.get_mut(base) else { return Err(Whole::Damaged) };
        let told = feed.since(base, cookie).await;
        let (news, next) = told.map_err(|failure| Whole::Refused { because: failure.because })?;
        // A cookie may hold the time of day. While there is no news, the old one will do.
        if !news.touched.is_empty() || news.present.is_some() {
            *cookie = next;
        }
        memory.forget(&news, canonical.as_ref()).map_err(|_| Whole::ContainerMoved)?;
    }
    Ok(memory)
}

const INSUFFICIENT_ACCESS: u32 = 50;

fn refused(base: &str, failure: &Failure) -> String {
    let hint = match failure.code {
        Some(INSUFFICIENT_ACCESS) => "; the right `Replicating Directory Changes` on it may help",
        Some(_) | None => "",
    };
    format!("the server does not tell what changes in `{base}`: {}{hint}", failure.because)
}
