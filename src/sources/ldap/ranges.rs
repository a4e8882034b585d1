//! Long attributes of Active Directory, which come in pieces: `member;range=0-1499` (MS-ADTS 3.1.1.3.1.3.3).

use ldap3::Scope;

use crate::sources::ldap::connection::{Connection, Query};
use crate::sources::ldap::entry::{Entry, EntryAttribute};

/// A group of more pieces than this is taken for one without end.
const MOST_PIECES: usize = 100_000;

/// The entry with all its pieces fetched and joined. A piece stays in it as a piece where the rest could not be
/// had, so that nobody takes it for the whole.
pub async fn whole(connection: &Connection, mut entry: Entry) -> Entry {
    let Some(at) = entry.attributes.iter().position(|attribute| attribute.range().is_some()) else {
        return entry;
    };
    let name = entry.attributes[at].description.split(';').next().unwrap_or_default().to_owned();
    let mut values = std::mem::take(&mut entry.attributes[at].values);
    let mut next = entry.attributes[at].range().and_then(|range| range.last);
    for _ in 0..MOST_PIECES {
        let Some(last) = next else {
            entry.attributes.retain(|attribute| !attribute.is(&name));
            entry.attributes.push(EntryAttribute { description: name, values });
            return entry;
        };
        let Some(piece) = piece(connection, &entry.dn, &name, last + 1).await else { break };
        let Some(range) = piece.range().filter(|range| range.first == last + 1) else { break };
        if range.last.is_some_and(|end| end <= last) {
            break;
        }
        next = range.last;
        values.extend(piece.values);
    }
    entry.attributes[at].values = values;
    entry
}

async fn piece(connection: &Connection, dn: &str, name: &str, first: usize) -> Option<EntryAttribute> {
    let attributes = [format!("{name};range={first}-*")];
    let query = Query { base: dn, scope: Scope::Base, filter: "(objectClass=*)", attributes: &attributes };
    let mut found = None;
    let searched = connection.search(query, |entry| {
        found =
            entry.attributes.into_iter().find(|attribute| attribute.is(name) && attribute.range().is_some());
    });
    searched.await.ok()?;
    found
}
